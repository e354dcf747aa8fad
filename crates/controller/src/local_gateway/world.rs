//! What the local gateway sees.

use std::collections::BTreeMap;

use keydesk_api::foreign::{AuthPolicy, Gateway, GatewayClass, HTTPRoute, PlanPolicy, RateLimitPolicy};
use kube::{
    ResourceExt as _,
    api::{ApiResource, DynamicObject},
};

/// The kinds that it looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    GatewayClass,
    Gateway,
    HTTPRoute,
    AuthPolicy,
    PlanPolicy,
    RateLimitPolicy,
}

impl Kind {
    pub(super) const ALL: [Self; 6] = [
        Self::GatewayClass,
        Self::Gateway,
        Self::HTTPRoute,
        Self::AuthPolicy,
        Self::PlanPolicy,
        Self::RateLimitPolicy,
    ];

    pub(super) fn resource(self) -> ApiResource {
        match self {
            Self::GatewayClass => ApiResource::erase::<GatewayClass>(&()),
            Self::Gateway => ApiResource::erase::<Gateway>(&()),
            Self::HTTPRoute => ApiResource::erase::<HTTPRoute>(&()),
            Self::AuthPolicy => ApiResource::erase::<AuthPolicy>(&()),
            Self::PlanPolicy => ApiResource::erase::<PlanPolicy>(&()),
            Self::RateLimitPolicy => ApiResource::erase::<RateLimitPolicy>(&()),
        }
    }
}

/// Every object as it is: what is written back must hold all that was read.
#[derive(Debug, Default)]
pub(super) struct World {
    objects: BTreeMap<(Kind, String, String), DynamicObject>,
}

impl World {
    pub(super) fn put(&mut self, kind: Kind, object: DynamicObject) {
        self.objects.insert(key(kind, &object), object);
    }

    pub(super) fn delete(&mut self, kind: Kind, object: &DynamicObject) {
        self.objects.remove(&key(kind, object));
    }

    pub(super) fn forget(&mut self, kind: Kind) {
        self.objects.retain(|(other, ..), _| *other != kind);
    }

    pub(super) fn get(&self, kind: Kind, namespace: &str, name: &str) -> Option<&DynamicObject> {
        self.objects.get(&(kind, namespace.to_owned(), name.to_owned()))
    }

    pub(super) fn of(&self, kind: Kind) -> impl Iterator<Item = &DynamicObject> {
        self.iter()
            .filter(move |(other, _)| *other == kind)
            .map(|(_, object)| object)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (Kind, &DynamicObject)> {
        self.objects.iter().map(|((kind, ..), object)| (*kind, object))
    }
}

fn key(kind: Kind, object: &DynamicObject) -> (Kind, String, String) {
    (kind, object.namespace().unwrap_or_default(), object.name_any())
}

/// The text at a JSON pointer of an object; empty where there is none.
pub(super) fn text<'a>(object: &'a DynamicObject, pointer: &str) -> &'a str {
    object
        .data
        .pointer(pointer)
        .and_then(serde_json::Value::as_str)
        .unwrap_or_default()
}
