//! The authentication scheme is carried faithfully and read in one order.

use keydesk_api::{AuthScheme, Method};
use proptest::prelude::{Just, Strategy, any, prop, prop_assert_eq, prop_oneof, proptest};
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

#[test]
fn an_entry_that_the_api_server_would_refuse_is_left_out_whole() {
    let stored = scheme(json!({
        "authentication": {
            "fine": { "apiKey": { "selector": { "matchLabels": { "app": "pets" } } }, "cache": null },
            "half-a-selector": { "apiKey": { "selector": { "matchExpressions": [{ "key": "tier" }] } } },
            "no-selector": { "apiKey": { "allNamespaces": true } },
            "odd": 7,
            "odd-label": { "apiKey": { "selector": { "matchLabels": { "app": "pets", "tier": 1 } } } },
            "odd-operator": { "when": [{ "operator": "like" }] },
            "odd-priority": { "priority": "first" },
            "two-issuers": { "jwt": { "issuerUrl": "https://idp", "jwksUrl": "https://idp/keys" } },
        },
        "metadata": { "two-sources": { "userInfo": { "identitySource": "a", "userInfoUrl": "https://idp" } } },
        "response": { "unauthorized": { "code": 299 }, "unauthenticated": { "code": 600 } },
        "authorization": "none",
    }))
    .as_stored();
    let names: Vec<_> = stored
        .authentications()
        .into_iter()
        .map(|entry| entry.name)
        .collect();
    assert_eq!(names, ["fine"]);
    assert_eq!(stored.0["metadata"], json!({}));
    assert!(!stored.0.contains_key("response"));
    assert!(!stored.0.contains_key("authorization"));
}

/// Any JSON, with the names that the schema knows among its keys.
fn any_json() -> impl Strategy<Value = Value> {
    let key = prop::sample::select(vec![
        "authentication",
        "metadata",
        "response",
        "apiKey",
        "selector",
        "matchLabels",
        "cache",
        "key",
        "ttl",
        "when",
        "priority",
        "http",
        "success",
        "headers",
        "unknown",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[a-z]{0,3}".prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 40, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(key.clone(), inner, 0..5).prop_map(|fields| fields
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect()),
        ]
    })
}

proptest! {
    #[test]
    fn storing_twice_changes_nothing(value in any_json()) {
        if let Value::Object(fields) = value {
            let once = AuthScheme(fields).as_stored();
            prop_assert_eq!(once.as_stored(), once);
        }
    }

    #[test]
    fn reading_entries_never_fails(value in any_json()) {
        let named = AuthScheme(serde_json::Map::from_iter([("authentication".to_owned(), value.clone())]));
        let entries = value.as_object().map_or(0, serde_json::Map::len);
        prop_assert_eq!(named.authentications().len(), entries);
    }
}
