//! Which policies protect the route of a product, how they take keys, and what plans they give.

use keydesk_api::condition::ProductAspect;
use keydesk_api::foreign::{AuthPolicy, HTTPRoute};
use keydesk_api::meta::annotation;
use keydesk_api::{Authentication, Method};
use kube::ResourceExt;

use super::ProductScene;
use crate::explain::gate;
use crate::explain::key::Part;
use crate::explain::step::{State, Step, Who};
use crate::explain::words::{SELECT, allowance, carried, mend_entry};
use crate::object::id;
use crate::{Attached, Mismatch, Policy, key_authentication, mismatch};

pub(super) fn policy(scene: &ProductScene<'_>, route: Option<&HTTPRoute>) -> Step {
    let topic = "policy";
    let aspect = ProductAspect::AuthPolicyDiscovered;
    let Some(route) = route.filter(|_| !scene.hidden.contains(&Part::Policies)) else {
        return match scene.says(aspect) {
            Some((true, message)) => Step::good(topic, message),
            Some((false, message)) => {
                Step::bad(topic, message).fix(Who::Owner, "attach an AuthPolicy to the route")
            }
            None => Step::unknown(
                topic,
                "which AuthPolicy applies is not known without the route and its policies",
            ),
        };
    };
    let attached = scene.catalog.auth_policies_of(route);
    let Some(chosen) = attached.choose() else {
        return Step::bad(
            topic,
            "no AuthPolicy applies to the route, so nothing protects it and no key is asked for",
        )
        .fix(
            Who::Owner,
            "attach an AuthPolicy with an apiKey entry to the route",
        );
    };
    let words = format!("AuthPolicy {}, {}", id(chosen), why(&attached, chosen));
    if chosen.is_ready() {
        Step::good(topic, words).and_all(beside(&attached, chosen))
    } else {
        let unenforced = gate::unenforced_auth(scene.catalog, route).filter(|_| is_accepted(chosen));
        Step::bad(
            topic,
            unenforced
                .unwrap_or_else(|| format!("AuthPolicy {} is not accepted or not enforced", id(chosen))),
        )
        .and(why(&attached, chosen))
        .and_all(complaints(chosen))
        .fix(
            Who::Owner,
            "look at the policy's own status; a gateway must take it",
        )
    }
}

fn is_accepted(policy: &AuthPolicy) -> bool {
    let status = policy.status.as_ref();
    status.is_some_and(|status| status.is_true("Accepted"))
}

/// Why this policy and no other.
fn why<P: Policy>(attached: &Attached<P>, chosen: &P) -> String {
    let on_route = attached
        .to_route
        .iter()
        .any(|policy| id(policy.as_ref()) == id(chosen));
    let others = attached.to_route.len() + attached.to_gateways.iter().map(Vec::len).sum::<usize>() - 1;
    match (on_route, others) {
        (true, 0) => "the only one: it is attached to the route".to_owned(),
        (true, _) => {
            "attached to the route: that comes before a gateway's, whole before a section, in force before \
                      not, the oldest first"
                .to_owned()
        }
        (false, _) if attached.to_route.is_empty() => {
            format!(
                "attached to Gateway {}; the route has none of its own",
                chosen.target().name
            )
        }
        (false, _) => format!(
            "attached to Gateway {}; it overrides the route's own",
            chosen.target().name
        ),
    }
}

/// The policies that do not apply.
fn beside<P: Policy>(attached: &Attached<P>, chosen: &P) -> Vec<String> {
    let all = attached
        .to_route
        .iter()
        .chain(attached.to_gateways.iter().flatten());
    all.filter(|policy| id(policy.as_ref()) != id(chosen))
        .map(|policy| format!("beside it, without effect on keys: {}", id(policy.as_ref())))
        .collect()
}

fn complaints(policy: &AuthPolicy) -> Vec<String> {
    let conditions = policy.status.iter().flat_map(|status| &status.conditions);
    conditions
        .filter(|condition| condition.status != "True")
        .map(|condition| format!("{}: {}: {}", condition.type_, condition.reason, condition.message))
        .collect()
}

/// `policy` is what was said of the policy.
pub(super) fn entry(scene: &ProductScene<'_>, policy: &Step) -> Step {
    let topic = "keys";
    let product = scene.product;
    let named = product.annotations().get(annotation::AUTH_ENTRY);
    let scheme = product
        .status
        .as_ref()
        .and_then(|status| status.discovered_auth_scheme.as_ref());
    let Some(scheme) = scheme else {
        let step = Step::bad(topic, "no authentication scheme is in force");
        // Where the policy is not as it must be, it says already what to do.
        return if policy.state == State::Bad {
            step
        } else {
            step.fix(Who::Owner, "see to the AuthPolicy first")
        };
    };
    let all = scheme.authentications();
    let Some(chosen) = key_authentication(product) else {
        let entries: Vec<_> = all.iter().map(|entry| entry.name.as_str()).collect();
        let words = match named {
            Some(named) => format!("the policy has no apiKey entry {named:?}, which the product names"),
            None => "the policy has no apiKey entry".to_owned(),
        };
        let what = match named {
            Some(_) => mend_entry(),
            None => "give the policy an apiKey entry".to_owned(),
        };
        let step = Step::bad(topic, words).fix(Who::Owner, what);
        return if entries.is_empty() {
            step
        } else {
            step.and(format!("its entries are {}", entries.join(", ")))
        };
    };
    if let Some(mismatch) = unselected(scene, &chosen) {
        return Step::bad(
            topic,
            format!(
                "the selector of entry {} finds no key's Secret: {mismatch}",
                chosen.name
            ),
        )
        .fix(Who::Owner, SELECT);
    }
    let reason = match named {
        Some(_) => "named by the product",
        None => "the first by priority and name",
    };
    let step = Step::good(
        topic,
        format!(
            "entry {} ({reason}) takes the key in {}",
            chosen.name,
            carried(&chosen.credentials)
        ),
    );
    let others = all.iter().filter(|entry| entry.name != chosen.name);
    step.and_all(others.map(|entry| {
        let what = match entry.method {
            Method::ApiKey(_) => "API keys, but not this product's",
            Method::Jwt { .. } => "jwt",
            Method::Other => "another way",
        };
        format!("entry {} beside it: {what}", entry.name)
    }))
}

/// Why the selector of an entry finds no key of the product.
fn unselected(scene: &ProductScene<'_>, entry: &Authentication) -> Option<Mismatch> {
    match &entry.method {
        Method::ApiKey(keys) => mismatch(&keys.selector, &id(scene.product)),
        Method::Jwt { .. } | Method::Other => None,
    }
}

pub(super) fn plans(scene: &ProductScene<'_>, route: Option<&HTTPRoute>) -> Step {
    let topic = "plans";
    let plans = scene
        .product
        .status
        .as_ref()
        .map_or(&[][..], |status| &status.discovered_plans);
    let attached = route
        .filter(|_| !scene.hidden.contains(&Part::Policies))
        .map(|route| scene.catalog.plan_policies_of(route));
    let source = match attached
        .as_ref()
        .and_then(|attached| Some((attached, attached.choose()?)))
    {
        Some((attached, chosen)) => Some(format!("PlanPolicy {}, {}", id(chosen), why(attached, chosen))),
        None => scene
            .says(ProductAspect::PlanPolicyDiscovered)
            .filter(|(holds, _)| *holds)
            .map(|(_, message)| message.to_owned()),
    };
    if plans.is_empty() {
        let words = match source {
            Some(source) => format!("none in {source}"),
            None => "none: no PlanPolicy applies".to_owned(),
        };
        return Step::note(topic, words)
            .and("any tier can be asked for, and none has a limit, as the owner set none")
            .fix(Who::Owner, "to limit calls, attach a PlanPolicy to the route");
    }
    let unlimited = plans
        .iter()
        .any(|plan| crate::limits(&plan.limits).is_ok_and(|limits| limits.is_unlimited()));
    let words = source.unwrap_or_else(|| "discovered earlier".to_owned());
    let step = if unlimited {
        Step::note(topic, words)
    } else {
        Step::good(topic, words)
    };
    step.and_all(
        plans
            .iter()
            .map(|plan| format!("tier {}: {}", plan.tier, allowance(&plan.limits))),
    )
}
