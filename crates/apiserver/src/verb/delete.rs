//! delete and deletecollection

use std::sync::Arc;

use futures::future::try_join_all;
use jiff::Timestamp;
use keydesk_schema::Violation;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Call, Listed};
use crate::admit::{is_free_to_go, seconds};
use crate::api::{CRDS, NAMESPACES};
use crate::crd;
use crate::request::{Query, Verb, refuse_dry_run};
use crate::resource::ResourceType;
use crate::status::{Cause, Refusal};
use crate::store::{Change, Expect, Object, Write};

/// Holds an object until what it owns is gone.
pub(crate) const FOREGROUND: &str = "foregroundDeletion";
/// Holds an object until what it owns is let go.
pub(crate) const ORPHAN: &str = "orphan";
/// Namespaces that cannot be deleted.
const IMMORTAL: [&str; 3] = ["default", "kube-system", "kube-public"];

/// What becomes of what an object owns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(crate) enum Propagation {
    Foreground,
    Background,
    Orphan,
}

/// How to delete.
#[derive(Debug, Clone, Default)]
pub(crate) struct DeleteOptions {
    pub(crate) uid: Option<String>,
    pub(crate) resource_version: Option<String>,
    pub(crate) propagation: Option<Propagation>,
}

/// What a delete did.
#[derive(Debug)]
pub(crate) enum Deleted {
    /// It is no more; this was its last state.
    Gone(Arc<Object>),
    /// It is marked, and goes when nothing holds it back any more.
    Going(Arc<Object>),
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Body {
    kind: String,
    dry_run: Option<Vec<String>>,
    preconditions: Option<Preconditions>,
    propagation_policy: Option<String>,
    orphan_dependents: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Preconditions {
    uid: Option<String>,
    resource_version: Option<String>,
}

impl DeleteOptions {
    /// Reads the body of a DELETE if there is one, else its query.
    ///
    /// # Errors
    /// 400 for a body of another shape, 422 for a wrong policy.
    pub(crate) fn read(body: Option<Value>, query: &Query, verb: Verb) -> Result<Self, Refusal> {
        // A real server reads the query only where there is no body; to delete after all would be worse.
        refuse_dry_run(query.text("dryRun"), verb)?;
        let body = match body {
            Some(body) => serde_json::from_value::<Body>(body)
                .map_err(|error| Refusal::bad_request(format!("failed to read DeleteOptions: {error}")))?,
            None => Body {
                propagation_policy: query.text("propagationPolicy").map(str::to_owned),
                orphan_dependents: query.text("orphanDependents").map(|value| value != "false"),
                ..Body::default()
            },
        };
        let Body {
            kind,
            dry_run,
            preconditions,
            propagation_policy,
            orphan_dependents,
        } = body;
        if !matches!(kind.as_str(), "" | "DeleteOptions") {
            return Err(Refusal::bad_request(format!(
                "expected DeleteOptions in the body, found {kind:?}"
            )));
        }
        let dry_run = dry_run.unwrap_or_default();
        refuse_dry_run(dry_run.first().map(String::as_str), verb)?;
        let preconditions = preconditions.unwrap_or_default();
        Ok(Self {
            uid: preconditions.uid,
            resource_version: preconditions.resource_version,
            propagation: propagation(propagation_policy.as_deref(), orphan_dependents)?,
        })
    }
}

fn propagation(policy: Option<&str>, orphan: Option<bool>) -> Result<Option<Propagation>, Refusal> {
    let violation = match (policy, orphan) {
        (Some(policy), Some(_)) => {
            let why = "orphanDependents and deletionPropagation cannot be both set";
            Violation::invalid("propagationPolicy", policy, why)
        }
        (None, None) => return Ok(None),
        (None, Some(true)) | (Some("Orphan"), None) => return Ok(Some(Propagation::Orphan)),
        (None, Some(false)) | (Some("Background"), None) => return Ok(Some(Propagation::Background)),
        (Some("Foreground"), None) => return Ok(Some(Propagation::Foreground)),
        (Some(other), None) => Violation::not_supported(
            "propagationPolicy",
            other,
            &["Foreground", "Background", "Orphan", "nil"],
        ),
    };
    Err(Refusal::invalid_options("DeleteOptions", Cause::from(&violation)))
}

/// Deletes an object, or marks it if something holds it back.
pub(crate) async fn delete(call: &Call<'_>, name: &str, options: &DeleteOptions) -> Result<Deleted, Refusal> {
    let Call {
        api,
        resource,
        namespace,
        ..
    } = *call;
    let ResourceType { group, plural, .. } = resource;
    if &*resource.storage == NAMESPACES && IMMORTAL.contains(&name) {
        return Err(Refusal::forbidden(
            group,
            plural,
            name,
            "this namespace may not be deleted",
        ));
    }
    let key = resource.key(namespace, name);
    loop {
        let current = api
            .store
            .get(&key)
            .ok_or_else(|| Refusal::not_found(group, plural, name))?;
        check_preconditions(resource, &current, options)?;
        let old = current.value();
        let marked = mark(resource, &old, options.propagation, api.now());
        let gone = is_free_to_go(&marked);
        if !gone && marked == old {
            return Ok(Deleted::Going(current));
        }
        let change = if gone { Change::Delete } else { Change::Put(marked) };
        let write = Write {
            key: key.clone(),
            expect: Expect::Revision(current.revision),
            within: Vec::new(),
            change,
        };
        if let Ok(written) = api.write(write).await? {
            return Ok(if gone {
                Deleted::Gone(written)
            } else {
                Deleted::Going(written)
            });
        }
    }
}

/// Deletes everything that was listed; what goes in the meantime is no error.
pub(crate) async fn delete_collection(
    call: &Call<'_>,
    listed: &Listed,
    options: &DeleteOptions,
) -> Result<(), Refusal> {
    let deletions = listed.objects.iter().map(|object| async {
        let namespace = Some(object.at.namespace.as_str()).filter(|namespace| !namespace.is_empty());
        match delete(&Call { namespace, ..*call }, &object.at.name, options).await {
            Err(refusal) if refusal.code() != http::StatusCode::NOT_FOUND => Err(refusal),
            Ok(_) | Err(_) => Ok(()),
        }
    });
    // Together, so that they share commits.
    try_join_all(deletions).await.map(|_| ())
}

fn check_preconditions(
    resource: &ResourceType,
    current: &Object,
    options: &DeleteOptions,
) -> Result<(), Refusal> {
    let conflict = |why: &str| {
        Err(Refusal::conflict(
            &resource.group,
            &resource.plural,
            &current.at.name,
            why,
        ))
    };
    if let Some(uid) = options.uid.as_ref().filter(|uid| **uid != current.uid) {
        let found = &current.uid;
        return conflict(&format!(
            "Precondition failed: UID in precondition: {uid}, UID in object meta: {found}"
        ));
    }
    let found = current.revision.to_string();
    if let Some(version) = options
        .resource_version
        .as_ref()
        .filter(|version| **version != found)
    {
        return conflict(&format!(
            "Precondition failed: ResourceVersion in precondition: {version}, ResourceVersion in object meta: {found}"
        ));
    }
    Ok(())
}

/// The object as it is once its deletion has begun.
fn mark(resource: &ResourceType, old: &Value, propagation: Option<Propagation>, now: Timestamp) -> Value {
    let mut marked = old.clone();
    if let Some(propagation) = propagation {
        let list = old
            .pointer("/metadata/finalizers")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default();
        let mut finalizers: Vec<Value> = list
            .into_iter()
            .filter(|name| name != FOREGROUND && name != ORPHAN)
            .collect();
        match propagation {
            Propagation::Foreground => finalizers.push(json!(FOREGROUND)),
            Propagation::Orphan => finalizers.push(json!(ORPHAN)),
            Propagation::Background => {}
        }
        if let Some(metadata) = marked["metadata"].as_object_mut() {
            metadata.remove("finalizers");
            if !finalizers.is_empty() {
                metadata.insert("finalizers".into(), Value::Array(finalizers));
            }
        }
    }
    let is_namespace = &*resource.storage == NAMESPACES;
    if old.pointer("/metadata/deletionTimestamp").is_none() {
        if &*resource.storage == CRDS {
            crd::terminate(&mut marked, now);
        }
        marked["metadata"]["deletionTimestamp"] = json!(seconds(now));
        if !is_namespace {
            marked["metadata"]["deletionGracePeriodSeconds"] = json!(0);
        }
        if let Some(generation) = old.pointer("/metadata/generation").and_then(Value::as_i64) {
            marked["metadata"]["generation"] = json!(generation + 1);
        }
    }
    if is_namespace {
        marked["status"]["phase"] = json!("Terminating");
    }
    marked
}
