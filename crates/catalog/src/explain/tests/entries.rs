//! The entry by which keys are recognised, where there is none.

use serde_json::json;

use super::scene::{Scene, fails};

#[test]
fn a_product_that_names_a_missing_entry_is_told_so_to_its_keys_too() {
    let mut scene = Scene::working();
    scene.product["metadata"]["annotations"] = json!({ "keydesk.dev/auth-entry": "nope" });
    let explanation = scene.key();
    fails(
        &explanation,
        "scheme",
        "the AuthPolicy of store/games has no apiKey entry \"nope\", which the product names",
        "owner",
    );
    assert_eq!(
        explanation.to_do()[0].what,
        "mend the annotation keydesk.dev/auth-entry of the product"
    );
    assert_eq!(explanation.to_do()[0], scene.product(None).to_do()[0]);
}

#[test]
fn what_is_said_of_the_policy_is_not_said_again_of_its_entries() {
    let mut scene = Scene::working();
    scene.policies.clear();
    scene.product["status"]["discoveredAuthScheme"] = json!(null);
    let explanation = scene.product(None);
    let to_do: Vec<_> = explanation.to_do().iter().map(|fix| fix.what.clone()).collect();
    assert_eq!(to_do, ["attach an AuthPolicy with an apiKey entry to the route"]);
}
