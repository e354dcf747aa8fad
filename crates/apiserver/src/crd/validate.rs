//! What a definition must say, beyond the shape of its kind.

use keydesk_schema::Violation;
use serde_json::Value;

use super::compiled::compiled;
use crate::admit::text;
use crate::builtin;

/// Everything wrong with a definition, which replaces `old` if there is one.
pub(crate) fn validate(crd: &Value, old: Option<&Value>) -> Vec<Violation> {
    let mut violations = names(crd);
    violations.extend(scope(crd));
    let versions = crd
        .pointer("/spec/versions")
        .and_then(Value::as_array)
        .map_or(&[][..], Vec::as_slice);
    violations.extend(versions_violations(versions));
    for (position, version) in versions.iter().enumerate() {
        let path = format!("spec.versions[{position}]");
        match version.pointer("/schema/openAPIV3Schema") {
            None => violations.push(Violation::required(
                &format!("{path}.schema.openAPIV3Schema"),
                "schemas are required",
            )),
            Some(schema) => {
                let path = format!("{path}.schema.openAPIV3Schema");
                if let Err(found) = compiled(schema, &path) {
                    violations.extend(found);
                }
            }
        }
    }
    match text(crd, "/spec/conversion/strategy") {
        "" | "None" => {}
        // There are no webhooks here: pretending would hand out objects in the wrong shape.
        other => violations.push(Violation::not_supported(
            "spec.conversion.strategy",
            other,
            &["None"],
        )),
    }
    if let Some(old) = old {
        violations.extend(changes(crd, old));
    }
    violations
}

fn names(crd: &Value) -> Vec<Violation> {
    let mut violations = Vec::new();
    let (group, plural) = (text(crd, "/spec/group"), text(crd, "/spec/names/plural"));
    let expected = format!("{plural}.{group}");
    let name = text(crd, "/metadata/name");
    if name != expected {
        let why = "must be spec.names.plural+\".\"+spec.group";
        violations.push(Violation::invalid("metadata.name", name, why));
    }
    if group.is_empty() {
        violations.push(Violation::required("spec.group", ""));
    } else if !group.contains('.') {
        violations.push(Violation::invalid(
            "spec.group",
            group,
            "should be a domain with at least one dot",
        ));
    }
    // Its objects would lie among those that the server itself is run by, and be deleted with the definition.
    if !group.is_empty() && builtin::all().iter().any(|kind| kind.group == group) {
        violations.push(Violation::forbidden(
            "spec.group",
            "the group is served by this server itself",
        ));
    }
    for name in ["plural", "kind"] {
        if text(crd, &format!("/spec/names/{name}")).is_empty() {
            violations.push(Violation::required(&format!("spec.names.{name}"), ""));
        }
    }
    let kind = text(crd, "/spec/names/kind");
    if !kind.is_empty() && kind == text(crd, "/spec/names/listKind") {
        violations.push(Violation::invalid(
            "spec.names.listKind",
            kind,
            "kind and listKind may not be the same",
        ));
    }
    violations
}

fn scope(crd: &Value) -> Option<Violation> {
    match text(crd, "/spec/scope") {
        "Namespaced" | "Cluster" => None,
        "" => Some(Violation::required("spec.scope", "")),
        other => Some(Violation::not_supported(
            "spec.scope",
            other,
            &["Cluster", "Namespaced"],
        )),
    }
}

fn versions_violations(versions: &[Value]) -> Vec<Violation> {
    let mut violations = Vec::new();
    let field = "spec.versions";
    if versions.is_empty() {
        violations.push(Violation::required(field, ""));
        return violations;
    }
    let list = || Value::Array(versions.to_vec());
    let mut seen = std::collections::BTreeSet::new();
    for (position, version) in versions.iter().enumerate() {
        let name = text(version, "/name");
        if name.is_empty() {
            violations.push(Violation::required(&format!("{field}[{position}].name"), ""));
        } else if !seen.insert(name) {
            violations.push(Violation::invalid(
                &format!("{field}[{position}].name"),
                name,
                "must contain unique version names",
            ));
        }
    }
    if versions
        .iter()
        .filter(|version| version["storage"] == Value::Bool(true))
        .count()
        != 1
    {
        violations.push(Violation::invalid(
            field,
            list(),
            "must have exactly one version marked as storage version",
        ));
    }
    violations
}

fn changes(crd: &Value, old: &Value) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (pointer, field) in [
        ("/spec/scope", "spec.scope"),
        ("/spec/group", "spec.group"),
        ("/spec/names/plural", "spec.names.plural"),
        ("/spec/names/kind", "spec.names.kind"),
    ] {
        if text(crd, pointer) != text(old, pointer) {
            violations.push(Violation::invalid(
                field,
                text(crd, pointer),
                "field is immutable",
            ));
        }
    }
    let offered = crd
        .pointer("/spec/versions")
        .and_then(Value::as_array)
        .map_or(&[][..], Vec::as_slice);
    let stored = old.pointer("/status/storedVersions").and_then(Value::as_array);
    for (position, version) in stored.into_iter().flatten().enumerate() {
        let name = version.as_str().unwrap_or_default();
        if !offered.iter().any(|offered| text(offered, "/name") == name) {
            let field = format!("status.storedVersions[{position}]");
            let why = format!(
                "missing from spec.versions; {name} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in {name} and removes {name} from status.storedVersions"
            );
            violations.push(Violation::invalid(&field, name, why));
        }
    }
    violations
}
