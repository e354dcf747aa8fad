//! The authentication scheme is carried faithfully and read in one order.

use keydesk_api::{AuthScheme, Method};
use serde_json::{Value, json};

fn scheme(value: Value) -> AuthScheme {
    serde_json::from_value(value).unwrap()
}

#[test]
fn what_we_do_not_read_survives() {
    let rules = json!({
        "authentication": {
            "users": {
                "apiKey": { "selector": { "matchLabels": { "app": "pets" } }, "new": 1 },
                "credentials": { "authorizationHeader": { "prefix": "APIKEY" } },
                "somethingNew": { "deep": [1, { "deeper": null }] },
            },
        },
        "response": { "unauthorized": { "code": 418 } },
        "invented": true,
    });
    assert_eq!(serde_json::to_value(scheme(rules.clone())).unwrap(), rules);
}

#[test]
fn entries_come_by_priority_then_name() {
    let key = json!({ "selector": {} });
    let scheme = scheme(json!({
        "authentication": {
            "b": { "apiKey": key },
            "a": { "apiKey": key, "priority": 1 },
            "c": { "apiKey": key, "priority": 0 },
            "d": { "apiKey": key, "priority": -1 },
        },
    }));
    let names: Vec<_> = scheme
        .authentications()
        .into_iter()
        .map(|entry| entry.name)
        .collect();
    assert_eq!(names, ["d", "b", "c", "a"]);
}

#[test]
fn methods_are_told_apart_and_odd_entries_are_none_of_ours() {
    let scheme = scheme(json!({
        "authentication": {
            "a-key": { "apiKey": { "selector": { "matchLabels": { "app": "pets" } }, "allNamespaces": true } },
            "b-oidc": { "jwt": { "issuerUrl": "https://idp.example.com" } },
            "c-jwks": { "jwt": { "jwksUrl": "https://idp.example.com/keys" } },
            "d-none": { "anonymous": {} },
            "e-odd": { "apiKey": { "selector": "app=pets" } },
            "f-odd": 7,
            "g-null": { "apiKey": null, "jwt": null },
            "h-empty": { "jwt": { "issuerUrl": "" } },
        },
    }));
    let methods: Vec<_> = scheme
        .authentications()
        .into_iter()
        .map(|entry| entry.method)
        .collect();
    let [Method::ApiKey(key), jwt, jwks, rest @ ..] = &methods[..] else {
        panic!("{methods:?}")
    };
    assert!(key.all_namespaces);
    assert_eq!(key.selector.match_labels.as_ref().unwrap()["app"], "pets");
    assert_eq!(
        jwt,
        &Method::Jwt {
            issuer_url: Some("https://idp.example.com".into())
        }
    );
    assert_eq!(jwks, &Method::Jwt { issuer_url: None });
    assert_eq!(
        rest[..4],
        [Method::Other, Method::Other, Method::Other, Method::Other]
    );
    assert_eq!(rest[4], Method::Jwt { issuer_url: None });
}

#[test]
fn a_scheme_that_is_none_has_no_entries() {
    for odd in [
        json!({}),
        json!({ "authentication": null }),
        json!({ "authentication": [1] }),
    ] {
        assert!(scheme(odd).authentications().is_empty());
    }
}

#[test]
fn the_stored_form_is_pruned_and_defaulted_as_the_crd_does() {
    let written = scheme(json!({
        "authentication": {
            "users": {
                "apiKey": { "selector": { "matchLabels": { "app": "pets" } }, "unknown": 1 },
                "credentials": {},
                "cache": { "key": { "value": { "kept": "as it is" } }, "ttl": null },
            },
        },
        "metadata": { "extra": { "http": { "url": "https://example.com" }, "when": [{ "predicate": "true" }] } },
        "unknown": {},
    }));
    let stored = written.as_stored();
    assert_eq!(
        serde_json::to_value(&stored).unwrap(),
        json!({
            "authentication": {
                "users": {
                    "apiKey": { "selector": { "matchLabels": { "app": "pets" } }, "allNamespaces": false },
                    "credentials": {},
                    "cache": { "key": { "value": { "kept": "as it is" } }, "ttl": 60 },
                    "metrics": false,
                    "priority": 0,
                },
            },
            "metadata": {
                "extra": {
                    "http": {
                        "url": "https://example.com",
                        "method": "GET",
                        "contentType": "application/x-www-form-urlencoded",
                    },
                    "when": [{ "predicate": "true" }],
                    "metrics": false,
                    "priority": 0,
                },
            },
        })
    );
    assert_eq!(stored.as_stored(), stored, "what is stored stays as it is");
}
