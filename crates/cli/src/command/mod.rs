//! The commands, one file each.

pub(crate) mod apiserver;
pub(crate) mod completions;
pub(crate) mod controller;
mod crds;
pub(crate) mod explain;
pub(crate) mod gate;
pub(crate) mod imperative;
mod key_input;
mod shell_word;
pub(crate) mod up;

use std::{future::Future, io, time::Duration};

use keydesk_process::{LogArgs, LogError};
use serde::Serialize;

use crate::{
    args::{Cli, Command},
    exit::Failure,
    foreign,
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
        Command::Products(args) => block_on(imperative::products::run(args, log)),
        Command::Request(args) => block_on(imperative::request::run(*args, log)),
        Command::Keys(args) => block_on(imperative::keys::run(args, log)),
        Command::Rotate(args) => block_on(imperative::rotate::run(args, log)),
        Command::Requests(args) => block_on(imperative::requests::run(args, log)),
        Command::Approve(args) => block_on(imperative::decide::run(
            imperative::decide::Wish::Approve,
            args,
            log,
        )),
        Command::Deny(args) => block_on(imperative::decide::run(imperative::decide::Wish::Deny, args, log)),
        Command::Revoke(args) => block_on(imperative::decide::run(
            imperative::decide::Wish::Revoke,
            args,
            log,
        )),
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

/// The log of a command that answers and is done: what fails is told in the end, in one sentence, and by default the log
/// says nothing beside.
fn quiet(log: LogArgs) -> LogArgs {
    LogArgs {
        log: if log.log == "info" {
            "off".to_owned()
        } else {
            log.log
        },
        ..log
    }
}

/// An answer that went nowhere.
#[derive(Debug, thiserror::Error)]
#[error("failed to write to standard output")]
struct WriteAnswer(#[source] io::Error);

/// Writes an answer to standard output.
fn answer(write: impl FnOnce(&mut dyn io::Write) -> io::Result<()>) -> Result<(), Failure> {
    print(write).map_err(|error| Failure::fault(&WriteAnswer(error)))
}

/// The same for who has more to say of what cannot be written. A reader that went away (`| head`) has read enough.
fn print(write: impl FnOnce(&mut dyn io::Write) -> io::Result<()>) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match write(&mut out).and_then(|()| io::Write::flush(&mut out)) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Writes an answer for a program to standard output.
fn answer_json(value: &impl Serialize) -> Result<(), Failure> {
    answer(|out| writeln!(out, "{}", foreign::json(value)?))
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
