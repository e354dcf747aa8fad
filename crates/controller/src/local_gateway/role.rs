//! What the local gateway may do: read what it judges, and write its statuses.

use serde_json::{Value, json};

use super::world::Kind;

const NAME: &str = "keydesk-local-gateway";

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
