//! Keys and products that are being deleted, and what holds them.

use serde_json::{Value, json};

use super::scene::{Scene, fails, holds, step};
use crate::explain::{Explanation, Sight, State};

fn deleted(object: &mut Value, finalizers: &[&str]) {
    object["metadata"]["deletionTimestamp"] = json!("2026-11-27T11:00:00Z");
    object["metadata"]["generation"] = json!(2);
    object["metadata"]["finalizers"] = json!(finalizers);
}

fn waits_for_no_controller(explanation: &Explanation) {
    let said = format!("{explanation:#?}");
    assert!(
        !said.contains("see that the controller runs") && !said.contains("has not looked"),
        "{said}"
    );
}

#[test]
fn a_key_that_finalizers_hold_says_so_and_who_can_take_them_off() {
    let mut scene = Scene::working().said(&[holds("Approved", "Approved")]);
    deleted(&mut scene.key, &["example.com/held", "example.com/too"]);
    scene.request = json!(null);
    scene.enforcement = Some(Sight::Missing);
    for scene in [scene.clone(), scene.clone().by_consumer()] {
        let explanation = scene.key();
        fails(
            &explanation,
            "deletion",
            "it is being deleted since 2026-11-27T11:00:00Z",
            "consumer",
        );
        assert_eq!(
            step(&explanation, "deletion").says[1],
            "finalizers hold it: example.com/held, example.com/too"
        );
        assert_eq!(
            explanation.to_do()[0].what,
            "whoever set a finalizer takes it off once they are done; where nobody does: kubectl edit apikey mobile -n app"
        );
        waits_for_no_controller(&explanation);
    }
}

#[test]
fn a_key_that_nothing_holds_is_as_good_as_gone() {
    let mut scene = Scene::working();
    deleted(&mut scene.key, &[]);
    scene.enforcement = Some(Sight::Missing);
    let explanation = scene.key();
    assert!(
        explanation
            .verdict
            .starts_with("does not work: it is being deleted")
    );
    assert!(explanation.to_do().is_empty(), "{explanation:#?}");
}

#[test]
fn a_product_that_finalizers_hold_says_so_and_who_can_take_them_off() {
    let mut scene = Scene::working();
    deleted(&mut scene.product, &["example.com/held"]);
    let explanation = scene.product(None);
    fails(
        &explanation,
        "product",
        "Games is being deleted since 2026-11-27T11:00:00Z",
        "owner",
    );
    assert_eq!(
        step(&explanation, "product").says[1],
        "a finalizer holds it: example.com/held"
    );
    assert!(
        explanation.to_do()[0]
            .what
            .ends_with("kubectl edit apiproduct games -n store")
    );
    assert_eq!(step(&explanation, "status").state, State::Good);
    waits_for_no_controller(&explanation);
}
