//! Which statuses must change, as a function of the world.

use jiff::Timestamp;
use keydesk_api::meta::GATEWAY_CONTROLLER;
use kube::api::DynamicObject;
use serde_json::{Value, json};

use super::{
    attach::{Attachment, Parent, is_our_class, is_our_gateway, our_parents},
    conditions::{Wanted, merge},
    policy::Policies,
    world::{Kind, World},
};

/// The objects whose status is not as it should be, with the status that it should be. Empty at rest.
pub(super) fn plan(world: &World, now: Timestamp) -> Vec<(Kind, DynamicObject)> {
    let policies = Policies::of(world);
    let changed = |(kind, object): (Kind, &DynamicObject)| {
        let mut next = object.clone();
        match kind {
            Kind::GatewayClass => set_conditions(&mut next, &class(object), now),
            Kind::Gateway => set_conditions(&mut next, &gateway(world, object), now),
            Kind::HTTPRoute => set_parents(&mut next, &our_parents(world, object), now),
            Kind::AuthPolicy | Kind::PlanPolicy | Kind::RateLimitPolicy => {
                set_conditions(&mut next, &policies.conditions(kind, object), now);
            }
        }
        (next.data != object.data).then_some((kind, next))
    };
    world.iter().filter_map(changed).collect()
}

fn class(class: &DynamicObject) -> Vec<Wanted> {
    if !is_our_class(class) {
        return Vec::new();
    }
    vec![Wanted::new(
        "Accepted",
        true,
        "Accepted",
        "Gateways of this class are served",
    )]
}

fn gateway(world: &World, gateway: &DynamicObject) -> Vec<Wanted> {
    if !is_our_gateway(world, gateway) {
        return Vec::new();
    }
    vec![
        Wanted::new("Accepted", true, "Accepted", "The gateway is accepted"),
        Wanted::new(
            "Programmed",
            false,
            "Pending",
            "Nothing listens for this gateway itself: ask Keydesk's gate, or use the demo's front door",
        ),
    ]
}

fn parent(attachment: Attachment) -> Wanted {
    match attachment {
        Attachment::Accepted => Wanted::new("Accepted", true, "Accepted", "The route is accepted"),
        Attachment::NoSuchListener => Wanted::new(
            "Accepted",
            false,
            "NoMatchingParent",
            "The gateway has no listener of that name",
        ),
        Attachment::NotAllowed => Wanted::new(
            "Accepted",
            false,
            "NotAllowedByListeners",
            "No listener of the gateway admits routes of this namespace",
        ),
    }
}

fn set_conditions(object: &mut DynamicObject, wanted: &[Wanted], now: Timestamp) {
    let existing = list(&object.data, "/status/conditions");
    let merged = merge(existing, wanted, object.metadata.generation, now);
    if *existing != merged {
        put(&mut object.data, "conditions", merged);
    }
}

/// Ours are the entries with our controller name; all others stay, in their places.
fn set_parents(route: &mut DynamicObject, parents: &[Parent<'_>], now: Timestamp) {
    let existing = list(&route.data, "/status/parents");
    let (ours, mut entries): (Vec<_>, Vec<_>) = existing
        .iter()
        .cloned()
        .partition(|entry| entry["controllerName"] == GATEWAY_CONTROLLER);
    for Parent {
        reference,
        attachment,
        gateway: _,
    } in parents
    {
        let before = ours.iter().find(|entry| entry["parentRef"] == **reference);
        let conditions = before.map_or(&[][..], |entry| list(entry, "/conditions"));
        entries.push(json!({
            "parentRef": reference,
            "controllerName": GATEWAY_CONTROLLER,
            "conditions": merge(conditions, &[parent(*attachment)], route.metadata.generation, now),
        }));
    }
    if *existing != entries {
        put(&mut route.data, "parents", entries);
    }
}

fn list<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    value
        .pointer(pointer)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

fn put(data: &mut Value, field: &str, values: Vec<Value>) {
    if !data["status"].is_object() {
        data["status"] = json!({});
    }
    data["status"][field] = Value::Array(values);
}
