//! `keydesk completions`: a script that teaches a shell our commands and flags.

use clap::CommandFactory as _;
use clap_complete::{Shell, generate};

use super::answer;
use crate::{args::Cli, exit::Failure};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The shell to write for
    shell: Shell,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let mut script = Vec::new();
    generate(args.shell, &mut Cli::command(), "keydesk", &mut script);
    answer(|out| out.write_all(&script))
}
