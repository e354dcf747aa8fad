//! `keydesk approve`, `deny` and `revoke`: shows the terms of a request, asks, and records the decision about exactly
//! these terms.
//!
//! The decision is the approval `{request}-approval`, which a later decision changes; an edit counts from the moment at
//! which the API server accepted it. While that one is being deleted, it is `{request}-approval-2`. With it go the terms
//! that were shown (`keydesk.dev/terms`): if the consumer asks for something else at the same moment, that is not what was
//! decided on.

mod approval;
mod outcome;
mod recording;
mod seen;
mod sheet;
mod target;
mod words;

use std::io::{self, IsTerminal as _, Write as _};

use keydesk_api::APIProduct;
use keydesk_catalog::explain::Aim;
use keydesk_catalog::shown;
use keydesk_core::NamespacedName;
use keydesk_process::LogArgs;

use super::{ClusterArgs, Refusal, place::somebody};
use crate::{command::print, exit::Failure, foreign::passage};
use approval::Draft;
use seen::{Outdated, Seen};
use target::Target;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The request, or the key that it stands for: a request of namespace -n by its name, a key by its name or as
    /// NAMESPACE/NAME
    #[arg(value_name = "REQUEST|KEY")]
    what: String,

    /// What the consumer is told
    #[arg(long, short = 'm', value_name = "TEXT")]
    message: Option<String>,

    /// Do not ask
    #[arg(long, short = 'y')]
    yes: bool,

    /// Who decides [default: who the cluster takes you for]
    #[arg(long, value_name = "USER", value_parser = somebody)]
    reviewed_by: Option<String>,

    /// Do not wait until the decision shows
    #[arg(long)]
    no_wait: bool,

    #[command(flatten)]
    cluster: ClusterArgs,
}

/// What is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// A yes.
    Approve,
    /// A no.
    Deny,
    /// A no where there was a yes.
    Revoke,
}

impl Wish {
    /// What is asked on the terminal; whether a no would end a key that was approved.
    const fn question(self, ends_key: bool) -> &'static str {
        match (self, ends_key) {
            (Self::Approve, _) => "approve these terms?",
            (Self::Deny, false) => "deny these terms?",
            (Self::Deny, true) => "deny these terms, and end the key that was approved?",
            (Self::Revoke, _) => "revoke the approval, and end the key?",
        }
    }

    /// The command for it.
    const fn verb(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Deny => "deny",
            Self::Revoke => "revoke",
        }
    }

    const fn done(self) -> &'static str {
        match self {
            Self::Approve => "approved",
            Self::Deny => "denied",
            Self::Revoke => "revoked",
        }
    }
}

/// Why nothing is decided.
#[derive(Debug, thiserror::Error)]
enum DecideError {
    #[error("APIKeyRequest {0} has no approval that could be revoked")]
    FindApproval(NamespacedName),
    #[error("there is no terminal to ask on; nothing was changed")]
    AskWhom,
    #[error("not confirmed; nothing was changed")]
    Confirm,
    #[error("APIKeyApproval {0} decides on another request; nothing was changed")]
    TakeName(NamespacedName),
    #[error("failed to show the terms on standard output; nothing was decided")]
    Show(#[source] io::Error),
    #[error("the decision is recorded, but standard output does not take what came of it")]
    Tell {
        words: String,
        #[source]
        source: io::Error,
    },
}

impl DecideError {
    fn hint(&self, aim: &Aim) -> String {
        match self {
            Self::FindApproval(NamespacedName { namespace, name }) => format!(
                "to say no to what nobody has approved: {}",
                aim.keydesk(format_args!("deny {name} -n {namespace}"))
            ),
            Self::AskWhom => "look at the terms above, and say the same with --yes".to_owned(),
            Self::Confirm => "answer y to decide".to_owned(),
            Self::Show(_) => "let the output go to where it can be written".to_owned(),
            Self::Tell { words, .. } => format!("there is no need to decide again; {words}"),
            Self::TakeName(_) => "delete or rename that approval, or decide with kubectl".to_owned(),
        }
    }
}

pub(crate) async fn run(wish: Wish, args: Args, log: LogArgs) -> Result<(), Failure> {
    let Args {
        what,
        message,
        yes,
        reviewed_by,
        no_wait,
        cluster,
    } = args;
    let client = cluster.open(log).await?;
    let fail = |error: DecideError| Failure::fixable(&error, error.hint(&client.aim));
    let Target { request, id } = target::find(&client, &what).await?;
    let terms = shown(&request);
    let product = match client.lookup::<APIProduct>(&terms.product).await {
        // It is only shown: a no is to be had by a request for whatever there cannot be.
        Err(Refusal::Name { .. }) => None,
        looked => looked?.found(),
    };
    let mut seen = Seen::of(&client, request).await?;
    if seen.is_taken() {
        return Err(fail(DecideError::TakeName(seen.own)));
    }
    let ends_key = seen.ends_key(&terms);
    if wish == Wish::Revoke && !ends_key {
        return Err(fail(DecideError::FindApproval(id)));
    }
    let sheet = sheet::sheet(&seen, product.as_ref(), wish);
    show(&sheet, yes).map_err(|source| fail(DecideError::Show(source)))?;
    if !yes {
        confirm(wish, ends_key).map_err(fail)?;
    }
    let by = match reviewed_by {
        Some(by) => by,
        None => client.user().await?,
    };
    if !yes {
        let confirmed = seen::confirmed(&client, wish, seen).await;
        seen = confirmed.map_err(|outdated| stale(outdated, wish, &id, &client.aim))?;
        if seen.is_taken() {
            return Err(fail(DecideError::TakeName(seen.own)));
        }
    }
    let draft = Draft {
        id: &seen.own,
        request: &id.name,
        terms: &terms,
        approved: wish == Wish::Approve,
        by: &by,
        message: message.as_deref(),
        latest: seen.latest,
    };
    let written = recording::record(&client, &draft, seen.existing).await?;
    let words = if no_wait {
        "recorded; whether it holds was not waited for".to_owned()
    } else {
        outcome::wait(&client, &written, &seen.request, &terms).await?
    };
    let words = format!("{}: {}", wish.done(), passage(&words));
    let told = print(|out| writeln!(out, "\n{words}"));
    told.map_err(|source| fail(DecideError::Tell { words, source }))
}

/// What is told to who said yes to what is so no more.
fn stale(outdated: Outdated, wish: Wish, id: &NamespacedName, aim: &Aim) -> Failure {
    let hint = match outdated {
        Outdated::Read(refusal) => return refusal.into(),
        Outdated::Decided(_) => {
            let NamespacedName { namespace, name } = id;
            let again = aim.keydesk(format_args!("{} {name} -n {namespace}", wish.verb()));
            format!("look at what is there now, and decide again: {again}")
        }
        Outdated::Gone(_) => {
            let requests = aim.keydesk(format_args!("requests -n {}", id.namespace));
            format!("see what is asked for now: {requests}")
        }
    };
    Failure::fixable(&outdated, hint)
}

/// Shows the terms: to who is asked about them, wherever the output goes.
fn show(sheet: &str, yes: bool) -> io::Result<()> {
    let is_unseen = !yes && io::stdin().is_terminal() && !io::stdout().is_terminal();
    if is_unseen && io::stderr().write_all(sheet.as_bytes()).is_ok() {
        return Ok(());
    }
    print(|out| out.write_all(sheet.as_bytes()))
}

/// Asks on the terminal.
fn confirm(wish: Wish, ends_key: bool) -> Result<(), DecideError> {
    let input = io::stdin();
    if !input.is_terminal() {
        return Err(DecideError::AskWhom);
    }
    let mut said = io::stderr();
    let _ = write!(said, "\n{} [y/N] ", wish.question(ends_key));
    let _ = said.flush();
    let mut line = String::new();
    match input.read_line(&mut line) {
        Ok(_) if matches!(line.trim(), "y" | "Y" | "yes") => Ok(()),
        Ok(_) | Err(_) => Err(DecideError::Confirm),
    }
}
