//! Decisions that say nothing about the key: what they are about instead.

use serde_json::json;

use super::scene::{Scene, decision, holds, on_terms, step};

#[test]
fn an_approval_of_another_keys_terms_decides_nothing_and_is_told_as_the_controller_tells_it() {
    let mut foreign = on_terms(decision("odd", true, "gold", 1), "namespace", &json!("elsewhere"));
    let message = "Annotation keydesk.dev/terms must be terms of this key";
    foreign["status"]["conditions"] = json!([{
        "type": "Valid", "status": "False", "reason": "TermsNotReadable", "message": message,
        "lastTransitionTime": "2026-11-01T00:00:01Z",
    }]);
    let mut scene = Scene::working().said(&[holds("Pending", "AwaitingApproval")]);
    scene.approvals = vec![foreign];
    let explanation = scene.key();
    let says = &step(&explanation, "decisions").says;
    assert!(says[0].starts_with("nobody has decided"), "{says:?}");
    assert_eq!(
        says[1..],
        [format!("does not count: APIKeyApproval store/odd: {message}")]
    );
}

#[test]
fn a_denial_of_another_keys_terms_is_a_denial() {
    let mut scene = Scene::working();
    let foreign = on_terms(decision("no", false, "gold", 2), "namespace", &json!("elsewhere"));
    scene.approvals.push(foreign);
    let explanation = scene.key();
    let says = &step(&explanation, "decisions").says;
    assert!(says[0].starts_with("denied by olga"), "{says:?}");
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
