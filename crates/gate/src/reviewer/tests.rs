use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::Body;
use axum::response::Json;
use axum::routing::post;
use http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use keydesk_testkit::{Person, World};
use serde_json::{Value, json};
use tokio::time::advance;

use super::*;

const TOKENS: &str = "/apis/authentication.k8s.io/v1/tokenreviews";
const ACCESSES: &str = "/apis/authorization.k8s.io/v1/subjectaccessreviews";

/// What was asked of a cluster that knows one token, and lets `ada` verify one product, or as told.
#[derive(Clone, Default)]
struct Cluster {
    tokens: Arc<AtomicUsize>,
    accesses: Arc<parking_lot::Mutex<Vec<Value>>>,
    allows: Arc<parking_lot::Mutex<bool>>,
    delay: Duration,
    is_down: bool,
}

impl Cluster {
    fn reviewer(&self) -> Reviewer {
        let (cluster, other) = (self.clone(), self.clone());
        let router = Router::new()
            .route(
                TOKENS,
                post(async move |Json(review): Json<Value>| cluster.token(review).await),
            )
            .route(
                ACCESSES,
                post(async move |Json(review): Json<Value>| other.access(review)),
            );
        Reviewer::new(Client::new(router, "default"))
    }

    async fn token(&self, mut review: Value) -> Result<Json<Value>, (StatusCode, String)> {
        self.tokens.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(self.delay).await;
        if self.is_down {
            let status = json!({"kind": "Status", "status": "Failure", "code": 500, "reason": "InternalError",
                "message": format!("cannot store {review}")});
            return Err((StatusCode::INTERNAL_SERVER_ERROR, status.to_string()));
        }
        review["status"] = if review["spec"]["token"] == "ada's" {
            let extra = json!({"scopes": ["a"]});
            json!({"authenticated": true, "user":
                {"username": "ada", "uid": "1", "groups": ["dev"], "extra": extra}})
        } else {
            json!({"user": {}, "error": "invalid bearer token"})
        };
        Ok(Json(review))
    }

    fn access(&self, mut review: Value) -> Json<Value> {
        self.accesses.lock().push(review["spec"].clone());
        let allowed = *self.allows.lock();
        review["status"] = json!({"allowed": allowed});
        Json(review)
    }

    fn asked(&self) -> usize {
        self.tokens.load(Ordering::SeqCst)
    }
}

#[tokio::test]
async fn the_cluster_is_told_all_it_knows_of_the_caller() {
    let cluster = Cluster::default();
    assert_eq!(
        cluster.reviewer().may_verify("ada's", "toys", "blocks").await,
        Review::Forbidden
    );
    let asked = json!([{
        "user": "ada", "uid": "1", "groups": ["dev"], "extra": {"scopes": ["a"]},
        "resourceAttributes": {
            "verb": "verify", "group": "devportal.kuadrant.io", "resource": "apiproducts",
            "namespace": "toys", "name": "blocks",
        },
    }]);
    assert_eq!(json!(*cluster.accesses.lock()), asked);
}

#[tokio::test(start_paused = true)]
async fn a_yes_is_believed_for_ten_seconds_and_a_no_for_two() {
    let cluster = Cluster::default();
    let reviewer = cluster.reviewer();
    let review = async || reviewer.may_verify("ada's", "toys", "blocks").await;
    assert_eq!(review().await, Review::Forbidden);
    *cluster.allows.lock() = true;
    advance(Duration::from_millis(1900)).await;
    assert_eq!(review().await, Review::Forbidden);
    advance(Duration::from_millis(200)).await;
    assert_eq!(review().await, Review::Allowed);

    *cluster.allows.lock() = false;
    advance(Duration::from_millis(9900)).await;
    assert_eq!(review().await, Review::Allowed);
    advance(Duration::from_millis(200)).await;
    assert_eq!(review().await, Review::Forbidden);
    assert_eq!(cluster.asked(), 3);
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_for_one_token_and_one_product() {
    let cluster = Cluster::default();
    *cluster.allows.lock() = true;
    let reviewer = cluster.reviewer();
    assert_eq!(
        reviewer.may_verify("ada's", "toys", "blocks").await,
        Review::Allowed
    );
    *cluster.allows.lock() = false;
    assert_eq!(
        reviewer.may_verify("ada's", "toys", "dolls").await,
        Review::Forbidden
    );
    assert_eq!(
        reviewer.may_verify("ada's", "games", "blocks").await,
        Review::Forbidden
    );
    assert_eq!(
        reviewer.may_verify("other", "toys", "blocks").await,
        Review::Unauthenticated
    );
    assert_eq!(
        reviewer.may_verify("ada's", "toys", "blocks").await,
        Review::Allowed
    );
    assert_eq!(cluster.asked(), 4);
}

#[tokio::test(start_paused = true)]
async fn those_who_ask_the_same_at_the_same_time_share_one_review() {
    let cluster = Cluster {
        delay: Duration::from_secs(1),
        ..Cluster::default()
    };
    *cluster.allows.lock() = true;
    let reviewer = cluster.reviewer();
    let all = (0..50).map(|_| reviewer.may_verify("ada's", "toys", "blocks"));
    // Whoever began may leave: the review goes on for the others.
    let gone = timeout(
        Duration::from_millis(1),
        reviewer.may_verify("ada's", "toys", "blocks"),
    );
    let (gone, all) = tokio::join!(gone, futures::future::join_all(all));
    assert!(gone.is_err());
    assert_eq!(all, [Review::Allowed; 50]);
    assert!(cluster.asked() <= 2, "{}", cluster.asked());
}

#[tokio::test(start_paused = true)]
async fn a_cluster_that_does_not_answer_in_time_says_neither_yes_nor_no() {
    let cluster = Cluster {
        delay: Duration::from_hours(1),
        ..Cluster::default()
    };
    let reviewer = cluster.reviewer();
    let since = Instant::now();
    for asked in 1..3 {
        assert_eq!(
            reviewer.may_verify("ada's", "toys", "blocks").await,
            Review::Unavailable
        );
        assert_eq!(since.elapsed().as_secs(), 3 * asked);
    }
}

#[tokio::test]
async fn a_cluster_that_fails_says_neither_and_the_token_is_not_told() {
    let cluster = Cluster {
        is_down: true,
        ..Cluster::default()
    };
    let reviewer = cluster.reviewer();
    assert_eq!(
        reviewer.may_verify("ada's", "toys", "blocks").await,
        Review::Unavailable
    );
    let error = ask(&reviewer.client, "ada's", "toys", "blocks")
        .await
        .unwrap_err();
    let chain = keydesk_process::chain(&error).to_string();
    assert!(chain.contains("500"), "{chain}");
    for said in [chain, format!("{error:?}"), format!("{reviewer:?}")] {
        assert!(!said.contains("ada"), "{said}");
    }
}

#[tokio::test]
async fn what_cannot_be_a_token_is_nobodys_without_asking() {
    let cluster = Cluster::default();
    let reviewer = cluster.reviewer();
    let long = "a".repeat(MAX_TOKEN + 1);
    for token in ["", " ", "a b", "a\n", "ä", &long] {
        assert_eq!(
            reviewer.may_verify(token, "toys", "blocks").await,
            Review::Unauthenticated,
            "{token:?}"
        );
    }
    assert_eq!(cluster.asked(), 0);
}

/// The cluster of `person`, that knows these tokens beside.
fn knowing(person: &Person, tokens: &'static [(&'static str, &'static str)]) -> Client {
    let tokens: HashMap<_, _> = tokens.iter().copied().collect();
    let client = person.client();
    let router = Router::new()
        .route(
            TOKENS,
            post(async move |Json(mut review): Json<Value>| {
                let user = tokens.get(review["spec"]["token"].as_str().unwrap());
                review["status"] = json!({"authenticated": user.is_some(), "user": {
                    "username": user, "groups": ["system:authenticated"]}});
                Json(review)
            }),
        )
        .fallback(async move |request: Request<Body>| {
            let (head, body) = request.into_parts();
            let body = body.collect().await.unwrap().to_bytes().to_vec();
            let answer = client.send(Request::from_parts(head, body.into())).await;
            answer.unwrap().map(Body::new)
        });
    Client::new(router, "default")
}

#[tokio::test]
async fn roles_decide_who_may_verify_what() {
    let world = World::start().await;
    let admin = world.admin();
    world.namespace("toys").await;
    world.namespace("games").await;
    let role = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": "verifier"},
        "rules": [{"apiGroups": ["devportal.kuadrant.io"], "resources": ["apiproducts"], "verbs": ["verify"]}],
    });
    admin.put(&role).await.unwrap();
    world.bind("test-ada", "verifier", "toys").await;

    let client = knowing(&admin, &[("ada's", "test-ada"), ("bob's", "test-bob")]);
    let reviewer = Reviewer::new(client);
    for (token, namespace, review) in [
        ("ada's", "toys", Review::Allowed),
        ("ada's", "games", Review::Forbidden),
        ("bob's", "toys", Review::Forbidden),
        ("eve's", "toys", Review::Unauthenticated),
    ] {
        assert_eq!(
            reviewer.may_verify(token, namespace, "blocks").await,
            review,
            "{token} {namespace}"
        );
    }
}

#[tokio::test]
async fn a_gate_without_the_right_to_review_says_neither_yes_nor_no() {
    let world = World::start().await;
    let client = world.person("test-gate", &[]).client();
    assert_eq!(
        Reviewer::new(client).may_verify("ada's", "toys", "blocks").await,
        Review::Unavailable
    );
}
