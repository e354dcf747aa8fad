//! Which gateways are ours, and what is attached to them.

use keydesk_api::{foreign::ParentRef, meta::GATEWAY_CONTROLLER};
use keydesk_catalog::PolicyEnd;
use keydesk_core::NamespacedName;
use kube::{ResourceExt as _, api::DynamicObject};
use serde_json::Value;

use super::world::{Kind, World, text};

/// Whether a class names us as its controller.
pub(super) fn is_our_class(class: &DynamicObject) -> bool {
    text(class, "/spec/controllerName") == GATEWAY_CONTROLLER
}

/// Whether a gateway is of such a class.
pub(super) fn is_our_gateway(world: &World, gateway: &DynamicObject) -> bool {
    world
        .get(Kind::GatewayClass, "", text(gateway, "/spec/gatewayClassName"))
        .is_some_and(is_our_class)
}

/// What a gateway says to a route that wants to be attached to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Attachment {
    Accepted,
    /// The parent reference names a listener that the gateway does not have.
    NoSuchListener,
    /// No listener admits routes of the route's namespace.
    NotAllowed,
}

/// A parent reference of a route to a gateway of ours, as the route writes it, and what the gateway says to it.
pub(super) struct Parent<'a> {
    pub(super) reference: &'a Value,
    pub(super) gateway: NamespacedName,
    pub(super) attachment: Attachment,
}

/// The parents of a route that are gateways of ours.
pub(super) fn our_parents<'a>(world: &World, route: &'a DynamicObject) -> Vec<Parent<'a>> {
    let namespace = route.namespace().unwrap_or_default();
    let references = route
        .data
        .pointer("/spec/parentRefs")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    references
        .filter_map(|reference| {
            let parent: ParentRef = serde_json::from_value(reference.clone()).ok()?;
            if !parent.is_gateway() {
                return None;
            }
            let gateway = world.get(Kind::Gateway, parent.namespace_or(&namespace), &parent.name)?;
            is_our_gateway(world, gateway).then(|| Parent {
                reference,
                gateway: NamespacedName::new(parent.namespace_or(&namespace), parent.name.as_str()),
                attachment: attachment(gateway, &parent, &namespace),
            })
        })
        .collect()
}

fn attachment(gateway: &DynamicObject, parent: &ParentRef, route_namespace: &str) -> Attachment {
    let listeners = gateway.data.pointer("/spec/listeners").and_then(Value::as_array);
    let Some(listeners) = listeners.filter(|listeners| !listeners.is_empty()) else {
        // A sketch of a gateway, which real ones refuse: nothing to attach to in particular.
        return Attachment::Accepted;
    };
    let named: Vec<_> = listeners
        .iter()
        .filter(|listener| match &parent.section_name {
            Some(section) => listener["name"].as_str() == Some(section),
            None => true,
        })
        .collect();
    if named.is_empty() {
        return Attachment::NoSuchListener;
    }
    let same = gateway.namespace().unwrap_or_default() == route_namespace;
    let admits = |listener: &Value| match listener
        .pointer("/allowedRoutes/namespaces/from")
        .and_then(Value::as_str)
    {
        None | Some("Same") => same,
        Some("All") => true,
        // `Selector` needs the labels of namespaces, which a laptop's demo does not use; `None` admits nothing.
        Some(_) => false,
    };
    if named.into_iter().any(admits) {
        Attachment::Accepted
    } else {
        Attachment::NotAllowed
    }
}

/// The gateways of ours that accepted a route.
pub(super) fn accepting(world: &World, route: &NamespacedName) -> Vec<NamespacedName> {
    let Some(route) = world.get(Kind::HTTPRoute, &route.namespace, &route.name) else {
        return Vec::new();
    };
    our_parents(world, route)
        .into_iter()
        .filter(|parent| parent.attachment == Attachment::Accepted)
        .map(|parent| parent.gateway)
        .collect()
}

/// Whether what a policy is attached to is a gateway of ours, or a route that one of them accepted.
pub(super) fn is_ours(world: &World, end: &PolicyEnd) -> bool {
    match end {
        PolicyEnd::Gateway(id) => world
            .get(Kind::Gateway, &id.namespace, &id.name)
            .is_some_and(|gateway| is_our_gateway(world, gateway)),
        PolicyEnd::Route(id) => !accepting(world, id).is_empty(),
    }
}
