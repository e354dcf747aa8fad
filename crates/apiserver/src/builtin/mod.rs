//! The kinds that exist without a CRD, each with its own rules.
//!
//! This is the list and what can be said of a kind in one line; a rule that needs a function has a file named
//! after its kind. How objects are kept, or by whom they may be touched, is not known here.

mod binding;
mod config_map;
mod data;
mod event;
mod lease;
mod namespace;
mod role;
mod secret;
mod service;
#[cfg(test)]
mod tests;

use std::sync::{Arc, LazyLock};

use crate::openapi;
use crate::resource::{NameFormat, NoRules, ResourceType, Rules, Serves};

/// Every built-in kind in every version that is served.
pub(crate) fn all() -> Vec<Arc<ResourceType>> {
    static ALL: LazyLock<Vec<Arc<ResourceType>>> = LazyLock::new(|| {
        let objects = OBJECTS.iter().map(object);
        objects.chain(REVIEWS.iter().map(review)).map(Arc::new).collect()
    });
    ALL.clone()
}

/// A kind whose objects are kept.
struct Object {
    group: &'static str,
    kind: &'static str,
    plural: &'static str,
    short_names: &'static [&'static str],
    namespaced: bool,
    status: bool,
    names: NameFormat,
    rules: &'static dyn Rules,
}

/// What most kinds are.
const PLAIN: Object = Object {
    group: "",
    kind: "",
    plural: "",
    short_names: &[],
    namespaced: true,
    status: false,
    names: NameFormat::Subdomain,
    rules: &NoRules,
};

const RBAC: &str = "rbac.authorization.k8s.io";

static OBJECTS: [Object; 13] = [
    Object {
        kind: "Namespace",
        plural: "namespaces",
        short_names: &["ns"],
        namespaced: false,
        status: true,
        names: NameFormat::Label,
        rules: &namespace::NamespaceRules,
        ..PLAIN
    },
    Object {
        kind: "Secret",
        plural: "secrets",
        rules: &secret::SecretRules,
        ..PLAIN
    },
    Object {
        kind: "ConfigMap",
        plural: "configmaps",
        short_names: &["cm"],
        rules: &config_map::ConfigMapRules,
        ..PLAIN
    },
    Object {
        kind: "ServiceAccount",
        plural: "serviceaccounts",
        short_names: &["sa"],
        ..PLAIN
    },
    Object {
        kind: "Service",
        plural: "services",
        short_names: &["svc"],
        status: true,
        names: NameFormat::Label1035,
        rules: &service::ServiceRules,
        ..PLAIN
    },
    Object {
        kind: "Event",
        plural: "events",
        short_names: &["ev"],
        rules: &event::CoreEventRules,
        ..PLAIN
    },
    Object {
        group: "events.k8s.io",
        kind: "Event",
        plural: "events",
        short_names: &["ev"],
        rules: &event::EventRules,
        ..PLAIN
    },
    Object {
        group: "coordination.k8s.io",
        kind: "Lease",
        plural: "leases",
        rules: &lease::LeaseRules,
        ..PLAIN
    },
    Object {
        group: "apiextensions.k8s.io",
        kind: "CustomResourceDefinition",
        plural: "customresourcedefinitions",
        short_names: &["crd", "crds"],
        namespaced: false,
        status: true,
        ..PLAIN
    },
    Object {
        group: RBAC,
        kind: "Role",
        plural: "roles",
        names: NameFormat::PathSegment,
        rules: &role::RoleRules { namespaced: true },
        ..PLAIN
    },
    Object {
        group: RBAC,
        kind: "ClusterRole",
        plural: "clusterroles",
        namespaced: false,
        names: NameFormat::PathSegment,
        rules: &role::RoleRules { namespaced: false },
        ..PLAIN
    },
    Object {
        group: RBAC,
        kind: "RoleBinding",
        plural: "rolebindings",
        names: NameFormat::PathSegment,
        rules: &binding::BindingRules { namespaced: true },
        ..PLAIN
    },
    Object {
        group: RBAC,
        kind: "ClusterRoleBinding",
        plural: "clusterrolebindings",
        namespaced: false,
        names: NameFormat::PathSegment,
        rules: &binding::BindingRules { namespaced: false },
        ..PLAIN
    },
];

/// Questions: group, kind, plural, whether they are asked in a namespace.
static REVIEWS: [(&str, &str, &str, bool); 6] = [
    ("authentication.k8s.io", "TokenReview", "tokenreviews", false),
    (
        "authentication.k8s.io",
        "SelfSubjectReview",
        "selfsubjectreviews",
        false,
    ),
    (
        "authorization.k8s.io",
        "SubjectAccessReview",
        "subjectaccessreviews",
        false,
    ),
    (
        "authorization.k8s.io",
        "LocalSubjectAccessReview",
        "localsubjectaccessreviews",
        true,
    ),
    (
        "authorization.k8s.io",
        "SelfSubjectAccessReview",
        "selfsubjectaccessreviews",
        false,
    ),
    (
        "authorization.k8s.io",
        "SelfSubjectRulesReview",
        "selfsubjectrulesreviews",
        false,
    ),
];

fn object(object: &Object) -> ResourceType {
    let Object {
        group,
        kind,
        plural,
        short_names,
        namespaced,
        status,
        names,
        rules,
    } = *object;
    let is_event = kind == "Event";
    let is_crd = kind == "CustomResourceDefinition";
    ResourceType {
        short_names: short_names.iter().map(ToString::to_string).collect(),
        categories: if is_crd {
            vec!["api-extensions".into()]
        } else {
            Vec::new()
        },
        namespaced,
        status_subresource: status,
        generation: is_crd,
        names,
        rules,
        // Both groups of Event are two views of one store.
        storage: if is_event {
            "/events".into()
        } else {
            format!("{group}/{plural}").into()
        },
        storage_api_version: if is_event { "v1".into() } else { api_version(group) },
        ..bare(group, kind, plural, Serves::Objects)
    }
}

fn review(
    &(group, kind, plural, namespaced): &(&'static str, &'static str, &'static str, bool),
) -> ResourceType {
    ResourceType {
        namespaced,
        ..bare(group, kind, plural, Serves::Review)
    }
}

fn bare(group: &str, kind: &str, plural: &str, serves: Serves) -> ResourceType {
    ResourceType {
        group: group.into(),
        version: "v1".into(),
        kind: kind.into(),
        list_kind: format!("{kind}List"),
        plural: plural.into(),
        singular: kind.to_ascii_lowercase(),
        short_names: Vec::new(),
        categories: Vec::new(),
        namespaced: false,
        serves,
        status_subresource: false,
        generation: false,
        unconditional_update: true,
        names: NameFormat::Subdomain,
        schema: openapi::built_in_schema(&api_version(group), kind),
        openapi: None,
        columns: Vec::new(),
        selectable_fields: Vec::new(),
        storage: format!("{group}/{plural}").into(),
        storage_api_version: api_version(group),
        crd: None,
        deprecation: None,
        rules: &NoRules,
    }
}

fn api_version(group: &str) -> String {
    if group.is_empty() {
        "v1".into()
    } else {
        format!("{group}/v1")
    }
}
