//! Everything wrong with an object, told at once.

use std::collections::BTreeSet;

use keydesk_schema::Violation;
use keydesk_schema::decode::{MAX_DEPTH, depth};
use serde_json::Value;

use super::metadata::text;
use super::names;
use crate::api::CRDS;
use crate::crd;
use crate::resource::ResourceType;
use crate::select::{label_value_problem, qualified_name_problem};
use crate::status::{Cause, Refusal};

/// Bytes of all annotations together.
const MAX_ANNOTATIONS: usize = 256 << 10;

/// Bytes of one object.
const MAX_OBJECT: usize = 3 << 19;

/// The object again, if it is neither too large nor too deep to be kept: what is kept must be read again, and JSON
/// within protobuf is deeper than any other body.
///
/// # Errors
/// 413 if it is.
pub(crate) fn checked_size(object: Value) -> Result<Value, Refusal> {
    struct Count(usize);
    impl std::io::Write for Count {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    if depth(&object) > MAX_DEPTH {
        return Err(Refusal::too_large(&format!(
            "it is nested deeper than {MAX_DEPTH} levels"
        )));
    }
    let mut size = Count(0);
    match serde_json::to_writer(&mut size, &object) {
        Ok(()) if size.0 <= MAX_OBJECT => Ok(object),
        Ok(()) | Err(_) => Err(Refusal::too_large(&format!("limit is {MAX_OBJECT}"))),
    }
}

/// Whether `object`, which replaces `old` if there is one, may be kept.
///
/// # Errors
/// 422 with every broken rule.
pub(crate) fn validate(resource: &ResourceType, object: &Value, old: Option<&Value>) -> Result<(), Refusal> {
    let mut violations = metadata(resource, object, old);
    // A real server validates built-in kinds by rules of their own only; types were checked when decoding.
    if let (Some(schema), Some(_)) = (&resource.schema, &resource.crd) {
        violations.extend(schema.validate(object, old));
    }
    violations.extend(resource.rules.validate(object, old));
    if &*resource.storage == CRDS {
        violations.extend(crd::validate(object, old));
    }
    if violations.is_empty() {
        return Ok(());
    }
    let causes = violations.iter().map(Cause::from).collect();
    Err(Refusal::invalid(
        &resource.group,
        &resource.kind,
        text(object, "/metadata/name"),
        causes,
    ))
}

fn metadata(resource: &ResourceType, object: &Value, old: Option<&Value>) -> Vec<Violation> {
    let mut violations = Vec::new();
    if old.is_none() {
        violations.extend(name(resource, object));
    }
    violations.extend(labels(object));
    violations.extend(annotations(object));
    violations.extend(owners(object));
    violations.extend(finalizers(object, old));
    violations
}

fn name(resource: &ResourceType, object: &Value) -> Vec<Violation> {
    let mut violations = Vec::new();
    let prefix = text(object, "/metadata/generateName");
    if !prefix.is_empty()
        && let Some(problem) = names::problem(resource.names, prefix, true)
    {
        violations.push(Violation::invalid("metadata.generateName", prefix, problem));
    }
    match text(object, "/metadata/name") {
        "" => violations.push(Violation::required(
            "metadata.name",
            "name or generateName is required",
        )),
        name => {
            let problem = names::problem(resource.names, name, false);
            violations.extend(problem.map(|problem| Violation::invalid("metadata.name", name, problem)));
        }
    }
    violations
}

fn texts<'a>(object: &'a Value, pointer: &str) -> impl Iterator<Item = (&'a str, &'a str)> {
    let map = object.pointer(pointer).and_then(Value::as_object);
    map.into_iter()
        .flatten()
        .map(|(key, value)| (key.as_str(), value.as_str().unwrap_or_default()))
}

fn labels(object: &Value) -> Vec<Violation> {
    let field = "metadata.labels";
    texts(object, "/metadata/labels")
        .flat_map(|(key, value)| {
            let key = qualified_name_problem(key).map(|problem| Violation::invalid(field, key, problem));
            let value = label_value_problem(value).map(|problem| Violation::invalid(field, value, problem));
            key.into_iter().chain(value)
        })
        .collect()
}

fn annotations(object: &Value) -> Vec<Violation> {
    let field = "metadata.annotations";
    let mut violations: Vec<Violation> = texts(object, "/metadata/annotations")
        .filter_map(|(key, _)| {
            let problem = qualified_name_problem(&key.to_lowercase())?;
            Some(Violation::invalid(field, key, problem))
        })
        .collect();
    let size: usize = texts(object, "/metadata/annotations")
        .map(|(key, value)| key.len() + value.len())
        .sum();
    if size > MAX_ANNOTATIONS {
        violations.push(Violation::too_long(field, MAX_ANNOTATIONS as u64));
    }
    violations
}

fn owners(object: &Value) -> Vec<Violation> {
    let field = "metadata.ownerReferences";
    let mut violations = Vec::new();
    let owners = object
        .pointer("/metadata/ownerReferences")
        .and_then(Value::as_array);
    let mut controllers = Vec::new();
    for owner in owners.into_iter().flatten() {
        if text(owner, "/apiVersion").is_empty() {
            violations.push(Violation::invalid(
                &format!("{field}.apiVersion"),
                "",
                "version must not be empty",
            ));
        }
        for name in ["kind", "name", "uid"] {
            if text(owner, &format!("/{name}")).is_empty() {
                violations.push(Violation::invalid(
                    &format!("{field}.{name}"),
                    "",
                    "must not be empty",
                ));
            }
        }
        if owner.get("controller") == Some(&Value::Bool(true)) {
            controllers.push(text(owner, "/name"));
        }
    }
    // Told once: the message prints the whole list.
    if let [first, second, ..] = controllers.as_slice() {
        let why = format!(
            "Only one reference can have Controller set to true. Found \"true\" in references for {first} and {second}"
        );
        violations.push(Violation::invalid(
            field,
            owners.cloned().unwrap_or_default(),
            why,
        ));
    }
    violations
}

fn finalizers(object: &Value, old: Option<&Value>) -> Vec<Violation> {
    let field = "metadata.finalizers";
    let all = |object: &Value| -> BTreeSet<String> {
        let list = object.pointer("/metadata/finalizers").and_then(Value::as_array);
        list.into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect()
    };
    let now = all(object);
    let mut violations: Vec<Violation> = now
        .iter()
        .filter_map(|name| {
            qualified_name_problem(name).map(|problem| Violation::invalid(field, name.as_str(), problem))
        })
        .collect();
    if let Some(old) = old
        && old.pointer("/metadata/deletionTimestamp").is_some()
    {
        let added: Vec<String> = now
            .difference(&all(old))
            .map(|name| format!("{name:?}"))
            .collect();
        if !added.is_empty() {
            let why = format!(
                "no new finalizers can be added if the object is being deleted, found new finalizers []string{{{}}}",
                added.join(", ")
            );
            violations.push(Violation::forbidden(field, why));
        }
    }
    violations
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::store::Object;

    #[test]
    fn what_is_kept_can_be_read_again() {
        let nested = |depth: usize| {
            let deep = (2..depth).fold(json!([]), |inner, _| json!([inner]));
            json!({"apiVersion": "v1", "metadata": {"name": "a"}, "deep": deep})
        };
        let kept = checked_size(nested(MAX_DEPTH)).unwrap();
        assert_eq!(
            Object::at_revision(kept, 1).unwrap().value()["metadata"]["name"],
            "a"
        );
        assert_eq!(checked_size(nested(MAX_DEPTH + 1)).unwrap_err().code(), 413);
    }
}
