//! The feed against a cluster that says exactly these bytes.

use std::{convert::Infallible, sync::Arc, time::Duration};

use bytes::Bytes;
use futures::StreamExt as _;
use http::{Request, Response};
use http_body_util::{BodyExt as _, StreamBody, combinators::UnsyncBoxBody};
use hyper::body::Frame;
use keydesk_catalog::{Affected, Catalog, Kind};
use kube::{Client, client::Body};
use parking_lot::{Mutex, RwLock};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::*;

type Answer = Response<UnsyncBoxBody<Bytes, Infallible>>;

/// What the cluster has: lists by plural, and which plurals it does not know.
#[derive(Default)]
struct Cluster {
    lists: Vec<(&'static str, Vec<Value>)>,
    unknown: Vec<&'static str>,
    broken: Vec<&'static str>,
    /// No watch goes on from any version.
    forgets: bool,
    /// Watches begun so far.
    watches: usize,
    /// Watches stay open until this is cancelled.
    hung_up: CancellationToken,
}

impl Cluster {
    /// Ends all watches that are open.
    fn hang_up(&mut self) {
        std::mem::take(&mut self.hung_up).cancel();
    }
}

/// Lists and watches; a watch never says anything.
fn answer(cluster: &mut Cluster, request: &Request<Body>) -> Answer {
    let plural = request.uri().path().rsplit('/').next().unwrap_or_default();
    let watch = request.uri().query().unwrap_or_default().contains("watch=true");
    cluster.watches += usize::from(watch);
    let (status, body) = if cluster.unknown.contains(&plural) {
        (
            404,
            json!({"kind": "Status", "code": 404, "reason": "NotFound", "message": "the server could not find it"}),
        )
    } else if cluster.broken.contains(&plural) {
        (
            403,
            json!({"kind": "Status", "code": 403, "reason": "Forbidden", "message": "not for you"}),
        )
    } else if cluster.forgets && watch {
        (
            410,
            json!({"kind": "Status", "code": 410, "reason": "Expired", "message": "too old resource version"}),
        )
    } else {
        let items = cluster
            .lists
            .iter()
            .find(|(kind, _)| *kind == plural)
            .map(|(_, items)| items.clone());
        (
            200,
            json!({"metadata": {"resourceVersion": "7"}, "items": items.unwrap_or_default()}),
        )
    };
    let open = status == 200 && watch;
    let text = Bytes::from(body.to_string());
    let first = futures::stream::iter((!open).then(|| Ok(Frame::data(text))));
    let hung_up = cluster.hung_up.clone();
    let rest = futures::stream::once(async move {
        if open {
            hung_up.cancelled().await;
        }
    })
    .filter_map(|()| std::future::ready(None));
    Response::builder()
        .status(status)
        .body(StreamBody::new(first.chain(rest)).boxed_unsync())
        .unwrap()
}

struct Feed {
    catalog: Arc<RwLock<Catalog>>,
    affected: mpsc::UnboundedReceiver<Affected>,
    readiness: Readiness,
    pulse: Pulse,
    cluster: Arc<Mutex<Cluster>>,
    _shutdown: tokio_util::sync::DropGuard,
}

fn feed(cluster: Cluster) -> Feed {
    feed_heard_by(Pulse::default(), cluster)
}

fn feed_heard_by(pulse: Pulse, cluster: Cluster) -> Feed {
    let cluster = Arc::new(Mutex::new(cluster));
    let seen = cluster.clone();
    let service = tower::service_fn(move |request: Request<Body>| {
        let answer = answer(&mut seen.lock(), &request);
        async move { Ok::<_, Infallible>(answer) }
    });
    let client = Client::new(service, "default");
    let catalog = Arc::new(RwLock::new(Catalog::default()));
    let (sender, affected) = mpsc::unbounded_channel();
    let (readiness, shutdown) = (Readiness::of(&Kind::ALL), CancellationToken::new());
    drive(&client, &catalog, &sender, &readiness, &pulse, &shutdown);
    Feed {
        catalog,
        affected,
        readiness,
        pulse,
        cluster,
        _shutdown: shutdown.drop_guard(),
    }
}

impl Feed {
    async fn ready(&self) {
        let ready = tokio::time::timeout(Duration::from_secs(10), self.readiness.ready()).await;
        assert!(ready.is_ok(), "{:?}", self.readiness.check());
    }

    async fn comes_to(&self, kind: Kind, wanted: impl Fn(&State) -> bool) {
        self.soon(|feed| wanted(&feed.readiness.states()[&kind])).await;
    }

    async fn soon(&self, wanted: impl Fn(&Self) -> bool) {
        let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
        while !wanted(self) {
            assert!(
                tokio::time::Instant::now() < deadline,
                "{:?}, heard {:?} ago",
                self.readiness.states(),
                self.pulse.age()
            );
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

fn key(name: &str, spec: &Value) -> Value {
    json!({
        "apiVersion": "devportal.kuadrant.io/v1alpha1",
        "kind": "APIKey",
        "metadata": {"name": name, "namespace": "app", "resourceVersion": "1"},
        "spec": spec,
    })
}

fn good(name: &str) -> Value {
    let spec = json!({
        "apiProductRef": {"name": "pets"},
        "secretRef": {"name": "pets-key"},
        "planTier": "gold",
        "requestedBy": {"userId": "ada", "email": "ada@example.com"},
    });
    key(name, &spec)
}

#[tokio::test]
async fn one_odd_object_does_not_hide_the_others() {
    let keys = vec![good("a"), key("odd", &json!(7)), good("b")];
    let mut feed = feed(Cluster {
        lists: vec![("apikeys", keys)],
        ..Cluster::default()
    });
    feed.ready().await;
    let affected = feed.affected.try_recv().expect("told before it counts as listed");
    assert_eq!(affected.iter().count(), 2, "{affected:?}");
}

#[tokio::test]
async fn a_kind_of_others_may_be_missing_and_is_noticed_when_it_comes() {
    let cluster = Cluster {
        unknown: vec!["httproutes", "kuadrants"],
        lists: vec![(
            "httproutes",
            vec![json!({"metadata": {"name": "r", "namespace": "app"}})],
        )],
        ..Cluster::default()
    };
    let feed = feed(cluster);
    feed.ready().await;
    assert_eq!(feed.readiness.states()[&Kind::Route], State::Absent);
    let empty = feed.catalog.read().clone();
    feed.cluster.lock().unknown.clear();
    feed.comes_to(Kind::Route, |state| *state == State::Listed).await;
    assert_ne!(*feed.catalog.read(), empty);
}

#[tokio::test]
async fn a_kind_of_ours_must_be_there() {
    let feed = feed(Cluster {
        unknown: vec!["apiproducts"],
        ..Cluster::default()
    });
    feed.comes_to(Kind::Product, |state| *state == State::Missing)
        .await;
    let missing = feed.readiness.check().unwrap_err();
    assert!(
        missing.contains("APIProduct: its CRD is not installed"),
        "{missing}"
    );
}

#[tokio::test]
async fn a_kind_of_ours_that_goes_missing_is_not_taken_for_deleted() {
    let mut feed = feed(Cluster {
        lists: vec![("apikeys", vec![good("a")])],
        ..Cluster::default()
    });
    feed.ready().await;
    let known = feed.catalog.read().clone();
    while feed.affected.try_recv().is_ok() {}
    feed.cluster.lock().unknown.push("apikeys");
    feed.cluster.lock().hang_up();
    feed.comes_to(Kind::Key, |state| *state == State::Missing).await;
    assert_eq!(*feed.catalog.read(), known);
    feed.cluster.lock().unknown.clear();
    feed.comes_to(Kind::Key, |state| *state == State::Listed).await;
    assert_eq!(*feed.catalog.read(), known);
}

#[tokio::test]
async fn a_kind_that_cannot_be_listed_costs_the_others_nothing() {
    let feed = feed(Cluster {
        broken: vec!["secrets"],
        ..Cluster::default()
    });
    feed.comes_to(Kind::Secret, |state| matches!(state, State::Failing(_)))
        .await;
    feed.comes_to(Kind::Key, |state| *state == State::Listed).await;
    assert!(feed.readiness.check().unwrap_err().contains("not for you"));
}

#[tokio::test]
async fn a_version_that_the_server_has_forgotten_is_not_asked_for_again() {
    let feed = feed(Cluster {
        lists: vec![("apikeys", vec![good("a"), good("b")])],
        ..Cluster::default()
    });
    feed.ready().await;
    assert_eq!(feed.catalog.read().key_names().len(), 2);
    {
        let mut cluster = feed.cluster.lock();
        cluster.lists = vec![("apikeys", vec![good("b")])];
        cluster.forgets = true;
        cluster.hang_up();
    }
    feed.soon(|feed| feed.catalog.read().key_names().len() == 1).await;
    feed.cluster.lock().forgets = false;
    feed.soon(|feed| feed.pulse.age().is_zero()).await;
}

#[tokio::test]
async fn a_refusal_is_no_sign_of_life() {
    let feed = feed(Cluster::default());
    feed.ready().await;
    feed.soon(|feed| feed.pulse.age().is_zero()).await;
    {
        let mut cluster = feed.cluster.lock();
        cluster.broken = vec!["apikeys"];
        cluster.hang_up();
    }
    // Long enough for it to have tried again.
    feed.soon(|feed| feed.pulse.age() > Duration::from_secs(2)).await;
    assert_eq!(feed.readiness.states()[&Kind::Key], State::Listed);
    feed.cluster.lock().broken.clear();
    feed.soon(|feed| feed.pulse.age().is_zero()).await;
}

#[tokio::test]
async fn a_kind_that_may_be_missing_does_not_age() {
    let feed = feed(Cluster {
        unknown: vec!["kuadrants"],
        ..Cluster::default()
    });
    feed.ready().await;
    assert_eq!(feed.readiness.states()[&Kind::Kuadrant], State::Absent);
    feed.soon(|feed| feed.pulse.age().is_zero()).await;
    feed.cluster.lock().unknown = vec!["kuadrants", "apikeys"];
    feed.cluster.lock().hang_up();
    feed.soon(|feed| !feed.pulse.age().is_zero()).await;
}

#[tokio::test]
async fn a_silent_server_is_hung_up_on() {
    let silence = Duration::from_millis(100);
    let feed = feed_heard_by(Pulse::with_silence(silence), Cluster::default());
    feed.ready().await;
    feed.soon(|feed| feed.cluster.lock().watches == Kind::ALL.len())
        .await;
    feed.soon(|feed| feed.pulse.age() > silence).await;
    feed.soon(|feed| feed.cluster.lock().watches == 2 * Kind::ALL.len())
        .await;
}
