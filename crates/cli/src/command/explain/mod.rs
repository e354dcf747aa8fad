//! `keydesk explain`: what is decided and why, for people who may read the objects that decide it.

mod call;
mod carriers;
mod key;
mod policies;
mod product;
mod rights;
mod screen;
mod steps;
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
    /// Say why a key does or does not work, and who can do something about it
    ///
    /// Looks at whatever you may read: a consumer at the key and its Secret, an owner at the request (name your namespace
    /// with -n) and the decisions. Values are never shown. Exits with 0 if the key works and with 1 if it does not.
    Key(key::Args),
    /// Say what a product offers, which policies make it so, and whether its keys can work
    ///
    /// Exits with 0 if keys of the product can work and with 1 if none can.
    Product(product::Args),
}

pub(crate) async fn run(args: Args, log: LogArgs) -> Result<(), Failure> {
    let Args { what } = args;
    match what {
        What::Call(args) => call::run(*args, log).await,
        What::Key(args) => key::run(args, log).await,
        What::Product(args) => product::run(args, log).await,
    }
}
