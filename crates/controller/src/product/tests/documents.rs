//! What becomes of documents.

use std::sync::Arc;

use keydesk_api::condition::ProductAspect;
use keydesk_api::v1alpha1::APIProductStatus;
use keydesk_catalog::Attached;
use serde_json::json;

use super::super::discovery::{Document, Wish, wishes};
use super::super::gather::Seen;
use super::super::plan::{Text, plan};
use super::{
    auth_policy, decode, failed, fetched, now, outcome, refreshed, says, seen, with_jwt, with_status,
};
use crate::fetch::Outcome;

#[test]
fn an_issuer_is_asked_once_and_again_when_it_changes() {
    let mut seen = Seen {
        auth_policies: Attached {
            to_route: vec![with_jwt("http://idp/a/")],
            to_gateways: Vec::new(),
        },
        ..seen()
    };
    let document = r#"{"issuer": "http://idp/a", "token_endpoint": "http://idp/a/token"}"#;
    let wish = wishes(&seen, now()).oidc;
    assert!(
        matches!(&wish, Wish::Fetch(wanted) if wanted.url == "http://idp/a/.well-known/openid-configuration")
    );
    seen.oidc = fetched(wish, outcome(Ok(document)));
    let status = plan(&seen, now()).status;
    assert_eq!(
        status.oidc_discovery.as_ref().unwrap().token_endpoint,
        "http://idp/a/token"
    );
    assert_eq!(
        says(&status, ProductAspect::OIDCDiscovered),
        "True Discovered: OIDC discovery fetched from http://idp/a/"
    );

    let mut seen = with_status(&seen, status);
    assert!(matches!(wishes(&seen, now()).oidc, Wish::Keep(..)));
    seen.auth_policies.to_route = vec![with_jwt("http://idp/b")];
    assert!(matches!(wishes(&seen, now()).oidc, Wish::Fetch(_)));
    seen.oidc = Document::Pending;
    let status = plan(&seen, now()).status;
    assert_eq!(status.oidc_discovery, None);

    seen.oidc = fetched(wishes(&seen, now()).oidc, outcome(Err(failed(500))));
    assert_eq!(
        says(&plan(&seen, now()).status, ProductAspect::OIDCDiscovered),
        "False DiscoveryFailed: Failed to fetch OIDC discovery from http://idp/b: unexpected status code: 500"
    );
}

#[test]
fn a_discovery_outlives_a_policy_that_is_not_in_force_but_not_one_without_issuer() {
    let discovered = APIProductStatus {
        oidc_discovery: Some(keydesk_api::v1alpha1::OidcDiscovery {
            token_endpoint: "http://idp/token".into(),
        }),
        ..APIProductStatus::default()
    };
    for (ready, remains) in [(false, true), (true, false)] {
        let mut seen = with_status(&seen(), discovered.clone());
        seen.auth_policies.to_route = vec![auth_policy("keys", ready, &json!({}))];
        assert_eq!(plan(&seen, now()).status.oidc_discovery.is_some(), remains);
    }
}

fn documented() -> Seen {
    let mut seen = seen();
    let product = Arc::make_mut(&mut seen.product);
    product.spec.documentation = Some(decode(json!({ "openAPISpecURL": "http://specs/store.json" })));
    seen
}

#[test]
fn a_document_is_fetched_once_for_each_generation_and_limit() {
    let mut seen = documented();
    seen.openapi = Document::Pending;
    assert_eq!(plan(&seen, now()).status.observed_generation, None);
    seen.openapi = fetched(wishes(&seen, now()).openapi, outcome(Ok("{}")));
    let done = plan(&seen, now());
    assert_eq!((done.text, done.status.observed_generation), (Text::New, Some(1)));
    let openapi = done.status.openapi.clone().unwrap();
    assert_eq!(
        (openapi.raw.as_str(), openapi.max_size_used),
        ("{}", Some(512_000))
    );
    assert_eq!(
        says(&done.status, ProductAspect::OpenAPISpecReady),
        "True SpecFetched: OpenAPI spec was successfully fetched"
    );

    let mut seen = with_status(&seen, done.status);
    assert!(matches!(wishes(&seen, now()).openapi, Wish::Keep(..)));
    seen.max_size = 1000;
    assert!(matches!(wishes(&seen, now()).openapi, Wish::Fetch(_)));
    seen.max_size = 512_000;
    Arc::make_mut(&mut seen.product).metadata.generation = Some(2);
    assert!(matches!(wishes(&seen, now()).openapi, Wish::Fetch(_)));
    Arc::make_mut(&mut seen.product).spec.documentation = None;
    seen.openapi = Document::None;
    let gone = plan(&seen, now()).status;
    assert_eq!(
        (
            gone.openapi.is_none(),
            says(&gone, ProductAspect::OpenAPISpecReady)
        ),
        (true, String::new())
    );
}

#[test]
fn failing_as_before_changes_nothing() {
    let mut seen = documented();
    seen.openapi = fetched(wishes(&seen, now()).openapi, outcome(Err(failed(404))));
    let status = plan(&seen, now()).status;
    assert_eq!(status.openapi.as_ref().unwrap().raw, "");
    assert!(says(&status, ProductAspect::OpenAPISpecReady).contains("unexpected status code 404"));
    let mut seen = with_status(&seen, status.clone());
    let later = "2026-06-01T13:00:00Z".parse().unwrap();
    let again = Outcome {
        at: later,
        ..outcome(Err(failed(404)))
    };
    seen.openapi = fetched(wishes(&seen, now()).openapi, again);
    assert_eq!(plan(&seen, later).status, status);
}

/// A product with a document from now, and the plan that wrote it.
fn with_document() -> Seen {
    let mut seen = documented();
    seen.openapi = fetched(wishes(&seen, now()).openapi, outcome(Ok("{}")));
    let status = plan(&seen, now()).status;
    with_status(&seen, status)
}

#[test]
fn a_document_that_cannot_be_refreshed_stays_and_is_said_to_be_stale() {
    let mut seen = with_document();
    let before = seen.product.status.clone().unwrap();
    seen.openapi = refreshed(wishes(&seen, now()).openapi, outcome(Err(failed(503))));
    let stale = plan(&seen, now());
    assert_eq!((stale.text, &stale.status.openapi), (Text::Kept, &before.openapi));
    assert_eq!(
        says(&stale.status, ProductAspect::OpenAPISpecReady),
        "True SpecStale: OpenAPI spec was fetched, but may be outdated: failed to fetch OpenAPI spec from \
         http://specs/store.json: unexpected status code 503. It is tried again by itself"
    );

    let mut seen = with_status(&seen, stale.status.clone());
    let Wish::Keep(_, holding) = wishes(&seen, now()).openapi else {
        panic!("a stale document is kept")
    };
    assert!(holding.is_stale && holding.since == now());
    seen.openapi = Document::Kept { confirmed: false };
    assert_eq!(
        plan(&seen, now()).status,
        stale.status,
        "after a restart nothing is known"
    );
    seen.openapi = Document::Kept { confirmed: true };
    assert_eq!(plan(&seen, now()).status, before);
}

#[test]
fn a_refreshed_document_takes_the_place_of_the_one_before() {
    let mut seen = with_document();
    let later = "2026-06-01T18:00:00Z".parse().unwrap();
    let news = Outcome {
        at: later,
        ..outcome(Ok("{ }"))
    };
    seen.openapi = refreshed(wishes(&seen, now()).openapi, news);
    let done = plan(&seen, later);
    let openapi = done.status.openapi.unwrap();
    assert_eq!(
        (done.text, openapi.raw.as_str(), openapi.last_sync_time.0),
        (Text::Refreshed, "{ }", later)
    );
}

#[test]
fn an_endpoint_outlives_an_issuer_that_is_down() {
    let mut seen = Seen {
        auth_policies: Attached {
            to_route: vec![with_jwt("http://idp")],
            to_gateways: Vec::new(),
        },
        ..seen()
    };
    let document = |path| format!(r#"{{"issuer": "http://idp", "token_endpoint": "http://idp/{path}"}}"#);
    seen.oidc = fetched(wishes(&seen, now()).oidc, outcome(Ok(&document("token"))));
    let mut seen = with_status(&seen, plan(&seen, now()).status);
    let discovered = seen.product.status.clone().unwrap();

    seen.oidc = refreshed(wishes(&seen, now()).oidc, outcome(Err(failed(500))));
    let stale = plan(&seen, now()).status;
    assert_eq!(stale.oidc_discovery, discovered.oidc_discovery);
    assert_eq!(
        says(&stale, ProductAspect::OIDCDiscovered),
        "True DiscoveryStale: OIDC discovery fetched from http://idp, but it may be outdated: unexpected status code: 500. It is \
         tried again by itself"
    );
    let mut seen = with_status(&seen, stale.clone());
    seen.oidc = Document::Kept { confirmed: false };
    assert_eq!(plan(&seen, now()).status, stale);
    seen.oidc = Document::Kept { confirmed: true };
    assert_eq!(plan(&seen, now()).status, discovered);
    seen.oidc = refreshed(wishes(&seen, now()).oidc, outcome(Ok(&document("moved"))));
    let moved = plan(&seen, now()).status;
    assert_eq!(moved.oidc_discovery.unwrap().token_endpoint, "http://idp/moved");
}
