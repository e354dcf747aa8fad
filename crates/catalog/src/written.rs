//! Which parts of an object were written when and by whom, as its managedFields have it. Times are in whole seconds.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ManagedFieldsEntry, ObjectMeta};
use keydesk_api::meta::annotation;
use serde_json::Value;

/// When the API server last took in something of what these fields are of, where it tells.
pub(crate) fn at(meta: &ObjectMeta, is_of: impl Fn(&Value) -> bool) -> Option<Timestamp> {
    entries(meta, is_of).filter_map(time).max()
}

/// Whether fields are of the spec.
pub(crate) fn spec(fields: &Value) -> bool {
    fields.get("f:spec").is_some()
}

/// Whether fields are of an annotation.
pub(crate) fn annotation(fields: &Value, name: &str) -> bool {
    let annotations = fields
        .get("f:metadata")
        .and_then(|metadata| metadata.get("f:annotations"));
    annotations.is_some_and(|names| names.get(format!("f:{name}")).is_some())
}

/// Whether the terms that a tool recorded on an approval are those of an earlier decision: somebody else has edited it since
/// then, and what they looked at is not what was recorded.
pub(crate) fn terms_are_outdated(meta: &ObjectMeta) -> bool {
    let records = |fields: &Value| annotation(fields, annotation::TERMS);
    let mut editors = entries(meta, |fields| spec(fields) && !records(fields));
    let is_recorded = entries(meta, records).next().is_some();
    is_recorded && editors.any(|editor| entries(meta, records).all(|recorder| time(editor) > time(recorder)))
}

fn entries(meta: &ObjectMeta, is_of: impl Fn(&Value) -> bool) -> impl Iterator<Item = &ManagedFieldsEntry> {
    let entries = meta.managed_fields.as_deref().unwrap_or_default().iter();
    entries.filter(move |entry| entry.fields_v1.as_ref().is_some_and(|fields| is_of(&fields.0)))
}

fn time(entry: &ManagedFieldsEntry) -> Option<Timestamp> {
    entry.time.as_ref().map(|time| time.0)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// An approval whose terms and spec were written by these managers, at these seconds.
    fn outdated(entries: &[(&str, u32, &[&str])]) -> bool {
        let entries: Vec<_> = entries
            .iter()
            .map(|(manager, second, of)| {
                let terms = json!({ "f:annotations": { "f:keydesk.dev/terms": {} } });
                let mut fields = json!({});
                if of.contains(&"terms") {
                    fields["f:metadata"] = terms;
                }
                if of.contains(&"spec") {
                    fields["f:spec"] = json!({ "f:approved": {} });
                }
                json!({ "manager": manager, "time": format!("2026-06-01T12:00:{second:02}Z"), "fieldsV1": fields })
            })
            .collect();
        terms_are_outdated(&serde_json::from_value(json!({ "managedFields": entries })).unwrap())
    }

    #[test]
    fn terms_are_recorded_for_the_edit_that_they_came_with() {
        assert!(!outdated(&[("keydesk", 1, &["terms", "spec"])]));
        assert!(!outdated(&[
            ("keydesk", 9, &["terms", "spec"]),
            ("kubectl-patch", 5, &["spec"])
        ]));
        // Who annotates afterwards says what it was for.
        assert!(!outdated(&[
            ("kubectl-annotate", 9, &["terms"]),
            ("kubectl-create", 5, &["spec"])
        ]));
        // Nobody recorded any.
        assert!(!outdated(&[("kubectl-create", 5, &["spec"])]));
    }

    #[test]
    fn whoever_edits_a_decision_later_did_not_look_at_what_was_recorded_before() {
        assert!(outdated(&[
            ("keydesk", 1, &["terms", "spec"]),
            ("kubectl-patch", 2, &["spec"])
        ]));
        assert!(!outdated(&[
            ("keydesk", 1, &["terms", "spec"]),
            ("kubectl-patch", 2, &["spec"]),
            ("portal", 2, &["terms", "spec"]),
        ]));
    }
}
