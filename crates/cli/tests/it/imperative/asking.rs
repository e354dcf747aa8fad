//! `keydesk request`: both objects or neither, and where the value goes.

use std::os::unix::fs::PermissionsExt as _;

use keydesk_testkit::{Address, kinds};
use serde_json::json;

use super::stage::{NAMESPACE, PRODUCT, Stage};

fn ask(flags: &str) -> String {
    format!("request {PRODUCT} --tier gold --email ada@example.com {flags}")
}

#[tokio::test]
async fn a_value_is_shown_kept_in_a_file_or_brought_along_only_if_that_is_asked_for() {
    let stage = Stage::start().await;
    let shown = stage.must("consumer", &ask("--name shown --show-key"));
    let (value, _) = stage.values("shown").await;
    assert_eq!(shown.out, format!("{value}\n"));
    assert!(!shown.err.contains(&value));

    let file = stage.directory.path().join("value");
    let flags = format!("--name filed --key-file {}", file.display());
    let filed = stage.must("consumer", &ask(&flags));
    let (value, _) = stage.values("filed").await;
    assert_eq!(std::fs::read_to_string(&file).unwrap(), value);
    assert_eq!(
        std::fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o600
    );
    filed.hides(&value);
    stage
        .run("consumer", &ask(&flags.replace("filed", "again")))
        .ended(1)
        .says(&["failed to write the value", "nothing was changed"]);

    let own = "my-own-l0ng-enough-value-2291";
    stage
        .feed(
            "consumer",
            &ask("--name brought --key-stdin"),
            &format!("{own}\n"),
        )
        .ended(0)
        .hides(own);
    assert_eq!(stage.values("brought").await.0, own);
    stage
        .feed("consumer", &ask("--name weak --key-stdin"), "abc123")
        .ended(0)
        .says(&["warning: the value is short or uniform enough to be guessed"])
        .hides("abc123");
    stage
        .feed(
            "consumer",
            &ask("--name spaced --key-stdin"),
            " 5up3rfluous-4nd-l0ng-enough",
        )
        .ended(1)
        .says(&["white space around it", "nothing was changed"])
        .hides("5up3rfluous");
    stage
        .run("consumer", &ask("--name none --key-stdin"))
        .ended(1)
        .says(&["standard input has no key"]);

    let names = stage.must("consumer", "keys -o name").out;
    let expected =
        ["brought", "filed", "shown", "weak"].map(|name| format!("apikey.devportal.kuadrant.io/{name}\n"));
    assert_eq!(names, expected.concat());
}

#[tokio::test]
async fn what_cannot_be_is_refused_with_what_can_and_leaves_nothing_behind() {
    let stage = Stage::start().await;
    let consumer = stage.person("consumer").await;
    let secrets = consumer.list(kinds::SECRET, NAMESPACE).await.unwrap().len();
    for (line, words) in [
        (
            "request gamestore/gamestore-ap --tier gold".to_owned(),
            "hint: in namespace gamestore there is gamestore-api",
        ),
        (
            format!("request {PRODUCT} --tier platinum"),
            "hint: its tiers are gold, silver, bronze",
        ),
        (
            format!("request {PRODUCT} --tier gold"),
            "\"consumer\" is no e-mail address",
        ),
        (ask("--name Mobile"), "is no name of an object"),
        (ask("--expires-at 2020-01-01T00:00:00Z"), "which is past"),
        (
            format!("request {PRODUCT} --tier gold --email not@an-address"),
            "the API server does not accept APIKey consumer-app/gamestore-api",
        ),
        (
            ask("-n other-app"),
            "you may not get apikeys.devportal.kuadrant.io \"gamestore-api\" in namespace other-app",
        ),
    ] {
        stage.run("consumer", &line).ended(1).says(&[words]);
    }
    let too_long = format!("--name {}", "a".repeat(250));
    for (line, code, words) in [
        (ask("--expires-in soon"), 2, "such as 30d"),
        (ask("--expires-at 2027-01-01"), 2, "such as 2027-01-01T00:00:00Z"),
        (ask("--expires-in 0d"), 1, "Z, which is past"),
        (
            ask("--user="),
            2,
            "for '--user <USER>': say who that is, or leave the flag out",
        ),
        (ask(&too_long), 1, "has 250 characters, and 246 is the most"),
    ] {
        stage.run("consumer", &line).ended(code).says(&[words]);
    }
    stage
        .run("owner", "approve mobile --yes --reviewed-by=")
        .ended(2)
        .says(&["for '--reviewed-by <USER>': say who that is"]);
    let left = consumer.list(kinds::SECRET, NAMESPACE).await.unwrap();
    assert_eq!(left.len(), secrets, "{left:?}");
    assert_eq!(
        consumer.list(kinds::KEY, NAMESPACE).await.unwrap(),
        Vec::<serde_json::Value>::new()
    );

    stage.must("consumer", &ask("--name mobile"));
    let before = stage.values("mobile").await;
    stage
        .run("consumer", &ask("--name mobile"))
        .ended(1)
        .says(&["exists already", "choose another name with --name"]);
    assert_eq!(stage.values("mobile").await, before);
}

#[tokio::test]
async fn scopes_and_an_end_are_part_of_what_is_asked_for() {
    let stage = Stage::start().await;
    stage.must(
        "consumer",
        &ask("--name mobile --scopes write,read --expires-at 2030-01-01T00:00:00Z --user ada"),
    );
    let key = Address::new(kinds::KEY, NAMESPACE, "mobile");
    let key = stage.person("consumer").await.get(&key).await.unwrap();
    assert_eq!(
        key["metadata"]["annotations"],
        json!({ "keydesk.dev/scopes": "read write" })
    );
    assert_eq!(key["spec"]["expiresAt"], "2030-01-01T00:00:00Z");
    assert_eq!(key["spec"]["requestedBy"]["userId"], "ada");
}

#[tokio::test]
async fn a_value_that_is_asked_for_in_two_places_is_in_both() {
    let stage = Stage::start().await;
    let file = stage.directory.path().join("both");
    let flags = format!("--show-key --key-file {}", file.display());
    for line in [
        ask(&format!("--name both {flags}")),
        format!("rotate both {flags}"),
    ] {
        let both = stage.must("consumer", &line).says(&[&format!(
            "its value is in {} too, and on standard output, this once",
            file.display()
        )]);
        let (value, _) = stage.values("both").await;
        assert_eq!(both.out, format!("{value}\n"));
        assert_eq!(std::fs::read_to_string(&file).unwrap(), value);
        std::fs::remove_file(&file).unwrap();
    }
}
