//! The questions of Traefik, Caddy and nginx, as they come over the wire.

use serde_json::json;

use crate::ask::{Call, HOST, WAYS, Way};
use crate::key::Key;
use crate::objects::gold;
use crate::running::Setup;
use crate::stage::Stage;

/// A world in which every kind of answer can be had.
async fn every_answer() -> (Stage, [(Call, u16, &'static str); 5]) {
    let stage = Stage::open().await;
    let (good, used_up) = (Key::new("ada"), Key::new("bea").tier("free"));
    let planless = Key::new("cyd").tier("platinum");
    for key in [&good, &used_up, &planless] {
        stage.grant(key).await;
    }
    let answers = [
        (Call::with(&good), 200, ""),
        (Call::get("/api/games"), 401, "credential_missing"),
        (Call::with(&planless), 403, "plan_unresolved"),
        (Call::with(&used_up), 429, "limit_reached"),
        (Call::with(&good).host("nobody.example.com"), 404, "no_route"),
    ];
    (stage, answers)
}

#[tokio::test]
async fn c07_traefik_and_caddy_get_the_status_and_the_headers_that_they_pass_on() {
    let (stage, answers) = every_answer().await;
    let gate = stage.gate().await;
    gate.ask(&answers[3].0).await;
    for (call, status, why) in &answers {
        let said = gate.ask(call).await;
        assert_eq!((said.status, said.why().as_str()), (*status, *why));
        assert!(!said.headers.contains_key("x-keydesk-status"));
        match status {
            200 => {
                assert_eq!((said.header("x-plan"), said.body.as_str()), (Some("gold"), ""));
                assert_eq!(said.header("x-consumer"), Some("consumer-app/user-ada"));
            }
            401 => assert_eq!(
                said.header("www-authenticate"),
                Some("APIKEY realm=\"vip-users\"")
            ),
            429 => assert!(said.headers.contains_key("retry-after")),
            _ => assert!(!said.headers.contains_key("x-plan")),
        }
    }
}

#[tokio::test]
async fn c07_nginx_gets_no_status_that_it_would_turn_into_500() {
    let (stage, answers) = every_answer().await;
    let gate = stage.gate().await;
    gate.asking.ask(Way::Nginx, &answers[3].0).await;
    for (call, status, why) in &answers {
        let said = gate.asking.ask(Way::Nginx, call).await;
        let passed_on = match status {
            200 | 401 => *status,
            _ => 403,
        };
        assert_eq!((said.status, said.why().as_str()), (passed_on, *why));
        let real = said.header("x-keydesk-status").map(str::to_owned);
        assert_eq!(real, (*status != 200).then(|| status.to_string()));
        match status {
            200 => assert_eq!(said.header("x-plan"), Some("gold")),
            401 => assert!(said.headers.contains_key("www-authenticate")),
            429 => {
                assert!(said.headers.contains_key("retry-after"));
                assert_eq!(said.header("x-ratelimit-remaining"), Some("0"));
            }
            _ => {}
        }
    }
    let ambiguous = gate.asking.ask(Way::Nginx, &Call::get("/a%00b")).await;
    assert_eq!(
        (ambiguous.status, ambiguous.header("x-keydesk-status")),
        (403, Some("400"))
    );
}

#[tokio::test]
async fn c07_the_four_ways_to_ask_agree_and_count_together() {
    let stage = Stage::with_plans(&gold(&json!({ "daily": 4 }))).await;
    let key = Key::new("ada");
    stage.grant(&key).await;
    let gate = stage.gate().await;
    let call = Call::with(&key).method("DELETE");
    for (way, left) in WAYS.into_iter().zip(["3", "2", "1", "0"]) {
        let said = gate.asking.ask(way, &call).await;
        assert_eq!(
            (said.status, said.header("x-ratelimit-remaining")),
            (200, Some(left)),
            "{way:?}"
        );
    }
    for way in WAYS {
        assert_ne!(gate.asking.ask(way, &call).await.status, 200, "{way:?}");
    }
}

#[tokio::test]
async fn c07_a_proxy_that_leaves_out_or_doubles_what_the_call_is_is_told_so() {
    let stage = Stage::unlimited().await;
    let key = Key::new("ada");
    stage.grant(&key).await;
    let gate = stage.gate().await;
    let full = [
        ("x-forwarded-method", "GET"),
        ("x-forwarded-host", HOST),
        ("x-forwarded-uri", "/api/games"),
        ("authorization", &format!("APIKEY {}", key.value)),
    ];
    let ask = async |headers: &[(&str, &str)]| {
        let request = gate.asking.to("/v1/forward-auth");
        let request = headers
            .iter()
            .fold(request, |request, (name, value)| request.header(*name, *value));
        gate.asking
            .send(request.body(http_body_util::Full::default()).unwrap())
            .await
    };
    assert_eq!(ask(&full).await.status, 200);
    for place in 0..3 {
        let mut less = full.to_vec();
        less.remove(place);
        let said = ask(&less).await;
        assert_eq!(
            (said.status, said.why().as_str()),
            (400, "bad_request"),
            "without {}",
            full[place].0
        );
        let mut more = full.to_vec();
        more.push((full[place].0, "x"));
        assert_eq!(ask(&more).await.status, 400, "two of {}", full[place].0);
    }
}

#[tokio::test]
async fn c07_nobody_but_a_trusted_proxy_may_describe_the_calls_of_others() {
    let stage = Stage::unlimited().await;
    let key = Key::new("ada");
    stage.grant(&key).await;
    let setup = Setup {
        trusted_peers: vec!["10.0.0.0/8".to_owned()],
        ..Setup::default()
    };
    let gate = stage.gate_with(setup).await;
    let call = Call::with(&key);
    for (way, status, real) in [(Way::ForwardAuth, 400, None), (Way::Nginx, 403, Some("400"))] {
        let said = gate.asking.ask(way, &call).await;
        assert_eq!(
            (said.status, said.why().as_str()),
            (status, "bad_request"),
            "{way:?}"
        );
        assert_eq!(said.header("x-keydesk-status"), real);
    }
}
