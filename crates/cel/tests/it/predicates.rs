//! What predicates say of a caller and a call.

use keydesk_cel::{EvalError, Identity, RequestFacts, RequestLine};
use serde_json::json;

use crate::check::{compiled, fails, holds, outcome, refused, secret};

const GOLD: &str =
    r#"has(auth.identity) && auth.identity.metadata.annotations["secret.kuadrant.io/plan-id"] == "gold""#;

#[test]
fn the_plan_of_a_key_is_told_from_its_annotation() {
    let gold = compiled(GOLD);
    let of_plan = |plan: &str| {
        let mut secret = secret();
        secret["metadata"]["annotations"]["secret.kuadrant.io/plan-id"] = json!(plan);
        gold.holds(&Identity::new(&secret), None)
    };
    assert_eq!(of_plan("gold"), Ok(true));
    assert_eq!(of_plan("silver"), Ok(false));
}

#[test]
fn a_missing_annotation_is_an_error_and_a_guarded_one_is_not() {
    let bare = Identity::new(&json!({"metadata": {"annotations": {}}}));
    let key = "secret.kuadrant.io/plan-id";
    assert_eq!(
        compiled(GOLD).holds(&bare, None),
        Err(EvalError::FindKey(Some(key.to_owned())))
    );
    let guarded = format!(r#""{key}" in auth.identity.metadata.annotations && {GOLD}"#);
    assert_eq!(compiled(&guarded).holds(&bare, None), Ok(false));
    let has =
        "has(auth.identity.metadata.annotations.tier) && auth.identity.metadata.annotations.tier == 'x'";
    assert_eq!(compiled(has).holds(&bare, None), Ok(false));
    let without = Identity::new(&json!({"sub": "somebody"}));
    let nested = compiled("has(auth.identity.metadata.annotations)");
    assert_eq!(nested.holds(&without, None), Ok(false));
    assert_eq!(
        compiled("auth.identity.metadata.annotations.tier == 'x'").holds(&without, None),
        Err(EvalError::FindKey(Some("annotations".to_owned())))
    );
}

#[test]
fn what_has_no_fields_cannot_be_selected_from() {
    // The engine's own selection is `false`, and so turns around under a negation.
    let message = "an operation does not fit its operands";
    fails("!auth.identity.type.name", message);
    fails("!has(auth.identity.type.name)", message);
    fails("auth.identity.type.name == 'x' ? true : true", message);
}

#[test]
fn a_result_that_is_not_a_bool_is_an_error() {
    for text in ["'gold'", "1", "null", "auth.identity", "[true]", "request.method"] {
        assert_eq!(outcome(text), Err(EvalError::YieldBool), "{text}");
    }
}

#[test]
fn newlines_are_removed_as_upstream_removes_them() {
    holds("has(auth.identity)\n  && auth.identity.type\n == 'Opaque'\n");
    holds("'go\nld' == 'gold'");
    refused("true // always\n", "leave comments out");
    refused("true // no\n && false", "leave comments out");
    refused("// never\ntrue", "failed to parse");
    refused("true) && (true", "failed to parse");
    holds("'https://example.com' != ''");
}

#[test]
fn unknown_names_are_refused_by_their_names() {
    refused("identity.type == 'Opaque'", r#"variable "identity""#);
    refused("auth.identity.type == context", r#"variable "context""#);
    refused("[1].all(x, y == x)", r#"variable "y""#);
    refused("oracle(auth)", r#"function "oracle""#);
    refused("auth.identity.oracle()", r#"function "oracle""#);
    refused("lists.range(1000000000).size() > 0", r#"function "lists.range""#);
    refused("'%s'.format(['x']) == 'x'", r#"function "format""#);
    refused("bytes('x') == bytes('x')", r#"function "bytes""#);
    refused("b'x'.contains(b'')", "bytes are not supported");
}

#[test]
fn the_identity_shows_its_metadata_and_type_and_never_its_data() {
    holds("auth.identity.type == 'Opaque' && auth.identity.metadata.namespace == 'kuadrant-system'");
    holds("auth.identity.metadata.name.startsWith('devportal-') && auth.identity.metadata.uid.size() == 36");
    holds("timestamp(auth.identity.metadata.creationTimestamp) < timestamp('2026-02-01T00:00:00Z')");
    holds("auth.identity.metadata.labels.app == 'toystore'");
    holds("!has(auth.identity.data) && !has(auth.identity.metadata.managedFields)");
    holds("auth.identity.all(field, field in ['metadata', 'type'])");
}

#[test]
fn the_request_has_the_names_of_authorinos_attributes() {
    holds("request.method == 'POST' && request.scheme == 'https' && request.host == 'api.example.com:8443'");
    holds("request.path == '/v1/cars?color=red&n=%201' && request.url_path == '/v1/cars'");
    holds("request.query == 'color=red&n=%201'");
    holds("request.headers['x-tier'] == 'gold' && request.headers.accept == 'a/b,c/d'");
    holds("!('X-Tier' in request.headers) && !has(request.time) && size(request.headers) == 3");
    holds("request.all(field, field != 'body')");
    let line = RequestLine {
        method: "GET",
        scheme: "",
        host: "h",
        path: "/",
    };
    let bare = RequestFacts::new(&line, []);
    let absent = compiled("!has(request.query) && !has(request.headers) && !has(request.scheme)");
    assert_eq!(absent.holds(&Identity::new(&secret()), Some(&bare)), Ok(true));
}

#[test]
fn a_predicate_knows_whether_it_reads_the_request() {
    let reads = |text: &str| compiled(text).reads_request();
    assert!(reads("request.method == 'GET'"));
    assert!(reads("has(request.headers)"));
    assert!(reads("[1].exists(x, request.path.startsWith('/'))"));
    assert!(reads("request.headers.exists(request, request == 'x')"));
    assert!(!reads(GOLD));
    assert!(!reads("[1, 2].exists(request, request == 2)"));
    assert!(!reads("auth.identity.metadata.request == 'request'"));
}

#[test]
fn a_predicate_that_reads_the_request_needs_one() {
    let identity = Identity::new(&secret());
    let reads = compiled("request.method == 'GET' || true");
    assert_eq!(reads.holds(&identity, None), Err(EvalError::ReadRequest));
    let shadowed = compiled("[1, 2].exists(request, request == 2)");
    assert_eq!(shadowed.holds(&identity, None), Ok(true));
}

#[test]
fn the_request_itself_is_no_value() {
    for text in [
        "request == request",
        "size(request) > 0",
        "request.size() > 0",
        "[request].size() > 0",
        "request in request.headers",
        "{request: 1} == {}",
        "[1].all(x, request)",
        "request",
    ] {
        refused(text, "select from it");
    }
    holds("request[?'none'].orValue(1) == 1 && request.?method.orValue('') == 'POST' && 'path' in request");
}

#[test]
fn patterns_are_matched_and_wrong_ones_are_refused_at_once() {
    holds("request.url_path.matches('^/v[0-9]+/') && !request.method.matches('^(GET|HEAD)$')");
    holds("matches(request.host, 'example') && auth.identity.metadata.labels.exists(l, l.matches('^app$'))");
    refused("request.path.matches('(')", "is not valid");
    refused("request.path.matches('\\\\pL{500}')", "bytes when compiled");
    refused("request.path.matches(request.method)", "not a literal");
    fails(
        "request.headers.matches('x')",
        "an operation does not fit its operands",
    );
}

#[test]
fn optional_parts_and_functions_on_texts_work() {
    holds("auth.identity.metadata.annotations[?'none'].orValue('free') == 'free'");
    holds("auth.?identity.?metadata.?annotations['secret.kuadrant.io/plan-id'].orValue('') == 'gold'");
    holds("'a,b'.split(',').exists(part, part.upperAscii() == 'B') && ['a', 'b'].join('-').size() == 3");
    holds("type(auth.identity.type) == string && 'xaya'.replace('a', '!') == 'x!y!' && dyn(1) == 1");
}

#[test]
fn an_error_shows_what_the_predicate_spells_and_no_value() {
    let text = "auth.identity.metadata.annotations[request.headers.authorization] == 'x'";
    assert_eq!(outcome(text), Err(EvalError::FindKey(None)));
    for text in [
        "request.headers.authorization - 1 == 0",
        "int(request.headers.authorization) == 0",
        "request.headers[request.headers] == 'x'",
        "request.headers + request.headers == 1",
    ] {
        let error = outcome(text).unwrap_err();
        assert!(
            !format!("{error} {error:?}").contains("hidden"),
            "{text}: {error:?}"
        );
    }
    let shown = format!("{:?} {:?}", crate::check::request(), Identity::new(&secret()));
    assert!(!shown.contains("hidden") && !shown.contains("gold"), "{shown}");
}
