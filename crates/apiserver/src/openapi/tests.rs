use std::sync::Arc;

use serde_json::{Value, json};

use super::{index, published, recorded};
use crate::builtin;
use crate::registry::Registry;

fn registry(schema: &Value) -> Registry {
    let mut types = builtin::all();
    let mut bug = (*types[1]).clone();
    bug.group = "wire.io".into();
    bug.kind = "Bug".into();
    bug.list_kind = "BugList".into();
    bug.plural = "bugs".into();
    bug.status_subresource = true;
    bug.crd = Some("bugs.wire.io".into());
    bug.openapi = Some(Arc::new(schema.clone()));
    bug.selectable_fields = vec![".spec.color".into()];
    types.push(Arc::new(bug));
    Registry::new(types)
}

fn schema() -> Value {
    json!({"description": "A bug.", "type": "object", "properties": {"spec": {"type": "object"}}})
}

#[test]
fn the_recorded_file_holds_every_built_in_kind() {
    assert!(recorded::components().as_object().unwrap().len() > 100);
    for resource in builtin::all() {
        let found = recorded::component_name(&resource.group, &resource.version, &resource.kind);
        assert!(found.is_some(), "{} {}", resource.api_version(), resource.kind);
    }
}

#[test]
fn every_reference_of_a_document_is_in_it() {
    let registry = registry(&schema());
    let index = index(&registry);
    for path in index["paths"].as_object().unwrap().keys() {
        let document = published(path, &registry).unwrap();
        let schemas = document["components"]["schemas"].as_object().unwrap();
        let text = document.to_string();
        for reference in text.split("#/components/schemas/").skip(1) {
            let name = reference.split('"').next().unwrap();
            assert!(schemas.contains_key(name), "{path} refers to {name}");
        }
    }
}

#[test]
fn a_custom_kind_is_published_with_what_every_object_has() {
    let document = published("apis/wire.io/v1", &registry(&schema())).unwrap();
    let bug = &document["components"]["schemas"]["io.wire.v1.Bug"];
    assert_eq!(bug["description"], "A bug.");
    assert_eq!(
        bug["x-kubernetes-group-version-kind"],
        json!([{"group": "wire.io", "kind": "Bug", "version": "v1"}])
    );
    assert_eq!(
        bug["x-kubernetes-selectable-fields"],
        json!([{"fieldPath": "spec.color"}])
    );
    let meta = "#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";
    assert_eq!(bug["properties"]["metadata"]["allOf"], json!([{"$ref": meta}]));
    assert_eq!(bug["properties"]["spec"], json!({"type": "object"}));
    let list = &document["components"]["schemas"]["io.wire.v1.BugList"];
    assert_eq!(
        list["properties"]["items"]["items"]["$ref"],
        "#/components/schemas/io.wire.v1.Bug"
    );
}

#[test]
fn kubectl_finds_field_validation_on_the_patch_of_every_kind() {
    let document = published("apis/wire.io/v1", &registry(&schema())).unwrap();
    let patch = &document["paths"]["/apis/wire.io/v1/namespaces/{namespace}/bugs/{name}"]["patch"];
    assert_eq!(
        patch["x-kubernetes-group-version-kind"],
        json!({"group": "wire.io", "version": "v1", "kind": "Bug"})
    );
    assert_eq!(patch["operationId"], "patchWireIoV1NamespacedBug");
    let parameters = patch["parameters"].as_array().unwrap();
    assert!(
        parameters
            .iter()
            .any(|parameter| parameter["name"] == "fieldValidation")
    );
}

#[test]
fn the_hash_changes_with_the_schema_only() {
    let url =
        |schema: &Value, path: &str| index(&registry(schema))["paths"][path]["serverRelativeURL"].clone();
    let other = json!({"type": "object"});
    assert_eq!(
        url(&schema(), "apis/wire.io/v1"),
        url(&schema(), "apis/wire.io/v1")
    );
    assert_ne!(url(&schema(), "apis/wire.io/v1"), url(&other, "apis/wire.io/v1"));
    assert_eq!(url(&schema(), "api/v1"), url(&other, "api/v1"));
}
