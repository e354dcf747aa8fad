//! The example manifests fit together: names that refer to something refer to what is there.

use std::collections::BTreeSet;

use keydesk_api::{APIKey, APIKeyApproval, APIProduct, manifests, meta, rbac};
use serde_json::Value;

use crate::yaml::{directory, documents};

fn installed() -> Vec<Value> {
    manifests::BASE
        .iter()
        .chain(manifests::DEMO)
        .flat_map(|text| documents(text))
        .collect()
}

fn has(objects: &[Value], kind: &str, namespace: Option<&str>, name: &str) -> bool {
    objects.iter().any(|object| {
        object["kind"] == kind
            && object["metadata"]["name"] == name
            && object["metadata"]["namespace"].as_str() == namespace
    })
}

#[test]
fn the_demo_stands_on_its_own() {
    let installed = installed();
    let mut roles = rbac::all(rbac::NAMESPACE);
    roles.extend(rbac::gate(rbac::NAMESPACE));
    for object in &installed {
        if let Some(namespace) = object["metadata"]["namespace"].as_str() {
            assert!(
                has(&installed, "Namespace", None, namespace),
                "{namespace} for {object}"
            );
        }
        if let Some(role) = object["roleRef"]["name"].as_str() {
            assert!(
                roles
                    .iter()
                    .any(|manifest| manifest.object["metadata"]["name"] == role),
                "{role}"
            );
        }
        if object["spec"]["targetRef"]["kind"] == "HTTPRoute" {
            let route = object["spec"]["targetRef"]["name"].as_str().unwrap();
            assert!(
                has(
                    &installed,
                    "HTTPRoute",
                    object["metadata"]["namespace"].as_str(),
                    route
                ),
                "{route}"
            );
        }
        if let Some(class) = object["spec"]["gatewayClassName"].as_str() {
            assert!(has(&installed, "GatewayClass", None, class), "{class}");
        }
    }
    assert!(has(&installed, "Kuadrant", Some("kuadrant-system"), "kuadrant"));
    let kinds: BTreeSet<_> = installed
        .iter()
        .filter_map(|object| object["kind"].as_str())
        .collect();
    assert!(
        !kinds.contains("APIKey") && !kinds.contains("Secret"),
        "the consumer's part is left to do"
    );
}

#[test]
fn the_consumers_part_asks_for_a_product_that_the_owner_offers() {
    let installed = installed();
    for example in ["examples/gamestore", "examples/toystore"] {
        let objects: Vec<_> = directory(example).into_iter().map(|(_, object)| object).collect();
        let key = objects
            .iter()
            .find(|object| object["kind"] == "APIKey")
            .expect("an example has a key");
        let key: APIKey = serde_json::from_value(key.clone()).unwrap();
        let product = installed
            .iter()
            .filter(|object| object["kind"] == "APIProduct")
            .map(|object| serde_json::from_value::<APIProduct>(object.clone()).unwrap())
            .find(|product| {
                product.metadata.name.as_ref() == Some(&key.spec.api_product_ref.name)
                    && product.metadata.namespace == key.spec.api_product_ref.namespace
            });
        assert!(product.is_some(), "{:?}", key.spec.api_product_ref);
        let namespace = key.metadata.namespace.as_deref();
        assert!(has(&objects, "Secret", namespace, &key.spec.secret_ref.name));
    }
}

#[test]
fn the_approval_names_the_request_that_the_controller_will_make() {
    let objects = directory("examples/gamestore");
    let find = |kind: &str| {
        &objects
            .iter()
            .find(|(_, object)| object["kind"] == kind)
            .expect("it is there")
            .1
    };
    let approval: APIKeyApproval = serde_json::from_value(find("APIKeyApproval").clone()).unwrap();
    let key: APIKey = serde_json::from_value(find("APIKey").clone()).unwrap();
    let (namespace, name) = (key.metadata.namespace.unwrap(), key.metadata.name.unwrap());
    assert_eq!(
        approval.spec.api_key_request_ref.name,
        meta::request_name(&namespace, &name)
    );
}
