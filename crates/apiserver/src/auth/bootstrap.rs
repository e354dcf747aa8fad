//! The roles and bindings that exist from the start, as a real server seeds them, for the kinds served here.

use serde_json::{Value, json};

/// Every seeded object, in the order in which it should be created if it is absent.
#[must_use]
pub(crate) fn objects() -> Vec<Value> {
    let everybody = "system:authenticated";
    let mut objects = vec![
        role(
            "cluster-admin",
            json!({}),
            &json!([
                {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]},
                {"nonResourceURLs": ["*"], "verbs": ["*"]},
            ]),
        ),
        role(
            "system:discovery",
            json!({}),
            &json!([{
                "nonResourceURLs": ["/api", "/api/*", "/apis", "/apis/*", "/healthz", "/livez", "/openapi", "/openapi/*",
                    "/readyz", "/version", "/version/"],
                "verbs": ["get"],
            }]),
        ),
        role(
            "system:basic-user",
            json!({}),
            &json!([
                {"apiGroups": ["authorization.k8s.io"], "resources": ["selfsubjectaccessreviews", "selfsubjectrulesreviews"],
                    "verbs": ["create"]},
                {"apiGroups": ["authentication.k8s.io"], "resources": ["selfsubjectreviews"], "verbs": ["create"]},
            ]),
        ),
        role(
            "system:public-info-viewer",
            json!({}),
            &json!([{
                "nonResourceURLs": ["/healthz", "/livez", "/readyz", "/version", "/version/"], "verbs": ["get"],
            }]),
        ),
        aggregate("admin", json!({})),
        aggregate("edit", label("admin")),
        aggregate("view", label("edit")),
        role(
            "system:aggregate-to-admin",
            label("admin"),
            &json!([
                {"apiGroups": ["authorization.k8s.io"], "resources": ["localsubjectaccessreviews"], "verbs": ["create"]},
                {"apiGroups": [super::RBAC_GROUP], "resources": ["rolebindings", "roles"],
                    "verbs": ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]},
            ]),
        ),
        role(
            "system:aggregate-to-edit",
            label("edit"),
            &json!([
                {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get", "list", "watch"]},
                {"apiGroups": [""], "resources": ["serviceaccounts"], "verbs": ["impersonate"]},
                {"apiGroups": [""], "resources": ["configmaps", "events", "secrets", "serviceaccounts", "services"],
                    "verbs": ["create", "delete", "deletecollection", "patch", "update"]},
                {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"],
                    "verbs": ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]},
            ]),
        ),
        role(
            "system:aggregate-to-view",
            label("view"),
            &json!([
                {"apiGroups": [""], "resources": ["configmaps", "events", "namespaces", "namespaces/status",
                    "serviceaccounts", "services", "services/status"], "verbs": ["get", "list", "watch"]},
                {"apiGroups": ["events.k8s.io"], "resources": ["events"], "verbs": ["get", "list", "watch"]},
            ]),
        ),
    ];
    objects.extend([
        binding("cluster-admin", super::MASTERS),
        binding("system:discovery", everybody),
        binding("system:basic-user", everybody),
        binding("system:public-info-viewer", everybody),
    ]);
    objects
}

fn role(name: &str, labels: Value, rules: &Value) -> Value {
    json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": seeded(name, labels), "rules": rules})
}

/// A role made of those labelled for it.
fn aggregate(name: &str, labels: Value) -> Value {
    let mut role = role(name, labels, &json!([]));
    role["aggregationRule"] = json!({"clusterRoleSelectors": [{"matchLabels": label(name)}]});
    role
}

fn label(role: &str) -> Value {
    let mut labels = json!({});
    labels[format!("rbac.authorization.k8s.io/aggregate-to-{role}")] = "true".into();
    labels
}

/// A cluster-wide binding of the role of that name to a group.
fn binding(name: &str, group: &str) -> Value {
    json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
        "metadata": seeded(name, json!({})),
        "roleRef": {"apiGroup": super::RBAC_GROUP, "kind": "ClusterRole", "name": name},
        "subjects": [{"apiGroup": super::RBAC_GROUP, "kind": "Group", "name": group}],
    })
}

fn seeded(name: &str, mut labels: Value) -> Value {
    labels["kubernetes.io/bootstrapping"] = "rbac-defaults".into();
    json!({"name": name, "labels": labels, "annotations": {"rbac.authorization.kubernetes.io/autoupdate": "true"}})
}
