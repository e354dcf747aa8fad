//! update and patch: compute from what is there, write if it is still so, else again.

use std::sync::Arc;

use keydesk_schema::Violation;
use serde_json::Value;

use super::Call;
use crate::admit::{self, text};
use crate::api::CRDS;
use crate::resource::{Part, ResourceType};
use crate::status::{Cause, Refusal};
use crate::store::{Change, Expect, Object, Write};
use crate::{auth, crd};

/// Replaces an object (or the part of it) by what `compute` makes of it. An update that changes nothing writes nothing.
///
/// Retried for as long as others get in between, unless the result insists on a resourceVersion.
pub(crate) async fn update(
    call: &Call<'_>,
    name: &str,
    part: Part,
    mut compute: impl FnMut(&Value) -> Result<Value, Refusal>,
) -> Result<Arc<Object>, Refusal> {
    let Call {
        api,
        user,
        resource,
        namespace,
        ..
    } = *call;
    let ResourceType { group, plural, .. } = resource;
    let key = resource.key(namespace, name);
    loop {
        let current = api
            .store
            .get(&key)
            .ok_or_else(|| Refusal::not_found(group, plural, name))?;
        let old = resource.shown(&current);
        let new = compute(&old)?;
        check_identity(call, name, &old, &new)?;
        let mut settled = admit::settle(resource, &old, new, part, &call.writer());
        if settled == old {
            return Ok(current);
        }
        resource.rules.prepare_update(&mut settled, &old, part);
        if &*resource.storage == CRDS {
            let others: Vec<Value> = api.store.all(CRDS).iter().map(|crd| crd.value()).collect();
            crd::establish(&mut settled, &others, api.now());
        }
        admit::validate(resource, &settled, Some(&old))?;
        auth::check_escalation(&api.policy(), user, &settled, Some(&old))?;
        if settled == old {
            return Ok(current);
        }
        let gone = current.deleting && admit::is_free_to_go(&settled);
        let change = if gone {
            Change::Delete
        } else {
            Change::Put(admit::checked_size(resource.kept(settled))?)
        };
        let write = Write {
            key: key.clone(),
            expect: Expect::Revision(current.revision),
            within: Vec::new(),
            change,
        };
        if let Ok(written) = api.write(write).await? {
            return Ok(written);
        }
    }
}

/// The `compute` of a PUT: `object`, whatever is there.
pub(crate) fn replacement(
    resource: &ResourceType,
    name: &str,
    object: Value,
) -> impl FnMut(&Value) -> Result<Value, Refusal> {
    let unconditional = text(&object, "/metadata/resourceVersion").is_empty();
    let refused = unconditional && !resource.unconditional_update;
    let refusal = refused.then(|| {
        let violation = Violation::invalid("metadata.resourceVersion", 0, "must be specified for an update");
        Refusal::invalid(
            &resource.group,
            &resource.plural,
            name,
            vec![Cause::from(&violation)],
        )
    });
    move |_| match &refusal {
        Some(refusal) => Err(refusal.clone()),
        None => Ok(object.clone()),
    }
}

fn check_identity(call: &Call<'_>, name: &str, old: &Value, new: &Value) -> Result<(), Refusal> {
    let ResourceType {
        group,
        plural,
        namespaced,
        ..
    } = call.resource;
    let said = |pointer: &str| Some(text(new, pointer)).filter(|text| !text.is_empty());
    if let Some(other) = said("/metadata/name").filter(|said| *said != name) {
        return Err(Refusal::bad_request(format!(
            "the name of the object ({other}) does not match the name on the URL ({name})"
        )));
    }
    if *namespaced && said("/metadata/namespace").is_some_and(|said| Some(said) != call.namespace) {
        return Err(Refusal::bad_request(
            "the namespace of the provided object does not match the namespace sent on the request",
        ));
    }
    let uid = text(old, "/metadata/uid");
    if let Some(other) = said("/metadata/uid").filter(|said| *said != uid) {
        let why = format!("Precondition failed: UID in precondition: {other}, UID in object meta: {uid}");
        return Err(Refusal::conflict(group, plural, name, &why));
    }
    if said("/metadata/resourceVersion").is_some_and(|said| said != text(old, "/metadata/resourceVersion")) {
        return Err(Refusal::modified(group, plural, name));
    }
    Ok(())
}
