//! Whether gateways know a key that is not in force: what is there, and for how long.

use serde_json::{Value, json};

use super::scene::{Scene, decision, for_seconds, holds, policy, step};
use crate::explain::{Explanation, Part, Sight, State};

/// Approved, while its product fails since so many seconds.
fn failing(seconds: i64) -> Scene {
    let mut scene = Scene {
        enforcement: Some(Sight::There),
        ..Scene::working()
    };
    scene.product["status"]["discoveredAuthScheme"] = Value::Null;
    scene.said(&[for_seconds(holds("Failed", "AuthSchemeNotFound"), seconds)])
}

fn gateways(explanation: &Explanation) -> (State, &str) {
    let step = step(explanation, "gateways");
    (step.state, step.says[0].as_str())
}

#[test]
fn a_key_whose_product_began_to_fail_works_for_as_long_as_it_is_spared() {
    let explanation = failing(20).key();
    assert_eq!(
        gateways(&explanation),
        (State::Note, "know the key still: its enforcement secret is there")
    );
    assert_eq!(
        step(&explanation, "gateways").says[1],
        "it goes at about 2026-11-27T12:00:40Z, a minute after the product began to fail, unless that is mended"
    );
    assert!(explanation.works, "{explanation:#?}");
    assert_eq!(
        explanation.verdict,
        "works until about 2026-11-27T12:00:40Z, unless this is mended: store/games has no authentication scheme in force"
    );
    let mut ending = failing(20);
    ending.key["spec"]["expiresAt"] = json!("2026-11-27T12:00:10Z");
    assert!(ending.key().verdict.contains("until about 2026-11-27T12:00:10Z"));
}

#[test]
fn once_nobody_spares_it_any_more_the_controller_is_to_take_it_from_the_gateways() {
    let explanation = failing(60).key();
    assert!(!explanation.works, "{explanation:#?}");
    assert_eq!(
        explanation.verdict,
        "does not work: store/games has no authentication scheme in force; but gateways that go by the enforcement secret \
         alone take it still"
    );
    let gone = Scene {
        enforcement: Some(Sight::Missing),
        ..failing(20)
    }
    .key();
    assert_eq!(
        gateways(&gone),
        (
            State::Good,
            "do not know the key: there is no enforcement secret for it"
        )
    );
    assert_eq!(
        gone.verdict,
        "does not work: store/games has no authentication scheme in force"
    );
}

#[test]
fn what_nobody_can_see_or_say_is_not_said() {
    let unseen = Scene {
        enforcement: Some(Sight::Hidden),
        ..failing(20)
    };
    for scene in [unseen.clone(), unseen.by_consumer(), failing(20).by_owner()] {
        let explanation = scene.key();
        assert_eq!(
            gateways(&explanation),
            (
                State::Unknown,
                "you may not read enforcement secrets: whether gateways know the key is not known here"
            )
        );
        assert_eq!(
            step(&explanation, "gateways").says[1],
            "if they knew it and it is approved, they do until about 2026-11-27T12:00:40Z, a minute after the product began to fail"
        );
        assert!(!explanation.works);
        assert_eq!(
            explanation.verdict,
            "not known: store/games has no authentication scheme in force; if it is approved and worked before, it does \
             until about 2026-11-27T12:00:40Z"
        );
    }
    // Without a Kuadrant nobody knows where to look.
    let mut nowhere = Scene {
        enforcement: Some(Sight::Hidden),
        ..Scene::working()
    };
    nowhere.kuadrant = false;
    let explanation = nowhere
        .said(&[for_seconds(holds("Failed", "KuadrantNotFound"), 20)])
        .key();
    assert_eq!(
        gateways(&explanation),
        (
            State::Unknown,
            "where enforcement secrets are is not known without a Kuadrant, nor whether gateways know the key"
        )
    );
    assert_eq!(
        explanation.verdict,
        "does not work: there is no Kuadrant in the cluster; but gateways that go by the enforcement secret alone take it \
         until about 2026-11-27T12:00:40Z, if it is approved"
    );
}

#[test]
fn a_gate_goes_by_a_policy_as_it_is_written_though_it_says_that_it_is_not_enforced() {
    let mut scene = failing(20);
    scene.policies[0]["status"]["conditions"][1]["status"] = json!("False");
    let explanation = scene.key();
    assert!(explanation.works, "{explanation:#?}");
    assert_eq!(
        explanation.verdict,
        "works until about 2026-11-27T12:00:40Z, unless this is mended: AuthPolicy store/games-auth is not enforced: not yet"
    );
    let mut limits = policy("RateLimitPolicy", "store", "odd", "HTTPRoute", "games", false);
    limits["status"]["conditions"][1]["status"] = json!("False");
    scene.rate_limits = vec![limits];
    assert!(!scene.key().works, "no key is spared for the sake of limits");
}

#[test]
fn a_policy_that_no_gate_takes_the_key_by_is_no_reason_to_say_that_it_works() {
    let changed = |change: &dyn Fn(&mut Scene)| {
        let mut scene = failing(20);
        change(&mut scene);
        scene.key()
    };
    let but =
        "; but gateways that go by the enforcement secret alone take it until about 2026-11-27T12:00:40Z";
    for explanation in [
        changed(&|scene| {
            scene.product["metadata"]["annotations"] = json!({ "keydesk.dev/auth-entry": "nope" });
        }),
        changed(&|scene| scene.policies[0]["spec"]["rules"]["authentication"]["vips"] = json!({ "jwt": {} })),
        changed(&|scene| scene.policies.clear()),
    ] {
        assert!(
            explanation.verdict.starts_with("does not work: "),
            "{explanation:#?}"
        );
        assert!(explanation.verdict.ends_with(but), "{explanation:#?}");
    }
    let unread = changed(&|scene| {
        scene.hidden.insert(Part::Policies);
    });
    assert!(unread.verdict.starts_with("not known: "), "{unread:#?}");
}

#[test]
fn what_does_not_pass_spares_no_key() {
    let mut scene = failing(20);
    scene.approvals.clear();
    let explanation = scene.key();
    assert!(
        explanation
            .verdict
            .starts_with("does not work: store/games has no authentication scheme in force"),
        "nobody had approved it: {explanation:#?}"
    );
    let mut scene = failing(20);
    scene.secret = crate::explain::SecretSight::Missing;
    assert!(!scene.key().works, "its own failing is no disturbance");
}

#[test]
fn an_enforcement_secret_of_a_denied_key_is_told() {
    let mut scene = Scene::working().said(&[holds("Denied", "Denied")]);
    scene.enforcement = Some(Sight::There);
    scene.approvals = vec![decision("no", false, "gold", 1)];
    let explanation = scene.key();
    assert_eq!(
        gateways(&explanation),
        (State::Note, "know the key still: its enforcement secret is there")
    );
    assert!(!explanation.works);
    assert_eq!(
        explanation.verdict,
        "does not work: denied by olga at 2026-11-01T00:00:01Z: as she says; but gateways that go by the enforcement \
         secret alone take it still"
    );
    let to_do = explanation.to_do();
    assert_eq!(
        to_do.last().unwrap().what,
        "see that the controller runs, and what it logs: it removes the enforcement secrets of keys that are not in force"
    );
}

#[test]
fn of_a_key_that_is_approved_and_expired_it_is_not_said_that_it_is_not_approved() {
    let scene = Scene::working().said(&[holds("Expired", "KeyExpired")]);
    let mut scene = scene.asking("expiresAt", &json!("2026-11-27T11:00:00Z"));
    scene.enforcement = Some(Sight::Missing);
    let explanation = scene.key();
    assert!(
        !format!("{explanation:#?}").contains("it is not approved"),
        "{explanation:#?}"
    );
}
