//! Products that approve by themselves, and caps that nobody can read.

use serde_json::json;

use super::scene::{Scene, fails, holds, step};
use crate::explain::State;

fn capped(cap: &str) -> Scene {
    let mut scene = Scene::working().automatic();
    scene.product["metadata"]["annotations"] = json!({ "keydesk.dev/max-keys-per-namespace": cap });
    scene
}

#[test]
fn a_cap_that_is_no_number_is_told_to_approve_nothing() {
    for cap in ["abc", "-1", "", "1.5"] {
        let explanation = capped(cap).product(None);
        let approval = step(&explanation, "approval");
        assert_eq!(approval.state, State::Note);
        assert_eq!(
            approval.says,
            [format!(
                "automatic, but no key is approved by itself: annotation keydesk.dev/max-keys-per-namespace is {cap:?}, \
                 which is no whole number"
            )]
        );
        assert_eq!(
            explanation.to_do()[0].what,
            "put a whole number into annotation keydesk.dev/max-keys-per-namespace of the product, or take it off"
        );
    }
    assert_eq!(
        step(&capped(" 3 ").product(None), "approval").says[1],
        "at most 3 keys for each namespace"
    );
}

#[test]
fn a_key_that_waits_for_a_cap_that_is_no_number_is_its_owners_to_mend() {
    let mut scene = capped("abc").said(&[holds("Failed", "TooManyKeys")]);
    scene.approvals.clear();
    for scene in [scene.clone(), scene.clone().by_consumer()] {
        let explanation = scene.key();
        fails(&explanation, "decisions", "TooManyKeys", "owner");
        assert_eq!(
            explanation.to_do()[0].what,
            "put a whole number into annotation keydesk.dev/max-keys-per-namespace of the product, or take it off; or \
             approve this key alone: keydesk approve app/mobile -n store"
        );
        assert!(
            step(&explanation, "product").says[0]
                .ends_with("approves nothing by itself: its cap is no whole number"),
            "{explanation:#?}"
        );
    }
}
