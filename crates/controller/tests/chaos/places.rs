//! Where everything is: three keys of one consumer, three products of two owners, two places for Kuadrant.

use keydesk_api::meta::enforcement_stem;
use keydesk_testkit::fixtures::{
    self, CONSUMER_NAMESPACE, but, named, policy_status, request_name, route_status,
};
use keydesk_testkit::{Address, Kind, kinds};
use serde_json::{Value, json};

pub(crate) const KEYS: [&str; 3] = ["one", "two", "three"];
pub(crate) const OWNERS: [&str; 2] = ["gamestore", "toystore"];
pub(crate) const KUADRANTS: [&str; 2] = ["kuadrant-system", "kuadrant-two"];
pub(crate) const TIERS: [&str; 3] = ["gold", "silver", "bronze"];

/// Owner and name of each product; those of one owner share a route.
pub(crate) const PRODUCTS: [(usize, &str); 3] = [(0, "gamestore-api"), (0, "vault"), (1, "toys")];

/// The namespace of a product.
pub(crate) fn owner_of(product: usize) -> &'static str {
    OWNERS[PRODUCTS[product].0]
}

pub(crate) fn product_at(product: usize) -> Address {
    Address::new(kinds::PRODUCT, owner_of(product), PRODUCTS[product].1)
}

pub(crate) fn key_at(key: usize) -> Address {
    Address::new(kinds::KEY, CONSUMER_NAMESPACE, KEYS[key])
}

pub(crate) fn secret_at(key: usize) -> Address {
    Address::new(kinds::SECRET, CONSUMER_NAMESPACE, KEYS[key])
}

/// What the controller writes, or others for it.
pub(crate) const WRITTEN: [Kind; 5] = [
    kinds::PRODUCT,
    kinds::KEY,
    kinds::REQUEST,
    kinds::APPROVAL,
    kinds::SECRET,
];

/// The request of a key for a product.
pub(crate) fn request_at(key: usize, product: usize) -> Address {
    Address::new(kinds::REQUEST, owner_of(product), &request_of(key))
}

pub(crate) fn request_of(key: usize) -> String {
    request_name(CONSUMER_NAMESPACE, KEYS[key])
}

/// The key that a request or an enforcement secret of this name is for.
pub(crate) fn key_of(name: &str) -> Option<usize> {
    let name = enforcement_stem(name);
    let name = name.strip_prefix("devportal-").unwrap_or(&name);
    (0..KEYS.len()).find(|key| request_of(*key) == name)
}

pub(crate) fn product(product: usize, automatic: bool) -> Value {
    let mode = if automatic { "automatic" } else { "manual" };
    but(
        named(fixtures::product(), owner_of(product), PRODUCTS[product].1),
        &json!({ "spec": { "approvalMode": mode } }),
    )
}

pub(crate) fn kuadrant(place: usize) -> Value {
    named(fixtures::kuadrant(), KUADRANTS[place], "kuadrant")
}

pub(crate) fn route(owner: usize) -> (Value, Value) {
    (
        named(fixtures::route(), OWNERS[owner], "gamestore"),
        route_status(&[true]),
    )
}

pub(crate) fn auth_policy(owner: usize, enforced: bool) -> (Value, Value) {
    (
        named(fixtures::auth_policy(), OWNERS[owner], "gamestore-auth"),
        policy_status(true, enforced),
    )
}

/// With the first so many of its plans.
pub(crate) fn plan_policy(owner: usize, tiers: usize) -> (Value, Value) {
    let mut policy = named(fixtures::plan_policy(), OWNERS[owner], "gamestore-plan");
    policy["spec"]["plans"].as_array_mut().unwrap().truncate(tiers);
    (policy, policy_status(true, true))
}
