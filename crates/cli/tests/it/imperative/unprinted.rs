//! What is told where standard output takes nothing: what was done all the same, and what was not.

use keydesk_testkit::{Address, fixtures::request_name, kinds};

use super::stage::{NAMESPACE, PRODUCT, Stage};

#[tokio::test]
async fn a_value_that_cannot_be_printed_is_told_to_be_in_force_and_where_it_is() {
    let stage = Stage::start().await;
    let ask = format!("request {PRODUCT} --tier gold --email ada@example.com --name mobile --show-key");
    let made = stage.unprinted("consumer", &ask).ended(1).says(&[
        "error: failed to print the value on standard output: No space left on device",
        "hint: APIKey consumer-app/mobile and Secret consumer-app/mobile-secret were made all the same",
    ]);
    let (first, _) = stage.values("mobile").await;
    let read = stage.paste(&made.after("to read its value: ")).ended(0);
    assert_eq!(read.out, first);

    let rotated = stage
        .unprinted("consumer", "rotate mobile --show-key")
        .ended(1)
        .says(&[
            "error: failed to print the value on standard output",
            "hint: APIKey consumer-app/mobile has a new value; the old one works beside it until",
            "all the same; to read its value: kubectl get secret",
        ]);
    let (second, previous) = stage.values("mobile").await;
    assert_eq!(previous, Some(first));
    rotated.hides(&second);

    let file = stage.directory.path().join("value");
    let rotate = format!(
        "rotate mobile --drop-previous --show-key --key-file {}",
        file.display()
    );
    stage.unprinted("consumer", &rotate).ended(1).says(&[
        "error: failed to print the value on standard output",
        &format!("all the same; its value is in {} too", file.display()),
    ]);
    assert_eq!(
        std::fs::read_to_string(&file).unwrap(),
        stage.values("mobile").await.0
    );
}

#[tokio::test]
async fn where_the_terms_cannot_be_shown_nothing_is_decided_and_that_is_said() {
    let stage = Stage::start().await;
    stage.ask("mobile").await;
    stage.unprinted("owner", "approve mobile --yes").ended(1).says(&[
        "error: failed to show the terms on standard output; nothing was decided: No space left on device",
    ]);
    let name = format!("{}-approval", request_name(NAMESPACE, "mobile"));
    let approval = Address::new(kinds::APPROVAL, "gamestore", &name);
    assert_eq!(stage.person("owner").await.find(&approval).await, None);
    stage
        .unprinted("consumer", "keys")
        .ended(70)
        .says(&["error: failed to write to standard output: No space left on device"]);
}
