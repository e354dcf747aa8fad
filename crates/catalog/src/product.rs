//! What a product's status says about its keys: how they are recognised, and which tiers there are.

use keydesk_api::foreign::AuthPolicy;
use keydesk_api::meta::annotation;
use keydesk_api::{APIProduct, AuthScheme, Authentication, Method};
use keydesk_core::{ProductFacts, Scheme};
use kube::ResourceExt as _;

/// The entry of the discovered scheme by which keys of the product are recognised: the one that the owner names, else
/// the first.
#[must_use]
pub fn key_authentication(product: &APIProduct) -> Option<Authentication> {
    key_entry(product, product.status.as_ref()?.discovered_auth_scheme.as_ref()?)
}

/// The same entry of any scheme.
fn key_entry(product: &APIProduct, scheme: &AuthScheme) -> Option<Authentication> {
    let chosen = named_entry(product);
    let takes_keys = |entry: &Authentication| match entry.method {
        Method::ApiKey(_) => chosen.is_none_or(|chosen| chosen == entry.name),
        Method::Jwt { .. } | Method::Other => false,
    };
    scheme.authentications().into_iter().find(takes_keys)
}

/// The entry that the owner of a product names, where the rules of the policy have no such entry with API keys: nothing
/// says then how keys of the product are recognised.
#[must_use]
pub fn missing_entry<'a>(product: &'a APIProduct, policy: &AuthPolicy) -> Option<&'a str> {
    let rules = policy.spec.effective_rules();
    named_entry(product).filter(|_| rules.is_none_or(|rules| key_entry(product, rules).is_none()))
}

fn named_entry(product: &APIProduct) -> Option<&str> {
    product
        .annotations()
        .get(annotation::AUTH_ENTRY)
        .map(String::as_str)
}

/// What the standing of a key needs to know of its product, as the controller found it out.
#[must_use]
pub fn product_facts(has_kuadrant: bool, product: Option<&APIProduct>) -> ProductFacts {
    if !has_kuadrant {
        return ProductFacts::NoKuadrant;
    }
    let Some(product) = product else {
        return ProductFacts::Missing;
    };
    if product.metadata.deletion_timestamp.is_some() {
        return ProductFacts::Deleting;
    }
    let status = product.status.as_ref();
    let scheme = match status.and_then(|status| status.discovered_auth_scheme.as_ref()) {
        None => Scheme::Undiscovered,
        Some(_) if key_authentication(product).is_none() => Scheme::WithoutKeys,
        Some(_) => Scheme::Keys,
    };
    let plans = status.map_or(&[][..], |status| &status.discovered_plans);
    let tiers = plans.iter().map(|plan| plan.tier.clone()).collect();
    ProductFacts::Live { scheme, tiers }
}
