//! Records of decisions: one for each, whatever comes in between.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use keydesk_api::condition::KeyAspect;
use keydesk_catalog::Target;
use keydesk_core::{FingerprintKey, SecretFacts};
use serde_json::json;

use super::stage::{GRACE, Stage, after, rests};
use crate::key::converge::Copying;
use crate::key::plan::{Plan, plan};
use crate::telemetry::Fact;
use crate::telemetry::record::{Reconcile, Record, of_rotation, records};
use crate::telemetry::told::Told;

/// How far a reconcile gets.
#[derive(Clone, Copy, PartialEq)]
enum Gets {
    /// Nothing is written.
    Nowhere,
    /// Approvals are bound, and then a write fails.
    Bound,
    /// Everything is written.
    Through,
}

/// One reconcile of a process that remembers `told`, and what it records; `None` if there is nothing to do.
fn reconcile(stage: &mut Stage, told: &mut Told, gets: Gets) -> Option<Vec<Record>> {
    let key = Target::Key(stage.seen.id.clone());
    let (plan, account) = plan(&stage.seen, GRACE, stage.now);
    if rests(&plan) {
        return None;
    }
    if gets == Gets::Nowhere {
        return Some(Vec::new());
    }
    let live = stage.seen.live.clone().unwrap();
    let account = account.unwrap();
    let records = records(&Reconcile {
        live: &live,
        account: &account,
        marks: &plan.mark.iter().map(|mark| mark.id.clone()).collect(),
        approvals: &plan.approval_statuses,
    });
    let mut news = told.news(&key, records);
    if gets == Gets::Bound {
        stage.carry_out(Plan {
            mark: plan.mark,
            ..Plan::default()
        });
        return Some(news);
    }
    let had = stage.seen.copies.first().and_then(|copy| copy.value);
    let mut copying = plan.copying.iter();
    let is_copied = copying.any(|step| !matches!(step, Copying::Retire(_)));
    if is_copied && had.is_some_and(|had| Some(had) != live.value) {
        news.push(of_rotation(&live, &account));
    }
    stage.carry_out(plan);
    told.settled(&key);
    Some(news)
}

/// Brings the stage to rest and gives back what one process records on the way.
fn told_while(stage: &mut Stage, gets: impl Fn(usize) -> Gets) -> Vec<Record> {
    let (mut told, mut all) = (Told::default(), Vec::new());
    for turn in 0..10 {
        match reconcile(stage, &mut told, gets(turn)) {
            Some(records) => all.extend(records),
            None => return all,
        }
    }
    panic!("it never comes to rest");
}

fn told(stage: &mut Stage) -> Vec<String> {
    let records = told_while(stage, |_| Gets::Through);
    records
        .iter()
        .map(|record| {
            let approval = record.approval.as_ref().map_or("-", |(id, _)| id.name.as_str());
            let before = record.before.map_or("-", KeyAspect::as_str);
            format!("{} {approval} after {before}", record.fact)
        })
        .collect()
}

#[test]
fn a_decision_is_recorded_once_with_what_it_grants() {
    let mut stage = Stage::new();
    assert_eq!(told(&mut stage), [""; 0]);
    stage.approve("yes", true, 10);
    let records = told_while(&mut stage, |_| Gets::Through);
    let [record] = records.as_slice() else {
        panic!("{records:#?}")
    };
    assert_eq!(record.decision, Some((true, "owner".into())));
    assert_eq!(record.terms.as_ref().unwrap().tier, "gold");
    assert_eq!(record.key.as_ref().unwrap().1, "key");
    assert_eq!(record.request.namespace, "gamestore");
    stage.at(1000);
    assert_eq!(told(&mut stage), [""; 0]);
}

#[test]
fn a_later_decision_is_recorded_and_so_is_that_it_replaces_the_earlier() {
    let mut stage = Stage::approved();
    stage.approve("no", false, 20);
    let mut told_now = told(&mut stage);
    told_now.sort();
    assert_eq!(
        told_now,
        ["honoured no after Approved", "superseded yes after Approved"]
    );
}

#[test]
fn an_approval_of_other_terms_in_the_same_words_is_recorded() {
    let mut stage = Stage::approved();
    stage.at(15);
    stage.edit(&json!({ "planTier": "bronze" }));
    assert_eq!(told(&mut stage), [""; 0]);
    stage.approve("bronze-too", true, 20);
    let mut told_now = told(&mut stage);
    told_now.sort();
    assert_eq!(
        told_now,
        [
            "honoured bronze-too after Approved",
            "superseded yes after Approved"
        ]
    );
}

#[test]
fn a_failure_in_between_makes_no_decision_new() {
    let mut stage = Stage::approved();
    stage.at(100);
    stage.live().secret = SecretFacts::Missing;
    assert_eq!(told(&mut stage), [""; 0]);
    stage.live().secret = SecretFacts::Usable;
    assert_eq!(told(&mut stage), [""; 0]);
}

#[test]
fn a_decision_made_during_a_failure_is_recorded_when_it_is_bound() {
    let mut stage = Stage::new();
    told(&mut stage);
    stage.live().secret = SecretFacts::Missing;
    stage.approve("yes", true, 10);
    assert_eq!(told(&mut stage), ["honoured yes after Pending"]);
    stage.live().secret = SecretFacts::Usable;
    assert_eq!(told(&mut stage), [""; 0]);
}

/// A key that waits for a decision, one whose Secret was missing when it was made, and one that asks for other terms; each
/// with a decision that nobody has looked at.
fn undecided() -> [Stage; 3] {
    let mut pending = Stage::new();
    told(&mut pending);
    pending.approve("yes", true, 10);

    let mut failed = Stage::new();
    failed.live().secret = SecretFacts::Missing;
    told(&mut failed);
    failed.approve("yes", true, 10);
    failed.live().secret = SecretFacts::Usable;

    let mut greedy = Stage::approved();
    greedy.at(15);
    greedy.edit(&json!({ "planTier": "bronze" }));
    told(&mut greedy);
    greedy.approve("bronze-too", true, 20);
    [pending, failed, greedy]
}

fn honoured(records: &[Record]) -> usize {
    let honoured = records.iter().filter(|record| record.fact == Fact::Honoured);
    honoured.count()
}

#[test]
fn a_look_that_fails_is_recorded_once_however_far_it_got() {
    for early in [Gets::Nowhere, Gets::Bound] {
        for mut stage in undecided() {
            let gets = |turn| if turn < 2 { early } else { Gets::Through };
            let records = told_while(&mut stage, gets);
            assert_eq!(honoured(&records), 1, "{records:#?}");
        }
    }
}

#[test]
fn a_process_that_is_killed_after_the_binding_has_told_of_it() {
    for mut stage in undecided() {
        let told = reconcile(&mut stage, &mut Told::default(), Gets::Bound).unwrap();
        assert_eq!(honoured(&told), 1, "{told:#?}");
        // The next process may tell it again.
        let again = told_while(&mut stage, |_| Gets::Through);
        assert!(honoured(&again) <= 1, "{again:#?}");
    }
}

#[test]
fn what_another_controller_decided_before_is_not_recorded_again() {
    let mut stage = Stage::approved();
    // As Go leaves it: approved, and no binding on the approval.
    let live = stage.live();
    let approval = std::sync::Arc::make_mut(&mut live.approvals[0]);
    approval.object.metadata.annotations = None;
    let transition = live.key.status.as_ref().unwrap().conditions[0]
        .last_transition_time
        .clone();
    assert_eq!(transition, Time(after(10)));
    stage.at(500);
    assert_eq!(told(&mut stage), [""; 0]);
    assert!(stage.live().approvals[0].object.metadata.annotations.is_some());
}

#[test]
fn the_end_of_a_key_is_recorded_once() {
    let mut stage = Stage::new();
    stage.edit(&json!({ "expiresAt": after(60).to_string() }));
    told(&mut stage);
    stage.approve("yes", true, 10);
    assert_eq!(told(&mut stage), ["honoured yes after Pending"]);
    stage.at(61);
    assert_eq!(told(&mut stage), ["expired yes after Approved"]);
    stage.at(70);
    stage.live().secret = SecretFacts::Missing;
    assert_eq!(told(&mut stage), [""; 0]);
    stage.live().secret = SecretFacts::Usable;
    assert_eq!(told(&mut stage), [""; 0]);
}

#[test]
fn a_new_value_is_recorded_as_a_rotation() {
    let mut stage = Stage::approved();
    stage.live().value = Some(FingerprintKey::new([1; 32]).fingerprint(b"another"));
    assert_eq!(told(&mut stage), ["rotated yes after Approved"]);
    assert_eq!(told(&mut stage), [""; 0]);
}

#[test]
fn an_approval_that_counted_is_not_refused_because_its_request_went_with_the_key() {
    let mut stage = Stage::approved();
    let approval = stage.live().approvals[0].clone();
    let later = crate::key::approval_status(&approval, None, crate::key::Weight::Full, after(100));
    assert_eq!(crate::telemetry::record::of_approval(&approval, &later), None);
    let mut never = std::sync::Arc::unwrap_or_clone(approval);
    never.object.status = None;
    let record = crate::telemetry::record::of_approval(&never, &later).unwrap();
    assert_eq!(record.because, "APIKeyRequestNotFound");
}

#[test]
fn an_approval_that_nobody_can_read_is_recorded_as_refused() {
    let mut stage = Stage::new();
    told(&mut stage);
    stage.approve("strange", true, 10);
    let live = stage.live();
    let approval = std::sync::Arc::make_mut(&mut live.approvals[0]);
    approval.object.metadata.annotations = Some([("keydesk.dev/terms".into(), "gold, please".into())].into());
    assert_eq!(told(&mut stage), ["refused strange after Pending"]);
    assert_eq!(told(&mut stage), [""; 0]);
}
