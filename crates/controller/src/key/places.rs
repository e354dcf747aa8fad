//! How many keys of one namespace a product in automatic mode approves, and for which there is no place left.
//!
//! Whoever has an approval keeps its place, then the older come first. All keys of the namespace count that are there to
//! stay, however they stand. A place that was given away is taken at once, before its approval is written: of two keys
//! that are reconciled together only one can get the last.

use std::collections::HashMap;

use jiff::Timestamp;
use keydesk_catalog::{Cap, Catalog, KeyEdges};
use keydesk_core::NamespacedName;
use kube::ResourceExt;

use super::seen::Live;

/// Keys of products with a cap, as they were last reconciled.
#[derive(Debug, Default)]
pub(crate) struct Places(HashMap<NamespacedName, Seat>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Seat {
    product: NamespacedName,
    /// It was given a place, and its approval is on its way.
    is_taken: bool,
    /// Somebody approved it.
    is_approved: bool,
}

/// Whether there is a place for a key, and which keys must be reconciled again because of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seating {
    /// The cap that leaves no place for it.
    pub(crate) crowded_out: Option<Cap>,
    /// Keys that may move up.
    pub(crate) concerned: Vec<NamespacedName>,
}

impl Places {
    /// Finds a place for a key; `live` is nothing if it is gone.
    pub(crate) fn seat(&mut self, catalog: &Catalog, id: &NamespacedName, live: Option<&Live>) -> Seating {
        let product = live.and_then(|live| live.product.as_deref().filter(|_| live.is_automatic()));
        let cap = product.and_then(Cap::of);
        let now = live.zip(cap).map(|(live, cap)| (&live.edges.product, cap, live));
        let before = self.0.get(id);
        let approves = |live: &Live| {
            live.approvals
                .iter()
                .any(|approval| approval.object.spec.approved)
        };
        let is_approved = now.is_some_and(|(.., live)| approves(live));
        let stays = |seat: &&Seat| now.is_some_and(|(product, ..)| seat.product == *product);
        // Whoever is approved no longer may have been ahead of an older one.
        let left = before.filter(|seat| !stays(seat) || (seat.is_approved && !is_approved));
        let concerned = left.map_or_else(Vec::new, |seat| {
            let others = catalog.keys_for(&seat.product, &id.namespace);
            others.into_iter().filter(|other| other != id).collect()
        });
        let was_taken = before.filter(stays).is_some_and(|seat| seat.is_taken);
        let Some((product, cap, live)) = now else {
            self.0.remove(id);
            return Seating {
                crowded_out: None,
                concerned,
            };
        };
        // An approval holds the place from now on.
        let is_decided = !live.approvals.is_empty();
        let has_place = is_decided || was_taken || self.is_free(catalog, product, cap, id, live);
        self.0.insert(
            id.clone(),
            Seat {
                product: product.clone(),
                is_taken: has_place && !is_decided,
                is_approved,
            },
        );
        Seating {
            crowded_out: (!has_place).then_some(cap),
            concerned,
        }
    }

    fn is_free(
        &self,
        catalog: &Catalog,
        product: &NamespacedName,
        cap: Cap,
        id: &NamespacedName,
        live: &Live,
    ) -> bool {
        let own = (created_at(&live.key), &id.name);
        let is_ahead = |other: &NamespacedName| {
            let Some(key) = catalog
                .key(other)
                .filter(|key| key.metadata.deletion_timestamp.is_none())
            else {
                return false;
            };
            let is_taken = self
                .0
                .get(other)
                .is_some_and(|seat| seat.is_taken && seat.product == *product);
            let is_older = || (created_at(&key), &other.name) < own;
            let is_approved = || {
                let request = KeyEdges::of(&key).request;
                let mut approvals = catalog.approvals_of(&request);
                approvals.any(|approval| approval.object.spec.approved)
            };
            other != id && (is_taken || is_older() || is_approved())
        };
        let others = catalog.keys_for(product, &id.namespace);
        let ahead = others.iter().filter(|other| is_ahead(other)).count();
        cap.keys().is_some_and(|keys| ahead < keys)
    }
}

fn created_at(key: &keydesk_api::APIKey) -> Option<Timestamp> {
    key.creation_timestamp().map(|time| time.0)
}
