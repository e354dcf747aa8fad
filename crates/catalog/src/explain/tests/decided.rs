//! Decisions that say nothing about the key: what they are about instead.

use serde_json::json;

use super::scene::{Scene, decision, holds, on_terms, step};

#[test]
fn an_approval_of_another_keys_terms_is_told_as_that_and_not_as_one_about_another_product() {
    let foreign = on_terms(decision("odd", true, "gold", 1), "namespace", &json!("elsewhere"));
    let mut scene = Scene::working().said(&[holds("Pending", "AwaitingApproval")]);
    scene.approvals = vec![foreign.clone()];
    let other = "the terms recorded on APIKeyApproval odd are another key's, in namespace elsewhere: it never counts for this \
                 one: approved by olga at 2026-11-01T00:00:01Z: as she says";
    assert_eq!(step(&scene.key(), "decisions").says[1], other);
    let mut scene = Scene::working();
    scene.approvals.push(foreign);
    assert_eq!(step(&scene.key(), "decisions").says[2], other);
}

#[test]
fn a_denial_of_another_keys_terms_is_told_to_end_what_was_approved_before() {
    let mut scene = Scene::working().said(&[holds("Pending", "AwaitingApproval")]);
    let foreign = on_terms(decision("no", false, "gold", 2), "namespace", &json!("elsewhere"));
    scene.approvals.push(foreign);
    let explanation = scene.key();
    let says = &step(&explanation, "decisions").says;
    assert!(
        says[2].starts_with("ended by a later denial: approved by olga"),
        "{says:?}"
    );
    assert!(
        says[1].contains("another key's, in namespace elsewhere")
            && says[1].contains("all it does is to end"),
        "{says:?}"
    );
}

#[test]
fn a_decision_on_another_product_is_told_with_the_product() {
    let mut scene = Scene::working();
    let vault = json!({ "name": "vault", "namespace": "store" });
    scene
        .approvals
        .push(on_terms(decision("vault", true, "gold", 1), "product", &vault));
    let explanation = scene.key();
    let says = &step(&explanation, "decisions").says;
    assert!(
        says[2].starts_with("about another product, store/vault: approved by olga"),
        "{says:?}"
    );
}
