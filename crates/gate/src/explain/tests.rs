//! One story for each thing that can become of a call, and what is then said.

use std::collections::BTreeMap;

use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use keydesk_api::meta::{annotation, label};
use keydesk_catalog::{Affected, Catalog, Object};
use keydesk_core::{Digest, NamespacedName};
use keydesk_feed::{KeySecret, SecretEvent};
use keydesk_quota::{Counters, Scope as CounterScope, Store};
use keydesk_testkit::Address;
use keydesk_testkit::fixtures::{self, KEY_VALUE, but};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{
    Carriers, Explanation, KeyInHand, Known, Obstacle, Question, RouteFinding, Stands, claims, explain,
    foretell,
};
use crate::gate::{Gate, State};
use crate::index::{Index, Scope};

const HOST: &str = "api.gamestore.example.com";

/// A cluster of a few objects, and a gate that knows it.
struct Scene {
    catalog: Catalog,
    secrets: Vec<KeySecret>,
    affected: Affected,
}

#[expect(clippy::unnecessary_box_returns, reason = "a catalog takes objects in boxes")]
fn read<K: DeserializeOwned>(mut object: Value) -> Box<K> {
    object["metadata"]["uid"] = json!("uid");
    object["metadata"]["creationTimestamp"] = json!("2026-01-01T00:00:00Z");
    Box::new(serde_json::from_value(object).unwrap())
}

fn gateway() -> Value {
    json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway",
        "metadata": { "name": "gamestore", "namespace": "gamestore" },
        "spec": { "gatewayClassName": "keydesk", "listeners": [{ "name": "http", "protocol": "HTTP", "port": 80 }] },
    })
}

fn accepted(accepted: &str) -> Value {
    let mut route = fixtures::route();
    let parent = route["spec"]["parentRefs"][0].clone();
    route["status"] = json!({ "parents": [{
        "parentRef": parent, "controllerName": "example.com/gateway",
        "conditions": [{ "type": "Accepted", "status": accepted, "reason": "NotAllowedByListeners", "message": "no" }],
    }]});
    route
}

impl Scene {
    fn empty() -> Self {
        let mut scene = Self {
            catalog: Catalog::default(),
            secrets: Vec::new(),
            affected: Affected::default(),
        };
        scene.put(Object::Kuadrant(read(fixtures::kuadrant())));
        scene.put(Object::Gateway(read(gateway())));
        scene
    }

    /// The game store, and a key that waits.
    fn asked() -> Self {
        let mut scene = Self::empty();
        scene.put(Object::Route(read(accepted("True"))));
        scene.put(Object::AuthPolicy(read(fixtures::auth_policy())));
        scene.put(Object::PlanPolicy(read(fixtures::plan_policy())));
        scene.put(Object::Product(read(fixtures::product())));
        scene.put(Object::Key(read(fixtures::key())));
        scene
    }

    /// The same with an approval, and the enforcement secret with `value`.
    fn approved(value: &str) -> Self {
        let mut scene = Self::asked();
        scene.put(Object::Approval(read(fixtures::approval())));
        scene.enforce(value);
        scene
    }

    fn put(&mut self, object: Object) {
        let affected = self.catalog.apply(object);
        self.affected.merge(affected);
    }

    fn enforce(&mut self, value: &str) {
        let Address { namespace, name, .. } = fixtures::enforcement_of(&fixtures::key());
        let labels = [
            (label::ENFORCEMENT, label::ENFORCEMENT_VALUE),
            ("app", "gamestore"),
            ("role", "admin"),
        ];
        self.secrets.push(KeySecret {
            id: NamespacedName::new(namespace, name),
            uid: "uid".to_owned(),
            created_at: None,
            labels: labels
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
            annotations: BTreeMap::new(),
            digest: Some(Digest::of(value.as_bytes())),
        });
    }

    async fn explain(self, call: &Asked) -> Explanation {
        let now = Timestamp::now();
        let Self {
            catalog,
            secrets,
            affected,
        } = self;
        let mut index = Index::new(Scope::default());
        index.look(affected, &catalog, now);
        index.secrets(SecretEvent::Listed(secrets), &catalog, now);
        let gate = Gate::new(Store::Memory(Counters::default().into()), CounterScope::Key);
        gate.publish(index.snapshot());
        gate.set_state(State::Current);
        let key = call.key.map(in_hand);
        let mut headers = HeaderMap::new();
        for (name, value) in call.headers {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        let question = Question {
            host: call.host,
            method: "GET",
            target: call.target,
            headers: &headers,
            key: key.as_ref(),
        };
        let foretold = foretell(&gate, &question, now).await;
        let snapshot = gate.snapshot();
        let known = Known {
            snapshot: &snapshot,
            catalog: &catalog,
            scope: &Scope::default(),
        };
        // Its consumer's Secret always carries the value of the scenarios.
        let own = |digest: Digest| digest == Digest::of(KEY_VALUE.as_bytes());
        let keys = claims(known, &foretold.verdict).into_iter();
        let carriers = Carriers {
            keys: keys
                .filter(|_| foretold.digest.is_some_and(own))
                .map(|claim| claim.key)
                .collect(),
            unread: 0,
        };
        let explanation = explain(known, &question, &foretold, &carriers, now);
        let printed = format!("{explanation:?} {}", serde_json::to_string(&explanation).unwrap());
        for value in [Some(KEY_VALUE), call.key].into_iter().flatten() {
            assert!(!printed.contains(value), "{printed}");
        }
        explanation
    }
}

fn in_hand(value: &str) -> KeyInHand {
    KeyInHand::new(Zeroizing::new(value.as_bytes().to_vec())).unwrap()
}

struct Asked {
    host: &'static str,
    target: &'static str,
    headers: &'static [(&'static str, &'static str)],
    key: Option<&'static str>,
}

/// A call with a key in hand.
const WITH_KEY: Asked = Asked {
    host: HOST,
    target: "/games",
    headers: &[],
    key: Some(KEY_VALUE),
};

#[track_caller]
fn check(explanation: &Explanation, code: &str, turn: &str) {
    let outcome = &explanation.outcome;
    assert_eq!(outcome.code, code, "{explanation:#?}");
    let said = outcome.turn.as_deref().unwrap_or_default();
    assert!(said.contains(turn), "{turn:?} is not in {said:?}");
}

#[tokio::test]
async fn a_key_in_force_passes_and_its_plan_is_told() {
    let explanation = Scene::approved(KEY_VALUE).explain(&WITH_KEY).await;
    check(&explanation, "pass", "");
    assert!(explanation.outcome.passes);
    let RouteFinding::Rule { rule } = &explanation.route else {
        panic!("{:?}", explanation.route)
    };
    assert_eq!(
        (rule.route.to_string().as_str(), rule.rule),
        ("gamestore/gamestore", 1)
    );
    assert_eq!(rule.takes, ["any method, paths under /"]);
    let policy = explanation.policy.unwrap();
    assert_eq!(
        policy.auth_policy.unwrap().to_string(),
        "gamestore/gamestore-auth"
    );
    assert_eq!(policy.entries[0].expects, "header `Authorization: APIKEY …`");
    let plan = explanation.plan.unwrap();
    assert_eq!(plan.tier.as_deref(), Some("gold"));
    assert!(plan.predicate.unwrap().ends_with(r#"== "gold""#));
    assert_eq!(
        (plan.limits[0].limit, plan.limits[0].window.as_str()),
        (100, "24h")
    );
    let [owner] = explanation.key.owners.as_slice() else {
        panic!("{:?}", explanation.key)
    };
    assert!(matches!(owner.stands, Stands::Approved { .. }) && owner.obstacle.is_none());
}

#[tokio::test]
async fn a_key_that_waits_names_the_request() {
    let explanation = Scene::asked().explain(&WITH_KEY).await;
    let request = fixtures::request_name("consumer-app", "gamestore-apikey");
    check(&explanation, "invalid_key", &request);
    assert!(matches!(explanation.key.owners[0].stands, Stands::Pending { .. }));
    assert_eq!(explanation.plan, None);
}

#[tokio::test]
async fn a_denial_says_by_whom() {
    let mut scene = Scene::asked();
    scene.put(Object::Approval(read(fixtures::denial("Not yet"))));
    let explanation = scene.explain(&WITH_KEY).await;
    check(
        &explanation,
        "invalid_key",
        "the owner of gamestore/gamestore-api",
    );
    let Stands::Denied { by, message, .. } = &explanation.key.owners[0].stands else {
        panic!("{:?}", explanation.key)
    };
    assert_eq!(
        (by.as_str(), message.as_str()),
        ("api-owner@gamestore.com", "Not yet")
    );
}

#[tokio::test]
async fn an_expired_key_says_when_it_ended() {
    let mut scene = Scene::approved(KEY_VALUE);
    let ended = json!({ "spec": { "expiresAt": "2026-02-01T00:00:00Z" } });
    scene.put(Object::Key(read(but(fixtures::key(), &ended))));
    let explanation = scene.explain(&WITH_KEY).await;
    check(&explanation, "key_expired", "ask for a later end");
    let Stands::Expired { at } = explanation.key.owners[0].stands else {
        panic!("{:?}", explanation.key)
    };
    assert_eq!(at.to_string(), "2026-02-01T00:00:00Z");
}

#[tokio::test]
async fn terms_that_changed_since_are_told_and_the_approved_ones_hold() {
    let mut scene = Scene::approved(KEY_VALUE);
    let terms = r#"{"namespace":"consumer-app","product":{"name":"gamestore-api","namespace":"gamestore"},"tier":"gold","userId":"user-12345"}"#;
    let bound = json!({ "metadata": { "annotations": { annotation::TERMS: terms } } });
    scene.put(Object::Approval(read(but(fixtures::approval(), &bound))));
    let silver = json!({ "spec": { "planTier": "silver" } });
    scene.put(Object::Key(read(but(fixtures::key(), &silver))));
    let explanation = scene.explain(&WITH_KEY).await;
    check(&explanation, "pass", "");
    let owner = &explanation.key.owners[0];
    assert!(owner.terms_changed);
    assert_eq!(owner.tier.as_deref(), Some("gold"));
}

#[tokio::test]
async fn an_enforcement_secret_that_is_missing_or_differs_is_told_apart() {
    let mut scene = Scene::asked();
    scene.put(Object::Approval(read(fixtures::approval())));
    let explanation = scene.explain(&WITH_KEY).await;
    check(&explanation, "invalid_key", "the platform team");
    assert!(matches!(
        explanation.key.owners[0].obstacle,
        Some(Obstacle::EnforcementMissing { .. })
    ));
    let explanation = Scene::approved("another").explain(&WITH_KEY).await;
    check(&explanation, "invalid_key", "the platform team");
    assert!(matches!(
        explanation.key.owners[0].obstacle,
        Some(Obstacle::EnforcementDiffers { .. })
    ));
}

#[tokio::test]
async fn what_the_controller_misses_is_repeated() {
    let mut scene = Scene::asked();
    scene.put(Object::Approval(read(fixtures::approval())));
    let failed = json!({ "status": { "conditions": [{
        "type": "Failed", "status": "True", "reason": "SecretNotFound", "message": "no Secret",
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    }] } });
    scene.put(Object::Key(read(but(fixtures::key(), &failed))));
    let explanation = scene.explain(&WITH_KEY).await;
    let Some(Obstacle::EnforcementMissing { controller_says, .. }) = &explanation.key.owners[0].obstacle
    else {
        panic!("{:?}", explanation.key)
    };
    assert_eq!(controller_says.as_deref(), Some("SecretNotFound: no Secret"));
}

#[tokio::test]
async fn a_key_of_another_product_names_those_that_are_good_here() {
    let mut scene = Scene::approved(KEY_VALUE);
    let elsewhere = json!({ "spec": { "targetRef": { "name": "other" } } });
    scene.put(Object::Product(read(but(fixtures::product(), &elsewhere))));
    let vault = json!({ "metadata": { "name": "vault" } });
    scene.put(Object::Product(read(but(fixtures::product(), &vault))));
    let explanation = scene.explain(&WITH_KEY).await;
    check(&explanation, "invalid_key", "ask for a key of gamestore/vault");
    assert_eq!(explanation.key.owners[0].obstacle, Some(Obstacle::OtherProduct));
}

#[tokio::test]
async fn a_secret_that_no_entry_selects_is_told() {
    let mut scene = Scene::approved(KEY_VALUE);
    let role = json!({ "spec": { "rules": { "authentication": { "vip-users": { "apiKey": { "selector": {
        "matchLabels": { "role": "guest" },
    } } } } } } });
    scene.put(Object::AuthPolicy(read(but(fixtures::auth_policy(), &role))));
    let explanation = scene.explain(&WITH_KEY).await;
    check(&explanation, "invalid_key", "the selector of the AuthPolicy");
}

#[tokio::test]
async fn a_value_that_nobody_has_is_nobodys() {
    let wrong = Asked {
        key: Some("not-a-key-of-anybody"),
        ..WITH_KEY
    };
    let explanation = Scene::approved(KEY_VALUE).explain(&wrong).await;
    check(&explanation, "invalid_key", "no APIKey has this value");
    assert!(explanation.key.owners.is_empty());
}

#[tokio::test]
async fn without_a_key_it_is_said_where_one_belongs() {
    let without = Asked {
        key: None,
        ..WITH_KEY
    };
    let explanation = Scene::approved(KEY_VALUE).explain(&without).await;
    check(
        &explanation,
        "credential_missing",
        "header `Authorization: APIKEY …`",
    );
}

#[tokio::test]
async fn a_key_that_the_call_carries_already_is_the_one() {
    let carried = Asked {
        headers: &[("authorization", "APIKEY abc123")],
        key: Some("something-else"),
        ..WITH_KEY
    };
    let explanation = Scene::approved(KEY_VALUE).explain(&carried).await;
    check(&explanation, "pass", "");
}

#[tokio::test]
async fn a_key_goes_wherever_its_entry_wants_it() {
    for (place, expects) in [
        (
            json!({ "customHeader": { "name": "X-Key" } }),
            "header `x-key: …`",
        ),
        (json!({ "queryString": { "name": "k" } }), "query parameter `k=…`"),
        (json!({ "cookie": { "name": "k" } }), "cookie `k=…`"),
    ] {
        let mut scene = Scene::approved(KEY_VALUE);
        let mut policy = fixtures::auth_policy();
        // The first entry takes other keys.
        let entries = &mut policy["spec"]["rules"]["authentication"];
        entries["vip-users"]["credentials"] = place;
        entries["guests"] = json!({ "apiKey": { "selector": { "matchLabels": { "role": "guest" } } } });
        scene.put(Object::AuthPolicy(read(policy)));
        let call = Asked {
            target: "/games?page=1",
            headers: &[("cookie", "a=b")],
            ..WITH_KEY
        };
        let explanation = scene.explain(&call).await;
        check(&explanation, "pass", "");
        assert_eq!(explanation.policy.unwrap().entries[1].expects, expects);
    }
}

#[tokio::test]
async fn a_key_where_other_keys_belong_is_sent_to_its_own_place() {
    let mut scene = Scene::approved(KEY_VALUE);
    let mut policy = fixtures::auth_policy();
    let entries = &mut policy["spec"]["rules"]["authentication"];
    entries["vip-users"]["credentials"] = json!({ "customHeader": { "name": "X-Key" } });
    entries["guests"] = json!({ "apiKey": { "selector": { "matchLabels": { "role": "guest" } } } });
    scene.put(Object::AuthPolicy(read(policy)));
    let call = Asked {
        headers: &[("authorization", "Bearer abc123")],
        key: None,
        ..WITH_KEY
    };
    let explanation = scene.explain(&call).await;
    check(&explanation, "invalid_key", "send the key in header `x-key: …`");
}

#[tokio::test]
async fn a_tier_that_no_predicate_takes_is_the_owners_to_mend() {
    let mut scene = Scene::approved(KEY_VALUE);
    let none = json!({ "spec": { "plans": [{ "tier": "platinum", "predicate": "false" }] } });
    scene.put(Object::PlanPolicy(read(but(fixtures::plan_policy(), &none))));
    let explanation = scene.explain(&WITH_KEY).await;
    check(&explanation, "plan_unresolved", "the owner of the API");
    assert_eq!(
        explanation.plan.unwrap().unresolved.as_deref(),
        Some("no predicate holds")
    );
}

#[tokio::test]
async fn a_part_that_is_not_evaluated_says_how_it_is_waived() {
    let mut scene = Scene::approved(KEY_VALUE);
    let opa = json!({ "spec": { "rules": { "authorization": { "admins": { "opa": {} } } } } });
    scene.put(Object::AuthPolicy(read(but(fixtures::auth_policy(), &opa))));
    let explanation = scene.explain(&WITH_KEY).await;
    check(
        &explanation,
        "policy_not_supported",
        r#"annotate AuthPolicy gamestore/gamestore-auth with keydesk.dev/gate-ignore: "authorization""#,
    );
}

#[tokio::test]
async fn other_ways_to_be_let_in_are_named() {
    let mut scene = Scene::approved(KEY_VALUE);
    let jwt = json!({ "jwt": { "issuerUrl": "https://oidc.example.com" } });
    let ways = json!({ "spec": { "rules": { "authentication": { "realm": jwt } } } });
    scene.put(Object::AuthPolicy(read(but(fixtures::auth_policy(), &ways))));
    let explanation = scene.explain(&WITH_KEY).await;
    check(&explanation, "pass", "");
    let ways = explanation.policy.unwrap().other_ways;
    assert_eq!((ways[0].name.as_str(), ways[0].way), ("realm", "jwt"));
}

#[tokio::test]
async fn without_a_policy_nobody_passes() {
    let mut scene = Scene::empty();
    scene.put(Object::Route(read(accepted("True"))));
    let explanation = scene.explain(&WITH_KEY).await;
    check(&explanation, "policy_not_supported", "attach an AuthPolicy");
}

#[tokio::test]
async fn a_host_that_no_route_names_and_one_that_no_gateway_took_are_told_apart() {
    let elsewhere = Asked {
        host: "api.example.org",
        ..WITH_KEY
    };
    let explanation = Scene::approved(KEY_VALUE).explain(&elsewhere).await;
    check(&explanation, "no_route", "give its HTTPRoute this hostname");
    assert_eq!(explanation.route, RouteFinding::NoHost { unserved: Vec::new() });
    assert_eq!(
        explanation.key.owners.len(),
        1,
        "whose it is is known all the same"
    );

    for (status, says) in [
        ("False", "NotAllowedByListeners: no"),
        ("Unknown", "has not said"),
    ] {
        let mut scene = Scene::approved(KEY_VALUE);
        scene.put(Object::Route(read(accepted(status))));
        let explanation = scene.explain(&WITH_KEY).await;
        check(&explanation, "no_route", "make the Gateway accept the route");
        let RouteFinding::NoHost { unserved } = &explanation.route else {
            panic!("{:?}", explanation.route)
        };
        assert!(unserved[0].why[0].contains(says), "{unserved:?}");
    }
}

#[tokio::test]
async fn a_path_that_no_rule_takes_lists_the_rules_that_there_are() {
    let mut scene = Scene::approved(KEY_VALUE);
    let rules = json!({ "spec": { "rules": [
        { "matches": [{ "path": { "type": "Exact", "value": "/api" }, "method": "POST" }] },
    ] } });
    scene.put(Object::Route(read(but(accepted("True"), &rules))));
    let explanation = scene.explain(&WITH_KEY).await;
    check(&explanation, "no_route", "check path and method");
    let RouteFinding::NoRule { rules } = &explanation.route else {
        panic!("{:?}", explanation.route)
    };
    assert_eq!(rules[0].takes, ["POST, path /api"]);
}

#[tokio::test]
async fn a_path_with_several_readings_shows_them() {
    let mut scene = Scene::approved(KEY_VALUE);
    let rules = json!({ "spec": { "rules": [
        { "matches": [{ "path": { "type": "PathPrefix", "value": "/open" } }] },
        { "matches": [{ "path": { "type": "PathPrefix", "value": "/admin" } }] },
    ] } });
    scene.put(Object::Route(read(but(accepted("True"), &rules))));
    let call = Asked {
        target: "/open/../admin",
        ..WITH_KEY
    };
    let explanation = scene.explain(&call).await;
    check(
        &explanation,
        "bad_request",
        "the one form that everybody reads alike",
    );
    let RouteFinding::Ambiguous { readings } = &explanation.route else {
        panic!("{:?}", explanation.route)
    };
    let met: Vec<_> = readings
        .iter()
        .map(|reading| {
            (
                reading.reading.as_str(),
                reading.rule.as_ref().map(|rule| rule.rule),
            )
        })
        .collect();
    assert_eq!(met, [("/open/../admin", Some(1)), ("/admin", Some(2))]);
}

#[tokio::test]
async fn what_cannot_be_read_is_told() {
    for (host, target, says) in [
        ("a b", "/", "the host"),
        (HOST, "games", "the path"),
        (HOST, "/%", "the path"),
    ] {
        let call = Asked {
            host,
            target,
            ..WITH_KEY
        };
        let explanation = Scene::approved(KEY_VALUE).explain(&call).await;
        check(&explanation, "bad_request", "the caller");
        let RouteFinding::Malformed { why } = &explanation.route else {
            panic!("{:?}", explanation.route)
        };
        assert!(why.starts_with(says), "{why}");
    }
}

#[test]
fn a_key_in_hand_is_read_without_the_end_of_its_line_and_never_printed() {
    let take = |text: &[u8]| KeyInHand::new(Zeroizing::new(text.to_vec()));
    for text in ["abc", "abc\n", "abc\r\n"] {
        assert_eq!(take(text.as_bytes()).unwrap().as_bytes(), b"abc");
    }
    assert_eq!(take(b" abc \n\n").unwrap().as_bytes(), b" abc \n");
    assert!(take(b"").is_none() && take(b"\n").is_none());
    assert_eq!(format!("{:?}", take(b"abc").unwrap()), "KeyInHand(..)");
}
