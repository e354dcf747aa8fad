//! The kinds that scenarios speak of, and the address of one object.

use std::fmt;

use serde_json::Value;

/// A resource of the API, as its URL names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    /// API group; empty for the core group.
    pub group: &'static str,
    /// Version within the group.
    pub version: &'static str,
    /// Plural name, lower case.
    pub plural: &'static str,
    /// Kind as manifests write it.
    pub kind: &'static str,
    /// Whether objects live in a namespace.
    pub namespaced: bool,
}

const fn namespaced(
    group: &'static str,
    version: &'static str,
    plural: &'static str,
    kind: &'static str,
) -> Kind {
    Kind {
        group,
        version,
        plural,
        kind,
        namespaced: true,
    }
}

const fn cluster(
    group: &'static str,
    version: &'static str,
    plural: &'static str,
    kind: &'static str,
) -> Kind {
    Kind {
        group,
        version,
        plural,
        kind,
        namespaced: false,
    }
}

const OURS: &str = "devportal.kuadrant.io";
const RBAC: &str = "rbac.authorization.k8s.io";

/// `APIProduct`.
pub const PRODUCT: Kind = namespaced(OURS, "v1alpha1", "apiproducts", "APIProduct");
/// `APIKey`.
pub const KEY: Kind = namespaced(OURS, "v1alpha1", "apikeys", "APIKey");
/// `APIKeyRequest`.
pub const REQUEST: Kind = namespaced(OURS, "v1alpha1", "apikeyrequests", "APIKeyRequest");
/// `APIKeyApproval`.
pub const APPROVAL: Kind = namespaced(OURS, "v1alpha1", "apikeyapprovals", "APIKeyApproval");
/// Kuadrant's own resource: where it lives, enforcement secrets live.
pub const KUADRANT: Kind = namespaced("kuadrant.io", "v1beta1", "kuadrants", "Kuadrant");
/// `AuthPolicy`.
pub const AUTH_POLICY: Kind = namespaced("kuadrant.io", "v1", "authpolicies", "AuthPolicy");
/// `PlanPolicy`.
pub const PLAN_POLICY: Kind = namespaced("extensions.kuadrant.io", "v1alpha1", "planpolicies", "PlanPolicy");
/// `RateLimitPolicy`.
pub const RATE_LIMIT_POLICY: Kind = namespaced("kuadrant.io", "v1", "ratelimitpolicies", "RateLimitPolicy");
/// `HTTPRoute`.
pub const ROUTE: Kind = namespaced("gateway.networking.k8s.io", "v1", "httproutes", "HTTPRoute");
/// `Gateway`.
pub const GATEWAY: Kind = namespaced("gateway.networking.k8s.io", "v1", "gateways", "Gateway");
/// `GatewayClass`.
pub const GATEWAY_CLASS: Kind = cluster(
    "gateway.networking.k8s.io",
    "v1",
    "gatewayclasses",
    "GatewayClass",
);
/// `Secret`.
pub const SECRET: Kind = namespaced("", "v1", "secrets", "Secret");
/// `ConfigMap`.
pub const CONFIG_MAP: Kind = namespaced("", "v1", "configmaps", "ConfigMap");
/// `Event`, as `kubectl events` reads it.
pub const EVENT: Kind = namespaced("events.k8s.io", "v1", "events", "Event");
/// `ServiceAccount`.
pub const SERVICE_ACCOUNT: Kind = namespaced("", "v1", "serviceaccounts", "ServiceAccount");
/// `Namespace`.
pub const NAMESPACE: Kind = cluster("", "v1", "namespaces", "Namespace");
/// `Role`.
pub const ROLE: Kind = namespaced(RBAC, "v1", "roles", "Role");
/// `RoleBinding`.
pub const ROLE_BINDING: Kind = namespaced(RBAC, "v1", "rolebindings", "RoleBinding");
/// `ClusterRole`.
pub const CLUSTER_ROLE: Kind = cluster(RBAC, "v1", "clusterroles", "ClusterRole");
/// `ClusterRoleBinding`.
pub const CLUSTER_ROLE_BINDING: Kind = cluster(RBAC, "v1", "clusterrolebindings", "ClusterRoleBinding");
/// `CustomResourceDefinition`.
pub const CRD: Kind = cluster(
    "apiextensions.k8s.io",
    "v1",
    "customresourcedefinitions",
    "CustomResourceDefinition",
);
/// `SelfSubjectAccessReview`.
pub const SELF_ACCESS_REVIEW: Kind = cluster(
    "authorization.k8s.io",
    "v1",
    "selfsubjectaccessreviews",
    "SelfSubjectAccessReview",
);

/// Every kind that an [`Address`] can be made of from a manifest.
const ALL: [Kind; 21] = [
    PRODUCT,
    KEY,
    REQUEST,
    APPROVAL,
    KUADRANT,
    AUTH_POLICY,
    PLAN_POLICY,
    RATE_LIMIT_POLICY,
    ROUTE,
    GATEWAY,
    SECRET,
    CONFIG_MAP,
    SERVICE_ACCOUNT,
    NAMESPACE,
    ROLE,
    ROLE_BINDING,
    CLUSTER_ROLE,
    CLUSTER_ROLE_BINDING,
    CRD,
    SELF_ACCESS_REVIEW,
    GATEWAY_CLASS,
];

impl Kind {
    /// The `apiVersion` of its manifests.
    #[must_use]
    pub fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.to_owned()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }

    /// The kind of a manifest.
    ///
    /// Panics at a kind that no scenario speaks of.
    #[must_use]
    pub fn of(object: &Value) -> Self {
        let (version, kind) = (&object["apiVersion"], &object["kind"]);
        *ALL.iter()
            .find(|known| *kind == known.kind && *version == known.api_version())
            .unwrap_or_else(|| panic!("testkit knows no kind {kind} of {version}"))
    }

    /// URL path of the collection; all namespaces where `namespace` is empty.
    #[must_use]
    pub fn path(&self, namespace: &str) -> String {
        let root = if self.group.is_empty() {
            "/api".to_owned()
        } else {
            format!("/apis/{}", self.group)
        };
        let within = if namespace.is_empty() {
            String::new()
        } else {
            format!("/namespaces/{namespace}")
        };
        format!("{root}/{}{within}/{}", self.version, self.plural)
    }
}

/// Where one object is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// Its resource.
    pub kind: Kind,
    /// Its namespace; empty for cluster-wide objects.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

impl Address {
    /// The object `name` of `kind` in `namespace`.
    #[must_use]
    pub fn new(kind: Kind, namespace: &str, name: &str) -> Self {
        Self {
            kind,
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        }
    }

    /// The address of a manifest.
    #[must_use]
    pub fn of(object: &Value) -> Self {
        let text = |field: &str| object["metadata"][field].as_str().unwrap_or_default().to_owned();
        Self {
            kind: Kind::of(object),
            namespace: text("namespace"),
            name: text("name"),
        }
    }

    /// URL path of the object.
    #[must_use]
    pub fn path(&self) -> String {
        format!("{}/{}", self.kind.path(&self.namespace), self.name)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}/{}", self.kind.kind, self.namespace, self.name)
    }
}
