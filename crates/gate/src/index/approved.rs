//! Whether a key is approved: the gate's own evaluation, by the rules that all of Keydesk shares. It does not ask what
//! the controller made of it.

use std::collections::BTreeSet;

use jiff::Timestamp;
use keydesk_api::APIKey;
use keydesk_catalog::{Bound, Catalog, KeyEdges, Shown, asked};
use keydesk_core::{
    KeyFacts, NamespacedName, ProductFacts, Ruling, Scheme, SecretFacts, Standing, Terms, standing,
};

use super::intern::Shared;
use crate::snapshot::{Approved, Entitlement};

/// The terms in force of a key; also of one whose end has come, so that its holder is told.
pub(super) fn approved(
    catalog: &Catalog,
    id: &NamespacedName,
    shared: &mut Shared,
    now: Timestamp,
) -> Option<Approved> {
    let key = catalog
        .key(id)
        .filter(|key| key.metadata.deletion_timestamp.is_none())?;
    let (terms, ends_at) = terms(catalog, &key, now)?;
    let Terms {
        product,
        scopes,
        tier,
        user_id,
        ..
    } = terms;
    let entitlement = Entitlement {
        product,
        tier,
        scopes,
    };
    Some(Approved::new(
        shared.text.share(id.namespace.as_str()),
        [
            &id.name,
            key.metadata.uid.as_deref().unwrap_or_default(),
            &user_id,
        ],
        shared.entitlement.share(entitlement),
        ends_at,
    ))
}

fn terms(catalog: &Catalog, key: &APIKey, now: Timestamp) -> Option<(Terms, Option<Timestamp>)> {
    rule(catalog, key, now, |ruling, _| match &ruling.standing {
        Standing::Approved(decision) => Some((decision.terms.clone(), ruling.ends_at)),
        Standing::Expired { at } => Some((ruling.decision?.terms.clone(), Some(*at))),
        Standing::Failed(_) | Standing::Denied(_) | Standing::Pending => None,
    })
}

/// What `read` makes of where a key stands, and of what it asks for.
pub(crate) fn rule<T>(
    catalog: &Catalog,
    key: &APIKey,
    now: Timestamp,
    read: impl FnOnce(&Ruling<'_>, &Terms) -> T,
) -> T {
    let edges = KeyEdges::of(key);
    let facts = KeyFacts {
        asked: asked(key, &edges),
        // The value that is asked about is the one in the enforcement secret.
        secret: SecretFacts::Usable,
    };
    let approvals: Vec<_> = catalog
        .approvals_of(&edges.request)
        .filter(|approval| approval.object.metadata.deletion_timestamp.is_none())
        .collect();
    let request = catalog.request(&edges.request);
    let bound = Shown::by(request.as_deref(), &facts.asked).bind(&approvals, now);
    let decisions: Vec<_> = bound.iter().map(Bound::decision).collect();
    let ruling = standing(&facts, &decisions, &product(catalog, &edges.product), now);
    read(&ruling, &facts.asked)
}

/// What the gate itself knows of a product. How its callers are known is read from the policy on the route that they
/// call, and whether there is such a tier is for that route's plans to say.
fn product(catalog: &Catalog, id: &NamespacedName) -> ProductFacts {
    if catalog.enforcement_namespace().is_none() {
        return ProductFacts::NoKuadrant;
    }
    match catalog.product(id) {
        None => ProductFacts::Missing,
        Some(product) if product.metadata.deletion_timestamp.is_some() => ProductFacts::Deleting,
        Some(_) => ProductFacts::Live {
            scheme: Scheme::Keys,
            tiers: BTreeSet::new(),
        },
    }
}
