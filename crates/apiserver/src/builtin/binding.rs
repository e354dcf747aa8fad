//! `RoleBinding` and `ClusterRoleBinding`: whom they name, and that what they grant never changes.

use keydesk_schema::Violation;
use serde_json::{Value, json};

use crate::resource::{Part, Rules};

/// Rules of `RoleBinding` (namespaced) and `ClusterRoleBinding`.
#[derive(Debug)]
pub(super) struct BindingRules {
    pub(super) namespaced: bool,
}

const GROUP: &str = "rbac.authorization.k8s.io";

impl Rules for BindingRules {
    fn prepare_create(&self, object: &mut Value) {
        complete(object);
    }

    fn prepare_update(&self, object: &mut Value, _old: &Value, _part: Part) {
        complete(object);
    }

    fn validate(&self, object: &Value, old: Option<&Value>) -> Vec<Violation> {
        let mut violations = Vec::new();
        let role = |field: &str| text(object.get("roleRef"), field);
        if role("apiGroup") != GROUP {
            violations.push(Violation::not_supported(
                "roleRef.apiGroup",
                role("apiGroup"),
                &[GROUP],
            ));
        }
        let kinds: &[&str] = if self.namespaced {
            &["Role", "ClusterRole"]
        } else {
            &["ClusterRole"]
        };
        if !kinds.contains(&role("kind")) {
            violations.push(Violation::not_supported("roleRef.kind", role("kind"), kinds));
        }
        if role("name").is_empty() {
            violations.push(Violation::required("roleRef.name", ""));
        } else if let Some(problem) = path_segment_problem(role("name")) {
            violations.push(Violation::invalid("roleRef.name", role("name"), problem));
        }
        let subjects = object
            .get("subjects")
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        for (position, subject) in subjects.enumerate() {
            violations.extend(self.subject_violations(&format!("subjects[{position}]"), subject));
        }
        if let Some(old) = old {
            let same = |field| role(field) == text(old.get("roleRef"), field);
            if !(same("apiGroup") && same("kind") && same("name")) {
                // Named as Go's internal type prints them.
                let value = json!({"APIGroup": role("apiGroup"), "Kind": role("kind"), "Name": role("name")});
                violations.push(Violation::invalid("roleRef", value, "cannot change roleRef"));
            }
        }
        violations
    }
}

impl BindingRules {
    fn subject_violations(&self, path: &str, subject: &Value) -> Vec<Violation> {
        let part = |field: &str| text(Some(subject), field);
        let mut violations = Vec::new();
        if part("name").is_empty() {
            violations.push(Violation::required(&format!("{path}.name"), ""));
        }
        let group = |expected: &'static str| {
            (part("apiGroup") != expected)
                .then(|| Violation::not_supported(&format!("{path}.apiGroup"), part("apiGroup"), &[expected]))
        };
        match part("kind") {
            "ServiceAccount" => {
                if !part("name").is_empty()
                    && let Some(problem) = subdomain_problem(part("name"))
                {
                    violations.push(Violation::invalid(&format!("{path}.name"), part("name"), problem));
                }
                violations.extend(group(""));
                if !self.namespaced && part("namespace").is_empty() {
                    violations.push(Violation::required(&format!("{path}.namespace"), ""));
                }
            }
            "User" | "Group" => violations.extend(group(GROUP)),
            other => violations.push(Violation::not_supported(
                &format!("{path}.kind"),
                other,
                &["ServiceAccount", "User", "Group"],
            )),
        }
        violations
    }
}

/// Fills in the groups that go without saying. A `ServiceAccount` stays without namespace, as on a real server:
/// in a `RoleBinding` it is that of the binding when it is evaluated.
fn complete(object: &mut Value) {
    let fill = |value: &mut Value| {
        if text(Some(value), "apiGroup").is_empty()
            && let Some(fields) = value.as_object_mut()
        {
            fields.insert("apiGroup".into(), GROUP.into());
        }
    };
    if object.get("roleRef").is_none_or(Value::is_null)
        && let Some(fields) = object.as_object_mut()
    {
        fields.insert("roleRef".into(), json!({"kind": "", "name": ""}));
    }
    if let Some(role) = object.get_mut("roleRef") {
        fill(role);
    }
    let subjects = object
        .get_mut("subjects")
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten();
    subjects
        .filter(|subject| matches!(text(Some(subject), "kind"), "User" | "Group"))
        .for_each(fill);
}

fn text<'a>(object: Option<&'a Value>, field: &str) -> &'a str {
    object
        .and_then(|object| object.get(field))
        .and_then(Value::as_str)
        .unwrap_or_default()
}

fn path_segment_problem(name: &str) -> Option<String> {
    match name {
        "." | ".." => Some(format!("may not be '{name}'")),
        _ => ['/', '%']
            .into_iter()
            .find(|c| name.contains(*c))
            .map(|c| format!("may not contain '{c}'")),
    }
}

fn subdomain_problem(name: &str) -> Option<String> {
    crate::select::subdomain_problem(name)
}
