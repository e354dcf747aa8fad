//! Nobody grants what they do not hold: checked before a role or a binding is written.

use serde_json::Value;

use super::attributes::{Attributes, ResourceAttributes};
use super::policy::{Policy, role_of, said};
use super::rule::{Rule, quoted, uncovered};
use super::{MASTERS, RBAC_GROUP};
use crate::caller::User;
use crate::status::Refusal;

/// Whether `user` may write this role or binding, which replaces `old` if there is one. Other kinds pass.
///
/// # Errors
/// 403 with everything that is missing, as a real server words it; 404 for a binding to a role that does not exist.
pub(crate) fn check(
    policy: &Policy,
    user: &User,
    object: &Value,
    old: Option<&Value>,
) -> Result<(), Refusal> {
    let text = |pointer: &str| {
        object
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let (namespace, name) = (text("/metadata/namespace"), text("/metadata/name"));
    if user.groups.iter().any(|group| group == MASTERS) {
        return Ok(());
    }
    match text("/kind") {
        kind @ ("Role" | "ClusterRole") => {
            let resource = if kind == "Role" { "roles" } else { "clusterroles" };
            let fields = ["rules", "aggregationRule"];
            if old.is_some_and(|old| fields.iter().all(|field| old.get(field) == object.get(field)))
                || may(policy, user, "escalate", resource, namespace, name)
            {
                return Ok(());
            }
            let held = policy.held(user, namespace);
            if object.get("aggregationRule").is_some_and(|rule| !rule.is_null())
                && !uncovered(&held.rules, &everything()).is_empty()
            {
                let why = "must have cluster-admin privileges to use an aggregationRule";
                return Err(Refusal::forbidden(RBAC_GROUP, resource, name, why));
            }
            confirm(policy, user, namespace, &Rule::of_role(object))
                .map_err(|why| Refusal::forbidden(RBAC_GROUP, resource, name, &why))
        }
        kind @ ("RoleBinding" | "ClusterRoleBinding") => {
            let resource = if kind == "RoleBinding" {
                "rolebindings"
            } else {
                "clusterrolebindings"
            };
            if old.is_some_and(|old| {
                ["subjects", "roleRef"]
                    .iter()
                    .all(|f| old.get(f) == object.get(f))
            }) {
                return Ok(());
            }
            let role = role_of(object, namespace);
            let role_resource = if role.namespace.is_empty() {
                "clusterroles"
            } else {
                "roles"
            };
            if may(policy, user, "bind", role_resource, namespace, &role.name) {
                return Ok(());
            }
            let rules = policy
                .role(&role)
                .ok_or_else(|| Refusal::not_found(RBAC_GROUP, role_resource, &role.name))?;
            confirm(policy, user, namespace, rules)
                .map_err(|why| Refusal::forbidden(RBAC_GROUP, resource, name, &why))
        }
        _ => Ok(()),
    }
}

fn may(policy: &Policy, user: &User, verb: &str, resource: &str, namespace: &str, name: &str) -> bool {
    let action = Attributes::Resource(ResourceAttributes {
        verb: verb.to_owned(),
        group: RBAC_GROUP.to_owned(),
        resource: resource.to_owned(),
        subresource: String::new(),
        namespace: namespace.to_owned(),
        name: name.to_owned(),
    });
    policy.decide(user, &action).allowed
}

fn everything() -> [Rule; 2] {
    let all = || vec!["*".to_owned()];
    [
        Rule {
            verbs: all(),
            groups: all(),
            resources: all(),
            ..Rule::default()
        },
        Rule {
            verbs: all(),
            paths: all(),
            ..Rule::default()
        },
    ]
}

fn confirm(policy: &Policy, user: &User, namespace: &str, wanted: &[Rule]) -> Result<(), String> {
    let held = policy.held(user, namespace);
    let missing: Vec<String> = uncovered(&held.rules, wanted)
        .iter()
        .map(ToString::to_string)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let mut why = format!(
        "user {:?} (groups={}) is attempting to grant RBAC permissions not currently held:\n{}",
        user.name,
        quoted(&user.groups),
        missing.join("\n")
    );
    if let Some(errors) = said(held.errors) {
        why.push_str("; resolution errors: [");
        why.push_str(errors.trim_matches(['[', ']']));
        why.push(']');
    }
    Err(why)
}
