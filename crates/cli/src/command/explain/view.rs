//! The cluster as a gate sees it, at one moment.

use std::{ops::Deref, sync::Arc, time::Duration};

use keydesk_gate::{Follower, Gate, Scope as GateScope, Settings, State, explain::Known, snapshot::Snapshot};
use keydesk_quota::{Counters, Scope, Store};
use kube::Client;
use tokio_util::sync::CancellationToken;

use super::rights::{Readable, demand};
use crate::exit::Failure;

/// How long it may take to know a cluster.
const PATIENCE: Duration = Duration::from_secs(15);

/// What a gate would know now. It counts nothing and follows nothing any more.
pub(super) struct View {
    pub(super) gate: Arc<Gate>,
    follower: Follower,
    scope: GateScope,
}

/// The cluster did not become known.
#[derive(Debug, thiserror::Error)]
#[error("the cluster is not known after {} s: {missing}", PATIENCE.as_secs())]
struct Unready {
    missing: String,
}

impl View {
    /// Looks at a cluster.
    pub(super) async fn open(client: &Client) -> Result<Self, Failure> {
        let gate = Arc::new(Gate::new(
            Store::Memory(Arc::new(Counters::default())),
            Scope::Key,
        ));
        let scope = GateScope::default();
        let settings = Settings {
            scope: scope.clone(),
            max_stale: Duration::ZERO,
        };
        let follower = Follower::new(Arc::clone(&gate), client.clone(), settings).with_objects();
        let view = Self {
            gate,
            follower,
            scope,
        };
        let stop = CancellationToken::new();
        let follow = tokio::spawn(view.follower.clone().run(stop.clone()));
        let known = tokio::time::timeout(PATIENCE, view.know(client)).await;
        // From here on it is one moment that is spoken of.
        stop.cancel();
        let _ = follow.await;
        if let Ok(known) = known {
            return known.map(|()| view);
        }
        let missing = view.follower.check().err().unwrap_or_default();
        let hint = "see that the API server can be reached, and that the CRDs are there (keydesk crds)";
        Err(Failure::fixable(&Unready { missing }, hint))
    }

    async fn know(&self, client: &Client) -> Result<(), Failure> {
        demand(client, Readable::kinds()).await?;
        let mut asked = false;
        while self.gate.state() == State::Learning {
            let namespace = self.catalog().enforcement_namespace().map(str::to_owned);
            if let Some(namespace) = namespace.filter(|_| !asked) {
                demand(client, vec![Readable::secrets(namespace)]).await?;
                asked = true;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        Ok(())
    }

    /// What the cluster holds.
    pub(super) fn catalog(&self) -> impl Deref<Target = keydesk_catalog::Catalog> {
        self.follower.catalog.read()
    }

    /// What explanations are made from.
    pub(super) fn known<'a>(
        &'a self,
        snapshot: &'a Snapshot,
        catalog: &'a keydesk_catalog::Catalog,
    ) -> Known<'a> {
        Known {
            snapshot,
            catalog,
            scope: &self.scope,
        }
    }
}
