//! What is found at each location, and what is left of a call without it.

use std::collections::HashMap;

use http::{HeaderMap, HeaderName, HeaderValue};
use keydesk_api::Credentials;
use keydesk_api::foreign::AuthPolicy;

use super::{Location, Removal};

fn location(credentials: &str) -> Location {
    let credentials: Credentials = serde_json::from_str(credentials).unwrap();
    Location::from(&credentials)
}

fn apikey() -> Location {
    location(r#"{ "authorizationHeader": { "prefix": "APIKEY" } }"#)
}

fn headers(entries: &[(&'static str, &'static str)]) -> HeaderMap {
    let entries = entries.iter();
    entries
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
        .collect()
}

/// What is found of a call that came over HTTP, which must be what is found of it over gRPC.
fn found(location: &Location, entries: &[(&'static str, &'static str)], query: &str) -> Option<String> {
    let over_http = headers(entries);
    let over_grpc: HashMap<_, _> = over_http
        .keys()
        .map(|name| {
            let value = crate::Headers::get(&over_http, name.as_str()).unwrap();
            (name.to_string(), String::from_utf8(value.into_owned()).unwrap())
        })
        .collect();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let http = location
        .extract(&over_http, query)
        .map(|value| text(value.as_bytes()));
    let grpc = location
        .extract(&over_grpc, query)
        .map(|value| text(value.as_bytes()));
    assert_eq!(http, grpc);
    http
}

#[test]
fn a_policy_that_says_nothing_wants_a_bearer_token() {
    let bearer = Location::AuthorizationHeader {
        prefix: "Bearer".to_owned(),
    };
    for credentials in [
        "{}",
        r#"{ "authorizationHeader": {} }"#,
        r#"{ "authorizationHeader": { "prefix": "" } }"#,
    ] {
        assert_eq!(location(credentials), bearer, "{credentials}");
    }
    let policy: AuthPolicy = serde_json::from_str(
        r#"{ "spec": { "rules": { "authentication": { "users": { "apiKey": { "selector": {} } } } } } }"#,
    )
    .unwrap();
    let entries = policy.spec.effective_rules().unwrap().authentications();
    assert_eq!(Location::from(&entries[0].credentials), bearer);
}

#[test]
fn the_prefix_is_compared_in_its_case_and_ends_with_one_space() {
    for (header, key) in [
        ("APIKEY X", Some("X")),
        ("apikey X", None),
        ("APIKEY  X", Some(" X")),
        ("APIKEY\tX", None),
        ("APIKEYX", None),
        ("APIKEY", None),
        ("APIKEY ", Some("")),
        (" APIKEY X", None),
        ("APIKEY X y", Some("X y")),
        ("Bearer X", None),
    ] {
        assert_eq!(
            found(&apikey(), &[("authorization", header)], "").as_deref(),
            key,
            "{header}"
        );
    }
}

#[test]
fn the_key_is_found_in_each_place_and_in_no_other() {
    let header = location(r#"{ "customHeader": { "name": "X-API-Key" } }"#);
    let query = location(r#"{ "queryString": { "name": "api_key" } }"#);
    let cookie = location(r#"{ "cookie": { "name": "APIKEY" } }"#);
    let entries: &[_] = &[
        ("authorization", "APIKEY a"),
        ("x-api-key", "b"),
        ("cookie", "x=1; APIKEY=d"),
    ];
    let all =
        [&apikey(), &header, &query, &cookie].map(|location| found(location, entries, "x=1&api_key=c%2B"));
    assert_eq!(all.map(Option::unwrap), ["a", "b", "c+", "d"]);
    for (place, others) in [
        (&apikey(), &entries[1..]),
        (&header, &[entries[0], entries[2]]),
        (&cookie, &entries[..2]),
    ] {
        assert_eq!(found(place, others, "api_key=c"), None, "{place:?}");
    }
    assert_eq!(found(&query, entries, "other=c"), None);
}

#[test]
fn two_keys_are_one_wrong_key() {
    let header = location(r#"{ "customHeader": { "name": "X-API-Key" } }"#);
    let twice = found(&header, &[("x-api-key", "key"), ("x-api-key", "other")], "");
    assert_eq!(twice.as_deref(), Some("key,other"));
    assert_eq!(found(&header, &[("x-api-key", "key,other")], ""), twice);
    let twice = found(
        &apikey(),
        &[("authorization", "APIKEY a"), ("authorization", "APIKEY b")],
        "",
    );
    assert_eq!(twice.as_deref(), Some("a,APIKEY b"));
}

#[test]
fn the_first_parameter_counts_unless_it_is_empty() {
    let query = location(r#"{ "queryString": { "name": "api_key" } }"#);
    for (written, key) in [
        ("api_key=a&api_key=b", Some("a")),
        ("api_key=&api_key=b", None),
        ("api_key=a+b", Some("a b")),
        ("api%5Fkey=a", Some("a")),
        ("API_KEY=a", None),
        ("api_key", None),
        ("", None),
    ] {
        assert_eq!(found(&query, &[], written).as_deref(), key, "{written}");
    }
}

#[test]
fn the_first_cookie_counts() {
    let cookie = location(r#"{ "cookie": { "name": "k" } }"#);
    for (header, key) in [
        ("k=a; k=b", Some("a")),
        ("x=1;k=a=b", Some("a=b")),
        ("xk=a", None),
        ("K=a", None),
        ("k", None),
        ("k=", Some("")),
        ("k =a", None),
    ] {
        assert_eq!(
            found(&cookie, &[("cookie", header)], "").as_deref(),
            key,
            "{header}"
        );
    }
    assert_eq!(
        found(&cookie, &[("cookie", "x=1"), ("cookie", "k=a")], "").as_deref(),
        Some("a")
    );
}

#[test]
fn a_call_goes_on_without_its_key() {
    let removal =
        |credentials: &str, entries: &[_], query| location(credentials).removal(&headers(entries), query);
    let without = |name: &str| Removal::Header {
        name: name.to_owned(),
    };
    assert_eq!(
        removal("{}", &[("authorization", "Bearer a")], ""),
        without("authorization")
    );
    assert_eq!(removal("{}", &[], ""), Removal::Nothing);
    assert_eq!(
        removal(
            r#"{ "customHeader": { "name": "X-Key" } }"#,
            &[("x-key", "a")],
            ""
        ),
        without("x-key")
    );
    let cookies = |header| removal(r#"{ "cookie": { "name": "k" } }"#, &[("cookie", header)], "");
    let rest = |rest: &str| Removal::Cookies {
        rest: rest.as_bytes().to_vec().into(),
    };
    assert_eq!(cookies("a=1; k=x;b=2;; k=y"), rest("a=1; b=2"));
    assert_eq!(cookies("k=x"), without("cookie"));
    assert_eq!(cookies("a=1"), Removal::Nothing);
    let query = |query| removal(r#"{ "queryString": { "name": "api_key" } }"#, &[], query);
    let rest = |names: &[&str], rest: Option<&str>| Removal::Query {
        names: names.iter().map(|&name| name.to_owned()).collect(),
        rest: rest.map(|rest| rest.to_owned().into()),
    };
    assert_eq!(query("a=%31&api_key=x&b"), rest(&["api_key"], Some("a=%31&b")));
    assert_eq!(query("api_key=x"), rest(&["api_key"], None));
    assert_eq!(
        query("api_key=x&api%5Fkey=%zz&a"),
        rest(&["api%5Fkey", "api_key"], Some("a"))
    );
    assert_eq!(query("a=api_key"), Removal::Nothing);
}

#[test]
fn a_challenge_names_the_place_and_the_entry() {
    assert_eq!(
        apikey().challenge("api-key-users"),
        r#"APIKEY realm="api-key-users""#
    );
    let header = location(r#"{ "customHeader": { "name": "X-API-Key" } }"#);
    assert_eq!(header.challenge("users"), r#"x-api-key realm="users""#);
    let query = location(r#"{ "queryString": { "name": "api_key" } }"#);
    assert_eq!(query.challenge(r#"a"b\c"#), r#"api_key realm="a\"b\\c""#);
    let odd = location(r#"{ "cookie": { "name": "a b\r\nSet-Cookie: x" } }"#);
    let challenge = odd.challenge("x\r\né");
    assert_eq!(challenge, r#"abSet-Cookiex realm="x???""#);
    assert!(HeaderValue::from_str(&challenge).is_ok());
}

#[test]
fn a_key_is_not_printed() {
    let cookie = location(r#"{ "cookie": { "name": "k" } }"#);
    let headers = headers(&[("cookie", "k=sesame; other=sesame")]);
    let printed = format!(
        "{:?} {:?}",
        cookie.extract(&headers, ""),
        cookie.removal(&headers, "")
    );
    let query = location(r#"{ "queryString": { "name": "k" } }"#);
    let printed = format!("{printed} {:?}", query.removal(&headers, "k=sesame&x=sesame"));
    assert!(!printed.contains("sesame"), "{printed}");
}

#[test]
fn nothing_panics_on_odd_bytes() {
    let odd: &[&[u8]] = &[b"", b";;=", b"APIKEY \xff\xfe", b"k=\xff; \x80", b" "];
    let all = [
        apikey(),
        location(r#"{ "customHeader": { "name": "cookie" } }"#),
        location(r#"{ "cookie": { "name": "" } }"#),
        location(r#"{ "queryString": { "name": "" } }"#),
    ];
    for value in odd {
        let value = HeaderValue::from_bytes(value).unwrap();
        let headers: HeaderMap = [http::header::AUTHORIZATION, http::header::COOKIE]
            .map(|name| (name, value.clone()))
            .into_iter()
            .collect();
        for location in &all {
            for query in ["", "&&==%", "=%ff&=a", "é=%"] {
                let found = location.extract(&headers, query);
                let removal = location.removal(&headers, query);
                assert!(
                    found.is_none() || removal != Removal::Nothing,
                    "{location:?} {query}"
                );
            }
        }
    }
}
