use proptest::prelude::proptest;
use serde_json::{Value, json};

use super::FieldSelector;
use crate::builtin;
use crate::resource::ResourceType;

fn kind(api_version: &str, kind: &str) -> std::sync::Arc<ResourceType> {
    builtin::all()
        .into_iter()
        .find(|r| r.api_version() == api_version && r.kind == kind)
        .unwrap()
}

fn check(resource: &ResourceType, selector: &str, object: &Value, expect: bool) {
    let parsed = FieldSelector::parse(selector, resource).unwrap();
    assert_eq!(parsed.matches(object), expect, "{selector} on {object}");
}

fn refused(resource: &ResourceType, selector: &str, expect: &str) {
    assert_eq!(
        FieldSelector::parse(selector, resource).unwrap_err().to_string(),
        expect,
        "{selector}"
    );
}

#[test]
fn name_namespace_and_the_fields_of_a_kind_select() {
    let secret = json!({"metadata": {"name": "a", "namespace": "n"}, "type": "Opaque"});
    let kind = kind("v1", "Secret");
    check(&kind, "", &secret, true);
    check(&kind, "metadata.name=a,type==Opaque", &secret, true);
    check(&kind, "metadata.name!=a", &secret, false);
    check(&kind, "type!=x,metadata.namespace=n", &secret, true);
    check(&kind, r"type=a\,b\=c", &json!({"type": "a,b=c"}), true);
}

#[test]
fn both_groups_of_event_select_in_the_kept_shape() {
    let kept = json!({"involvedObject": {"uid": "u", "name": "x"}, "reportingComponent": "c"});
    check(
        &kind("v1", "Event"),
        "involvedObject.uid=u,involvedObject.namespace=",
        &kept,
        true,
    );
    check(&kind("v1", "Event"), "source=c", &kept, true);
    check(
        &kind("events.k8s.io/v1", "Event"),
        "regarding.name=x,reportingController=c",
        &kept,
        true,
    );
    check(
        &kind("events.k8s.io/v1", "Event"),
        "regarding.name=y",
        &kept,
        false,
    );
}

#[test]
fn unknown_and_malformed_fields_are_refused_in_the_real_words() {
    refused(&kind("v1", "Secret"), "foo=bar", "field label not supported: foo");
    refused(
        &kind("v1", "Namespace"),
        "metadata.namespace=x",
        "field label not supported: metadata.namespace",
    );
    refused(
        &kind("v1", "ConfigMap"),
        "foo=bar",
        "\"foo\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"",
    );
    refused(
        &kind("v1", "Secret"),
        "foo",
        "invalid selector: 'foo'; can't understand 'foo'",
    );
}

#[test]
fn custom_kinds_select_by_what_their_definition_names() {
    let mut custom = (*kind("v1", "ConfigMap")).clone();
    custom.crd = Some("xs.example.com".into());
    custom.selectable_fields = vec![".spec.color".into(), ".spec.size".into()];
    let object = json!({"metadata": {"name": "a"}, "spec": {"color": "red", "size": 3}});
    check(&custom, "spec.color=red,spec.size=3", &object, true);
    refused(&custom, "spec.shape=x", "field label not supported: spec.shape");
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in ".*", signs in r"[a=!,\\]*") {
        let kind = kind("v1", "Secret");
        let _ = FieldSelector::parse(&text, &kind);
        let _ = super::parse::terms(&signs);
    }
}
