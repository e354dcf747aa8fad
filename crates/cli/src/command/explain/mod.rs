//! `keydesk explain`: what is decided and why, for people who may read the objects that decide it.

mod call;
mod carriers;
mod rights;
mod screen;
mod view;

use keydesk_process::LogArgs;

use crate::exit::Failure;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Say what the gate would decide about a call, and why; nothing is counted
    ///
    /// Reads the cluster with your own rights, as a gate does that was started without --gateway and
    /// --accept-unmanaged-keys. Exits with 0 if the call would pass and with 1 if it would be refused.
    Call(Box<call::Args>),
}

pub(crate) async fn run(args: Args, log: LogArgs) -> Result<(), Failure> {
    let Args { what } = args;
    match what {
        What::Call(args) => call::run(*args, log).await,
    }
}
