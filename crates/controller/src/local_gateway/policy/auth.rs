//! An `AuthPolicy` before the gate.

use std::collections::BTreeSet;

use keydesk_api::{
    Authentication, Method,
    foreign::{AuthPolicy, Unevaluated},
    meta::annotation::GATE_IGNORE,
};
use keydesk_catalog::{Policy as _, PolicyEnd};
use kube::ResourceExt as _;

use super::{Enforcement, InForce, Reason, calls, precedence::overridden_by};
use crate::local_gateway::{attach, world::World};

/// The fields of an entry that name its method (`spec/gate.md` §2).
const METHODS: [&str; 7] = [
    "apiKey",
    "jwt",
    "oauth2Introspection",
    "kubernetesTokenReview",
    "x509",
    "plain",
    "anonymous",
];

pub(super) fn judge(
    world: &World,
    in_force: &InForce<AuthPolicy>,
    policy: &AuthPolicy,
    end: &PolicyEnd,
) -> Enforcement {
    if let Some(other) = overriding(world, in_force, end) {
        let message = format!(
            "The policy is overridden by {}/{}, which is on the gateway and has overrides",
            other.namespace().unwrap_or_default(),
            other.name_any(),
        );
        return Enforcement::not(Reason::Overridden, message);
    }
    let parts = policy.unevaluated();
    // What is for a part of the target, or to be merged, stands beside the policy in force and not in its shadow.
    let stands_beside = parts.contains(&Unevaluated::SectionName) || parts.contains(&Unevaluated::Strategy);
    if let Some(other) = in_force.instead_of(policy, end).filter(|_| !stands_beside) {
        return Enforcement::not(Reason::Overridden, overridden_by(other));
    }
    if parts.is_empty() {
        Enforcement::by_the_gate(enforced(policy))
    } else {
        Enforcement::not(Reason::NotSupported, not_supported(&parts, calls(end)))
    }
}

/// The policy whose overrides replace what is attached to a route: each gateway that serves it must have some.
fn overriding<'a>(
    world: &World,
    in_force: &'a InForce<AuthPolicy>,
    end: &PolicyEnd,
) -> Option<&'a AuthPolicy> {
    let PolicyEnd::Route(route) = end else {
        return None;
    };
    let gateways = attach::accepting(world, route).into_iter();
    let overrides = gateways.map(|gateway| {
        in_force
            .on(&PolicyEnd::Gateway(gateway))
            .filter(|policy| policy.overrides())
    });
    let all: Option<Vec<_>> = overrides.collect();
    all?.into_iter().next()
}

fn enforced(policy: &AuthPolicy) -> String {
    let waived = waived(policy);
    let except = if waived.is_empty() {
        String::new()
    } else {
        format!(", but for what {GATE_IGNORE} waives ({})", list(&waived))
    };
    let closed = closed_entries(policy).join(", ");
    let refused = if closed.is_empty() {
        String::new()
    } else {
        format!("; it does not evaluate {closed}: callers who show nothing else are refused")
    };
    format!("Keydesk's gate enforces the policy{except}{refused}")
}

fn not_supported(parts: &BTreeSet<Unevaluated>, calls: &str) -> String {
    let mut parts = parts.clone();
    let mut faults = Vec::new();
    // This one nobody can waive.
    if parts.remove(&Unevaluated::Authentication) {
        faults.push(
            "an entry of rules.authentication takes API keys (apiKey, without when, defaults and overrides)"
                .to_owned(),
        );
    }
    if !parts.is_empty() {
        faults.push(format!(
            "what it does not evaluate ({}) is removed, or named in the annotation {GATE_IGNORE}",
            list(&parts)
        ));
    }
    format!("Keydesk's gate refuses {calls} until {}", faults.join(" and "))
}

/// The parts that the gate would mind if the owner did not say otherwise.
fn waived(policy: &AuthPolicy) -> BTreeSet<Unevaluated> {
    let mut minded = policy.clone();
    minded.annotations_mut().remove(GATE_IGNORE);
    &minded.unevaluated() - &policy.unevaluated()
}

/// The entries by which nobody is let in, with their methods.
fn closed_entries(policy: &AuthPolicy) -> Vec<String> {
    let Some(rules) = policy.spec.effective_rules() else {
        return Vec::new();
    };
    let open = policy.evaluated_entries();
    let said = |entry: &Authentication| {
        let fields = rules.0.get("authentication").and_then(|all| all.get(&entry.name));
        let method = METHODS.into_iter().find(|method| {
            fields.is_some_and(|fields| fields.get(method).is_some_and(|value| !value.is_null()))
        });
        match (&entry.method, method) {
            (Method::ApiKey(_), _) => format!("{} (apiKey with when, defaults or overrides)", entry.name),
            (Method::Jwt { .. } | Method::Other, Some(method)) => format!("{} ({method})", entry.name),
            (Method::Jwt { .. } | Method::Other, None) => entry.name.clone(),
        }
    };
    let entries = rules.authentications();
    let closed = entries.iter().filter(|entry| !open.contains(entry));
    closed.map(said).collect()
}

fn list(parts: &BTreeSet<Unevaluated>) -> String {
    let names: Vec<_> = parts.iter().map(Unevaluated::name).collect();
    names.join(", ")
}
