//! Callers whom no plan fits: refused, never without a limit.

use serde_json::{Value, json};

use crate::ask::{Call, WAYS, Way};
use crate::key::Key;
use crate::objects::{plan, usual_plans};
use crate::running::Setup;
use crate::stage::Stage;

async fn is_planless(plan_list: &Value, key: &Key) {
    let stage = Stage::with_plans(plan_list).await;
    stage.grant(key).await;
    let gate = stage.gate().await;
    let call = Call::with(key);
    for way in WAYS {
        let said = gate.asking.ask(way, &call).await;
        assert_eq!(
            (said.status, said.why().as_str()),
            (403, "plan_unresolved"),
            "{way:?}"
        );
    }
    let metrics = gate.metrics();
    for way in ["forward_auth", "nginx", "ext_authz_http", "ext_authz_grpc"] {
        let line = format!("keydesk_gate_decisions_total{{way=\"{way}\",code=\"plan_unresolved\"}} 1");
        assert!(metrics.contains(&line), "no {line:?} in\n{metrics}");
    }
    let said = gate.about(key).await.problem();
    assert_eq!((&said["plan"], &said["limits"]), (&Value::Null, &Value::Null));
}

#[tokio::test]
async fn c28_a_key_of_a_tier_that_no_plan_has_is_refused() {
    is_planless(&usual_plans(), &Key::new("ada").tier("platinum")).await;
}

#[tokio::test]
async fn c28_a_predicate_that_errs_refuses_whoever_comes_to_it() {
    let erring = json!({
        "tier": "odd",
        "predicate": r#"auth.identity.metadata.annotations["no/such"] == "x""#,
        "limits": { "daily": 1 },
    });
    is_planless(
        &json!([erring, plan("gold", &json!({ "daily": 5 }))]),
        &Key::new("ada"),
    )
    .await;
}

#[tokio::test]
async fn c28_a_predicate_that_is_none_refuses_whoever_comes_to_it() {
    let broken = json!({ "tier": "odd", "predicate": "this is (no predicate", "limits": { "daily": 1 } });
    let plan_list = json!([plan("gold", &json!({ "daily": 5 })), broken]);
    is_planless(&plan_list, &Key::new("bea").tier("platinum")).await;
    let stage = Stage::with_plans(&plan_list).await;
    let key = Key::new("ada");
    stage.grant(&key).await;
    let gate = stage.gate().await;
    assert_eq!(
        gate.status(&Call::with(&key)).await,
        200,
        "whose plan comes before it is not concerned"
    );
    assert!(
        gate.metrics().contains("keydesk_gate_tiers_unresolvable 1"),
        "{}",
        gate.metrics()
    );
}

#[tokio::test]
async fn c28_a_secret_without_the_annotation_has_no_plan() {
    let stage = Stage::open().await;
    let key = Key::new("ada");
    let mut secret = key.enforcement();
    let labels = secret["metadata"]["labels"].as_object_mut().unwrap();
    labels.retain(|name, _| !name.starts_with("devportal"));
    secret["metadata"].as_object_mut().unwrap().remove("annotations");
    stage.create(&secret).await;
    let setup = Setup {
        unmanaged_keys: true,
        ..Setup::default()
    };
    let gate = stage.gate_with(setup).await;
    let said = gate.asking.ask(Way::Grpc, &Call::with(&key)).await;
    assert_eq!(
        (said.status, said.code, said.why().as_str()),
        (403, Some(7), "plan_unresolved")
    );
}

#[tokio::test]
async fn c28_a_tier_without_limits_is_unlimited_because_its_owner_said_so() {
    let stage = Stage::with_plans(&json!([plan("gold", &json!({}))])).await;
    let key = Key::new("ada");
    stage.grant(&key).await;
    let gate = stage.gate().await;
    let said = gate.ask(&Call::with(&key)).await;
    assert_eq!((said.status, said.header("x-plan")), (200, Some("gold")));
    assert!(!said.headers.contains_key("ratelimit"));
    assert_eq!(gate.about(&key).await.problem()["limits"], json!([]));
}
