//! Whether a key is approved: the gate's own evaluation, by the rules that all of Keydesk shares. It does not ask what
//! the controller made of it.

use std::collections::BTreeSet;

use jiff::Timestamp;
use keydesk_catalog::{Catalog, KeyRecord, Shown};
use keydesk_core::{
    KeyFacts, NamespacedName, ProductFacts, Ruling, Scheme, SecretFacts, Standing, Terms, standing,
};

/// A key with its terms in force, and when they end; also if that has come, so that its holder is told.
pub(super) fn approved(
    catalog: &Catalog,
    id: &NamespacedName,
    now: Timestamp,
) -> Option<(KeyRecord, Terms, Option<Timestamp>)> {
    let key = catalog.key_record(id).filter(|key| !key.deleting)?;
    let (terms, ends_at) = rule(catalog, &key, now, |ruling, _| match &ruling.standing {
        Standing::Approved(decision) => Some((decision.terms.clone(), ruling.ends_at)),
        Standing::Expired { at } => Some((ruling.decision?.terms.clone(), Some(*at))),
        Standing::Failed(_) | Standing::Denied(_) | Standing::Pending => None,
    })?;
    Some((key, terms, ends_at))
}

/// What `read` makes of where a key stands, and of what it asks for.
pub(crate) fn rule<T>(
    catalog: &Catalog,
    key: &KeyRecord,
    now: Timestamp,
    read: impl FnOnce(&Ruling<'_>, &Terms) -> T,
) -> T {
    let request = key.request();
    let facts = KeyFacts {
        asked: key.asked.clone(),
        // The value that is asked about is the one in the enforcement secret.
        secret: SecretFacts::Usable,
    };
    let mut approvals = catalog.approval_records(&request);
    approvals.retain(|approval| !approval.deleting);
    let shown = Shown::of(catalog.request_record(&request), &facts.asked);
    let decisions = shown.decisions(&approvals, now);
    let product = product(catalog, &facts.asked.product);
    let ruling = standing(&facts, &decisions, &product, now);
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
