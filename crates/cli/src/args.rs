//! What a person can type.

use clap::{Parser, Subcommand};
use keydesk_process::LogArgs;

use crate::command::{apiserver, completions, controller, explain, gate, imperative, up};

/// The front desk for a company's APIs: developers ask for keys, owners decide, gateways obey.
#[derive(Debug, Parser)]
#[command(
    name = "keydesk",
    version,
    subcommand_required = true,
    arg_required_else_help = true
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) log: LogArgs,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run everything in one process: API server, controller, gate and local gateway
    Up(Box<up::Args>),
    /// Run the API server alone
    Apiserver(apiserver::Args),
    /// Run the controller against a cluster
    Controller(Box<controller::Args>),
    /// Run the gate against a cluster: may this call pass?
    Gate(Box<gate::Args>),
    /// Say what is decided and why
    Explain(explain::Args),
    /// List the API products that there are, in all namespaces unless -n names one
    Products(imperative::products::Args),
    /// Ask for a key to an API product
    ///
    /// Makes a Secret with a new value and an APIKey that names it, both or neither. The value is not shown unless you
    /// ask for it. Exits with 0 if the key was asked for; whether it works is for the owner to decide.
    Request(Box<imperative::request::Args>),
    /// List the keys of a namespace, and where they stand
    Keys(imperative::keys::Args),
    /// Put a new value into a key; the old one goes on working for a while
    ///
    /// Replaces the Secret in the version that was read: of two who rotate at once one is told, and nothing is changed
    /// for them.
    Rotate(imperative::rotate::Args),
    /// List what is asked of your API products
    Requests(imperative::requests::Args),
    /// Approve a request, for exactly the terms that are shown
    ///
    /// Exits with 0 once the decision holds. Exits with 1 if nothing was decided, or if what was decided does not show
    /// within ten seconds or does not hold; the message says which.
    Approve(imperative::decide::Args),
    /// Deny a request
    ///
    /// A no is to the key: one that was approved ends with it, even if the request is only for other terms. To refuse
    /// those alone, decide nothing: the key goes on as it was approved, whatever it asks for. Exits as `approve` does.
    Deny(imperative::decide::Args),
    /// Take back the approval of a request
    ///
    /// A denial of what was approved. Exits as `approve` does.
    Revoke(imperative::decide::Args),
    /// Print the custom resource definitions as YAML, for `kubectl apply -f -`
    Crds,
    /// Print a completion script for a shell
    Completions(completions::Args),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_flag_is_explained() {
        fn check(command: &clap::Command) {
            for argument in command.get_arguments() {
                let explained = argument.get_help().is_some() || argument.get_long_help().is_some();
                assert!(explained, "{} {}", command.get_name(), argument.get_id());
            }
            command.get_subcommands().for_each(check);
        }
        let mut command = Cli::command();
        command.build();
        check(&command);
    }
}
