//! L. Several replicas, kinds that come later, an end in order.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta};
use keydesk_testkit::conditions::is;
use keydesk_testkit::fixtures::{self, approval, key, key_secret, product};
use keydesk_testkit::wait::{Patience, soon};
use keydesk_testkit::{Address, kinds, manifests};
use kube::api::PostParams;

use crate::replica::{LEASE, PACE, Replica, leases, stage_for_replicas};
use crate::stage::{Stage, enforcement_at, key_at};

/// What there is to decide on: K, OWN, CON and KEY.
async fn ask_for_a_key(stage: &Stage) {
    stage.create(&fixtures::kuadrant()).await;
    stage.own(&product()).await;
    stage.create(&key_secret()).await;
    stage.create(&key()).await;
    stage.key_is("Pending").await;
}

/// Waits until this line is among what is scraped. Kinds that are not there are looked for every 30 s at least.
async fn said(replica: &Replica, line: &str) {
    let patience = Patience {
        soon: Duration::from_secs(40),
        ..Patience::EMBEDDED
    };
    soon(patience, line, async || {
        replica.says(line).then_some(()).ok_or_else(String::new)
    })
    .await;
}

async fn holder(stage: &Stage) -> LeaseSpec {
    leases(stage).get(LEASE).await.unwrap().spec.unwrap()
}

#[tokio::test]
async fn s133_of_two_replicas_one_acts_and_the_other_takes_over_when_it_is_killed() {
    let stage = stage_for_replicas().await;
    let first = Replica::leading(&stage, "first").await;
    let second = Replica::start(&stage, "second");
    ask_for_a_key(&stage).await;
    second.readiness.ready().await;
    assert!(first.writes() > 0);
    assert!(first.says("leader_election_master_status{name=\"6dd6d79d.kuadrant.io\"} 1"));
    assert!(second.says("leader_election_master_status{name=\"6dd6d79d.kuadrant.io\"} 0"));
    assert!(
        second.readiness.check().is_ok(),
        "it is ready, although it does not lead"
    );
    assert_eq!((second.writes(), second.lead.may_act()), (0, false));

    let killed = Instant::now();
    first.kill();
    stage.create(&approval()).await;
    second.turn().await;
    let waited = killed.elapsed();
    // At most the time since the last renewal has passed already.
    assert!(waited + PACE.renew_deadline > PACE.lease, "{waited:?}");
    assert!(
        waited < PACE.lease + 2 * PACE.retry + Duration::from_secs(2),
        "{waited:?}"
    );
    stage.key_is("Approved").await;
    stage.soon(&enforcement_at(), "exists", |_| true).await;
    let lease = holder(&stage).await;
    assert_eq!(lease.holder_identity.as_deref(), Some("second"));
    assert_eq!(
        (lease.lease_transitions, lease.lease_duration_seconds),
        (Some(1), Some(4))
    );
    second.stop().await;
}

#[tokio::test]
async fn s137_a_replica_that_ends_in_order_lets_go_of_the_lease_and_is_followed_at_once() {
    let stage = stage_for_replicas().await;
    let first = Replica::leading(&stage, "first").await;
    let second = Replica::start(&stage, "second");
    ask_for_a_key(&stage).await;
    second.readiness.ready().await;
    first.stop().await;
    let stopped = Instant::now();
    second.turn().await;
    let waited = stopped.elapsed();
    assert!(waited < Duration::from_secs(2), "{waited:?}");
    stage.create(&approval()).await;
    stage.key_is("Approved").await;
    second.stop().await;
    let lease = holder(&stage).await;
    assert_eq!(lease.holder_identity.as_deref(), Some(""));
    assert_eq!(lease.lease_duration_seconds, Some(1));
    assert_eq!(lease.lease_transitions, Some(1));
}

#[tokio::test]
async fn s137_a_replica_that_is_cut_off_stops_before_the_next_one_begins() {
    let stage = stage_for_replicas().await;
    let first = Replica::leading(&stage, "first").await;
    let second = Replica::start(&stage, "second");
    ask_for_a_key(&stage).await;
    second.readiness.ready().await;
    let written = first.writes();
    first.cut_off();
    let cut_off = Instant::now();
    let mut gap = 0;
    while !second.lead.may_act() {
        let stopped = !first.lead.may_act();
        gap += usize::from(stopped);
        assert!(
            stopped || cut_off.elapsed() < PACE.lease,
            "it goes on, and cannot renew"
        );
        assert!(cut_off.elapsed() < Duration::from_secs(30), "nobody takes over");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(!first.lead.may_act(), "two lead");
    assert!(gap > 0, "it was still leading a moment ago");
    stage.create(&approval()).await;
    stage.key_is("Approved").await;
    assert_eq!(first.writes(), written);
    second.stop().await;
}

#[tokio::test]
async fn s137_an_outage_costs_the_only_replica_its_turn_for_a_while_and_no_restart() {
    let stage = stage_for_replicas().await;
    let replica = Replica::leading(&stage, "only").await;
    ask_for_a_key(&stage).await;
    replica.cut_off();
    // A worker has it in its hands, and waits for an answer that never comes.
    stage.create(&approval()).await;
    tokio::time::timeout(Duration::from_secs(20), replica.lead.over())
        .await
        .expect("it does not act for ever");
    assert!(replica.says("leader_election_master_status{name=\"6dd6d79d.kuadrant.io\"} 0"));
    replica.reconnect();
    replica.turn().await;
    stage.key_is("Approved").await;
    stage.soon(&enforcement_at(), "exists", |_| true).await;
    let lease = holder(&stage).await;
    assert_eq!(lease.lease_transitions, Some(0), "it was its own all the time");
    replica.stop().await;
}

/// Holds the lease as client-go does, in the name of a replica of upstream's controller.
async fn renew_as_go(stage: &Stage, renewals: u32) {
    let leases = leases(stage);
    let began = MicroTime(Timestamp::now());
    let spec = || LeaseSpec {
        holder_identity: Some("controller-manager-5c8f_7f0b".to_owned()),
        lease_duration_seconds: Some(2),
        acquire_time: Some(began.clone()),
        // Its clock is an hour behind.
        renew_time: Some(MicroTime(Timestamp::now() - Duration::from_hours(1))),
        lease_transitions: Some(7),
        ..LeaseSpec::default()
    };
    let lease = Lease {
        metadata: ObjectMeta {
            name: Some(LEASE.to_owned()),
            ..ObjectMeta::default()
        },
        spec: Some(spec()),
    };
    let parameters = PostParams::default();
    let mut lease = leases.create(&parameters, &lease).await.unwrap();
    for _ in 0..renewals {
        tokio::time::sleep(Duration::from_millis(500)).await;
        lease.spec = Some(spec());
        lease = leases.replace(LEASE, &parameters, &lease).await.unwrap();
    }
}

#[tokio::test]
async fn s133_a_go_replica_that_renews_the_lease_keeps_ours_passive() {
    let stage = stage_for_replicas().await;
    let renewed = async {
        renew_as_go(&stage, 8).await;
        Instant::now()
    };
    let begun = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        stage.create(&fixtures::kuadrant()).await;
        stage.create(&product()).await;
        let ours = Replica::start(&stage, "ours");
        ours.readiness.ready().await;
        ours.turn().await;
        (Instant::now(), ours)
    };
    let (renewed, (begun, ours)) = tokio::join!(renewed, begun);
    let waited = begun.duration_since(renewed);
    assert!(waited > Duration::from_millis(1500), "{waited:?}");
    stage
        .soon(&Address::of(&product()), "is looked at now", |seen| {
            seen["status"]["conditions"].is_array()
        })
        .await;
    let lease = holder(&stage).await;
    assert_eq!(lease.lease_transitions, Some(8));
    ours.stop().await;
}

#[tokio::test]
async fn kinds_of_others_that_come_later_are_noticed_without_a_restart() {
    let stage = stage_for_replicas().await;
    let foreign: Vec<_> = manifests::folder("config/foreign");
    for definition in &foreign {
        stage.delete(&Address::of(definition)).await;
        stage.admin.soon_gone(&Address::of(definition)).await;
    }
    let replica = Replica::leading(&stage, "only").await;
    tokio::time::timeout(Duration::from_secs(20), replica.readiness.ready())
        .await
        .expect("kinds that are not there are not waited for");
    let absent = keydesk_controller::absent(&replica.readiness);
    assert_eq!(absent, ["HTTPRoute", "AuthPolicy", "PlanPolicy", "Kuadrant"]);
    let gauge = |kind: &str, value: u8| format!("keydesk_kind_installed{{kind=\"{kind}\"}} {value}");
    said(&replica, &gauge("APIKey", 1)).await;
    said(&replica, &gauge("HTTPRoute", 0)).await;
    stage.create(&key_secret()).await;
    stage.create(&key()).await;
    stage
        .soon(&key_at(), "is told that there is no product", |seen| {
            is(seen, "Failed")
        })
        .await;

    for definition in &foreign {
        stage.create(definition).await;
    }
    for kind in [
        kinds::ROUTE,
        kinds::KUADRANT,
        kinds::AUTH_POLICY,
        kinds::PLAN_POLICY,
    ] {
        said(&replica, &gauge(kind.kind, 1)).await;
    }
    assert!(keydesk_controller::absent(&replica.readiness).is_empty());
    stage.create(&fixtures::kuadrant()).await;
    stage.own(&product()).await;
    stage.key_is("Pending").await;
    stage.create(&approval()).await;
    stage.key_is("Approved").await;
    stage.soon(&enforcement_at(), "exists", |_| true).await;
    replica.stop().await;
}
