//! The roles that Keydesk ships: what the controller may do, and what each kind of person may.
//!
//! Upstream's objects, under upstream's names and in files of upstream's names: the Kuadrant operator pulls some of them
//! by path. The four personas come from the operator and the console, which ship the same rules.

use serde_json::{Map, Value, json};

use crate::foreign::{EXTENSIONS_GROUP, GATEWAY_API_GROUP, KUADRANT_GROUP};
use crate::meta::GROUP;

/// Name of the controller's `ServiceAccount`.
pub const SERVICE_ACCOUNT: &str = "controller-manager";

/// Namespace that the controller is deployed to, unless the operator puts it elsewhere.
pub const NAMESPACE: &str = "developer-portal-controller-system";

const READ: &[&str] = &["get", "list", "watch"];
const WRITE: &[&str] = &["create", "delete", "get", "list", "patch", "update", "watch"];
const CORE: &str = "";
const RBAC: &str = "rbac.authorization.k8s.io";

/// An object to install, and the name of the file it is shipped in.
#[derive(Clone, Debug, PartialEq)]
pub struct Manifest {
    /// Name of the file in `config/rbac`.
    pub file: String,
    /// The object.
    pub object: Value,
}

/// Every role, binding and account, for a controller that runs in `namespace`.
#[must_use]
pub fn all(namespace: &str) -> Vec<Manifest> {
    let mut all = vec![
        manifest(
            "service_account.yaml",
            "v1",
            "ServiceAccount",
            Some(namespace),
            SERVICE_ACCOUNT,
            Map::new(),
        ),
        cluster_role("role.yaml", "manager-role", &controller()),
        binding(
            "role_binding.yaml",
            "manager-rolebinding",
            ("ClusterRole", "manager-role"),
            namespace,
        ),
        role(
            "leader_election_role.yaml",
            "leader-election-role",
            namespace,
            &leader_election(),
        ),
        binding(
            "leader_election_role_binding.yaml",
            "leader-election-rolebinding",
            ("Role", "leader-election-role"),
            namespace,
        ),
        cluster_role(
            "metrics_auth_role.yaml",
            "metrics-auth-role",
            &[
                rule("authentication.k8s.io", &["tokenreviews"], &["create"]),
                rule("authorization.k8s.io", &["subjectaccessreviews"], &["create"]),
            ],
        ),
        binding(
            "metrics_auth_role_binding.yaml",
            "metrics-auth-rolebinding",
            ("ClusterRole", "metrics-auth-role"),
            namespace,
        ),
        cluster_role(
            "metrics_reader_role.yaml",
            "metrics-reader",
            &[json!({ "nonResourceURLs": ["/metrics"], "verbs": ["get"] })],
        ),
    ];
    for kind in ["apikeyapproval", "apikeyrequest", "apikey", "apiproduct"] {
        for (level, verbs) in [("admin", &["*"][..]), ("editor", WRITE), ("viewer", READ)] {
            let (resource, status) = (format!("{kind}s"), format!("{kind}s/status"));
            all.push(cluster_role(
                &format!("{kind}_{level}_role.yaml"),
                &format!("{kind}-{level}-role"),
                &[
                    rule(GROUP, &[&resource], verbs),
                    rule(GROUP, &[&status], &["get"]),
                ],
            ));
        }
    }
    all.extend([
        cluster_role(
            "api_catalog_browser_clusterrole.yaml",
            "api-catalog-browser",
            &[vec![rule(GROUP, &["apiproducts"], READ)], read_policies()].concat(),
        ),
        cluster_role(
            "api_consumer_clusterrole.yaml",
            "api-consumer",
            &[
                rule(GROUP, &["apikeys"], WRITE),
                rule(
                    CORE,
                    &["secrets"],
                    &["create", "delete", "get", "list", "update", "watch"],
                ),
            ],
        ),
        cluster_role("api_owner_clusterrole.yaml", "api-owner", &owner()),
        cluster_role(
            "api_admin_clusterrole.yaml",
            "api-admin",
            &[owner(), vec![rule(GROUP, &["apikeys"], WRITE)]].concat(),
        ),
    ]);
    all
}

/// What the controller does: upstream's rules. It may not change a Secret, only delete it and make it anew.
fn controller() -> Vec<Value> {
    vec![
        rule(CORE, &["secrets"], &["create", "delete", "get", "list", "watch"]),
        rule(
            GROUP,
            &["apikeyapprovals", "apikeyrequests", "apiproducts"],
            WRITE,
        ),
        rule(
            GROUP,
            &[
                "apikeyapprovals/status",
                "apikeyrequests/status",
                "apikeys/status",
                "apiproducts/status",
            ],
            &["get", "patch", "update"],
        ),
        rule(GROUP, &["apikeyrequests/finalizers"], &["update"]),
        rule(GROUP, &["apikeys"], READ),
        rule(EXTENSIONS_GROUP, &["planpolicies"], READ),
        rule(EXTENSIONS_GROUP, &["planpolicies/status"], &["get"]),
        rule(GATEWAY_API_GROUP, &["httproutes"], READ),
        rule(GATEWAY_API_GROUP, &["httproutes/status"], &["get"]),
        rule(KUADRANT_GROUP, &["authpolicies", "kuadrants"], READ),
        rule(KUADRANT_GROUP, &["authpolicies/status"], &["get"]),
    ]
}

fn leader_election() -> Vec<Value> {
    vec![
        rule(CORE, &["configmaps"], WRITE),
        rule("coordination.k8s.io", &["leases"], WRITE),
        rule(CORE, &["events"], &["create", "patch"]),
    ]
}

fn owner() -> Vec<Value> {
    let own = vec![
        rule(GROUP, &["apiproducts"], WRITE),
        rule(GROUP, &["apikeyapprovals"], WRITE),
        rule(GROUP, &["apikeyrequests"], READ),
    ];
    [own, read_policies()].concat()
}

/// What a product is made of, for those who look at one.
fn read_policies() -> Vec<Value> {
    vec![
        rule(EXTENSIONS_GROUP, &["planpolicies"], READ),
        rule(KUADRANT_GROUP, &["authpolicies", "ratelimitpolicies"], READ),
        rule(GATEWAY_API_GROUP, &["gateways", "httproutes"], READ),
    ]
}

fn rule(group: &str, resources: &[&str], verbs: &[&str]) -> Value {
    json!({ "apiGroups": [group], "resources": resources, "verbs": verbs })
}

fn cluster_role(file: &str, name: &str, rules: &[Value]) -> Manifest {
    manifest(
        file,
        &format!("{RBAC}/v1"),
        "ClusterRole",
        None,
        name,
        fields([("rules", json!(rules))]),
    )
}

fn role(file: &str, name: &str, namespace: &str, rules: &[Value]) -> Manifest {
    manifest(
        file,
        &format!("{RBAC}/v1"),
        "Role",
        Some(namespace),
        name,
        fields([("rules", json!(rules))]),
    )
}

/// Gives the controller a role: in the whole cluster, or in its namespace when it is a `Role`.
fn binding(file: &str, name: &str, (kind, role): (&str, &str), namespace: &str) -> Manifest {
    let (binding, in_namespace) = if kind == "Role" {
        ("RoleBinding", Some(namespace))
    } else {
        ("ClusterRoleBinding", None)
    };
    let body = fields([
        ("roleRef", json!({ "apiGroup": RBAC, "kind": kind, "name": role })),
        (
            "subjects",
            json!([{ "kind": "ServiceAccount", "name": SERVICE_ACCOUNT, "namespace": namespace }]),
        ),
    ]);
    manifest(file, &format!("{RBAC}/v1"), binding, in_namespace, name, body)
}

fn manifest(
    file: &str,
    api_version: &str,
    kind: &str,
    namespace: Option<&str>,
    name: &str,
    body: Map<String, Value>,
) -> Manifest {
    let mut metadata = fields([
        ("name", json!(name)),
        (
            "labels",
            json!({
                "app.kubernetes.io/name": "developer-portal-controller",
                "app.kubernetes.io/managed-by": "kustomize",
            }),
        ),
    ]);
    if let Some(namespace) = namespace {
        metadata.insert("namespace".into(), json!(namespace));
    }
    let mut object = fields([
        ("apiVersion", json!(api_version)),
        ("kind", json!(kind)),
        ("metadata", Value::Object(metadata)),
    ]);
    object.extend(body);
    Manifest {
        file: file.to_owned(),
        object: Value::Object(object),
    }
}

fn fields<const N: usize>(fields: [(&str, Value); N]) -> Map<String, Value> {
    fields
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}
