//! CRDs of the foreign kinds, for clusters that have none: the one inside `keydesk up`, and test clusters.
//!
//! Trimmed: what we read is typed, everything else is kept as written. On a real cluster the projects' own are installed.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use serde_json::{Value, json};

use super::{EXTENSIONS_GROUP, GATEWAY_API_GROUP, KUADRANT_GROUP};
use crate::auth_scheme::schema::auth_scheme;
use crate::limits::Limits;
use crate::structural::{crd_from, schema_of, typed};

/// CRDs of `HTTPRoute`, `Gateway`, `GatewayClass`, `AuthPolicy`, `RateLimitPolicy`, `PlanPolicy` and `Kuadrant`.
#[must_use]
pub fn crds() -> Vec<CustomResourceDefinition> {
    [
        Foreign {
            columns: vec![column("Hostnames", ".spec.hostnames")],
            spec: open(json!({ "parentRefs": list(parent_ref()), "hostnames": list(string()) })),
            status: open(json!({
                "parents": list(open(json!({
                    "parentRef": parent_ref(),
                    "controllerName": string(),
                    "conditions": conditions(),
                }))),
            })),
            ..Foreign::new(GATEWAY_API_GROUP, "v1", "HTTPRoute", "httproutes")
        },
        Foreign {
            short: Some("gtw"),
            columns: vec![
                column("Class", ".spec.gatewayClassName"),
                column("Address", ".status.addresses[*].value"),
                reported("Programmed"),
            ],
            spec: open(json!({ "gatewayClassName": string() })),
            ..Foreign::new(GATEWAY_API_GROUP, "v1", "Gateway", "gateways")
        },
        Foreign {
            scope: "Cluster",
            short: Some("gc"),
            columns: vec![column("Controller", ".spec.controllerName"), reported("Accepted")],
            spec: open(json!({ "controllerName": string() })),
            ..Foreign::new(GATEWAY_API_GROUP, "v1", "GatewayClass", "gatewayclasses")
        },
        Foreign {
            spec: auth_policy(),
            ..Foreign::policy(KUADRANT_GROUP, "v1", "AuthPolicy", "authpolicies")
        },
        Foreign::policy(KUADRANT_GROUP, "v1", "RateLimitPolicy", "ratelimitpolicies"),
        Foreign {
            spec: plan_policy(),
            ..Foreign::policy(EXTENSIONS_GROUP, "v1alpha1", "PlanPolicy", "planpolicies")
        },
        Foreign {
            columns: vec![reported("Ready")],
            ..Foreign::new(KUADRANT_GROUP, "v1beta1", "Kuadrant", "kuadrants")
        },
    ]
    .into_iter()
    .map(Foreign::crd)
    .collect()
}

/// A CRD before it is written out. The column of the age comes last in all of them.
struct Foreign {
    group: &'static str,
    version: &'static str,
    kind: &'static str,
    plural: &'static str,
    scope: &'static str,
    short: Option<&'static str>,
    columns: Vec<Value>,
    spec: Value,
    status: Value,
}

impl Foreign {
    /// A kind in namespaces of whose spec nothing is known, and which reports conditions.
    fn new(group: &'static str, version: &'static str, kind: &'static str, plural: &'static str) -> Self {
        Self {
            group,
            version,
            kind,
            plural,
            scope: "Namespaced",
            short: None,
            columns: Vec::new(),
            spec: open(json!({})),
            status: open(json!({ "conditions": conditions() })),
        }
    }

    /// A policy of whose rules nothing is known.
    fn policy(group: &'static str, version: &'static str, kind: &'static str, plural: &'static str) -> Self {
        let columns = vec![
            reported("Accepted"),
            reported("Enforced"),
            column("TargetKind", ".spec.targetRef.kind"),
            column("TargetName", ".spec.targetRef.name"),
        ];
        Self {
            columns,
            spec: targeted(json!({})),
            ..Self::new(group, version, kind, plural)
        }
    }

    fn crd(self) -> CustomResourceDefinition {
        let Self {
            group,
            version,
            kind,
            plural,
            scope,
            short,
            mut columns,
            spec,
            status,
        } = self;
        columns.push(json!({ "name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp" }));
        let mut metadata = json!({ "name": format!("{plural}.{group}") });
        if group == GATEWAY_API_GROUP {
            // Demanded of every CRD in a group of Kubernetes' own. These are not the approved ones.
            metadata["annotations"] =
                json!({ "api-approved.kubernetes.io": "unapproved, trimmed to what Keydesk reads" });
        }
        let mut names = json!({
            "kind": kind,
            "listKind": format!("{kind}List"),
            "plural": plural,
            "singular": kind.to_lowercase(),
        });
        if let Some(short) = short {
            names["shortNames"] = json!([short]);
        }
        crd_from(json!({
            "metadata": metadata,
            "spec": {
                "group": group,
                "names": names,
                "scope": scope,
                "versions": [{
                    "name": version,
                    "served": true,
                    "storage": true,
                    "subresources": { "status": {} },
                    "additionalPrinterColumns": columns,
                    "schema": {
                        "openAPIV3Schema": {
                            "type": "object",
                            "description": format!("{kind} of {group}, trimmed to what Keydesk reads."),
                            "properties": {
                                "apiVersion": string(),
                                "kind": string(),
                                "metadata": { "type": "object" },
                                "spec": spec,
                                "status": status,
                            },
                        },
                    },
                }],
            },
        }))
    }
}

fn auth_policy() -> Value {
    // The scheme is typed once, where most policies have it: it is large, and three copies take long to compile.
    let block = || open(json!({ "rules": open(json!({})) }));
    targeted(json!({ "rules": auth_scheme(), "defaults": block(), "overrides": block() }))
}

fn plan_policy() -> Value {
    let plan = json!({
        "type": "object",
        "properties": { "tier": string(), "predicate": string(), "limits": schema_of::<Limits>() },
        "required": ["predicate", "tier"],
    });
    targeted(json!({ "plans": list(plan) }))
}

/// The spec of a policy: what it is attached to, and more.
fn targeted(mut properties: Value) -> Value {
    properties["targetRef"] = json!({
        "type": "object",
        "properties": { "group": string(), "kind": string(), "name": string(), "sectionName": string() },
        "required": ["group", "kind", "name"],
    });
    let mut spec = open(properties);
    spec["required"] = json!(["targetRef"]);
    spec
}

fn parent_ref() -> Value {
    json!({
        "type": "object",
        "properties": {
            "group": { "type": "string", "default": GATEWAY_API_GROUP },
            "kind": { "type": "string", "default": "Gateway" },
            "namespace": string(),
            "name": string(),
            "sectionName": string(),
            "port": { "type": "integer", "format": "int32" },
        },
        "required": ["name"],
    })
}

fn conditions() -> Value {
    list(json!({
        "type": "object",
        "properties": {
            "type": string(),
            "status": { "type": "string", "enum": ["True", "False", "Unknown"] },
            "reason": string(),
            "message": string(),
            "lastTransitionTime": { "type": "string", "format": "date-time" },
            "observedGeneration": { "type": "integer", "format": "int64" },
        },
        "required": ["status", "type"],
    }))
}

fn column(name: &str, json_path: &str) -> Value {
    json!({ "name": name, "type": "string", "jsonPath": json_path })
}

/// The column of a condition.
fn reported(condition: &str) -> Value {
    column(
        condition,
        &format!(r#".status.conditions[?(@.type=="{condition}")].status"#),
    )
}

/// An object of which we know some fields.
fn open(properties: Value) -> Value {
    let mut schema = typed("object", "properties", properties);
    schema["x-kubernetes-preserve-unknown-fields"] = json!(true);
    schema
}

fn list(items: Value) -> Value {
    typed("array", "items", items)
}

fn string() -> Value {
    json!({ "type": "string" })
}
