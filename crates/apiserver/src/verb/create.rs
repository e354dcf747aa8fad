//! create

use std::sync::Arc;

use serde_json::{Value, json};

use super::Call;
use crate::admit::{self, text};
use crate::api::{CRDS, NAMESPACES};
use crate::auth;
use crate::crd;
use crate::resource::ResourceType;
use crate::status::Refusal;
use crate::store::{Change, Expect, Key, Object, Write};

/// Tries of a generated name before giving up.
const NAME_TRIES: usize = 8;

/// Makes a new object.
pub(crate) async fn create(call: &Call<'_>, mut object: Value) -> Result<Arc<Object>, Refusal> {
    let Call {
        api,
        user,
        resource,
        namespace,
        ..
    } = *call;
    if !text(&object, "/metadata/resourceVersion").is_empty() {
        return Err(Refusal::bad_request(
            "resourceVersion should not be set on objects to be created",
        ));
    }
    let in_body = text(&object, "/metadata/namespace");
    if resource.namespaced && !in_body.is_empty() && Some(in_body) != namespace {
        return Err(Refusal::bad_request(
            "the namespace of the provided object does not match the namespace sent on the request",
        ));
    }
    admit::complete(resource, &mut object, namespace, api.uid(), &call.writer());
    let prefix = text(&object, "/metadata/generateName").to_owned();
    let generate = !prefix.is_empty() && text(&object, "/metadata/name").is_empty();
    for attempt in 1.. {
        let mut object = object.clone();
        if generate {
            object["metadata"]["name"] = json!(admit::generated(&prefix));
        }
        resource.rules.prepare_create(&mut object);
        admit::validate(resource, &object, None)?;
        if &*resource.storage == CRDS {
            let others: Vec<Value> = api.store.all(CRDS).iter().map(|crd| crd.value()).collect();
            crd::establish(&mut object, &others, api.now());
        }
        auth::check_escalation(&api.policy(), user, &object, None)?;
        let name = text(&object, "/metadata/name").to_owned();
        let write = Write {
            key: resource.key(namespace, &name),
            expect: Expect::Absent,
            within: within(resource, namespace),
            change: Change::Put(admit::checked_size(resource.kept(object))?),
        };
        match api.write(write).await? {
            Ok(created) => return Ok(created),
            Err(_) if generate && attempt < NAME_TRIES => {}
            Err(_) => return Err(Refusal::already_exists(&resource.group, &resource.plural, &name)),
        }
    }
    Err(Refusal::internal("no name could be generated"))
}

/// What a new object of this kind must live within.
fn within(resource: &ResourceType, namespace: Option<&str>) -> Vec<Key> {
    let namespace = namespace.map(|name| Key::new(&NAMESPACES.into(), None, name));
    let crd = resource
        .crd
        .as_deref()
        .map(|name| Key::new(&CRDS.into(), None, name));
    namespace.into_iter().chain(crd).collect()
}
