//! Commands that are told, to people who work with more than one cluster.

use keydesk_core::Flaw;
use serde_json::{Value, json};

use super::scene::{Scene, decision, holds, value};
use crate::explain::{Aim, Explanation, SecretSight};

const FLAGS: &str = " --kubeconfig here --context prod";

fn abroad(mut scene: Scene) -> Scene {
    let flags = [("--kubeconfig", "here"), ("--context", "prod")];
    scene.aim = Aim::new(&flags.map(|(flag, value)| (flag, value.to_owned())));
    scene
}

/// All that is said in an explanation, piece by piece.
fn said(explanation: &Explanation) -> Vec<String> {
    let steps = explanation.steps.iter();
    let says = steps.flat_map(|step| step.says.clone());
    let fixes = explanation.to_do().into_iter().map(|fix| fix.what.clone());
    says.chain(fixes).collect()
}

#[test]
fn every_command_that_is_told_acts_on_the_cluster_that_was_asked_about() {
    let undecided = || {
        let mut scene = Scene::working().said(&[holds("Pending", "AwaitingApproval")]);
        scene.approvals.clear();
        scene
    };
    let changed = |change: &dyn Fn(&mut Scene)| {
        let mut scene = Scene::working();
        change(&mut scene);
        scene
    };
    let keys = [
        (undecided(), "keydesk approve"),
        (
            undecided().said(&[holds("Failed", "TooManyKeys")]),
            "keydesk approve",
        ),
        (
            changed(&|scene| scene.approvals = vec![decision("no", false, "gold", 1)]),
            "keydesk approve",
        ),
        (
            changed(&|scene| scene.approvals = vec![decision("yes", true, "bronze", 1)]),
            "keydesk approve",
        ),
        (
            changed(&|scene| scene.product = Value::Null),
            "keydesk products -A",
        ),
        (
            changed(&|scene| scene.secret = SecretSight::Missing),
            "kubectl create secret",
        ),
        (
            changed(&|scene| scene.secret = SecretSight::Empty),
            "keydesk rotate",
        ),
        (
            changed(&|scene| scene.secret = value(&[Flaw::Guessable])),
            "keydesk rotate",
        ),
        (
            changed(&|scene| scene.product["status"]["discoveredAuthScheme"] = json!(null)),
            "keydesk explain product",
        ),
        (
            changed(&|scene| {
                scene.policies[0]["status"]["conditions"][1]["status"] = json!("False");
            }),
            "keydesk explain call",
        ),
    ];
    let keys = keys.map(|(scene, command)| (abroad(scene).key(), command));
    let product = (abroad(Scene::working()).product(Some(2)), "keydesk requests");
    for (explanation, command) in keys.into_iter().chain([product]) {
        let said = said(&explanation);
        assert!(
            said.iter().any(|words| words.contains(command)),
            "{command}: {said:#?}"
        );
        for words in &said {
            let commands = words.matches("keydesk ").count() + words.matches("kubectl ").count();
            assert_eq!(words.matches(FLAGS).count(), commands, "{words}");
        }
    }
}

/// What somebody is told that is for somebody else to do.
fn told(scene: Scene) -> String {
    let explanation = abroad(scene).key();
    let fix = explanation.to_do()[0];
    format!("{}: {}", fix.who, fix.what)
}

#[test]
fn a_command_for_somebody_else_does_not_act_as_whoever_asked() {
    let mut undecided = Scene::working().said(&[holds("Pending", "AwaitingApproval")]);
    undecided.approvals.clear();
    let by_owner = told(undecided.clone().by_owner());
    assert!(
        by_owner.starts_with("the owner of the product: keydesk approve ") && by_owner.contains(FLAGS),
        "{by_owner}"
    );
    let by_consumer = told(undecided.by_consumer());
    assert!(
        by_consumer.starts_with("the owner of the product: keydesk approve ")
            && !by_consumer.contains("--context"),
        "{by_consumer}"
    );
    let empty = Scene::working().said(&[holds("Failed", "SecretAPIKeyEmpty")]);
    let by_owner = told(empty.by_owner());
    assert!(
        by_owner.starts_with("the consumer: ")
            && by_owner.contains("keydesk rotate")
            && !by_owner.contains("--context"),
        "{by_owner}"
    );
}
