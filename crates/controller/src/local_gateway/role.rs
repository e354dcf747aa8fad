//! What the local gateway may do: read what it judges, and write its statuses.

use serde_json::{Value, json};

use super::world::Kind;

/// What is installed stays as it is when a newer `keydesk up` starts over the same data, also a role that falls short by
/// then: whoever adds a kind takes the next number.
const NAME: &str = "keydesk-local-gateway-2";

/// The `ClusterRole` and the binding that give `user` the rights that the local gateway needs.
#[must_use]
pub fn objects(user: &str) -> Vec<Value> {
    let rules: Vec<_> = Kind::ALL
        .into_iter()
        .flat_map(|kind| {
            let resource = kind.resource();
            let status = format!("{}/status", resource.plural);
            [
                json!({"apiGroups": [resource.group], "resources": [resource.plural], "verbs": ["get", "list", "watch"]}),
                json!({"apiGroups": [resource.group], "resources": [status], "verbs": ["update"]}),
            ]
        })
        .collect();
    vec![
        json!({
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRole",
            "metadata": {"name": NAME},
            "rules": rules,
        }),
        json!({
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": NAME},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": NAME},
            "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user}],
        }),
    ]
}
