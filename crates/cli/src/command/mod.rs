//! The commands, one file each.

pub(crate) mod apiserver;
pub(crate) mod completions;
pub(crate) mod controller;
mod crds;
pub(crate) mod explain;
pub(crate) mod gate;
mod shell_word;
pub(crate) mod up;

use std::{future::Future, io, time::Duration};

use keydesk_process::LogError;

use crate::{
    args::{Cli, Command},
    exit::Failure,
};

/// How long everything under way may take once the end was asked for.
const DRAIN: Duration = Duration::from_secs(10);

/// Does what was typed.
pub(crate) fn run(cli: Cli) -> Result<(), Failure> {
    let Cli { log, command } = cli;
    match command {
        Command::Up(args) => block_on(up::run(*args, log)),
        Command::Apiserver(args) => block_on(apiserver::run(args, log)),
        Command::Controller(args) => block_on(controller::run(*args, log)),
        Command::Gate(args) => block_on(gate::run(*args, log)),
        Command::Explain(args) => block_on(explain::run(args, log)),
        Command::Crds => crds::run(),
        Command::Completions(args) => completions::run(&args),
    }
}

fn block_on(work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::fault(&error))?;
    let result = runtime.block_on(work);
    // A name that is being resolved cannot be interrupted, and nobody waits for it any more.
    runtime.shutdown_background();
    result
}

/// Writes an answer to standard output. A reader that went away (`| head`) has read enough.
fn answer(write: impl FnOnce(&mut dyn io::Write) -> io::Result<()>) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match write(&mut out).and_then(|()| io::Write::flush(&mut out)) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::fault(&error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

impl From<LogError> for Failure {
    fn from(error: LogError) -> Self {
        match &error {
            LogError::ParseFilter { .. } => Self::fixable(
                &error,
                "a filter is a level such as info, or directives such as info,keydesk_controller=debug",
            ),
            LogError::Install(_) => Self::fault(&error),
        }
    }
}
