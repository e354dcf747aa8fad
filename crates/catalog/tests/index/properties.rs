//! What holds for every sequence of events.

use std::collections::{BTreeMap, BTreeSet};

use keydesk_api::meta::{enforcement_secret_name, previous_secret_name, successor_secret_name};
use keydesk_catalog::{Bound, Catalog, Kind, Object, Ref, Shown, Target};
use keydesk_core::{KeyFacts, NamespacedName, ProductFacts, Scheme, SecretFacts, standing};
use proptest::prelude::{prop_assert, prop_assert_eq, proptest};

use crate::events::{Event, events, happen};
use crate::view::view;

/// The objects that are left when all events have happened.
fn left(events: &[Event]) -> BTreeMap<Ref, Object> {
    let mut left = BTreeMap::new();
    for event in events.iter().cloned() {
        match event {
            Event::Apply(object) => {
                left.insert(object.reference(), object);
            }
            Event::Delete(reference) => {
                left.remove(&reference);
            }
            Event::Resync(kind, objects) => {
                left.retain(|reference, _| reference.kind != kind);
                let objects = objects.into_iter().map(|object| (object.reference(), object));
                left.extend(objects.filter(|(reference, _)| reference.kind == kind));
            }
        }
    }
    left
}

/// What is known of each key that the events can name, and what comes of it.
fn judged(catalog: &Catalog, events: &[Event]) -> Vec<String> {
    let now = "2026-02-15T00:00:00Z".parse().unwrap();
    let ids: BTreeSet<_> = references(events).map(|reference| reference.id()).collect();
    let judge = |id: &NamespacedName| {
        let first = enforcement_secret_name(&id.namespace, &id.name);
        let next = successor_secret_name(&previous_secret_name(&first), "uid");
        let enforced = [first, next].map(|name| catalog.keys_enforced_by(&name));
        let Some(dossier) = catalog.dossier(id) else {
            return format!("no key {id}, {enforced:?}");
        };
        let facts = KeyFacts {
            asked: dossier.key.asked.clone(),
            secret: SecretFacts::Usable,
        };
        let product = match catalog.product(&facts.asked.product) {
            None => ProductFacts::Missing,
            Some(_) => ProductFacts::Live {
                scheme: Scheme::Keys,
                tiers: BTreeSet::new(),
            },
        };
        let shown = Shown::of(dossier.request.clone(), &facts.asked);
        let decisions = shown.decisions(&dossier.approvals, now);
        let ruling = standing(&facts, &decisions, &product, now);
        format!("{dossier:?} {shown:?} {ruling:?} {enforced:?}")
    };
    let offered = |id: &NamespacedName| {
        let mut keys = catalog.keys_for(id, "a");
        keys.sort();
        format!("{id} {keys:?}")
    };
    let keys = catalog.key_names().into_iter().map(|id| id.to_string());
    keys.chain(ids.iter().map(judge))
        .chain(ids.iter().map(offered))
        .collect()
}

fn references(events: &[Event]) -> impl Iterator<Item = Ref> {
    events.iter().flat_map(|event| match event {
        Event::Apply(object) => vec![object.reference()],
        Event::Delete(reference) => vec![reference.clone()],
        Event::Resync(_, objects) => objects.iter().map(Object::reference).collect(),
    })
}

/// Every target that the names of the events can form.
fn targets(events: &[Event]) -> BTreeSet<Target> {
    let ids: BTreeSet<_> = references(events).map(|reference| reference.id()).collect();
    let all = |id: NamespacedName| {
        [
            Target::Product(id.clone()),
            Target::Key(id.clone()),
            Target::Approval(id.clone()),
            Target::EnforcementSecret(id.clone()),
            Target::Route(id),
        ]
    };
    ids.into_iter().flat_map(all).chain([Target::Kuadrant]).collect()
}

proptest! {
    #[test]
    fn a_catalog_that_followed_equals_one_that_is_built_anew(events in events()) {
        let mut followed = Catalog::default();
        for event in events.iter().cloned() {
            happen(&mut followed, event);
        }
        let left = left(&events);
        let mut forward = Catalog::default();
        for object in left.values().cloned() {
            forward.apply(object);
        }
        let mut backward = Catalog::default();
        for object in left.into_values().rev() {
            backward.apply(object);
        }
        prop_assert_eq!(&followed, &forward);
        prop_assert_eq!(&followed, &backward);
    }

    #[test]
    fn a_brief_catalog_tells_the_same_and_grants_the_same(events in events()) {
        let (mut whole, mut brief) = (Catalog::default(), Catalog::brief());
        for event in events.iter().filter(|event| event.kind() != Kind::Secret) {
            let told = happen(&mut whole, event.clone());
            prop_assert_eq!(&told, &happen(&mut brief, event.clone()), "{:?}", event);
            prop_assert_eq!(judged(&whole, &events), judged(&brief, &events), "{:?}", event);
        }
        let mut anew = Catalog::brief();
        for object in left(&events).into_values().filter(|object| object.reference().kind != Kind::Secret) {
            anew.apply(object);
        }
        prop_assert_eq!(&brief, &anew);
    }

    #[test]
    fn objects_and_their_records_are_the_same_decisions(events in events()) {
        let mut catalog = Catalog::default();
        for event in events {
            happen(&mut catalog, event);
        }
        let now = "2026-02-15T00:00:00Z".parse().unwrap();
        for dossier in catalog.key_names().iter().filter_map(|id| catalog.dossier(id)) {
            let (request, asked) = (dossier.key.request(), &dossier.key.asked);
            let approvals: Vec<_> = catalog.approvals_of(&request).collect();
            let of_objects = Shown::by(catalog.request(&request).as_deref(), asked);
            let bound = of_objects.bind(&approvals, now);
            let of_objects: Vec<_> = bound.iter().map(Bound::decision).collect();
            let of_records = Shown::of(dossier.request, asked).decisions(&dossier.approvals, now);
            prop_assert_eq!(of_objects, of_records);
        }
    }

    #[test]
    fn whoever_sees_a_difference_is_told(events in events()) {
        let targets = targets(&events);
        let mut catalog = Catalog::default();
        for event in events {
            let before: Vec<_> = targets.iter().map(|target| view(&catalog, target)).collect();
            let affected: BTreeSet<_> = happen(&mut catalog, event.clone()).into_iter().collect();
            for (target, before) in targets.iter().zip(before) {
                let after = view(&catalog, target);
                // What is gone, or has become the business of a key, needs no reconcile of its own.
                let matters = !after.is_empty() && after != "the key's";
                prop_assert!(before == after || !matters || affected.contains(target), "{target:?} after {event:?}");
            }
        }
    }
}
