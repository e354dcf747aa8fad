use serde_json::{Value, json};

use super::all;
use crate::resource::{Part, Rules};

fn rules(kind: &str, group: &str) -> &'static dyn Rules {
    all()
        .iter()
        .find(|resource| resource.kind == kind && resource.group == group)
        .unwrap()
        .rules
}

fn violations(kind: &str, group: &str, object: &Value, old: Option<&Value>) -> Vec<String> {
    rules(kind, group)
        .validate(object, old)
        .iter()
        .map(ToString::to_string)
        .collect()
}

fn created(kind: &str, group: &str, mut object: Value) -> Value {
    rules(kind, group).prepare_create(&mut object);
    object
}

const RBAC: &str = "rbac.authorization.k8s.io";

#[test]
fn plain_text_of_a_secret_becomes_data_and_its_type_is_opaque() {
    let secret = created(
        "Secret",
        "",
        json!({"data": {"a": "YQ==", "n": null}, "stringData": {"b": "b", "a": "x"}}),
    );
    assert_eq!(
        secret,
        json!({"data": {"a": "eA==", "b": "Yg==", "n": ""}, "type": "Opaque"})
    );
}

#[test]
fn an_update_without_a_type_keeps_the_type() {
    let mut secret = json!({"stringData": {"b": "b"}});
    let old = json!({"type": "kubernetes.io/basic-auth"});
    rules("Secret", "").prepare_update(&mut secret, &old, Part::Main);
    assert_eq!(
        secret,
        json!({"data": {"b": "Yg=="}, "type": "kubernetes.io/basic-auth"})
    );
}

#[test]
fn secrets_break_their_rules_in_the_real_words_and_show_no_value() {
    let check = |secret: Value, expect: &[&str]| {
        assert_eq!(violations("Secret", "", &secret, None), expect, "{secret}");
    };
    check(json!({"type": "Opaque", "data": {"k": "YQ=="}}), &[]);
    check(
        json!({"data": {"..": ""}}),
        &["data[..]: Invalid value: \"..\": must not be '..'"],
    );
    check(
        json!({"type": "kubernetes.io/tls"}),
        &["data[tls.crt]: Required value", "data[tls.key]: Required value"],
    );
    check(
        json!({"type": "kubernetes.io/dockerconfigjson", "data": {".dockerconfigjson": "ew=="}}),
        &[
            "data[.dockerconfigjson]: Invalid value: \"<secret contents redacted>\": unexpected end of JSON input",
        ],
    );
    check(
        json!({"type": "kubernetes.io/service-account-token"}),
        &["metadata.annotations[kubernetes.io/service-account.name]: Required value"],
    );
    let text = violations("Secret", "", &json!({"data": {"k": "not base64"}}), None).concat();
    assert!(
        text.starts_with("data[k]: Invalid value: \"<secret contents redacted>\""),
        "{text}"
    );
}

#[test]
fn what_is_immutable_stays() {
    let old = json!({"type": "Opaque", "immutable": true, "data": {"a": "Yg=="}});
    let changed = json!({"type": "x", "data": {"a": "YQ=="}});
    assert_eq!(
        violations("Secret", "", &changed, Some(&old)),
        [
            "type: Invalid value: \"x\": field is immutable",
            "immutable: Forbidden: field is immutable when `immutable` is set",
            "data: Forbidden: field is immutable when `immutable` is set",
        ]
    );
    let old = json!({"immutable": true, "data": {"a": "b"}});
    assert_eq!(violations("ConfigMap", "", &old, Some(&old)), [""; 0]);
}

#[test]
fn config_maps_share_keys_between_their_maps() {
    let map = json!({"data": {"k": "v"}, "binaryData": {"k": "YQ=="}});
    let expect = ["data[k]: Invalid value: \"k\": duplicate of key present in binaryData"];
    assert_eq!(violations("ConfigMap", "", &map, None), expect);
}

#[test]
fn a_role_says_verbs_groups_and_resources() {
    assert_eq!(
        violations("Role", RBAC, &json!({"rules": [{}]}), None),
        [
            "rules[0].verbs: Required value: verbs must contain at least one value",
            "rules[0].apiGroups: Required value: resource rules must supply at least one api group",
            "rules[0].resources: Required value: resource rules must supply at least one resource",
        ]
    );
    let urls = json!({"rules": [{"verbs": ["get"], "nonResourceURLs": ["/x"]}]});
    assert_eq!(violations("ClusterRole", RBAC, &urls, None), [""; 0]);
    assert_eq!(
        violations("Role", RBAC, &urls, None),
        [
            "rules[0].nonResourceURLs: Invalid value: [\"/x\"]: namespaced rules cannot apply to non-resource URLs"
        ]
    );
    assert_eq!(
        violations("ClusterRole", RBAC, &json!({"aggregationRule": {}}), None),
        [
            "aggregationRule.clusterRoleSelectors: Required value: at least one clusterRoleSelector required if \
         aggregationRule is non-nil"
        ]
    );
}

#[test]
fn a_binding_names_a_role_for_good() {
    let binding = created(
        "RoleBinding",
        RBAC,
        json!({
            "roleRef": {"kind": "Role", "name": "r"}, "subjects": [{"kind": "User", "name": "ada"}],
        }),
    );
    assert_eq!(binding["roleRef"]["apiGroup"], RBAC);
    assert_eq!(binding["subjects"][0]["apiGroup"], RBAC);
    assert_eq!(violations("RoleBinding", RBAC, &binding, None), [""; 0]);
    let mut other = binding.clone();
    other["roleRef"]["name"] = "s".into();
    assert_eq!(
        violations("RoleBinding", RBAC, &other, Some(&binding)),
        [
            "roleRef: Invalid value: {\"APIGroup\":\"rbac.authorization.k8s.io\",\"Kind\":\"Role\",\"Name\":\"s\"}: \
         cannot change roleRef"
        ]
    );
    let empty = created(
        "RoleBinding",
        RBAC,
        json!({"subjects": [{"kind": "Foo", "name": "y"}]}),
    );
    assert_eq!(
        violations("RoleBinding", RBAC, &empty, None),
        [
            "roleRef.kind: Unsupported value: \"\": supported values: \"Role\", \"ClusterRole\"",
            "roleRef.name: Required value",
            "subjects[0].kind: Unsupported value: \"Foo\": supported values: \"ServiceAccount\", \"User\", \"Group\"",
        ]
    );
}

#[test]
fn both_groups_of_event_are_views_of_one_object() {
    let new = json!({"regarding": {"name": "x"}, "note": "n", "reportingController": "c", "type": "Normal"});
    let mut kept = new.clone();
    rules("Event", "events.k8s.io").to_storage(&mut kept);
    assert_eq!(
        kept,
        json!({
            "involvedObject": {"name": "x"}, "message": "n", "reportingComponent": "c", "type": "Normal",
        })
    );
    rules("Event", "events.k8s.io").to_served(&mut kept);
    assert_eq!(kept, new);
}

#[test]
fn an_event_lives_beside_its_object() {
    let event = json!({"metadata": {"namespace": "a"}, "involvedObject": {"namespace": "b"}});
    assert_eq!(
        violations("Event", "", &event, None),
        ["involvedObject.namespace: Invalid value: \"b\": does not match event.namespace"]
    );
    let cluster_wide = json!({"metadata": {"namespace": "default"}, "involvedObject": {"kind": "Namespace"}});
    assert_eq!(violations("Event", "", &cluster_wide, None), [""; 0]);
}

#[test]
fn a_service_is_completed_and_checked() {
    let service = created("Service", "", json!({"spec": {"ports": [{"port": 80}]}}));
    assert_eq!(
        service["spec"]["ports"][0],
        json!({"port": 80, "protocol": "TCP", "targetPort": 80})
    );
    assert_eq!(violations("Service", "", &service, None), [""; 0]);
    let empty = created("Service", "", json!({}));
    assert_eq!(
        violations("Service", "", &empty, None),
        ["spec.ports: Required value"]
    );
}

#[test]
fn a_lease_has_numbers_that_make_sense() {
    let lease = json!({"spec": {"leaseDurationSeconds": 0, "leaseTransitions": -1}});
    assert_eq!(
        violations("Lease", "coordination.k8s.io", &lease, None),
        [
            "spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0",
            "spec.leaseTransitions: Invalid value: -1: must be greater than or equal to 0",
        ]
    );
}

#[test]
fn what_an_event_says_stays() {
    let event = json!({"eventTime": "t", "note": "n", "type": "Normal", "reportingController": "c",
        "reportingInstance": "i", "action": "a", "reason": "r"});
    let mut other = event.clone();
    other["note"] = "m".into();
    assert_eq!(
        violations("Event", "events.k8s.io", &other, Some(&event)),
        ["message: Invalid value: \"m\": field is immutable"]
    );
}

#[test]
fn every_kind_has_its_names_and_a_schema() {
    for resource in all() {
        assert!(resource.schema.is_some(), "{} has no schema", resource.kind);
        assert_eq!(resource.singular, resource.kind.to_ascii_lowercase());
    }
}
