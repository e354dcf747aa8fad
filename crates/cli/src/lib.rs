//! The one binary: what a person types, and how the parts are put together into processes.
//!
//! One file per command in `command`. `up` is the whole of Keydesk in one process; its home on disk (data directory,
//! certificates, tokens, kubeconfig) is in `home`. Nothing is decided here: not who may do what, not what a key is.

mod args;
mod cluster;
mod command;
mod contact;
mod demo_backend;
mod distrust;
mod exit;
mod fetching;
mod foreign;
mod gating;
mod home;
mod install;
mod manager;
mod requests;
mod serve;
mod settings;
mod verb;

use std::{ffi::OsString, process::ExitCode};

use clap::{CommandFactory as _, FromArgMatches as _};

use crate::args::Cli;

/// Runs the program. Exit codes: 0 done; 1 something that whoever started it can put right (the message says what); 2 a
/// command line that makes no sense; 70 a failure that is nobody's mistake.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments = manager::as_controller(arguments.into_iter().collect());
    let arguments = verb::verb_first(arguments);
    let parsed = Cli::command()
        .try_get_matches_from(arguments)
        .and_then(|mut matches| Cli::from_arg_matches_mut(&mut matches));
    match parsed {
        Ok(cli) => exit::report(command::run(cli)),
        Err(error) => {
            // Help and version are among these "errors"; a reader that went away (`| head`) is no failure.
            let _ = error.print();
            ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
        }
    }
}
