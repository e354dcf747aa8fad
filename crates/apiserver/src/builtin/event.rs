//! Events: two API groups over one store. What is kept has the shape of `v1`.

use keydesk_schema::Violation;
use serde_json::{Value, json};

use crate::resource::{Part, Rules};

/// Rules of `v1` Event.
#[derive(Debug)]
pub(super) struct CoreEventRules;

impl Rules for CoreEventRules {
    fn prepare_create(&self, object: &mut Value) {
        complete(object, |kept| kept);
    }

    fn prepare_update(&self, object: &mut Value, _old: &Value, _part: Part) {
        complete(object, |kept| kept);
    }

    fn validate(&self, object: &Value, old: Option<&Value>) -> Vec<Violation> {
        let mut violations = namespace_violations(object, "involvedObject");
        // An event of the new style keeps what it says, through the old group too.
        if let Some(old) = old.filter(|old| is_set(old, "eventTime") && is_set(object, "eventTime")) {
            violations.extend(changed(
                object,
                old,
                &["involvedObject", "reportingComponent", "message"],
            ));
        }
        violations
    }
}

/// Rules of `events.k8s.io/v1` Event.
#[derive(Debug)]
pub(super) struct EventRules;

/// Name here, name in what is kept.
const RENAMED: [(&str, &str); 7] = [
    ("regarding", "involvedObject"),
    ("note", "message"),
    ("reportingController", "reportingComponent"),
    ("deprecatedSource", "source"),
    ("deprecatedFirstTimestamp", "firstTimestamp"),
    ("deprecatedLastTimestamp", "lastTimestamp"),
    ("deprecatedCount", "count"),
];

impl Rules for EventRules {
    fn prepare_create(&self, object: &mut Value) {
        complete(object, name_here);
    }

    fn prepare_update(&self, object: &mut Value, _old: &Value, _part: Part) {
        complete(object, name_here);
    }

    fn validate(&self, object: &Value, old: Option<&Value>) -> Vec<Violation> {
        // The real server words these with the fields of the kept shape.
        let mut violations = namespace_violations(object, "regarding");
        if !is_set(object, "eventTime") {
            violations.push(Violation::required("eventTime", ""));
        }
        for field in ["reportingController", "reportingInstance", "action", "reason"] {
            if !is_set(object, field) && is_set(object, "eventTime") {
                violations.push(Violation::required(field, ""));
            }
        }
        let kind = object.get("type").and_then(Value::as_str).unwrap_or_default();
        if !matches!(kind, "Normal" | "Warning") {
            violations.push(Violation::invalid(
                "type",
                "",
                format!("has invalid value: {kind}"),
            ));
        }
        if let Some(old) = old {
            let fixed = [
                "regarding",
                "related",
                "reportingController",
                "reportingInstance",
                "action",
                "reason",
                "note",
                "type",
            ];
            violations.extend(changed(object, old, &fixed));
        }
        violations
    }

    fn to_storage(&self, object: &mut Value) {
        for (here, kept) in RENAMED {
            rename(object, here, kept);
        }
    }

    fn to_served(&self, object: &mut Value) {
        for (here, kept) in RENAMED {
            rename(object, kept, here);
        }
    }
}

/// What a real server shows of every event, unset or not: kubectl sorts by no field that is absent from all of them, and
/// an event of the new style sets none of the old times.
const TIMES: [&str; 3] = ["eventTime", "firstTimestamp", "lastTimestamp"];

fn complete(object: &mut Value, name: impl Fn(&'static str) -> &'static str) {
    if let Some(fields) = object.as_object_mut() {
        for time in TIMES {
            fields.entry(name(time)).or_insert(Value::Null);
        }
        fields.entry(name("source")).or_insert_with(|| json!({}));
    }
}

/// The name in this version of what has that name in what is kept.
fn name_here(kept: &'static str) -> &'static str {
    let renamed = RENAMED.iter().find(|(_, name)| *name == kept);
    renamed.map_or(kept, |(here, _)| here)
}

fn rename(object: &mut Value, from: &str, to: &str) {
    if let Some(fields) = object.as_object_mut()
        && let Some(value) = fields.remove(from)
    {
        fields.insert(to.to_owned(), value);
    }
}

fn is_set(object: &Value, field: &str) -> bool {
    object
        .get(field)
        .is_some_and(|value| !value.is_null() && value != "")
}

/// An event lives where its object does; that of a cluster-wide object in `default`.
fn namespace_violations(object: &Value, reference: &str) -> Vec<Violation> {
    let text = |pointer: &str| {
        object
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let (own, about) = (
        text("/metadata/namespace"),
        text(&format!("/{reference}/namespace")),
    );
    let is_fine = own == about || (about.is_empty() && matches!(own, "default" | "kube-system"));
    if is_fine {
        return Vec::new();
    }
    vec![Violation::invalid(
        "involvedObject.namespace",
        about,
        "does not match event.namespace",
    )]
}

fn changed(object: &Value, old: &Value, fields: &[&str]) -> Vec<Violation> {
    let of = |object: &Value, field: &str| object.get(field).cloned().unwrap_or_default();
    fields
        .iter()
        .filter(|field| of(object, field) != of(old, field))
        .map(|field| {
            // Told by its name in what is kept, as a real server does.
            let kept = RENAMED
                .iter()
                .find(|(here, _)| here == field)
                .map_or(*field, |(_, kept)| kept);
            Violation::invalid(kept, of(object, field), "field is immutable")
        })
        .collect()
}
