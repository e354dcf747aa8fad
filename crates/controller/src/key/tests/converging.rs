//! From one set of enforcement secrets to the next: whatever the writes, wherever they break off.

use std::collections::BTreeMap;
use std::sync::Arc;

use keydesk_api::meta::annotation::{EXPIRES_AT, PREVIOUS_UNTIL, REPLACES};
use keydesk_core::{Fingerprint, FingerprintKey};
use serde_json::json;

use super::authorino::{follows, gaps};
use super::stage::{Stage, after, rests};
use crate::key::converge::Copying;
use crate::key::rotation::{Refusal, Rotation};

const FIRST: &str = "devportal-consumer-app-gamestore-apikey-8dee3e06";

fn value(text: &str) -> Fingerprint {
    FingerprintKey::new([1; 32]).fingerprint(text.as_bytes())
}

impl Stage {
    /// The owner approves another tier.
    fn retier(&mut self, tier: &str, second: i64) {
        self.edit(&json!({ "planTier": tier }));
        self.settle();
        self.approve(&format!("{tier}-{second}"), true, second);
    }

    /// The consumer puts another value in the place of the present one, which goes on until a second of the story.
    fn rotate(&mut self, new: &str, until: i64) {
        let live = self.live();
        let old = live.value.replace(value(new)).unwrap();
        live.rotation = Rotation::Until {
            value: old,
            end: after(until),
        };
    }

    /// What gateways are told: by value, the tier, and until when.
    fn enforced(&self) -> BTreeMap<Fingerprint, (String, Option<String>)> {
        let copies = &self.seen.copies;
        let told: BTreeMap<_, _> = copies
            .iter()
            .map(|copy| {
                assert!(!copy.meta.annotations.contains_key(REPLACES), "{copy:?}");
                let tier = copy.meta.annotations["secret.kuadrant.io/plan-id"].clone();
                let until = copy.meta.annotations.get(EXPIRES_AT).cloned();
                (copy.value.unwrap(), (tier, until))
            })
            .collect();
        assert_eq!(told.len(), copies.len(), "one for each value: {copies:#?}");
        told
    }
}

/// Lets a change come to rest, undisturbed and broken off after every number of writes, with the right to change Secrets
/// and without: always to the same end, which a gateway sees too.
fn always_ends(before: impl Fn(&mut Stage), change: impl Fn(&mut Stage)) -> Stage {
    let mut first = None;
    for may_update in [true, false] {
        let mut start = Stage::approved();
        before(&mut start);
        start.settle();
        start.seen.may_update = may_update;
        change(&mut start);
        for (broken_off, restarts) in (0..5).flat_map(|writes| [(writes, false), (writes, true)]) {
            let mut stage = start.clone();
            // What the role allows is found out on the way.
            for believed in [true, may_update] {
                stage.seen.may_update = believed;
                let plan = stage.plan();
                let revoke = plan.revoke.into_iter().map(Copying::Retire);
                for step in revoke.chain(plan.copying).take(broken_off) {
                    if !may_update && matches!(step, Copying::Replace { .. }) {
                        break;
                    }
                    stage.carry_out_copying(&step);
                }
            }
            stage.seen.may_update = may_update;
            if restarts {
                stage.seen.retired.clear();
                stage.writes.push((String::new(), None));
            }
            stage.settle();
            assert!(rests(&stage.plan()));
            follows(&stage.writes);
            let enforced = stage.enforced();
            let expected = first.get_or_insert_with(|| enforced.clone());
            assert_eq!(enforced, *expected, "{may_update} {broken_off} {restarts}");
        }
    }
    let mut stage = Stage::approved();
    before(&mut stage);
    stage.settle();
    change(&mut stage);
    stage.settle();
    assert_eq!(gaps(&stage.writes), 0, "{:#?}", stage.writes);
    stage
}

#[test]
fn s118_another_tier_comes_under_another_name_without_a_gap() {
    let stage = always_ends(|_| {}, |stage| stage.retier("bronze", 20));
    let names: Vec<_> = stage
        .writes
        .iter()
        .map(|(name, copy)| (name.as_str(), copy.is_some()))
        .collect();
    let next = stage.seen.copies[0].meta.id.name.as_str();
    assert_eq!(names, [(FIRST, true), (next, true), (FIRST, false), (next, true)]);
    assert_eq!(stage.enforced()[&value("abc123")].0, "bronze");
}

#[test]
fn s118_no_name_comes_twice() {
    let stage = always_ends(
        |stage| {
            stage.retier("bronze", 20);
            stage.settle();
            stage.retier("gold", 30);
        },
        |stage| stage.retier("bronze", 40),
    );
    let mut made: Vec<_> = stage
        .writes
        .iter()
        .filter_map(|(_, copy)| Some(copy.as_ref()?.meta.uid.as_str()))
        .collect();
    made.sort_unstable();
    made.dedup();
    let mut names: Vec<_> = stage.writes.iter().map(|(name, _)| name).collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), made.len(), "{:#?}", stage.writes);
}

#[test]
fn s115_another_value_is_put_in_place() {
    let stage = always_ends(|_| {}, |stage| stage.live().value = Some(value("new456")));
    let names: Vec<_> = stage.writes.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, [FIRST, FIRST]);
    assert_eq!(
        stage.enforced().into_keys().collect::<Vec<_>>(),
        [value("new456")]
    );
}

#[test]
fn s117_other_labels_are_put_in_place() {
    let relabel = |stage: &mut Stage| {
        Arc::make_mut(&mut stage.seen.copies[0].meta).labels.clear();
    };
    let stage = always_ends(|_| {}, relabel);
    assert_eq!(stage.seen.copies[0].meta.id.name, FIRST);
}

#[test]
fn a_value_that_is_rotated_out_has_a_secret_of_its_own_until_its_end() {
    let mut stage = always_ends(|_| {}, |stage| stage.rotate("new456", 1_000));
    let expected = [
        (value("new456"), ("gold".to_owned(), None)),
        (
            value("abc123"),
            ("gold".to_owned(), Some(after(1_000).to_string())),
        ),
    ];
    assert_eq!(stage.enforced(), expected.into());
    assert_eq!(
        stage.stands(),
        ["Approved/Approved", "Rotating/PreviousValueAccepted"]
    );
    let previous = stage
        .seen
        .copies
        .iter()
        .find(|copy| copy.value == Some(value("abc123")))
        .unwrap();
    assert_eq!(previous.meta.id.name, format!("{FIRST}.previous"));
    assert_eq!(
        previous.meta.annotations[PREVIOUS_UNTIL],
        after(1_000).to_string()
    );
    let labels = |copy: &crate::key::seen::EnforcementCopy| copy.meta.labels.clone();
    assert_eq!(labels(&stage.seen.copies[0]), labels(&stage.seen.copies[1]));

    stage.at(999);
    let plan = stage.plan();
    assert!(rests(&plan) && plan.wake_at == Some(after(1_000)));
    stage.at(1_000);
    assert_eq!(stage.plan().revoke.len(), 1);
    stage.live().rotation = Rotation::Settled;
    stage.settle();
    assert_eq!(
        stage.enforced().into_keys().collect::<Vec<_>>(),
        [value("new456")]
    );
    assert_eq!(stage.stands(), ["Approved/Approved"]);
}

#[test]
fn values_follow_one_another_before_the_end_of_the_first() {
    let stage = always_ends(
        |stage| stage.rotate("second", 1_000),
        |stage| stage.rotate("third", 2_000),
    );
    let values: Vec<_> = stage
        .enforced()
        .into_iter()
        .map(|(value, (_, until))| (value, until))
        .collect();
    let mut expected = [
        (value("third"), None),
        (value("second"), Some(after(2_000).to_string())),
    ];
    expected.sort();
    assert_eq!(values, expected);
}

#[test]
fn a_rotation_may_be_called_off() {
    let stage = always_ends(
        |stage| stage.rotate("new456", 1_000),
        |stage| {
            stage.live().value = Some(value("abc123"));
            stage.live().rotation = Rotation::Settled;
        },
    );
    assert_eq!(
        stage.enforced().into_keys().collect::<Vec<_>>(),
        [value("abc123")]
    );
}

#[test]
fn a_tier_and_an_end_that_change_during_a_rotation_reach_both() {
    let stage = always_ends(
        |stage| stage.rotate("new456", 1_000),
        |stage| {
            stage.retier("bronze", 20);
            stage.live().rotation = Rotation::Until {
                value: value("abc123"),
                end: after(3_000),
            };
        },
    );
    let expected = [
        (value("new456"), ("bronze".to_owned(), None)),
        (
            value("abc123"),
            ("bronze".to_owned(), Some(after(3_000).to_string())),
        ),
    ];
    assert_eq!(stage.enforced(), expected.into());
}

#[test]
fn a_denial_takes_both_away() {
    let mut stage = Stage::approved();
    stage.rotate("new456", 1_000);
    stage.settle();
    stage.approve("no", false, 20);
    assert_eq!(stage.plan().revoke.len(), 2);
    stage.settle();
    assert!(stage.seen.copies.is_empty());
    assert_eq!(stage.stands(), ["Denied/Denied"]);
}

#[test]
fn a_key_that_ends_first_ends_its_previous_value_too() {
    let mut stage = Stage::approved();
    stage.edit(&json!({ "expiresAt": after(500).to_string() }));
    stage.rotate("new456", 1_000);
    stage.settle();
    let until = Some(after(500).to_string());
    assert!(
        stage.enforced().values().all(|(_, told)| *told == until),
        "{:?}",
        stage.enforced()
    );
}

#[test]
fn the_grace_period_is_not_for_a_value_whose_time_is_over() {
    let mut stage = Stage::approved();
    stage.rotate("new456", 20);
    stage.settle();
    stage.at(15);
    let mut product = stage.live().product.clone().unwrap();
    Arc::make_mut(&mut product)
        .status
        .as_mut()
        .unwrap()
        .discovered_auth_scheme = None;
    stage.live().product = Some(product);
    stage.settle();
    assert_eq!(
        (stage.seen.copies.len(), stage.plan().wake_at),
        (2, Some(after(20)))
    );
    stage.at(20);
    stage.settle();
    assert_eq!(stage.seen.copies.len(), 1);
}

#[test]
fn a_previous_value_that_is_not_accepted_is_told_and_hurts_nothing() {
    for (refusal, reason) in [
        (Refusal::Undated, "PreviousUntilNotSet"),
        (Refusal::Unreadable, "PreviousUntilNotReadable"),
        (Refusal::Duplicate, "PreviousValueDuplicate"),
    ] {
        let mut stage = Stage::approved();
        stage.live().rotation = Rotation::Refused(refusal);
        stage.settle();
        assert_eq!(stage.stands(), ["Approved/Approved"]);
        let conditions = stage
            .seen
            .live
            .as_ref()
            .unwrap()
            .key
            .status
            .clone()
            .unwrap()
            .conditions;
        let told = conditions
            .iter()
            .find(|condition| condition.type_ == "Rotating")
            .unwrap();
        assert_eq!((told.status.as_str(), told.reason.as_str()), ("False", reason));
        assert_eq!(stage.enforced().len(), 1);
    }
}

#[test]
fn what_somebody_copied_by_hand_goes_and_takes_nothing_along() {
    let copied = |stage: &mut Stage| {
        let mut copy = stage.seen.copies[0].clone();
        let meta = Arc::make_mut(&mut copy.meta);
        meta.id.name = format!("{FIRST}.0badcafe");
        meta.uid = "by-hand".into();
        meta.annotations
            .insert("secret.kuadrant.io/plan-id".into(), "platinum".into());
        stage.writes.push((meta.id.name.clone(), Some(copy.clone())));
        stage.seen.copies.push(copy);
    };
    let stage = always_ends(|_| {}, copied);
    assert_eq!(stage.enforced()[&value("abc123")].0, "gold");
}
