//! Which approvals of a request the cluster has at this moment, for whoever must not rely on what the watches told.
//!
//! They can be had only with all others of their namespace: upstream's definition lets nobody select them by their request. So
//! however many ask at once, one list answers all who asked before it began; it is read page by page, and of it is kept what
//! was asked for.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use keydesk_api::APIKeyApproval;
use keydesk_core::NamespacedName;
use parking_lot::Mutex;
use serde::Deserialize;

use crate::write::{Cluster, WriteError};

/// An approval as somebody wrote it: its UID and its generation.
pub(crate) type Version = (Option<String>, Option<i64>);

/// By the name of its request: the versions of the approvals of each request that was asked for.
type Versions = BTreeMap<String, BTreeSet<Version>>;

/// Answers who asks for the approvals of a request.
#[derive(Debug, Default)]
pub(crate) struct LiveApprovals(Mutex<HashMap<String, Arc<Namespace>>>);

/// Those who ask about one namespace.
#[derive(Debug, Default)]
struct Namespace {
    next: Mutex<Next>,
    /// Whoever has it lists; the others wait.
    latest: tokio::sync::Mutex<Latest>,
}

/// The list that has not begun yet.
#[derive(Debug)]
struct Next {
    number: u64,
    requests: BTreeSet<String>,
}

/// The list that ended last.
#[derive(Debug, Default)]
struct Latest {
    number: u64,
    versions: Versions,
}

impl Default for Next {
    fn default() -> Self {
        Self {
            number: 1,
            requests: BTreeSet::new(),
        }
    }
}

impl Next {
    /// Has a request looked for, and returns the number of the list that will.
    fn ask(&mut self, request: &str) -> u64 {
        self.requests.insert(request.to_owned());
        self.number
    }

    /// What is asked after from now on is for the list after this one.
    fn begin(&mut self) -> (u64, BTreeSet<String>) {
        let number = self.number;
        self.number += 1;
        (number, std::mem::take(&mut self.requests))
    }
}

impl LiveApprovals {
    /// The approvals that a request has in the cluster, those on their way out left aside, at some moment after this call.
    pub(crate) async fn of(
        &self,
        cluster: &Cluster,
        request: &NamespacedName,
    ) -> Result<BTreeSet<Version>, WriteError> {
        let list = async |requests: &BTreeSet<String>| list(cluster, &request.namespace, requests).await;
        self.answer(request, list).await
    }

    async fn answer<Error>(
        &self,
        request: &NamespacedName,
        list: impl AsyncFnOnce(&BTreeSet<String>) -> Result<Versions, Error>,
    ) -> Result<BTreeSet<Version>, Error> {
        let namespace = {
            let mut namespaces = self.0.lock();
            namespaces.retain(|_, namespace| Arc::strong_count(namespace) > 1);
            let namespace = namespaces.entry(request.namespace.clone()).or_default();
            Arc::clone(namespace)
        };
        let needed = namespace.next.lock().ask(&request.name);
        let mut latest = namespace.latest.lock().await;
        if latest.number >= needed
            && let Some(versions) = latest.versions.remove(&request.name)
        {
            return Ok(versions);
        }
        // It comes to this too if the list that should have answered failed, or was given up.
        let (number, mut requests) = namespace.next.lock().begin();
        requests.insert(request.name.clone());
        let versions = list(&requests).await?;
        *latest = Latest { number, versions };
        Ok(latest.versions.remove(&request.name).unwrap_or_default())
    }
}

/// What is read of an approval.
#[derive(Deserialize)]
struct Listed {
    metadata: Metadata,
    #[serde(default)]
    spec: Spec,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    uid: Option<String>,
    generation: Option<i64>,
    deletion_timestamp: Option<serde::de::IgnoredAny>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Spec {
    api_key_request_ref: Reference,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Reference {
    name: String,
}

async fn list(
    cluster: &Cluster,
    namespace: &str,
    requests: &BTreeSet<String>,
) -> Result<Versions, WriteError> {
    // Also of a request without any approval it is known now that it has none.
    let mut versions: Versions = requests
        .iter()
        .map(|request| (request.clone(), BTreeSet::new()))
        .collect();
    let take = |listed: Listed| {
        let Listed { metadata, spec } = listed;
        if metadata.deletion_timestamp.is_none()
            && let Some(versions) = versions.get_mut(&spec.api_key_request_ref.name)
        {
            versions.insert((metadata.uid, metadata.generation));
        }
    };
    cluster
        .list::<APIKeyApproval, Listed>(namespace, None, take)
        .await?;
    Ok(versions)
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};
    use std::convert::Infallible;

    use futures::future::join_all;
    use http::{Request, Response};
    use kube::Client;
    use kube::client::Body;
    use serde_json::{Value, json};
    use tokio::task::yield_now;

    use super::*;
    use crate::telemetry::DomainMetrics;

    fn request(number: usize) -> NamespacedName {
        NamespacedName::new("gamestore", format!("request-{number}"))
    }

    /// A list that takes a while and finds one approval for each request, the generation of which is the list's number.
    async fn found(lists: &Cell<i64>, requests: &BTreeSet<String>) -> Result<Versions, Infallible> {
        lists.set(lists.get() + 1);
        let generation = lists.get();
        for _ in 0..100 {
            yield_now().await;
        }
        let version = |request: &String| (Some(request.clone()), Some(generation));
        Ok(requests
            .iter()
            .map(|request| (request.clone(), BTreeSet::from([version(request)])))
            .collect())
    }

    #[tokio::test]
    async fn however_many_ask_at_once_two_lists_answer_all() {
        let (live_approvals, lists) = (LiveApprovals::default(), Cell::new(0));
        let ask = async |number: usize| {
            let found = async |requests: &BTreeSet<String>| found(&lists, requests).await;
            let Ok(versions) = live_approvals.answer(&request(number), found).await;
            assert_eq!(versions.len(), 1);
            assert_eq!(versions.first().unwrap().0, Some(request(number).name));
        };
        join_all((0..1_000).map(ask)).await;
        // Who came first got its own; the others came when that had begun.
        assert_eq!(lists.get(), 2);
    }

    #[tokio::test]
    async fn nobody_is_answered_by_a_list_that_began_before_it_asked() {
        let (live_approvals, lists) = (LiveApprovals::default(), Cell::new(0));
        let ask = async |number: usize, begun: i64| {
            while lists.get() < begun {
                yield_now().await;
            }
            let found = async |requests: &BTreeSet<String>| found(&lists, requests).await;
            let Ok(versions) = live_approvals.answer(&request(number), found).await;
            let by = versions.first().unwrap().1.unwrap();
            assert!(by > begun, "asked during list {begun}, answered by list {by}");
        };
        let asks = (0..40).map(|number| ask(number % 7, i64::try_from(number / 10).unwrap()));
        join_all(asks).await;
    }

    #[tokio::test]
    async fn a_list_that_fails_fails_for_who_began_it() {
        let (live_approvals, asked) = (LiveApprovals::default(), RefCell::new(Vec::new()));
        let ask = async |number: usize| {
            let list = async |requests: &BTreeSet<String>| {
                asked.borrow_mut().push(requests.len());
                yield_now().await;
                if asked.borrow().len() == 2 {
                    return Err("no answer");
                }
                Ok(requests
                    .iter()
                    .map(|request| (request.clone(), BTreeSet::new()))
                    .collect())
            };
            live_approvals.answer(&request(number), list).await
        };
        let answers = join_all((0..4).map(ask)).await;
        let failed = answers.iter().filter(|answer| answer.is_err()).count();
        assert_eq!((failed, asked.borrow()[..2].to_vec()), (1, vec![1, 3]));
    }

    #[tokio::test]
    async fn of_namespaces_that_nobody_asks_about_nothing_is_kept() {
        let live_approvals = LiveApprovals::default();
        for namespace in ["a", "b", "c"] {
            let nothing = async |_: &BTreeSet<String>| Ok::<_, Infallible>(Versions::new());
            let Ok(versions) = live_approvals
                .answer(&NamespacedName::new(namespace, "r"), nothing)
                .await;
            assert!(versions.is_empty());
        }
        assert_eq!(live_approvals.0.lock().len(), 1);
    }

    /// An API server that lists what it is given, two objects to a page.
    fn cluster(approvals: Vec<Value>) -> Cluster {
        let service = tower::service_fn(move |request: Request<Body>| {
            let query = request.uri().query().unwrap_or_default().to_owned();
            let begin = query
                .split_once("continue=")
                .map_or(0, |(_, at)| at.parse().unwrap());
            let end = (begin + 2).min(approvals.len());
            let rest = (end < approvals.len()).then(|| end.to_string());
            let page = json!({
                "kind": "APIKeyApprovalList", "apiVersion": "devportal.kuadrant.io/v1alpha1",
                "metadata": { "resourceVersion": "7", "continue": rest.unwrap_or_default() },
                "items": approvals[begin..end],
            });
            async move { Ok::<_, Infallible>(Response::new(Body::from(page.to_string().into_bytes()))) }
        });
        Cluster::new(Client::new(service, "default"), DomainMetrics::default())
    }

    #[tokio::test]
    async fn those_of_the_request_are_found_on_every_page() {
        let approval = |uid: &str, request: usize| {
            json!({
                "metadata": { "uid": uid, "generation": 3, "managedFields": [{}] },
                "spec": { "apiKeyRequestRef": { "name": format!("request-{request}") }, "approved": true },
            })
        };
        let mut going = approval("going", 1);
        going["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z".into();
        let cluster = cluster(vec![
            approval("a", 1),
            approval("of another", 2),
            json!({ "metadata": { "uid": "without a spec" } }),
            going,
            approval("b", 1),
        ]);
        let versions = LiveApprovals::default().of(&cluster, &request(1)).await.unwrap();
        let version = |uid: &str| (Some(uid.to_owned()), Some(3));
        assert_eq!(versions, [version("a"), version("b")].into());
        let none = LiveApprovals::default().of(&cluster, &request(3)).await.unwrap();
        assert!(none.is_empty());
    }
}
