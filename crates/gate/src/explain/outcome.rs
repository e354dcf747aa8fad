//! What becomes of a call, and whose turn it is if it is refused.

use keydesk_api::meta::annotation;
use keydesk_core::{Denial, NamespacedName};

use super::{KeyFinding, KeySource, Obstacle, Outcome, OwnerFinding, PolicyFinding, RouteFinding, Stands};
use crate::verdict::{Refused, Verdict};

/// What is to be done about an end that has come.
const LATER: &str =
    "the holder of the key: ask for a later end in spec.expiresAt, which the owner then approves";

pub(super) fn of<'a>(
    verdict: &Verdict,
    route: &RouteFinding,
    policy: Option<&PolicyFinding>,
    key: &KeyFinding,
    products: impl Iterator<Item = &'a NamespacedName>,
) -> Outcome {
    match verdict {
        Verdict::Admitted(_) => Outcome {
            passes: true,
            status: 200,
            code: "pass",
            told: "the call goes on to the API".to_owned(),
            because: None,
            turn: None,
        },
        Verdict::Refused(refused) => {
            let Refused { denial, because, .. } = refused;
            let products: Vec<_> = products.map(ToString::to_string).collect();
            Outcome {
                passes: false,
                status: denial.status(),
                code: denial.code(),
                told: denial.to_string(),
                because: because.as_deref().map(str::to_owned),
                turn: Some(turn(*denial, route, policy, key, &products.join(", "))),
            }
        }
    }
}

/// Who can do something about a refusal, and what.
fn turn(
    denial: Denial,
    route: &RouteFinding,
    policy: Option<&PolicyFinding>,
    key: &KeyFinding,
    products: &str,
) -> String {
    match denial {
        Denial::CredentialMissing => credential(policy, key),
        Denial::InvalidKey => match key.owners.first() {
            Some(owner) => owned(owner, products),
            None => nobodys(key, products),
        },
        Denial::KeyExpired => match key.owners.first() {
            Some(owner) if matches!(owner.stands, Stands::Expired { .. }) => owned(owner, products),
            Some(_) | None => LATER.to_owned(),
        },
        Denial::PlanUnresolved => {
            "the owner of the API: make a predicate of the PlanPolicy hold for this caller".to_owned()
        }
        Denial::PolicyNotSupported => policy_not_supported(route, policy),
        Denial::NoRoute => no_route(route),
        Denial::BadRequest => {
            "the caller: send host and path in the one form that everybody reads alike".to_owned()
        }
        Denial::LimitReached => {
            "the owner of the API: this tier's limit lets no call pass, raise it in the PlanPolicy".to_owned()
        }
        Denial::Unavailable => "whoever runs the gate: see what its readiness says".to_owned(),
    }
}

fn credential(policy: Option<&PolicyFinding>, key: &KeyFinding) -> String {
    let places: Vec<_> = policy
        .iter()
        .flat_map(|policy| &policy.entries)
        .map(|entry| entry.expects.as_str())
        .collect();
    let places = places.join(" or ");
    match key.source {
        KeySource::Unplaced => format!("the caller: this value cannot stand in {places}, check it"),
        KeySource::Elsewhere => format!("the caller: send the key in {places}, not where it is now"),
        KeySource::Nowhere | KeySource::Call { .. } | KeySource::Hand { .. } => {
            format!("the caller: send an API key in {places}")
        }
    }
}

fn nobodys(key: &KeyFinding, products: &str) -> String {
    if key.unread == 0 {
        return format!("the caller: no APIKey has this value; check it, or ask for a key of {products}");
    }
    "the caller: check the value; or whoever may read the Secrets that were not looked at: explain it again"
        .to_owned()
}

fn owned(owner: &OwnerFinding, products: &str) -> String {
    let product = owner
        .product
        .as_ref()
        .map(ToString::to_string)
        .unwrap_or_default();
    match &owner.stands {
        Stands::Pending { request } => {
            return format!("the owner of {product}: decide on APIKeyRequest {request}");
        }
        Stands::Denied { .. } => {
            return format!(
                "the owner of {product}, who can think again; the holder can explain and ask anew"
            );
        }
        Stands::Failed { .. } => {
            return "whoever can put right what is missing, see above".to_owned();
        }
        Stands::Deleting => {
            return format!("the holder: ask for a new key of {product}");
        }
        // Its enforcement secret is gone for that, and for nothing that the platform did.
        Stands::Expired { .. } if owner.terms_changed => {
            return format!("the owner of {product}: approve the later end that is asked for");
        }
        Stands::Expired { .. } => return LATER.to_owned(),
        Stands::Approved { .. } | Stands::Unmanaged => {}
    }
    match &owner.obstacle {
        Some(Obstacle::OtherProduct) if products.is_empty() => {
            "the owner of the API: no APIProduct offers this route, so nobody can have a key for it".to_owned()
        }
        Some(Obstacle::OtherProduct) => format!("the holder: ask for a key of {products}"),
        Some(Obstacle::NoSuchEntry { .. }) => format!(
            "the owner of {product}: name an apiKey entry of the AuthPolicy in annotation {} of the product, or take it off",
            annotation::AUTH_ENTRY
        ),
        Some(
            Obstacle::EnforcementMissing {
                secret,
                controller_says,
            }
            | Obstacle::EnforcementDiffers {
                secret,
                controller_says,
            },
        ) => match controller_says {
            Some(_) => "the holder of the key, or the owner of its product: the controller says what is missing".to_owned(),
            None => format!("the platform team: see why the controller has not brought Secret {secret} up to date"),
        },
        Some(Obstacle::NotSelected { .. }) => {
            "the owner of the API: make the selector of the AuthPolicy and the labels of the enforcement secret agree \
             (the controller copies them from the policy)"
                .to_owned()
        }
        Some(Obstacle::OtherPlace { expects, .. }) => format!("the caller: send the key in {expects}"),
        None => "the caller: check the value".to_owned(),
    }
}

fn policy_not_supported(route: &RouteFinding, policy: Option<&PolicyFinding>) -> String {
    if let RouteFinding::Doubtful { .. } = route {
        return "the owner of the route: write its matches as Gateway API has them, and as this gate reads them".to_owned();
    }
    let Some(policy) = policy.filter(|policy| policy.auth_policy.is_some()) else {
        return "the owner of the API: attach an AuthPolicy with an apiKey entry to the route".to_owned();
    };
    let waivable: Vec<_> = policy
        .unsupported
        .iter()
        .filter_map(|part| Some((part.waived_on.as_ref()?, part.part.as_str())))
        .collect();
    if waivable.len() < policy.unsupported.len() {
        return "the owner of the API or its gateway: take away what cannot be evaluated; it cannot be waived".to_owned();
    }
    let parts: Vec<_> = waivable.iter().map(|(_, part)| *part).collect();
    let mut on: Vec<_> = waivable.iter().map(|(on, _)| on.to_string()).collect();
    on.sort();
    on.dedup();
    format!(
        "the owner of the API: take it away; or, if the gate need not mind, annotate AuthPolicy {} with {}: \"{}\"",
        on.join(" and "),
        annotation::GATE_IGNORE,
        parts.join(" ")
    )
}

fn no_route(route: &RouteFinding) -> String {
    match route {
        RouteFinding::NoHost { unserved } if unserved.is_empty() => {
            "the caller: check the host; or the owner of the API: give its HTTPRoute this hostname".to_owned()
        }
        RouteFinding::NoHost { .. } => {
            "the owner of the route and whoever runs its Gateway: make the Gateway accept the route".to_owned()
        }
        RouteFinding::NoRule { .. }
        | RouteFinding::Rule { .. }
        | RouteFinding::Doubtful { .. }
        | RouteFinding::Ambiguous { .. }
        | RouteFinding::Malformed { .. } => {
            "the caller: check path and method; or the owner of the API: let a rule of the HTTPRoute take them".to_owned()
        }
    }
}
