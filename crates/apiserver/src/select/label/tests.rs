use proptest::prelude::proptest;
use serde_json::{Value, json};

use super::LabelSelector;

fn labels(object: &Value) -> &serde_json::Map<String, Value> {
    object.as_object().unwrap()
}

fn check(selector: &str, matching: &[Value], others: &[Value]) {
    let selector = LabelSelector::parse(selector).unwrap();
    for object in matching {
        assert!(
            selector.matches(Some(labels(object))),
            "{selector:?} should match {object}"
        );
    }
    for object in others {
        assert!(
            !selector.matches(Some(labels(object))),
            "{selector:?} should not match {object}"
        );
    }
}

fn refused(selector: &str, expect: &str) {
    assert_eq!(
        LabelSelector::parse(selector).unwrap_err().to_string(),
        expect,
        "{selector:?}"
    );
}

#[test]
fn every_operator_selects_as_documented() {
    check("", &[json!({}), json!({"a": "b"})], &[]);
    check("a=b", &[json!({"a": "b"})], &[json!({}), json!({"a": "c"})]);
    check("a == b , c", &[json!({"a": "b", "c": ""})], &[json!({"a": "b"})]);
    check("a!=b", &[json!({}), json!({"a": "c"})], &[json!({"a": "b"})]);
    check("!a", &[json!({})], &[json!({"a": ""})]);
    check(
        "a in (b, c)",
        &[json!({"a": "c"})],
        &[json!({}), json!({"a": "d"})],
    );
    check(
        "a notin (b,c)",
        &[json!({}), json!({"a": "d"})],
        &[json!({"a": "b"})],
    );
    check("a in (,b)", &[json!({"a": ""}), json!({"a": "b"})], &[json!({})]);
    check(
        "n>3,n<10",
        &[json!({"n": "4"})],
        &[json!({"n": "3"}), json!({"n": "x"}), json!({})],
    );
    check(
        "a=,b",
        &[json!({"a": "", "b": "1"})],
        &[json!({"a": "1", "b": "1"})],
    );
    check("in=notin", &[json!({"in": "notin"})], &[json!({})]);
    check("example.com/x=y", &[json!({"example.com/x": "y"})], &[json!({})]);
}

#[test]
fn malformed_selectors_are_refused_in_the_real_words() {
    refused(
        "a===b",
        "unable to parse requirement: found '=', expected: identifier",
    );
    refused(",a", "found ',', expected: !, identifier, or 'end of string'");
    refused("a,", "found '', expected: identifier after ','");
    refused(
        "a b",
        "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt",
    );
    refused("a in b", "unable to parse requirement: found 'b' expected: '('");
    refused(
        "a in (b c)",
        "unable to parse requirement: found 'c', expected: ',' or ')'",
    );
    refused("a=b)", "found ')', expected: ',' or 'end of string'");
    refused("!", "unable to parse requirement: found '', expected: identifier");
    let long = format!("a={}", "x".repeat(64));
    let value = format!(
        "unable to parse requirement: values[0][a]: Invalid value: \"{}\": must be no more than 63 bytes",
        "x".repeat(64)
    );
    refused(&long, &value);
    assert!(LabelSelector::parse("-a=b").unwrap_err().to_string().starts_with(
        "unable to parse requirement: <nil>: Invalid value: \"-a\": name part must consist of alphanumeric"
    ));
}

#[test]
fn the_object_form_selects_the_same() {
    let selector = json!({
        "matchLabels": {"a": "b"},
        "matchExpressions": [{"key": "c", "operator": "NotIn", "values": ["d"]}, {"key": "e", "operator": "Exists"}],
    });
    let object = LabelSelector::from_object(&selector).unwrap();
    let query = LabelSelector::parse("a=b,c notin (d),e").unwrap();
    assert_eq!(object, query);
    let bad = json!({"matchExpressions": [{"key": "c", "operator": "Like", "values": ["d"]}]});
    assert!(LabelSelector::from_object(&bad).is_err());
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in ".*", signs in "[a =!,()<>in]*") {
        let _ = LabelSelector::parse(&text);
        let _ = LabelSelector::parse(&signs);
    }
}
