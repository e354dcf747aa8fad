//! Records of decisions: one for each, whatever comes in between.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use keydesk_api::condition::KeyAspect;
use keydesk_core::{FingerprintKey, SecretFacts};
use serde_json::json;

use super::stage::{GRACE, Stage, after, rests};
use crate::key::account::Made;
use crate::key::converge::Copying;
use crate::key::plan::plan;
use crate::telemetry::record::{Look, Record, of_rotation, records};

/// Brings the stage to rest and gives back what was recorded on the way. `works` says which looks get their writes made.
fn told_while(stage: &mut Stage, works: impl Fn(usize) -> bool) -> Vec<Record> {
    let mut told = Vec::new();
    for turn in 0..10 {
        let (plan, account) = plan(&stage.seen, GRACE, stage.now);
        if rests(&plan) {
            return told;
        }
        let live = stage.seen.live.clone().unwrap();
        let had = stage.seen.copies.first().and_then(|copy| copy.value);
        let ids = |approvals: &[(std::sync::Arc<keydesk_catalog::Approval>, _)]| {
            let ids = approvals
                .iter()
                .map(|(approval, _)| crate::write::id(&approval.object));
            ids.collect()
        };
        let made = if works(turn) {
            Made {
                marks: plan.mark.iter().map(|mark| mark.id.clone()).collect(),
                approval_statuses: ids(&plan.approval_statuses),
                status: plan.status.is_some(),
                copy: plan
                    .copying
                    .iter()
                    .any(|step| !matches!(step, Copying::Retire(_))),
            }
        } else {
            Made::default()
        };
        let account = account.unwrap();
        told.extend(records(&Look {
            live: &live,
            account: &account,
            status: plan.status.as_ref(),
            approvals: &plan.approval_statuses,
            made: &made,
        }));
        if made.copy && had.is_some_and(|had| Some(had) != live.value) {
            told.push(of_rotation(&live, &account));
        }
        if works(turn) {
            stage.carry_out(plan);
        }
    }
    panic!("it never comes to rest");
}

fn told(stage: &mut Stage) -> Vec<String> {
    let records = told_while(stage, |_| true);
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
    let records = told_while(&mut stage, |_| true);
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

#[test]
fn writes_that_fail_are_recorded_by_the_look_that_makes_them() {
    let mut stage = Stage::new();
    told(&mut stage);
    stage.approve("yes", true, 10);
    let records = told_while(&mut stage, |turn| turn >= 2);
    assert_eq!(records.len(), 1, "{records:#?}");
}

#[test]
fn a_look_that_breaks_off_after_the_binding_loses_no_record_and_makes_none_twice() {
    let bound_only = |stage: &mut Stage| {
        let (plan, account) = plan(&stage.seen, GRACE, stage.now);
        let made = Made {
            marks: plan.mark.iter().map(|mark| mark.id.clone()).collect(),
            ..Made::default()
        };
        assert_eq!(made.marks.len(), 1);
        let live = stage.seen.live.clone().unwrap();
        let records = records(&Look {
            live: &live,
            account: &account.unwrap(),
            status: plan.status.as_ref(),
            approvals: &plan.approval_statuses,
            made: &made,
        });
        stage.carry_out(crate::key::Plan {
            mark: plan.mark,
            ..crate::key::Plan::default()
        });
        records.len()
            + told(stage)
                .iter()
                .filter(|told| told.starts_with("honoured"))
                .count()
    };
    let mut pending = Stage::new();
    told(&mut pending);
    pending.approve("yes", true, 10);
    assert_eq!(bound_only(&mut pending), 1);

    let mut failed = Stage::new();
    failed.live().secret = SecretFacts::Missing;
    told(&mut failed);
    failed.approve("yes", true, 10);
    failed.live().secret = SecretFacts::Usable;
    assert_eq!(bound_only(&mut failed), 1);

    let mut greedy = Stage::approved();
    greedy.at(15);
    greedy.edit(&json!({ "planTier": "bronze" }));
    told(&mut greedy);
    greedy.approve("bronze-too", true, 20);
    assert_eq!(bound_only(&mut greedy), 1);
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
