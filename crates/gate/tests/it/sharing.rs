//! One value in several Secrets.

use crate::ask::{Call, WAYS};
use crate::key::Key;
use crate::stage::{Stage, TOYSTORE_HOST};

const VALUE: &str = "one-value-for-several-0123456789";

#[tokio::test]
async fn c25_of_two_keys_of_one_product_always_the_same_one_speaks_until_it_goes() {
    let stage = Stage::open().await;
    // By the names of their Secrets.
    let [first, second] = ["ada", "bea"].map(|name| Key::new(name).value(VALUE));
    let (speaks, waits) = if first.enforcement()["metadata"]["name"].as_str()
        < second.enforcement()["metadata"]["name"].as_str()
    {
        (first, second)
    } else {
        (second, first)
    };
    stage.grant(&waits).await;
    stage.grant(&speaks).await;
    let gate = stage.gate().await;
    let call = Call::with(&speaks);
    for way in WAYS {
        let said = gate.asking.ask(way, &call).await;
        let consumer = said
            .upstream
            .get("x-consumer")
            .map(String::as_str)
            .or(said.header("x-consumer"));
        assert_eq!(
            consumer,
            Some(&*format!("consumer-app/user-{}", speaks.name)),
            "{way:?}"
        );
    }
    stage.delete(&speaks.enforcement()).await;
    gate.soon(&waits, "the other one speaks", |said| {
        said.problem()["user_name"] == format!("user-{}", waits.name)
    })
    .await;
    let said = gate.ask(&call).await;
    assert_eq!(
        said.header("x-ratelimit-remaining"),
        Some("4"),
        "with limits of its own"
    );
    stage.delete(&waits.enforcement()).await;
    gate.soon_answers(&call, 401).await;
}

#[tokio::test]
async fn c25_a_key_of_two_products_is_each_ones_own() {
    let stage = Stage::open().await;
    stage.second_store().await;
    let games = Key::new("ada").value(VALUE);
    let toys = Key::new("bea").value(VALUE).of_toystore();
    stage.grant(&games).await;
    stage.grant(&toys).await;
    let gate = stage.gate().await;
    let (on_games, on_toys) = (Call::with(&games), Call::with(&toys).host(TOYSTORE_HOST));
    for (call, user) in [
        (&on_games, "consumer-app/user-ada"),
        (&on_toys, "consumer-app/user-bea"),
    ] {
        let said = gate.ask(call).await;
        assert_eq!((said.status, said.header("x-consumer")), (200, Some(user)));
        assert_eq!(said.header("x-ratelimit-remaining"), Some("4"));
    }
    let said = gate.about(&games).await;
    assert_eq!(
        (said.status, said.why().as_str()),
        (400, "bad_request"),
        "which is meant?"
    );
    let asked = gate
        .asking
        .to("/v1/self?product=toystore%2Ftoystore-api")
        .header("x-api-key", VALUE);
    let said = gate
        .asking
        .send(asked.body(http_body_util::Full::default()).unwrap())
        .await;
    assert_eq!(said.problem()["user_name"], "user-bea");

    stage.delete(&games.enforcement()).await;
    gate.soon_answers(&on_games, 401).await;
    let said = gate.ask(&on_toys).await;
    assert_eq!(
        (said.status, said.header("x-consumer")),
        (200, Some("consumer-app/user-bea"))
    );
    assert_eq!(said.header("x-ratelimit-remaining"), Some("3"));
}

#[tokio::test]
async fn c25_a_second_secret_with_the_value_that_nobody_approved_takes_nothing_away() {
    let stage = Stage::open().await;
    let key = Key::new("zoe").value(VALUE);
    stage.grant(&key).await;
    let gate = stage.gate().await;
    let squatter = Key::new("ada").value(VALUE);
    stage.ask(&squatter).await;
    stage.create(&squatter.enforcement()).await;
    let other = Key::new("witness");
    stage.grant(&other).await;
    gate.soon(&other, "all before it is known too", |said| said.status == 200)
        .await;
    let said = gate.ask(&Call::with(&key)).await;
    assert_eq!(
        (said.status, said.header("x-consumer")),
        (200, Some("consumer-app/user-zoe"))
    );
    stage.delete(&squatter.enforcement()).await;
    assert_eq!(
        gate.statuses(&Call::with(&key), 5).await,
        [200, 200, 200, 200, 429]
    );
}
