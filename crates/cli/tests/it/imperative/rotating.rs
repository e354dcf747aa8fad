//! `keydesk rotate`: no value is lost silently.

use keydesk_testkit::{Address, kinds};
use serde_json::json;

use super::stage::{NAMESPACE, Stage};

#[tokio::test]
async fn the_old_value_is_kept_dropped_or_in_the_way() {
    let stage = Stage::start().await;
    stage.ask("mobile").await;
    let (one, _) = stage.values("mobile").await;
    stage
        .must("consumer", "rotate mobile --overlap 2d")
        .says(&["the old one works beside it until"]);
    let secret = stage.secret("mobile").await;
    let until: jiff::Timestamp = secret["metadata"]["annotations"]["keydesk.dev/previous-until"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    let hours = until.duration_since(jiff::Timestamp::now()).as_hours();
    assert!((47..=48).contains(&hours), "{until}");
    let (two, previous) = stage.values("mobile").await;
    assert_eq!(previous, Some(one));

    stage.run("consumer", "rotate mobile").ended(1).says(&[
        "a rotation is under way: the value before this one works until",
        "--drop-previous",
    ]);
    assert_eq!(stage.values("mobile").await.0, two);
    stage.must("consumer", "rotate consumer-app/mobile --drop-previous");
    let (three, previous) = stage.values("mobile").await;
    assert_eq!(previous.as_deref(), Some(two.as_str()));
    stage
        .run("consumer", "rotate mobile --overlap 0")
        .ended(1)
        .says(&["a rotation is under way", "--drop-previous"]);
    stage
        .must("consumer", "rotate mobile --overlap 0 --drop-previous")
        .says(&["the old one ends now"])
        .hides(&three);
    let (_, previous) = stage.values("mobile").await;
    assert_eq!(previous, None);
    let secret = stage.secret("mobile").await;
    assert_eq!(
        secret["metadata"]["annotations"]["keydesk.dev/previous-until"],
        json!(null)
    );
    stage
        .run("consumer", "rotate mobile --overlap 8d")
        .ended(2)
        .says(&["both values may work for 7d at most"]);
    stage
        .run("consumer", "rotate mobil")
        .ended(1)
        .says(&["in namespace consumer-app there is mobile"]);
}

#[tokio::test]
async fn of_two_who_rotate_at_once_one_is_told() {
    let stage = Stage::start().await;
    stage.ask("mobile").await;
    let (first, _) = stage.values("mobile").await;
    let results = std::thread::scope(|scope| {
        let rotations: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| stage.run("consumer", "rotate mobile --show-key")))
            .collect();
        rotations
            .into_iter()
            .map(|rotation| rotation.join().unwrap())
            .collect::<Vec<_>>()
    });
    let (won, lost): (Vec<_>, Vec<_>) = results.into_iter().partition(|said| said.code == 0);
    assert_eq!(won.len(), 1, "one value is new, and the first is kept beside it");
    let (now, previous) = stage.values("mobile").await;
    assert_eq!(won[0].out, format!("{now}\n"));
    assert_eq!(previous, Some(first));
    for said in lost {
        assert_eq!(
            (said.code, said.out.as_str()),
            (1, ""),
            "no value that is in no Secret"
        );
        assert!(
            said.err.contains("somebody else changed the values")
                || said.err.contains("a rotation is under way"),
            "{}",
            said.err
        );
    }
}

#[tokio::test]
async fn what_others_keep_in_the_secret_stays() {
    let stage = Stage::start().await;
    stage.ask("mobile").await;
    let consumer = stage.person("consumer").await;
    let mut secret = stage.secret("mobile").await;
    secret["data"]["note"] = json!("aGVsbG8=");
    secret["metadata"]["labels"] = json!({ "team": "a" });
    consumer.replace(&secret).await.unwrap();
    let address = Address::new(kinds::KEY, NAMESPACE, "twin");
    let mut twin = consumer
        .get(&Address::new(kinds::KEY, NAMESPACE, "mobile"))
        .await
        .unwrap();
    twin["metadata"] = json!({ "name": "twin", "namespace": NAMESPACE });
    consumer.create(&twin).await.unwrap();
    assert!(consumer.find(&address).await.is_some());
    stage
        .must("consumer", "rotate mobile")
        .says(&["the same Secret, hence the same value, is that of twin"]);
    let secret = stage.secret("mobile").await;
    assert_eq!(secret["data"]["note"], "aGVsbG8=");
    assert_eq!(secret["metadata"]["labels"]["team"], "a");
}

#[tokio::test]
async fn a_key_that_names_another_ones_secret_with_a_query_behind_it_changes_and_reads_nothing() {
    let stage = Stage::start().await;
    stage.ask("mobile").await;
    let (value, _) = stage.values("mobile").await;
    let consumer = stage.person("consumer").await;
    let mobile = Address::new(kinds::KEY, NAMESPACE, "mobile");
    for (name, reference) in [
        ("query", "mobile-secret?x="),
        ("dry", "mobile-secret?dryRun=All&x="),
    ] {
        let mut key = consumer.get(&mobile).await.unwrap();
        key["metadata"] = json!({ "name": name, "namespace": NAMESPACE });
        key["spec"]["secretRef"]["name"] = json!(reference);
        consumer.create(&key).await.unwrap();
        let refusal =
            format!("spec.secretRef.name of the APIKey has {reference:?}, and no Secret can be called that");
        let rotating = stage.run("consumer", &format!("rotate {name}")).ended(1);
        rotating.says(&[&refusal]);
        let explained = stage.run("consumer", &format!("explain key {name}")).ended(1);
        explained.says(&[
            &format!("Secret consumer-app/{reference} does not exist"),
            "name a Secret in spec.secretRef by a name that one can have",
        ]);
    }
    assert_eq!(stage.values("mobile").await, (value, None));
    stage
        .run("consumer", "keys -n consumer-app/secrets")
        .ended(1)
        .says(&["error: -n has \"consumer-app/secrets\", and no namespace can be called that"]);
}
