//! Which policy protects a route, and what of it the gate does not evaluate.

use keydesk_api::foreign::{AuthPolicy, Unevaluated};
use keydesk_api::{AuthScheme, Method};
use keydesk_catalog::Attached;
use keydesk_core::NamespacedName;
use kube::ResourceExt as _;

use super::{EntryFinding, Known, OtherWay, PolicyFinding, UnsupportedPart};
use crate::credential::Location;
use crate::snapshot::Protection;

pub(super) fn find(known: Known<'_>, protection: &Protection) -> PolicyFinding {
    let route = known.catalog.route(&protection.route);
    let attached = route
        .as_deref()
        .map(|route| known.catalog.auth_policies_of(route))
        .unwrap_or_default();
    let chosen = attached.choose();
    let entries = protection.entries.iter().map(|entry| EntryFinding {
        name: entry.name.clone(),
        expects: expects(&entry.location),
    });
    let unsupported = protection.unsupported.iter().map(|part| UnsupportedPart {
        part: part.clone(),
        waived_on: waived_on(part, chosen, &attached),
    });
    PolicyFinding {
        auth_policy: chosen.map(id),
        entries: entries.collect(),
        other_ways: chosen.map(other_ways).unwrap_or_default(),
        unsupported: unsupported.collect(),
        waived: chosen
            .map(|policy| policy.ignored().into_iter().map(str::to_owned).collect())
            .unwrap_or_default(),
    }
}

/// How a call carries a key in a place.
pub(super) fn expects(location: &Location) -> String {
    match location {
        Location::AuthorizationHeader { prefix } => format!("header `Authorization: {prefix} …`"),
        Location::CustomHeader { name } => format!("header `{name}: …`"),
        Location::QueryString { name } => format!("query parameter `{name}=…`"),
        Location::Cookie { name } => format!("cookie `{name}=…`"),
    }
}

fn id(policy: &AuthPolicy) -> NamespacedName {
    NamespacedName::new(policy.namespace().unwrap_or_default(), policy.name_any())
}

fn other_ways(policy: &AuthPolicy) -> Vec<OtherWay> {
    let rules = policy.spec.effective_rules();
    let all = rules.map(AuthScheme::authentications).unwrap_or_default();
    let ways = all.into_iter().filter_map(|entry| {
        let way = match entry.method {
            Method::ApiKey(_) if !entry.is_qualified => return None,
            Method::ApiKey(_) => "API keys under a condition, or with a changed identity",
            Method::Jwt { .. } => "jwt",
            Method::Other => "neither API keys nor jwt",
        };
        Some(OtherWay {
            name: entry.name,
            way,
        })
    });
    ways.collect()
}

/// Where the owner can waive a part: on the policy that has it, or on the one that applies where it stands beside. That
/// no key can be shown cannot be waived, nor what stands above in a gateway's overrides.
fn waived_on(
    part: &str,
    chosen: Option<&AuthPolicy>,
    attached: &Attached<AuthPolicy>,
) -> Option<NamespacedName> {
    let chosen = chosen?;
    if [Unevaluated::Authentication, Unevaluated::Overrides]
        .iter()
        .any(|fixed| fixed.name() == part)
    {
        return None;
    }
    let has = |policy: &&AuthPolicy| policy.unevaluated().iter().any(|own| own.name() == part);
    let beside = attached.to_route.iter().map(AsRef::as_ref);
    [chosen]
        .into_iter()
        .chain(beside)
        .find(has)
        .or(Some(chosen))
        .map(id)
}
