//! Places for keys, where a product approves only so many of a namespace.

use std::sync::Arc;

use keydesk_api::meta::annotation;
use keydesk_api::{APIKey, APIProduct};
use keydesk_catalog::{Cap, Catalog, Object};
use serde_json::json;

use super::stage::{Stage, decode, product as any_product};
use crate::key::places::{Places, Seating};
use crate::key::seen::Live;

fn product(cap: &str) -> APIProduct {
    let mut product = any_product("automatic");
    product.metadata.annotations = Some([(annotation::MAX_KEYS_PER_NAMESPACE.into(), cap.into())].into());
    product
}

fn key(name: &str, second: u8) -> APIKey {
    decode(json!({
        "apiVersion": "devportal.kuadrant.io/v1alpha1", "kind": "APIKey",
        "metadata": {
            "namespace": "consumer-app", "name": name, "uid": name,
            "creationTimestamp": format!("2026-06-01T12:00:{second:02}Z"),
        },
        "spec": {
            "apiProductRef": { "name": "gamestore-api", "namespace": "gamestore" },
            "secretRef": { "name": "value" }, "planTier": "gold",
            "requestedBy": { "userId": "user-12345", "email": "developer@consumer-app.com" },
        },
    }))
}

fn live(key: &APIKey, cap: &str) -> Live {
    let mut stage = Stage::automatic();
    let live = stage.live();
    live.product = Some(Arc::new(product(cap)));
    live.key = Arc::new(key.clone());
    live.clone()
}

struct Hall {
    catalog: Catalog,
    places: Places,
    cap: &'static str,
}

impl Hall {
    fn new(cap: &'static str) -> Self {
        Self {
            catalog: Catalog::default(),
            places: Places::default(),
            cap,
        }
    }

    fn add(&mut self, key: &APIKey) {
        self.catalog.apply(Object::Key(Box::new(key.clone())));
    }

    fn crowds_out(&mut self, key: &APIKey) -> bool {
        let id = crate::write::id(key);
        let live = live(key, self.cap);
        self.places
            .seat(&self.catalog, &id, Some(&live))
            .crowded_out
            .is_some()
    }
}

#[test]
fn the_oldest_get_the_places_whoever_is_looked_at_first() {
    let mut hall = Hall::new("2");
    let keys = [key("c", 1), key("a", 2), key("b", 3)];
    for key in &keys {
        hall.add(key);
    }
    assert!(hall.crowds_out(&keys[2]));
    assert!(!hall.crowds_out(&keys[1]));
    assert!(!hall.crowds_out(&keys[0]));
}

#[test]
fn a_place_is_not_given_away_twice_within_one_second() {
    let mut hall = Hall::new("1");
    let (late, early) = (key("z", 1), key("a", 1));
    hall.add(&late);
    assert!(!hall.crowds_out(&late));
    hall.add(&early);
    assert!(hall.crowds_out(&early), "z has the place already");
    assert!(!hall.crowds_out(&late));
}

#[test]
fn who_leaves_makes_the_others_look_again() {
    let mut hall = Hall::new("1");
    let (old, young) = (key("old", 1), key("young", 2));
    hall.add(&old);
    hall.add(&young);
    assert!(!hall.crowds_out(&old));
    assert!(hall.crowds_out(&young));
    let reference = Object::Key(Box::new(old.clone())).reference();
    hall.catalog.delete(&reference);
    let gone = hall.places.seat(&hall.catalog, &crate::write::id(&old), None);
    assert_eq!(gone.concerned, [crate::write::id(&young)]);
    assert!(!hall.crowds_out(&young));
    let none = hall.places.seat(&hall.catalog, &crate::write::id(&old), None);
    assert_eq!(none, Seating::default());
}

#[test]
fn who_is_approved_no_longer_makes_the_others_look_again() {
    let mut hall = Hall::new("1");
    let (old, young) = (key("old", 1), key("young", 2));
    hall.add(&old);
    hall.add(&young);
    let mut stage = Stage::automatic();
    stage.approve("by-hand", true, 10);
    let approved = Live {
        approvals: stage.live().approvals.clone(),
        ..live(&young, "1")
    };
    let id = crate::write::id(&young);
    assert_eq!(
        hall.places.seat(&hall.catalog, &id, Some(&approved)),
        Seating::default()
    );
    let undone = hall.places.seat(&hall.catalog, &id, Some(&live(&young, "1")));
    assert_eq!(undone.concerned, [crate::write::id(&old)]);
    assert!(undone.crowded_out.is_some());
}

#[test]
fn a_cap_that_cannot_be_read_leaves_no_place() {
    for cap in ["-1", "many", "", "1.5"] {
        assert_eq!(Cap::of(&product(cap)), Some(Cap::Unreadable), "{cap}");
    }
    let mut hall = Hall::new("many");
    let only = key("only", 1);
    hall.add(&only);
    assert!(hall.crowds_out(&only));
    assert_eq!(Cap::of(&product(" 3 ")), Some(Cap::Keys(3)));
    assert_eq!(Cap::of(&any_product("automatic")), None);
}
