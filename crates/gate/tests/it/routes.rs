//! Which route a call is on, and whose word counts for it.

use keydesk_core::NamespacedName;
use keydesk_testkit::fixtures::{self, but, on_gateway};
use serde_json::{Value, json};

use crate::ask::{Call, HOST, WAYS, Way};
use crate::key::Key;
use crate::objects::{gateway, gold, plans};
use crate::running::Setup;
use crate::stage::{Stage, TOYSTORE, TOYSTORE_HOST};

/// The same with a route that takes `/api` only.
async fn under_api() -> (Stage, Key) {
    let stage = Stage::unlimited().await;
    let rules = json!([{ "matches": [{ "path": { "type": "PathPrefix", "value": "/api" } }] }]);
    stage
        .patch(&fixtures::route(), &json!({ "spec": { "rules": rules } }))
        .await;
    let key = Key::new("ada");
    stage.grant(&key).await;
    (stage, key)
}

#[tokio::test]
async fn a_path_that_may_be_read_in_two_ways_is_refused() {
    let (stage, key) = under_api().await;
    let gate = stage.gate().await;
    for target in [
        "/api/../admin",
        "/admin/../api/games",
        "/api/%2e%2e/admin",
        "/api/%2E./admin",
        "//api/games",
        "/api%2fgames",
        "/api%5C..%5Cadmin",
        "/api/..",
    ] {
        for way in WAYS {
            let said = gate
                .asking
                .ask(way, &Call::get(target).presenting(&key.value))
                .await;
            let status = if way == Way::Nginx { 403 } else { 400 };
            assert_eq!(
                (said.status, said.why().as_str()),
                (status, "bad_request"),
                "{way:?} {target}"
            );
        }
    }
    for (target, status) in [
        ("/api", 200),
        ("/api/", 200),
        ("/api/a%20b", 200),
        ("/api//games", 200),
        ("/api/./games", 200),
        ("/apis", 404),
        ("/", 404),
    ] {
        assert_eq!(
            gate.status(&Call::get(target).presenting(&key.value)).await,
            status,
            "{target}"
        );
    }
}

#[tokio::test]
async fn a_host_is_itself_in_any_case_and_with_its_port() {
    let (stage, key) = under_api().await;
    let gate = stage.gate().await;
    let call = Call::with(&key);
    for (host, status) in [
        (HOST.to_owned(), 200),
        (HOST.to_ascii_uppercase(), 200),
        (format!("{HOST}:8000"), 200),
        (format!("x.{HOST}"), 404),
        ("gamestore.example.com".to_owned(), 404),
    ] {
        for way in [Way::ForwardAuth, Way::Grpc] {
            let said = gate.asking.ask(way, &call.clone().host(&host)).await;
            assert_eq!(said.status, status, "{way:?} {host}");
        }
    }
}

#[tokio::test]
async fn a_route_that_its_gateway_did_not_accept_is_none() {
    let stage = Stage::unlimited().await;
    let key = Key::new("ada");
    stage.grant(&key).await;
    stage.accept(&fixtures::route(), false).await;
    let gate = stage.gate().await;
    assert_eq!(
        gate.verdict(&Call::with(&key)).await,
        (404, "no_route".to_owned())
    );
    stage.accept(&fixtures::route(), true).await;
    gate.soon_answers(&Call::with(&key), 200).await;
    stage.accept(&fixtures::route(), false).await;
    gate.soon_answers(&Call::with(&key), 404).await;
}

/// Everything that an attacker can make in a namespace of theirs, for a route on the game store's host that claims
/// to hang on this parent: a policy that takes their own keys, and a product with a key that they approve.
async fn attack(stage: &Stage, path: &str, parents: &Value) -> (Value, Key) {
    let namespace = json!({ "metadata": { "namespace": TOYSTORE } });
    stage.second_store().await;
    let rules = json!([{ "matches": [{ "path": { "type": "PathPrefix", "value": path } }] }]);
    let route = but(
        but(fixtures::route(), &namespace),
        &json!({
            "metadata": { "name": "attack" },
            "spec": { "parentRefs": parents, "hostnames": [HOST], "rules": rules },
        }),
    );
    stage.create(&route).await;
    let target = json!({ "metadata": { "name": "attack" }, "spec": { "targetRef": { "name": "attack" } } });
    stage
        .policy(&but(but(fixtures::auth_policy(), &namespace), &target))
        .await;
    stage
        .create(&but(but(fixtures::product(), &namespace), &target))
        .await;
    let key = Key::new("mallory").of_product(TOYSTORE, "attack");
    stage.grant(&key).await;
    (route, key)
}

#[tokio::test]
async fn a_strangers_route_on_the_same_host_opens_nothing() {
    let stage = Stage::unlimited().await;
    let good = Key::new("ada");
    stage.grant(&good).await;
    let parent = json!([{ "name": "gamestore", "namespace": "gamestore" }]);
    let (route, key) = attack(&stage, "/api/games", &parent).await;
    let call = Call::with(&key);
    let gate = stage.gate().await;
    assert_eq!(gate.status(&call).await, 401, "nobody accepted it");
    // Somebody says that it was accepted, but the listener takes routes of its own namespace only.
    stage.accept(&route, true).await;
    let gate = stage.gate().await;
    assert_eq!(gate.status(&call).await, 401, "the listener does not take it");
    assert_eq!(gate.status(&Call::with(&good)).await, 200);
    // A gateway of the stranger's own takes it: that is for calls through that gateway, where this gate does not stand.
    let own = json!({ "spec": { "parentRefs": [{ "name": "gamestore", "namespace": TOYSTORE }] } });
    let moved = stage.patch(&route, &own).await;
    stage.accept(&moved, true).await;
    let setup = Setup {
        gateways: vec![NamespacedName::new("gamestore", "gamestore")],
        ..Setup::default()
    };
    let gate = stage.gate_with(setup).await;
    assert_eq!(gate.status(&call).await, 401, "through the game store's gateway");
    assert_eq!(gate.status(&Call::with(&good)).await, 200);
}

#[tokio::test]
async fn a_gate_that_stands_at_one_gateway_knows_no_routes_of_others() {
    let stage = Stage::open().await;
    stage.second_store().await;
    let (games, toys) = (Key::new("ada"), Key::new("bea").of_toystore());
    stage.grant(&games).await;
    stage.grant(&toys).await;
    let calls = [Call::with(&games), Call::with(&toys).host(TOYSTORE_HOST)];
    for (gateways, statuses) in [
        (vec![], [200, 200]),
        (vec!["gamestore"], [200, 404]),
        (vec![TOYSTORE], [404, 200]),
    ] {
        let setup = Setup {
            gateways: gateways
                .iter()
                .map(|namespace| NamespacedName::new(*namespace, "gamestore"))
                .collect(),
            ..Setup::default()
        };
        let gate = stage.gate_with(setup).await;
        let [one, two] = &calls;
        assert_eq!(
            [gate.status(one).await, gate.status(two).await],
            statuses,
            "{gateways:?}"
        );
    }
}

#[tokio::test]
async fn a_listener_for_other_namespaces_takes_what_it_allows() {
    let stage = Stage::unlimited().await;
    let parent = json!([{ "name": "gamestore", "namespace": "gamestore", "sectionName": "http" }]);
    let (route, key) = attack(&stage, "/toys", &parent).await;
    stage.accept(&route, true).await;
    let call = Call::get("/toys").presenting(&key.value);
    // Where it is not taken, the call is on the game store's route; None takes not even that.
    for (from, status) in [("Same", 401), ("None", 404), ("All", 200)] {
        let mut listeners = gateway()["spec"]["listeners"].clone();
        listeners[0]["allowedRoutes"]["namespaces"]["from"] = json!(from);
        stage
            .patch(&gateway(), &json!({ "spec": { "listeners": listeners } }))
            .await;
        let gate = stage.gate().await;
        assert_eq!(gate.status(&call).await, status, "{from}");
    }
}

#[tokio::test]
async fn plans_on_the_gateway_hold_for_routes_without_plans_of_their_own() {
    let stage = Stage::unlimited().await;
    let key = Key::new("ada");
    stage.grant(&key).await;
    stage
        .policy(&on_gateway(plans(&gold(&json!({ "daily": 2 }))), "gamestore"))
        .await;
    let gate = stage.gate().await;
    assert_eq!(gate.statuses(&Call::with(&key), 3).await, [200, 200, 429]);
}
