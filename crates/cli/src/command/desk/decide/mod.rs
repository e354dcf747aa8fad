//! `keydesk approve`, `deny` and `revoke`: shows the terms of a request, asks, and records the decision about exactly
//! these terms.
//!
//! The decision is the approval `{request}-approval`, which a later decision changes; an edit counts from the moment at
//! which the API server accepted it. With it go the terms that were shown (`keydesk.dev/terms`): if the consumer asks
//! for something else at the same moment, that is not what was decided on.

mod approval;
mod outcome;
mod recording;
mod sheet;
mod target;

use std::io::{self, IsTerminal as _, Write as _};

use jiff::Timestamp;
use keydesk_api::{APIKeyApproval, APIProduct, meta::own_approval_name};
use keydesk_catalog::explain::Aim;
use keydesk_catalog::{Bound, Catalog, Object, Shown, shown};
use keydesk_core::{Decision, NamespacedName, holding};
use keydesk_process::LogArgs;

use super::{ClusterArgs, objects};
use crate::{command::answer, exit::Failure};
use approval::Draft;
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
    #[arg(long, value_name = "USER")]
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
    let desk = cluster.open(log).await?;
    let fail = |error: DecideError| Failure::fixable(&error, error.hint(&desk.aim));
    let Target { request, id } = target::find(&desk, &what).await?;
    let terms = shown(&request);
    let product = desk.look::<APIProduct>(&terms.product).await?.found();
    let approvals = desk.list::<APIKeyApproval>(Some(&id.namespace)).await?;
    let own = NamespacedName::new(id.namespace.as_str(), own_approval_name(&id.name));
    let existing = approvals
        .iter()
        .find(|approval| objects::id(*approval) == own)
        .cloned();
    if existing
        .as_ref()
        .is_some_and(|existing| existing.spec.api_key_request_ref.name != id.name)
    {
        return Err(fail(DecideError::TakeName(own)));
    }
    let now = Timestamp::now();
    let of_request = |approval: &&APIKeyApproval| approval.spec.api_key_request_ref.name == id.name;
    let latest = approval::latest_write(approvals.iter().filter(of_request));
    let decisions = decisions(&request, &id, approvals, now);
    let in_force = holding(&decisions, &terms);
    if wish == Wish::Revoke && !in_force.is_some_and(|decision| decision.approved) {
        return Err(fail(DecideError::FindApproval(id)));
    }
    let sheet = sheet::sheet(&request, product.as_ref(), in_force, wish);
    show(&sheet, yes)?;
    if !yes {
        let ends_key = in_force.is_some_and(|decision| decision.approved);
        confirm(wish, ends_key).map_err(fail)?;
    }
    let by = match reviewed_by {
        Some(by) => by,
        None => desk.user().await?,
    };
    let draft = Draft {
        id: &own,
        request: &id.name,
        terms: &terms,
        approved: wish == Wish::Approve,
        by: &by,
        message: message.as_deref(),
        latest,
    };
    let written = recording::record(&desk, &draft, existing).await?;
    let words = if no_wait {
        "recorded; whether it holds was not waited for".to_owned()
    } else {
        outcome::wait(&desk, &written, &request, &terms).await?
    };
    answer(|out| writeln!(out, "\n{}: {}", wish.done(), super::passage(&words)))
}

/// What was decided on the request so far.
fn decisions(
    request: &keydesk_api::APIKeyRequest,
    id: &NamespacedName,
    approvals: Vec<APIKeyApproval>,
    now: Timestamp,
) -> Vec<Decision> {
    let mut catalog = Catalog::default();
    for approval in approvals {
        if approval.metadata.deletion_timestamp.is_none() {
            catalog.apply(Object::Approval(Box::new(approval)));
        }
    }
    let approvals: Vec<_> = catalog.approvals_of(id).collect();
    let bound = Shown::by(Some(request), &shown(request)).bind(&approvals, now);
    bound.iter().map(Bound::decision).collect()
}

/// Shows the terms: to who is asked about them, wherever the output goes.
fn show(sheet: &str, yes: bool) -> Result<(), Failure> {
    let is_unseen = !yes && io::stdin().is_terminal() && !io::stdout().is_terminal();
    if is_unseen && io::stderr().write_all(sheet.as_bytes()).is_ok() {
        return Ok(());
    }
    answer(|out| out.write_all(sheet.as_bytes()))
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
