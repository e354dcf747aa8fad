//! Whether a key is approved: the gate's own evaluation, by the rules that all of Keydesk shares. It does not ask what
//! the controller made of it.

use std::collections::BTreeSet;

use jiff::Timestamp;
use keydesk_catalog::{Catalog, Dossier, KeyRecord, Shown};
use keydesk_core::{
    KeyFacts, NamespacedName, ProductFacts, Ruling, Scheme, SecretFacts, Standing, Terms, standing,
};

/// A key with its terms in force, and when they end; also if that has come, so that its holder is told.
pub(super) fn approved(
    catalog: &Catalog,
    id: &NamespacedName,
    now: Timestamp,
) -> Option<(KeyRecord, Terms, Option<Timestamp>)> {
    rule(catalog, id, now, |key, ruling| {
        let (terms, ends_at) = match &ruling.standing {
            _ if key.deleting => return None,
            Standing::Approved(decision) => (decision.terms.clone(), ruling.ends_at),
            Standing::Expired { at } => (ruling.decision?.terms.clone(), Some(*at)),
            Standing::Failed(_) | Standing::Denied(_) | Standing::Pending => return None,
        };
        Some((key.clone(), terms, ends_at))
    })?
}

/// What `read` makes of a key, if there is one of that name, and of where it stands.
pub(crate) fn rule<T>(
    catalog: &Catalog,
    id: &NamespacedName,
    now: Timestamp,
    read: impl FnOnce(&KeyRecord, &Ruling<'_>) -> T,
) -> Option<T> {
    let Dossier {
        key,
        request,
        mut approvals,
    } = catalog.dossier(id)?;
    let facts = KeyFacts {
        asked: key.asked.clone(),
        // The value that is asked about is the one in the enforcement secret.
        secret: SecretFacts::Usable,
    };
    approvals.retain(|approval| !approval.deleting);
    let decisions = Shown::of(request, &facts.asked).decisions(&approvals, now);
    let product = product(catalog, &facts.asked.product);
    let ruling = standing(&facts, &decisions, &product, now);
    Some(read(&key, &ruling))
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
