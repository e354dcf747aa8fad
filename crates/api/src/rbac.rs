//! The roles that Keydesk ships: what the controller may do, and what each kind of person may.
//!
//! Upstream's objects, under upstream's names and in files of upstream's names: the Kuadrant operator pulls some of them
//! by path. The four personas come from the operator and the console, which ship the same rules.

use serde_json::{Value, json};

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
    /// Name of the file in `config/rbac`, or of the gate's in `config/gate/rbac`.
    pub file: String,
    /// The object.
    pub object: Value,
}

/// Every role, binding and account, for a controller that runs in `namespace`.
#[must_use]
pub fn all(namespace: &str) -> Vec<Manifest> {
    let account = json!([{ "kind": "ServiceAccount", "name": SERVICE_ACCOUNT, "namespace": namespace }]);
    let bind = |file: &str, kind: &str, name: &str, role: &str| {
        let role_kind = kind.trim_end_matches("Binding");
        Manifest::new(file, kind, name)
            .with(
                "roleRef",
                json!({ "apiGroup": RBAC, "kind": role_kind, "name": role }),
            )
            .with("subjects", account.clone())
    };
    let mut all = vec![
        Manifest::new("service_account.yaml", "ServiceAccount", SERVICE_ACCOUNT).inside(namespace),
        cluster_role("role.yaml", "manager-role", &controller()),
        bind(
            "role_binding.yaml",
            "ClusterRoleBinding",
            "manager-rolebinding",
            "manager-role",
        ),
        Manifest::new("leader_election_role.yaml", "Role", "leader-election-role")
            .inside(namespace)
            .with("rules", leader_election().into()),
        bind(
            "leader_election_role_binding.yaml",
            "RoleBinding",
            "leader-election-rolebinding",
            "leader-election-role",
        )
        .inside(namespace),
        cluster_role(
            "metrics_auth_role.yaml",
            "metrics-auth-role",
            &[
                rule("authentication.k8s.io", &["tokenreviews"], &["create"]),
                rule("authorization.k8s.io", &["subjectaccessreviews"], &["create"]),
            ],
        ),
        bind(
            "metrics_auth_role_binding.yaml",
            "ClusterRoleBinding",
            "metrics-auth-rolebinding",
            "metrics-auth-role",
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

/// Name of the gate's `ServiceAccount`.
pub const GATE_ACCOUNT: &str = "gate";

/// What a gate in `namespace` needs to read: the workflow, routes and policies; and, in the namespace of enforcement
/// secrets alone, those. The role for these is to be bound there, which is not done here.
#[must_use]
pub fn gate(namespace: &str) -> Vec<Manifest> {
    let account = json!([{ "kind": "ServiceAccount", "name": GATE_ACCOUNT, "namespace": namespace }]);
    let workflow = &["apikeyapprovals", "apikeyrequests", "apikeys", "apiproducts"];
    let rules = [
        rule(GROUP, workflow, READ),
        rule(GATEWAY_API_GROUP, &["gateways", "httproutes"], READ),
        rule(
            KUADRANT_GROUP,
            &["authpolicies", "kuadrants", "ratelimitpolicies"],
            READ,
        ),
        rule(EXTENSIONS_GROUP, &["planpolicies"], READ),
        rule("authentication.k8s.io", &["tokenreviews"], &["create"]),
        rule("authorization.k8s.io", &["subjectaccessreviews"], &["create"]),
    ];
    vec![
        Manifest::new("service_account.yaml", "ServiceAccount", GATE_ACCOUNT).inside(namespace),
        cluster_role("role.yaml", "keydesk-gate", &rules),
        Manifest::new("role_binding.yaml", "ClusterRoleBinding", "keydesk-gate")
            .with(
                "roleRef",
                json!({ "apiGroup": RBAC, "kind": "ClusterRole", "name": "keydesk-gate" }),
            )
            .with("subjects", account),
        cluster_role(
            "secrets_role.yaml",
            "keydesk-gate-secrets",
            &[rule(CORE, &["secrets"], READ)],
        ),
    ]
}

/// What the controller does: upstream's rules, Events, and changing Secrets: where it may not, it deletes them and makes them
/// anew.
fn controller() -> Vec<Value> {
    vec![
        rule(
            CORE,
            &["secrets"],
            &["create", "delete", "get", "list", "update", "watch"],
        ),
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
        // Not in upstream's role: without it the controller tells its log only.
        rule("events.k8s.io", &["events"], &["create"]),
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
    Manifest::new(file, "ClusterRole", name).with("rules", rules.into())
}

impl Manifest {
    fn new(file: &str, kind: &str, name: &str) -> Self {
        let api_version = if kind == "ServiceAccount" {
            "v1".to_owned()
        } else {
            format!("{RBAC}/v1")
        };
        let object = json!({
            "apiVersion": api_version,
            "kind": kind,
            "metadata": {
                "name": name,
                "labels": {
                    "app.kubernetes.io/name": "developer-portal-controller",
                    "app.kubernetes.io/managed-by": "kustomize",
                },
            },
        });
        Self {
            file: file.to_owned(),
            object,
        }
    }

    fn inside(mut self, namespace: &str) -> Self {
        self.object["metadata"]["namespace"] = json!(namespace);
        self
    }

    fn with(mut self, field: &str, value: Value) -> Self {
        self.object[field] = value;
        self
    }
}
