//! The CRDs of our four kinds, as installed.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use schemars::JsonSchema;
use serde_json::{Value, json};

use crate::meta::{GROUP, VERSION};
use crate::structural::{crd_from, schema_of};
use crate::v1alpha1::{
    APIKeyApprovalSpec, APIKeyApprovalStatus, APIKeyRequestSpec, APIKeyRequestStatus, APIKeySpec,
    APIKeyStatus, APIProductSpec, APIProductStatus,
};

/// The CRDs of our four kinds: upstream's, with descriptions of our own.
#[must_use]
pub fn all() -> Vec<CustomResourceDefinition> {
    vec![
        Kind {
            name: "APIProduct",
            plural: "apiproducts",
            short: &[],
            about: "An API that consumers can ask for a key to.",
            columns: json!([
                {
                    "name": "Ready",
                    "type": "string",
                    "description": "APIProduct Ready",
                    "jsonPath": r#".status.conditions[?(@.type=="Ready")].status"#,
                    "priority": 2,
                },
                { "name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp" },
            ]),
        }
        .crd::<APIProductSpec, APIProductStatus>(),
        Kind {
            name: "APIKey",
            plural: "apikeys",
            short: &["apik"],
            about: "A consumer's access to an API product, asked for or held.",
            columns: json!([
                {
                    "name": "Approved",
                    "type": "string",
                    "jsonPath": r#".status.conditions[?(@.type=="Approved")].status"#,
                },
                { "name": "API", "type": "string", "jsonPath": ".spec.apiProductRef.name" },
                { "name": "Plan", "type": "string", "jsonPath": ".spec.planTier" },
                { "name": "User", "type": "string", "jsonPath": ".spec.requestedBy.userId" },
                { "name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp" },
            ]),
        }
        .crd::<APIKeySpec, APIKeyStatus>(),
        Kind {
            name: "APIKeyRequest",
            plural: "apikeyrequests",
            short: &[],
            about: "A consumer's request for a key, in the namespace of the product, for its owner to decide on.",
            columns: Value::Null,
        }
        .crd::<APIKeyRequestSpec, APIKeyRequestStatus>(),
        Kind {
            name: "APIKeyApproval",
            plural: "apikeyapprovals",
            short: &[],
            about: "An owner's decision about a request for a key. Changing approved to false revokes the key.",
            columns: Value::Null,
        }
        .crd::<APIKeyApprovalSpec, APIKeyApprovalStatus>(),
    ]
}

/// What a CRD says of a kind beside its schema.
struct Kind {
    name: &'static str,
    plural: &'static str,
    short: &'static [&'static str],
    about: &'static str,
    columns: Value,
}

impl Kind {
    fn crd<Spec: JsonSchema, Status: JsonSchema>(self) -> CustomResourceDefinition {
        let Self {
            name,
            plural,
            short,
            about,
            columns,
        } = self;
        let mut names = json!({
            "kind": name,
            "listKind": format!("{name}List"),
            "plural": plural,
            "singular": name.to_lowercase(),
        });
        if !short.is_empty() {
            names["shortNames"] = json!(short);
        }
        let mut version = json!({
            "name": VERSION,
            "served": true,
            "storage": true,
            "subresources": { "status": {} },
            "schema": {
                "openAPIV3Schema": {
                    "description": about,
                    "type": "object",
                    "properties": {
                        "apiVersion": { "type": "string", "description": "Group and version of the object's kind." },
                        "kind": { "type": "string", "description": "Kind of the object." },
                        "metadata": { "type": "object" },
                        "spec": schema_of::<Spec>(),
                        "status": schema_of::<Status>(),
                    },
                },
            },
        });
        if !columns.is_null() {
            version["additionalPrinterColumns"] = columns;
        }
        let crd = json!({
            "metadata": {
                "name": format!("{plural}.{GROUP}"),
                // The version of controller-gen that made upstream's files: clients compare it.
                "annotations": { "controller-gen.kubebuilder.io/version": "v0.18.0" },
            },
            "spec": { "group": GROUP, "names": names, "scope": "Namespaced", "versions": [version] },
        });
        crd_from(crd)
    }
}
