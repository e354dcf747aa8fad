//! May this replica act? Asked by whoever works, and by a client that refuses to write when it may not.

use kube::Client;
use kube::client::Body;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric as _};
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};
use tower::{BoxError, service_fn};

use std::fmt;
use std::future::pending;
use std::sync::Arc;

/// A write was not sent, because it is another's turn to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this replica does not lead, so it writes nothing")]
pub struct NotLeading;

/// Whether this replica may act, shared by cloning.
#[derive(Clone, Debug)]
pub struct Lead {
    turn: Arc<watch::Sender<Turn>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    /// Nobody else is there.
    Always,
    /// It is another's turn.
    Waiting,
    /// It is this one's, until then.
    Until(Instant),
}

impl Turn {
    fn is_ours(self, now: Instant) -> bool {
        match self {
            Self::Always => true,
            Self::Waiting => false,
            Self::Until(end) => now < end,
        }
    }
}

impl Lead {
    /// For the only replica there is.
    #[must_use]
    pub fn always() -> Self {
        Self::starting_with(Turn::Always)
    }

    /// For one that waits for its turn.
    pub(super) fn waiting() -> Self {
        Self::starting_with(Turn::Waiting)
    }

    fn starting_with(turn: Turn) -> Self {
        Self {
            turn: Arc::new(watch::Sender::new(turn)),
        }
    }

    /// It may act until `end`, or not at all.
    pub(super) fn set(&self, end: Option<Instant>) {
        self.turn.send_replace(end.map_or(Turn::Waiting, Turn::Until));
    }

    /// Whether this replica may act now.
    #[must_use]
    pub fn may_act(&self) -> bool {
        self.turn.borrow().is_ours(Instant::now())
    }

    /// Waits until this replica may act.
    pub async fn begun(&self) {
        // The sender is `self`'s own, so it is still there.
        let _ = self
            .turn
            .subscribe()
            .wait_for(|turn| turn.is_ours(Instant::now()))
            .await;
    }

    /// Waits until this replica may not act.
    pub async fn over(&self) {
        let mut turn = self.turn.subscribe();
        loop {
            let until = *turn.borrow_and_update();
            let end = async {
                match until {
                    Turn::Always => pending().await,
                    Turn::Waiting => {}
                    Turn::Until(end) => sleep_until(end).await,
                }
            };
            tokio::select! {
                () = end => return,
                // Renewed, or lost before its time.
                _ = turn.changed() => {}
            }
        }
    }

    /// The same client, which sends nothing that changes anything while it is another's turn. Whoever is late, because
    /// the process stood still or a task was slow, is stopped here.
    #[must_use]
    pub fn guard(&self, client: Client) -> Client {
        let lead = self.clone();
        let namespace = client.default_namespace().to_owned();
        let service = service_fn(move |request: http::Request<Body>| {
            let refused = !request.method().is_safe() && !lead.may_act();
            let client = client.clone();
            async move {
                if refused {
                    return Err(BoxError::from(NotLeading));
                }
                client.send(request).await.map_err(BoxError::from)
            }
        });
        Client::new(service, namespace)
    }
}

/// `leader_election_master_status`, as client-go has it.
#[derive(Debug)]
struct Status {
    lease: String,
    lead: Lead,
}

impl Lead {
    /// Makes it part of what is scraped: 1 while this replica may act by the lease of this name, 0 otherwise.
    pub fn register_metrics(&self, lease: &str, registry: &mut Registry) {
        registry.register_collector(Box::new(Status {
            lease: lease.to_owned(),
            lead: self.clone(),
        }));
    }
}

impl Collector for Status {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let leads = ConstGauge::new(i64::from(self.lead.may_act()));
        let mut encoder = encoder.encode_descriptor(
            "leader_election_master_status",
            "Whether this replica holds the lease: 1, or 0",
            None,
            leads.metric_type(),
        )?;
        let labels = [("name", self.lease.as_str())];
        leads.encode(encoder.encode_family(&labels)?)
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::time::Duration;

    use futures::FutureExt as _;
    use http::{Method, Request, Response, StatusCode};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_turn_ends_with_its_time_unless_it_is_renewed() {
        let lead = Lead::waiting();
        let second = Duration::from_secs(1);
        assert!(!lead.may_act());
        assert!(lead.begun().now_or_never().is_none());
        let start = Instant::now();
        lead.set(Some(start + second));
        lead.begun().await;
        let over = tokio::spawn({
            let lead = lead.clone();
            async move { lead.over().await }
        });
        tokio::time::sleep(second / 2).await;
        lead.set(Some(start + 3 * second));
        tokio::time::sleep(second).await;
        assert!(lead.may_act() && !over.is_finished());
        over.await.unwrap();
        assert_eq!(start.elapsed().as_secs(), 3);
        assert!(!lead.may_act());
        lead.set(None);
        lead.over().await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_reads_at_any_time_and_writes_only_in_its_turn() {
        let server = service_fn(async |_: Request<Body>| Ok::<_, Infallible>(Response::new(Body::empty())));
        let lead = Lead::waiting();
        let client = lead.guard(Client::new(server, "here"));
        assert_eq!(client.default_namespace(), "here");
        let send = async |method: Method| {
            let request = Request::builder().method(method).uri("/x").body(Body::empty());
            client.send(request.unwrap()).await.map(|answer| answer.status())
        };
        for turn in [None, Some(Duration::from_secs(1))] {
            lead.set(turn.map(|turn| Instant::now() + turn));
            assert_eq!(send(Method::GET).await.unwrap(), StatusCode::OK);
            for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
                let answer = send(method).await;
                assert_eq!(answer.is_ok(), turn.is_some(), "{answer:?}");
            }
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        let refused = send(Method::PUT).await.unwrap_err();
        assert!(
            crate::chain(&refused).to_string().contains("does not lead"),
            "{refused:?}"
        );
    }
}
