//! Bodies built with the published bindings, read by our tables.

use k8s_pb::api::authorization::v1 as authorization;
use k8s_pb::api::coordination::v1 as coordination;
use k8s_pb::api::core::v1 as core;
use k8s_pb::api::rbac::v1 as rbac;
use k8s_pb::apiextensions_apiserver::pkg::apis::apiextensions::v1 as apiextensions;
use k8s_pb::apimachinery::pkg::apis::meta::v1 as meta;
use k8s_pb::apimachinery::pkg::runtime::{TypeMeta, Unknown};
use proptest::prelude::{any, proptest};
use prost::Message as _;
use serde_json::{Value, json};

use super::{MAGIC, ProtobufError, decode};

fn body(api_version: &str, kind: &str, raw: Vec<u8>) -> Vec<u8> {
    let envelope = Unknown {
        type_meta: Some(TypeMeta {
            api_version: Some(api_version.into()),
            kind: Some(kind.into()),
        }),
        raw: Some(raw),
        content_encoding: Some(String::new()),
        content_type: Some(String::new()),
    };
    [MAGIC.as_slice(), &envelope.encode_to_vec()].concat()
}

fn check(api_version: &str, kind: &str, message: &impl prost::Message, expect: &Value) {
    let read = decode(&body(api_version, kind, message.encode_to_vec())).unwrap();
    assert_eq!(&read, expect);
}

/// As Go writes it: plain values are on the wire even when they are empty.
fn named(name: &str) -> meta::ObjectMeta {
    meta::ObjectMeta {
        name: Some(name.into()),
        generate_name: Some(String::new()),
        namespace: Some(String::new()),
        uid: Some(String::new()),
        generation: Some(0),
        creation_timestamp: Some(meta::Time::default()),
        ..Default::default()
    }
}

#[test]
fn a_secret_keeps_its_bytes_and_loses_what_go_writes_empty() {
    let secret = core::Secret {
        metadata: Some(named("key")),
        data: [("api_key".to_owned(), b"\x00\xffvalue".to_vec())].into(),
        string_data: [("plain".to_owned(), "text".to_owned())].into(),
        r#type: Some(String::new()),
        immutable: Some(false),
    };
    let expect = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "key"},
        "data": {"api_key": "AP92YWx1ZQ=="}, "stringData": {"plain": "text"}, "immutable": false,
    });
    check("v1", "Secret", &secret, &expect);
}

#[test]
fn metadata_is_read_whole() {
    let meta = meta::ObjectMeta {
        name: Some("a".into()),
        labels: [
            ("k".to_owned(), "v".to_owned()),
            ("empty".to_owned(), String::new()),
        ]
        .into(),
        annotations: [("n".to_owned(), "w".to_owned())].into(),
        finalizers: vec!["f/x".into(), "f/y".into()],
        deletion_grace_period_seconds: Some(0),
        creation_timestamp: Some(meta::Time {
            seconds: Some(1_700_000_000),
            nanos: Some(5),
        }),
        owner_references: vec![meta::OwnerReference {
            api_version: Some("v1".into()),
            kind: Some("Namespace".into()),
            name: Some("o".into()),
            uid: Some("u".into()),
            controller: Some(true),
            block_owner_deletion: Some(false),
        }],
        managed_fields: vec![meta::ManagedFieldsEntry {
            manager: Some("kubectl".into()),
            fields_v1: Some(meta::FieldsV1 {
                raw: Some(br#"{"f:data":{}}"#.to_vec()),
            }),
            ..Default::default()
        }],
        ..Default::default()
    };
    let expect = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {
        "name": "a", "labels": {"k": "v", "empty": ""}, "annotations": {"n": "w"}, "finalizers": ["f/x", "f/y"],
        "deletionGracePeriodSeconds": 0, "creationTimestamp": "2023-11-14T22:13:20Z",
        "ownerReferences": [{"apiVersion": "v1", "kind": "Namespace", "name": "o", "uid": "u",
            "controller": true, "blockOwnerDeletion": false}],
        "managedFields": [{"manager": "kubectl", "fieldsV1": {"f:data": {}}}],
    }});
    check(
        "v1",
        "ConfigMap",
        &core::ConfigMap {
            metadata: Some(meta),
            ..Default::default()
        },
        &expect,
    );
}

#[test]
fn roles_and_bindings_are_read() {
    let rule = rbac::PolicyRule {
        verbs: vec!["get".into()],
        api_groups: vec![String::new()],
        resources: vec!["secrets".into()],
        resource_names: vec!["one".into()],
        non_resource_ur_ls: vec!["/healthz".into()],
    };
    let cluster_role = rbac::ClusterRole {
        metadata: Some(named("r")),
        rules: vec![rule],
        aggregation_rule: Some(rbac::AggregationRule {
            cluster_role_selectors: vec![meta::LabelSelector {
                match_labels: [("a".to_owned(), "b".to_owned())].into(),
                match_expressions: vec![],
            }],
        }),
    };
    let expect = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "r"},
        "rules": [{"verbs": ["get"], "apiGroups": [""], "resources": ["secrets"], "resourceNames": ["one"],
            "nonResourceURLs": ["/healthz"]}],
        "aggregationRule": {"clusterRoleSelectors": [{"matchLabels": {"a": "b"}}]},
    });
    check(
        "rbac.authorization.k8s.io/v1",
        "ClusterRole",
        &cluster_role,
        &expect,
    );

    let binding = rbac::RoleBinding {
        metadata: Some(named("b")),
        subjects: vec![rbac::Subject {
            kind: Some("User".into()),
            api_group: Some("rbac.authorization.k8s.io".into()),
            name: Some("ada".into()),
            namespace: Some(String::new()),
        }],
        role_ref: Some(rbac::RoleRef {
            api_group: Some("rbac.authorization.k8s.io".into()),
            kind: Some("Role".into()),
            name: Some("r".into()),
        }),
    };
    let expect = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "b"},
        "subjects": [{"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": "ada"}],
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "r"},
    });
    check("rbac.authorization.k8s.io/v1", "RoleBinding", &binding, &expect);
}

#[test]
fn a_review_carries_what_is_asked() {
    let review = authorization::SubjectAccessReview {
        metadata: Some(named("")),
        spec: Some(authorization::SubjectAccessReviewSpec {
            resource_attributes: Some(authorization::ResourceAttributes {
                verb: Some("get".into()),
                resource: Some("apikeys".into()),
                namespace: Some("ns".into()),
                ..Default::default()
            }),
            user: Some("ada".into()),
            groups: vec!["developers".into()],
            extra: [(
                "scopes".to_owned(),
                authorization::ExtraValue {
                    items: vec!["a".into()],
                },
            )]
            .into(),
            ..Default::default()
        }),
        status: Some(authorization::SubjectAccessReviewStatus::default()),
    };
    let expect = json!({
        "apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "metadata": {},
        "spec": {"resourceAttributes": {"verb": "get", "resource": "apikeys", "namespace": "ns"}, "user": "ada",
            "groups": ["developers"], "extra": {"scopes": ["a"]}},
    });
    check("authorization.k8s.io/v1", "SubjectAccessReview", &review, &expect);
}

#[test]
fn times_have_the_digits_of_their_type() {
    let lease = coordination::Lease {
        metadata: Some(named("l")),
        spec: Some(coordination::LeaseSpec {
            holder_identity: Some(String::new()),
            lease_duration_seconds: Some(15),
            renew_time: Some(meta::MicroTime {
                seconds: Some(1_700_000_000),
                nanos: Some(1_234_000),
            }),
            ..Default::default()
        }),
    };
    let expect = json!({
        "apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": "l"},
        "spec": {"holderIdentity": "", "leaseDurationSeconds": 15, "renewTime": "2023-11-14T22:13:20.001234Z"},
    });
    check("coordination.k8s.io/v1", "Lease", &lease, &expect);
}

#[test]
fn delete_options_of_any_group_are_read() {
    let options = meta::DeleteOptions {
        grace_period_seconds: Some(0),
        preconditions: Some(meta::Preconditions {
            uid: Some("u".into()),
            resource_version: None,
        }),
        propagation_policy: Some("Background".into()),
        ..Default::default()
    };
    let expect = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "DeleteOptions", "gracePeriodSeconds": 0,
        "preconditions": {"uid": "u"}, "propagationPolicy": "Background",
    });
    check("rbac.authorization.k8s.io/v1", "DeleteOptions", &options, &expect);
}

#[test]
fn schemas_nest_and_their_unions_are_unwrapped() {
    let leaf = apiextensions::JsonSchemaProps {
        r#type: Some("string".into()),
        default: Some(apiextensions::Json {
            raw: Some(br#""x""#.to_vec()),
        }),
        maximum: Some(0.0),
        ..Default::default()
    };
    let schema = apiextensions::JsonSchemaProps {
        r#type: Some("object".into()),
        properties: [("leaf".to_owned(), leaf.clone())].into(),
        additional_properties: Some(Box::new(apiextensions::JsonSchemaPropsOrBool {
            allows: Some(true),
            schema: Some(Box::new(leaf.clone())),
        })),
        items: Some(Box::new(apiextensions::JsonSchemaPropsOrArray {
            schema: Some(Box::new(leaf)),
            j_son_schemas: vec![],
        })),
        x_kubernetes_preserve_unknown_fields: Some(true),
        ..Default::default()
    };
    let crd = apiextensions::CustomResourceDefinition {
        metadata: Some(named("xs.example.com")),
        spec: Some(apiextensions::CustomResourceDefinitionSpec {
            versions: vec![apiextensions::CustomResourceDefinitionVersion {
                name: Some("v1".into()),
                served: Some(true),
                storage: Some(false),
                schema: Some(apiextensions::CustomResourceValidation {
                    open_apiv3_schema: Some(schema),
                }),
                ..Default::default()
            }],
            ..Default::default()
        }),
        ..Default::default()
    };
    let leaf = json!({"type": "string", "default": "x", "maximum": 0.0});
    let expect = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "xs.example.com"},
        "spec": {"versions": [{"name": "v1", "served": true, "storage": false, "schema": {"openAPIV3Schema": {
            "type": "object", "properties": {"leaf": leaf}, "additionalProperties": leaf, "items": leaf,
            "x-kubernetes-preserve-unknown-fields": true,
        }}}]},
    });
    check(
        "apiextensions.k8s.io/v1",
        "CustomResourceDefinition",
        &crd,
        &expect,
    );
}

#[test]
fn a_schema_nested_without_end_is_refused() {
    let mut schema = apiextensions::JsonSchemaProps::default();
    for _ in 0..200 {
        schema = apiextensions::JsonSchemaProps {
            not: Some(Box::new(schema)),
            ..Default::default()
        };
    }
    let crd = apiextensions::CustomResourceDefinition {
        spec: Some(apiextensions::CustomResourceDefinitionSpec {
            versions: vec![apiextensions::CustomResourceDefinitionVersion {
                schema: Some(apiextensions::CustomResourceValidation {
                    open_apiv3_schema: Some(schema),
                }),
                ..Default::default()
            }],
            ..Default::default()
        }),
        ..Default::default()
    };
    let body = body(
        "apiextensions.k8s.io/v1",
        "CustomResourceDefinition",
        crd.encode_to_vec(),
    );
    assert!(
        decode(&body)
            .unwrap_err()
            .to_string()
            .ends_with("nested too deeply")
    );
}

#[test]
fn what_is_not_protobuf_or_not_known_is_refused() {
    assert_eq!(decode(b"{}"), Err(ProtobufError::NoMagic));
    let unknown = decode(&body("v1", "Pod", vec![])).unwrap_err();
    assert_eq!(
        unknown.to_string(),
        "no kind \"Pod\" is registered for version \"v1\""
    );
    let cut = decode(&body("v1", "Secret", vec![0x0a, 0x05, 0x0a])).unwrap_err();
    assert_eq!(
        cut.to_string(),
        "unable to decode protobuf: field \"\": unexpected end"
    );
    let text = decode(&body("v1", "Secret", vec![0x1a, 0x01, 0xff])).unwrap_err();
    assert_eq!(
        text.to_string(),
        "unable to decode protobuf: field \"type\": invalid UTF-8"
    );
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(raw in any::<Vec<u8>>(), kind in proptest::sample::select(vec![
        ("v1", "Secret"), ("v1", "Service"), ("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
    ])) {
        let _ = decode(&body(kind.0, kind.1, raw.clone()));
        let _ = decode(&[MAGIC.as_slice(), &raw].concat());
    }
}
