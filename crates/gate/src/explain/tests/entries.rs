//! Products that name the entry of the policy by which their keys are recognised.

use keydesk_api::meta::annotation;
use keydesk_catalog::Object;
use keydesk_testkit::fixtures::{self, KEY_VALUE, but};
use serde_json::json;

use super::scene::{Scene, WITH_KEY, check, read};
use crate::explain::Obstacle;

#[tokio::test]
async fn a_product_that_names_an_entry_which_is_not_there_is_its_owners_to_mend() {
    for has_copy in [true, false] {
        let mut scene = Scene::asked();
        scene.put(Object::Approval(read(fixtures::approval())));
        if has_copy {
            scene.enforce(KEY_VALUE);
        }
        let named = json!({ "metadata": { "annotations": { annotation::AUTH_ENTRY: "nope" } } });
        scene.put(Object::Product(read(but(fixtures::product(), &named))));
        let explanation = scene.explain(&WITH_KEY).await;
        check(
            &explanation,
            "invalid_key",
            "the owner of gamestore/gamestore-api: name an apiKey entry of the AuthPolicy in annotation keydesk.dev/auth-entry",
        );
        let [owner] = explanation.key.owners.as_slice() else {
            panic!("{:?}", explanation.key)
        };
        let entry = "nope".to_owned();
        assert_eq!(owner.obstacle, Some(Obstacle::NoSuchEntry { entry }));
        assert_eq!(explanation.products.len(), 1, "it is offered all the same");
    }
}

#[tokio::test]
async fn a_product_that_names_an_entry_which_is_there_lets_its_keys_pass() {
    let mut scene = Scene::approved(KEY_VALUE);
    let named = json!({ "metadata": { "annotations": { annotation::AUTH_ENTRY: "vip-users" } } });
    scene.put(Object::Product(read(but(fixtures::product(), &named))));
    check(&scene.explain(&WITH_KEY).await, "pass", "");
}
