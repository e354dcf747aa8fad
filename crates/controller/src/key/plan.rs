//! What is to be done about one key: a pure function of what was seen and the time.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use keydesk_api::v1alpha1::{APIKeyApprovalStatus, APIKeyStatus};
use keydesk_api::{APIKeyApproval, APIKeyRequest};
use keydesk_catalog::{Approval, Bound, SecretMeta, asked};
use keydesk_core::{Failure, KeyFacts, Ruling, SecretFacts, Standing, standing};
use serde_json::Value;

use super::account::Account;
use super::automatic::{self, Automatic};
use super::converge::{Convergence, Copying, converge};
use super::enforcement::{self, Hindrance};
use super::seen::{EnforcementCopy, Live, Seen};
use super::{approvals, request, status};

/// Writes to make, in the order in which they are listed: what takes access away comes first, and what grants it only
/// after the terms that it is granted for are on record.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Plan {
    /// Enforcement secrets to delete.
    pub(crate) revoke: Vec<Arc<SecretMeta>>,
    /// Requests to delete.
    pub(crate) discard: Vec<Arc<APIKeyRequest>>,
    /// A patch of the request, where nothing else is written to it before approvals become its dependents.
    pub(crate) keep: Option<Value>,
    /// Approvals to mark with what they are bound to and whose they are.
    pub(crate) mark: Vec<approvals::Mark>,
    /// The key's status, if it differs.
    pub(crate) status: Option<APIKeyStatus>,
    /// What to do about the request of the key.
    pub(crate) request: request::Step,
    /// The approval that the system makes.
    pub(crate) automatic: Automatic,
    /// Approvals whose status differs from this.
    pub(crate) approval_statuses: Vec<(Arc<Approval>, APIKeyApprovalStatus)>,
    /// The conditions of the request, if they differ.
    pub(crate) mirror: Option<Vec<Condition>>,
    /// What to do about the enforcement secrets that should be.
    pub(crate) copying: Vec<Copying>,
    /// When to reconcile again although nothing happens.
    pub(crate) wake_at: Option<Timestamp>,
}

/// Plans for one key, and says what was found of it, if it is there to stay. `grace` is how long a working key outlives
/// a passing failure of its product.
pub(crate) fn plan(seen: &Seen, grace: Duration, now: Timestamp) -> (Plan, Option<Account>) {
    match &seen.live {
        Some(live) => {
            let (plan, account) = plan_live(seen, live, grace, now);
            (plan, Some(account))
        }
        None => (plan_gone(seen), None),
    }
}

/// The enforcement secrets of a key that have to go whatever its Secrets hold.
pub(super) fn forfeited(seen: &Seen, grace: Duration, now: Timestamp) -> Vec<Arc<SecretMeta>> {
    let is_kept = |live: &Live, ruling: &Ruling<'_>| {
        let spared_until = || spared_until(live, ruling, SecretFacts::Usable, &seen.copies, grace, now);
        ruling.in_force().is_some() || spared_until().is_some()
    };
    match &seen.live {
        _ if seen.copies.is_empty() => Vec::new(),
        Some(live) if with_best_ruling(live, now, |ruling| is_kept(live, ruling)) => Vec::new(),
        Some(_) | None => all_copies(seen),
    }
}

/// Whether it is known that a key does not work although its Secret could not be read, and nothing that depends on that is to
/// be decided.
pub(super) fn is_over(live: &Live, now: Timestamp) -> bool {
    with_best_ruling(live, now, |ruling| match ruling.standing {
        Standing::Failed(_) | Standing::Denied(_) | Standing::Expired { .. } => true,
        Standing::Approved(_) | Standing::Pending => false,
    })
}

/// The ruling on a key if its Secret holds what it should.
fn with_best_ruling<T>(live: &Live, now: Timestamp, look: impl FnOnce(&Ruling<'_>) -> T) -> T {
    let key = KeyFacts {
        asked: asked(&live.key, &live.edges),
        secret: SecretFacts::Usable,
    };
    let bound = request::shown(live, &key.asked, now).bind(&live.approvals, now);
    let decisions: Vec<_> = bound.iter().map(Bound::decision).collect();
    look(&standing(&key, &decisions, &live.product_facts(), now))
}

fn all_copies(seen: &Seen) -> Vec<Arc<SecretMeta>> {
    let stay = seen.copies.iter().filter(|copy| !copy.meta.deleting);
    stay.map(|copy| copy.meta.clone()).collect()
}

fn plan_gone(seen: &Seen) -> Plan {
    Plan {
        revoke: all_copies(seen),
        discard: seen
            .requests
            .iter()
            .filter(|request| stays(request))
            .cloned()
            .collect(),
        ..Plan::default()
    }
}

fn plan_live(seen: &Seen, live: &Live, grace: Duration, now: Timestamp) -> (Plan, Account) {
    let facts = KeyFacts {
        asked: asked(&live.key, &live.edges),
        secret: live.secret,
    };
    let shown = request::shown(live, &facts.asked, now);
    let bound = shown.bind(&live.approvals, now);
    let decisions: Vec<_> = bound.iter().map(Bound::decision).collect();
    let ruling = standing(&facts, &decisions, &live.product_facts(), now);
    let ruling = match live.crowded_out {
        // An approval that could not be bound is somebody's word all the same.
        Some(cap) if bound.len() == live.approvals.len() => ruling.crowded_out(cap.keys()),
        Some(_) | None => ruling,
    };

    let keeps_request = keeps_request(live, &facts, &ruling, now);
    // What is too long to be put on record is not shown either: the request goes on showing what was asked for before.
    let can_show = !matches!(ruling.standing, Standing::Failed(Failure::TermsTooLong { .. }));
    let request = if keeps_request && can_show {
        request::step(live, &facts.asked, &shown, &bound, now)
    } else {
        request::Step::Leave
    };
    let spared_until = spared_until(live, &ruling, live.secret, &seen.copies, grace, now);
    let Enforcing {
        revoke,
        copying,
        hindrance,
    } = enforcing(seen, live, &ruling, spared_until, now);

    let status = status::of(live, &facts.asked, &ruling, hindrance.as_ref(), now);
    let mirrored = live.request.as_ref().and_then(|request| request.status.as_ref());
    let mirrored = mirrored
        .map(|status| status.conditions.as_slice())
        .unwrap_or_default();
    let mirror = (keeps_request && mirrored != status.conditions).then(|| status.conditions.clone());
    // While it changes, its approvals do not become its dependents: see `apply`.
    let adopting = live
        .request
        .as_deref()
        .filter(|_| request == request::Step::Leave);
    // Also while there is no request to show: what was approved then must not become what is asked for later.
    let mark = approvals::marks(&bound, adopting);
    let adopted = mark.iter().find_map(|mark| mark.adoption.as_ref());
    let keep = adopting
        .zip(adopted)
        .filter(|_| mirror.is_none())
        .map(|(request, adoption)| request::keep(request, &shown, &adoption.uid));
    let automatic = automatic::step(live, &facts, &ruling, &bound, now);
    let account = Account::of(live, &ruling, &bound);
    let plan = Plan {
        revoke,
        mark,
        keep,
        discard: discarded(seen, live, keeps_request),
        request,
        approval_statuses: approvals::statuses(live, &decisions, &ruling, now),
        mirror,
        copying,
        wake_at: wake_at(&ruling, spared_until, &automatic, now)
            .into_iter()
            .chain(rotation_moments(live, &seen.copies, now))
            .min(),
        automatic,
        status: (live.key.status.as_ref() != Some(&status)).then_some(status),
    };
    (plan, account)
}

/// Whether the request of a key stays, or comes.
fn keeps_request(live: &Live, key: &KeyFacts, ruling: &Ruling<'_>, now: Timestamp) -> bool {
    match &ruling.standing {
        // Beyond the cap its owner may approve it all the same, and so has to see it.
        Standing::Failed(Failure::TooManyKeys { .. })
        | Standing::Denied(_)
        | Standing::Expired { .. }
        | Standing::Approved(_)
        | Standing::Pending => true,
        // What it asks for by now can be approved, which takes a request.
        Standing::Failed(Failure::TierNotFound { .. })
            if ruling.terms_changed && automatic::would_stand(live, key, now) =>
        {
            true
        }
        // A decision outlives a failure: were the request to go, its approvals would go with it.
        Standing::Failed(_) => live.request.is_some() && !live.approvals.is_empty(),
    }
}

/// Requests that say to stand for the key and do not, and its own if it does not stay.
fn discarded(seen: &Seen, live: &Live, keeps_own: bool) -> Vec<Arc<APIKeyRequest>> {
    let own = |request: &&Arc<APIKeyRequest>| {
        let own = live.request.as_ref();
        own.is_some_and(|own| own.metadata.uid == request.metadata.uid)
    };
    let others = seen.requests.iter().filter(|request| !own(request));
    let all = others.chain(live.request.iter().filter(|_| !keeps_own));
    all.filter(|request| stays(request)).cloned().collect()
}

/// What becomes of the enforcement secrets, and what is in the way.
struct Enforcing {
    revoke: Vec<Arc<SecretMeta>>,
    copying: Vec<Copying>,
    hindrance: Option<Hindrance>,
}

fn enforcing(
    seen: &Seen,
    live: &Live,
    ruling: &Ruling<'_>,
    spared_until: Option<Timestamp>,
    now: Timestamp,
) -> Enforcing {
    let desired = ruling
        .in_force()
        .map(|terms| enforcement::desired(live, &terms, now))
        .unwrap_or_default();
    let Convergence {
        mut revoke,
        mut copying,
    } = converge(seen, &desired);
    if spared_until.is_some() {
        // It is for what works: a value whose time is over does not.
        revoke.retain(|copy| copy.accepted_until().is_some_and(|end| end <= now));
    }
    let hindrance = Hindrance::of(live, ruling, desired.last(), copying.is_empty());
    if hindrance.as_ref().is_some_and(Hindrance::blocks) {
        copying.clear();
    }
    Enforcing {
        revoke,
        copying,
        hindrance,
    }
}

/// Until when a working key is spared although its product fails; `None` if it is not.
fn spared_until(
    live: &Live,
    ruling: &Ruling<'_>,
    secret: SecretFacts,
    copies: &[EnforcementCopy],
    grace: Duration,
    now: Timestamp,
) -> Option<Timestamp> {
    let Standing::Failed(failure) = &ruling.standing else {
        return None;
    };
    let approved = ruling.decision.is_some_and(|decision| decision.approved);
    // Its own failing, behind the product's, is the consumer's will and no disturbance.
    let usable = secret == SecretFacts::Usable;
    if !failure.may_pass() || !approved || !usable || copies.is_empty() {
        return None;
    }
    let until = status::failing_since(live)
        .unwrap_or(now)
        .checked_add(grace)
        .ok()?;
    Some(ruling.ends_at.map_or(until, |end| end.min(until))).filter(|until| now < *until)
}

fn wake_at(
    ruling: &Ruling<'_>,
    spared_until: Option<Timestamp>,
    automatic: &Automatic,
    now: Timestamp,
) -> Option<Timestamp> {
    let end = match ruling.standing {
        Standing::Approved(_) => ruling.ends_at,
        Standing::Failed(_) | Standing::Denied(_) | Standing::Expired { .. } | Standing::Pending => None,
    };
    let renewal = matches!(automatic, Automatic::Await).then(|| now.checked_add(Duration::from_secs(1)).ok());
    [end, spared_until, renewal.flatten()].into_iter().flatten().min()
}

/// When a value that is being rotated out begins or ceases to be accepted.
fn rotation_moments(
    live: &Live,
    copies: &[EnforcementCopy],
    now: Timestamp,
) -> impl Iterator<Item = Timestamp> {
    let ends = copies.iter().filter_map(|copy| copy.meta.accepted_until());
    live.rotation
        .changes_at()
        .into_iter()
        .chain(ends)
        .filter(move |moment| now < *moment)
}

fn stays(request: &APIKeyRequest) -> bool {
    request.metadata.deletion_timestamp.is_none()
}

/// Whether an approval by this name, of whoever it is, is in the way of a new one.
pub(super) fn named<'a>(bound: &'a [Bound<'_>], name: &str) -> Option<&'a APIKeyApproval> {
    let mut approvals = bound.iter().map(|bound| &bound.approval.object);
    approvals.find(|approval| approval.metadata.name.as_deref() == Some(name))
}
