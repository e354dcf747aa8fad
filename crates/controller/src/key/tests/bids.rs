//! On what ground a key claims its value, at every turn of its life.

use std::sync::Arc;

use keydesk_core::{FingerprintKey, SecretFacts};
use serde_json::json;

use super::stage::{Stage, merged, product};
use crate::claims::Ground;
use crate::key::bids::bids;
use crate::key::rotation::Rotation;

impl Stage {
    /// On what ground the key claims the value in its Secret.
    fn ground(&mut self) -> Ground {
        let bids = bids(self.seen.live.as_ref().unwrap(), &self.seen.copies, self.now);
        assert_eq!(bids.len(), 1);
        bids[0].ground
    }

    /// Another value is in its Secret.
    fn takes(&mut self, value: &[u8]) {
        self.live().value = Some(FingerprintKey::new([1; 32]).fingerprint(value));
    }

    /// The product offers other tiers than the one that was approved, and the key stops working.
    fn loses_its_tier(&mut self) {
        let other = json!({ "status": { "discoveredPlans": [{ "tier": "bronze", "limits": {} }] } });
        self.live().product = Some(Arc::new(merged(&product("manual"), &other)));
        self.settle();
        assert_eq!(self.stands(), ["Failed/PlanTierNotFound"]);
        assert!(self.seen.copies.is_empty());
    }
}

#[test]
fn a_key_that_waits_has_none_but_its_age() {
    let mut stage = Stage::new();
    assert_eq!(stage.ground(), Ground::Age);
    stage.settle();
    assert_eq!(stage.ground(), Ground::Age);
}

#[test]
fn of_an_approved_key_it_is_what_gateways_have_or_have_no_more() {
    let mut stage = Stage::approved();
    assert_eq!(stage.ground(), Ground::Enforced);
    stage.seen.copies.clear();
    assert_eq!(stage.ground(), Ground::Approved);
}

#[test]
fn another_value_than_gateways_have_is_claimed_for_the_first_time() {
    let mut stage = Stage::approved();
    stage.takes(b"new456");
    assert_eq!(stage.ground(), Ground::Age);
    stage.settle();
    assert_eq!(stage.ground(), Ground::Enforced);
}

#[test]
fn a_copy_where_consumers_could_put_one_counts_for_nothing() {
    let mut stage = Stage::approved();
    stage.live().enforcement_namespace = Some("elsewhere".into());
    assert_eq!(stage.ground(), Ground::Approved);
}

#[test]
fn an_approved_key_that_fails_keeps_it_also_past_its_end() {
    let mut stage = Stage::approved();
    stage.loses_its_tier();
    assert_eq!(stage.ground(), Ground::Failing);
    stage.at(1_000_000_000);
    assert_eq!(stage.ground(), Ground::Failing);
}

#[test]
fn a_denied_key_that_fails_has_none_but_its_age() {
    let mut stage = Stage::approved();
    stage.approve("no", false, 20);
    stage.settle();
    assert_eq!(stage.ground(), Ground::Age);
    stage.live().secret = SecretFacts::Empty;
    stage.settle();
    assert_eq!(stage.ground(), Ground::Age);
}

#[test]
fn a_key_that_fails_before_anybody_approved_it_has_none_but_its_age() {
    let mut stage = Stage::new();
    stage.loses_its_tier();
    assert_eq!(stage.ground(), Ground::Age);
}

#[test]
fn an_approved_key_that_was_told_that_another_has_its_value_does_not_take_it_by_failing() {
    let mut stage = Stage::approved();
    stage.takes(b"new456");
    stage.live().secret = SecretFacts::Duplicate;
    stage.settle();
    assert_eq!(stage.stands(), ["Failed/SecretAPIKeyDuplicate"]);
    assert!(stage.seen.copies.is_empty());
    assert_eq!(stage.ground(), Ground::Age);
}

#[test]
fn a_value_that_is_rotated_out_is_enforced_as_long_as_gateways_have_it_under_any_name() {
    let mut stage = Stage::approved();
    let value = stage.live().value.unwrap();
    stage.live().rotation = Rotation::Until {
        value,
        end: super::stage::after(1_000),
    };
    stage.takes(b"new456");
    let grounds = |stage: &Stage| {
        let bids = bids(stage.seen.live.as_ref().unwrap(), &stage.seen.copies, stage.now);
        bids.into_iter()
            .map(|bid| (bid.previous, bid.ground))
            .collect::<Vec<_>>()
    };
    assert_eq!(grounds(&stage), [(false, Ground::Age), (true, Ground::Enforced)]);
    stage.settle();
    assert_eq!(
        grounds(&stage),
        [(false, Ground::Enforced), (true, Ground::Enforced)]
    );
    // The one that is rotated out is about to be made anew.
    stage.seen.copies.retain(|copy| copy.value != Some(value));
    assert_eq!(
        grounds(&stage),
        [(false, Ground::Enforced), (true, Ground::Approved)]
    );
}
