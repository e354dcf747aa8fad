//! What a gate makes of the policies on a route. Their own status says which ones it does not enforce, and so refuses
//! calls for (`spec/gate.md` §2).

use std::collections::BTreeSet;

use keydesk_api::foreign::{AuthPolicy, ForeignStatus, HTTPRoute, PlanPolicy, Unevaluated, section};
use keydesk_core::NamespacedName;
use kube::Resource as _;

use super::aim::Aim;
use super::key::Part;
use super::step::{Step, Who};
use crate::object::id;
use crate::{Catalog, PolicyEnd};

const TOPIC: &str = "enforced";

/// Why the `AuthPolicy` that applies is not enforced, in its own words.
pub(super) fn unenforced_auth(catalog: &Catalog, route: &HTTPRoute) -> Option<String> {
    let attached = catalog.auth_policies_of(route);
    let policy = attached.choose()?;
    complaint("AuthPolicy", &id(policy), policy.status.as_ref())
}

/// Why the plans that apply and limits beside them are not enforced. What the `AuthPolicy` tells the gate to ignore is no
/// reason to refuse.
pub(super) fn unenforced_limits(catalog: &Catalog, route: &HTTPRoute) -> Vec<String> {
    let auth = catalog.auth_policies_of(route);
    let ignores = |part: &Unevaluated| {
        let chosen: Option<&AuthPolicy> = auth.choose();
        chosen.is_some_and(|policy| policy.ignores(part))
    };
    let plans = catalog.plan_policies_of(route);
    let chosen = plans.choose().map(id);
    let all = plans.to_route.iter().chain(plans.to_gateways.iter().flatten());
    let stays = |policy: &&PlanPolicy| policy.meta().deletion_timestamp.is_none();
    // One for a part of its target stands in the way of calls even where another one is chosen.
    let counts = |policy: &&PlanPolicy| match section(&policy.spec.target_ref) {
        Some(part) => !ignores(&part),
        None => chosen.as_ref() == Some(&id(*policy)),
    };
    let mut told: Vec<_> = all
        .map(AsRef::as_ref)
        .filter(stays)
        .filter(counts)
        .filter_map(|policy| complaint("PlanPolicy", &id(policy), policy.status.as_ref()))
        .collect();
    if !ignores(&Unevaluated::RateLimitPolicy) {
        let gateways = catalog.gateways_of(route).into_iter().map(PolicyEnd::Gateway);
        let ends = [PolicyEnd::Route(id(route))].into_iter().chain(gateways);
        let policies = ends.flat_map(|end| catalog.rate_limit_policies_on(&end).collect::<Vec<_>>());
        let policies =
            policies.filter(|policy| !policy.is_of_plans() && policy.metadata.deletion_timestamp.is_none());
        told.extend(
            policies.filter_map(|policy| {
                complaint("RateLimitPolicy", &id(policy.as_ref()), policy.status.as_ref())
            }),
        );
    }
    told
}

/// What a policy says where it is not enforced. One that another takes the place of stands in nobody's way.
fn complaint(kind: &str, id: &NamespacedName, status: Option<&ForeignStatus>) -> Option<String> {
    let mut conditions = status?.conditions.iter();
    let enforced = conditions.find(|condition| condition.type_ == "Enforced")?;
    let stands_in_the_way = enforced.status == "False" && enforced.reason != "Overridden";
    stands_in_the_way.then(|| format!("{kind} {id} is not enforced: {}", enforced.message))
}

/// What it comes to for calls on a route.
pub(super) fn enforced(
    hidden: &BTreeSet<Part>,
    route: Option<&HTTPRoute>,
    unenforced: Vec<String>,
    mend: &str,
    aim: &Aim,
) -> Step {
    let call = format!("what a gate makes of a call: {}", aim.keydesk("explain call"));
    let mut unenforced = unenforced.into_iter();
    if let Some(first) = unenforced.next() {
        let step = Step::bad(TOPIC, first).and_all(unenforced);
        return step.and(call).fix(Who::Owner, mend);
    }
    let unread = match (
        hidden.contains(&Part::Policies),
        hidden.contains(&Part::RateLimits),
    ) {
        _ if route.is_none() => Some("the policies of a route are not known without the route"),
        (true, _) => Some("you may not list all AuthPolicies and PlanPolicies that may apply"),
        (false, true) => Some("you may not list all RateLimitPolicies that may apply"),
        (false, false) => None,
    };
    match unread {
        Some(unread) => Step::unknown(
            TOPIC,
            format!("{unread}: whether gates enforce them is not known here"),
        )
        .and(call),
        None => Step::good(TOPIC, "no policy on the route says that it is not enforced"),
    }
}
