//! What commands print for people to type next: it acts on the cluster that they acted on, whichever is the current one.

use super::stage::{PRODUCT, Stage};

#[tokio::test]
async fn a_command_that_is_printed_can_be_pasted_and_acts_on_the_same_cluster_as_the_same_person() {
    let stage = Stage::start().await;
    let asked = stage.must(
        "consumer",
        &format!("request {PRODUCT} --tier gold --email ada@example.com --name mobile"),
    );
    stage.ask("other").await;
    let (value, _) = stage.values("mobile").await;
    let read = stage.paste(&asked.after("to read its value: ")).ended(0);
    assert_eq!(read.out, value);
    let explained = stage
        .paste(&asked.after("to see where it stands: "))
        .ended(1)
        .says(&["APIKey consumer-app/mobile", "NO  decisions"]);
    // What the owner is told to do is for a context of the owner's: as the consumer nobody may do it.
    let decide = explained.after("to do: the owner of the product: ");
    assert!(decide.starts_with("keydesk approve "), "{decide}");
    assert!(
        !decide.contains("--context") && !decide.contains("--kubeconfig"),
        "{decide}"
    );
    let approve = decide
        .trim_start_matches("keydesk ")
        .replace(", or deny", " --yes");
    stage.run("consumer", &approve).ended(1).says(&[
        "error: you may not get apikeyrequests.devportal.kuadrant.io",
        "in namespace gamestore",
    ]);

    let product = stage.must("owner", &format!("explain product {PRODUCT}"));
    let waiting = format!("keydesk requests {}", product.after("keydesk requests "));
    stage
        .paste(&waiting)
        .ended(0)
        .says(&["consumer-app/mobile", "consumer-app/other"]);
    let revoked = stage.run("owner", "revoke mobile --yes").ended(1);
    stage
        .paste(&format!(
            "{} --yes",
            revoked.after("to say no to what nobody has approved: ")
        ))
        .ended(0)
        .says(&["denied: API key request denied by owner"]);

    let none = stage.must("admin", "products -n consumer-app");
    stage
        .paste(&none.after("All there are: "))
        .ended(0)
        .says(&["gamestore-api"]);
}
