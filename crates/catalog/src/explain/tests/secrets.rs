//! Keys whose Secret is not there: commands that make one.

use super::scene::{Scene, fails, holds};
use crate::explain::SecretSight;

const CREATE: &str = "create it with a random value that nobody sees: head -c 32 /dev/urandom | base64 | tr -dc A-Za-z0-9 | \
                      kubectl create secret generic value -n app --from-file=api_key=/dev/stdin";

#[test]
fn a_secret_that_is_missing_is_made_by_a_command_that_needs_no_file_and_shows_no_value() {
    let mut scene = Scene::working().said(&[holds("Failed", "SecretNotFound")]);
    scene.secret = SecretSight::Missing;
    for scene in [scene.clone(), scene.clone().by_consumer()] {
        let explanation = scene.key();
        fails(
            &explanation,
            "secret",
            "Secret app/value does not exist",
            "consumer",
        );
        assert_eq!(explanation.to_do()[0].what, CREATE);
    }
}

#[test]
fn who_may_read_the_key_alone_tells_the_consumer_the_same() {
    let mut scene = Scene::working().said(&[holds("Failed", "SecretNotFound")]);
    scene.secret = SecretSight::Hidden;
    let explanation = scene.key();
    fails(
        &explanation,
        "secret",
        "the controller says SecretNotFound",
        "consumer",
    );
    assert_eq!(explanation.to_do()[0].what, CREATE);
}

#[test]
fn an_owner_does_not_tell_the_consumer_to_change_a_secret_that_is_not_there() {
    let scene = Scene::working().by_owner();
    let explanation = scene.said(&[holds("Failed", "SecretNotFound")]).key();
    fails(
        &explanation,
        "secret",
        "the controller says SecretNotFound",
        "consumer",
    );
    assert_eq!(
        explanation.to_do()[0].what,
        "create the Secret, with a value under api_key; how is told to who may read the key: keydesk explain key app/mobile"
    );
    for reason in ["SecretAPIKeyNotFound", "SecretAPIKeyEmpty"] {
        let scene = Scene::working().by_owner();
        let explanation = scene.said(&[holds("Failed", reason)]).key();
        assert_eq!(
            explanation.to_do()[0].what,
            "put a value into the Secret: keydesk rotate app/mobile --overlap 0"
        );
    }
}

#[test]
fn what_a_consumer_writes_for_a_name_is_no_part_of_a_command() {
    for name in ["a; rm -rf ~", "$(id)", "--all", "A"] {
        let mut scene = Scene::working().said(&[holds("Failed", "SecretNotFound")]);
        scene.key["spec"]["secretRef"]["name"] = serde_json::json!(name);
        scene.secret = SecretSight::Missing;
        let explanation = scene.key();
        assert_eq!(
            explanation.to_do()[0].what,
            "name a Secret in spec.secretRef by a name that one can have"
        );
    }
}
