//! The CRDs of our four kinds, as installed.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Value, json};

use crate::meta::{GROUP, VERSION};
use crate::v1alpha1::{
    APIKeyApprovalSpec, APIKeyApprovalStatus, APIKeyRequestSpec, APIKeyRequestStatus, APIKeySpec,
    APIKeyStatus, APIProductSpec, APIProductStatus,
};

/// The CRDs of our four kinds: upstream's, with descriptions of our own.
///
/// # Panics
/// Never: the values are literals and derived schemas, and a test builds them all.
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
                        "spec": schema::<Spec>(),
                        "status": schema::<Status>(),
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
        serde_json::from_value(crd).expect("a CRD made of literals and derived schemas decodes")
    }
}

/// The structural schema of a type, with all that it refers to written out in place.
fn schema<T: JsonSchema>() -> Value {
    let mut settings = schemars::generate::SchemaSettings::openapi3();
    settings.inline_subschemas = true;
    settings.meta_schema = None;
    let generator: SchemaGenerator = settings
        .with_transform(kube::core::schema::StructuralSchemaRewriter)
        .with_transform(kube::core::schema::OptionalEnum)
        .into_generator();
    let mut schema = generator.into_root_schema_for::<T>().to_value();
    as_controller_gen(&mut schema);
    schema
}

/// What Go's types mean where Rust's say more: an optional field may be absent but not null.
fn as_controller_gen(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            fields.remove("nullable");
            fields.remove("title");
            if let Some(Value::Array(types)) = fields.get("type") {
                let single = types.iter().find(|type_| *type_ != "null").cloned();
                if let Some(single) = single {
                    fields.insert("type".into(), single);
                }
            }
            fields.values_mut().for_each(as_controller_gen);
        }
        Value::Array(elements) => elements.iter_mut().for_each(as_controller_gen),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
