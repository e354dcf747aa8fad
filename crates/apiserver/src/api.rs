//! What every request and every background task works on.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::auth::{Policy, Tokens};
use crate::http::Room;
use crate::registry::Registry;
use crate::status::Refusal;
use crate::store::{Object, Rejected, Store, View, Write};
use crate::{builtin, crd};

pub(crate) const NAMESPACES: &str = "/namespaces";
pub(crate) const EVENTS: &str = "/events";
pub(crate) const CRDS: &str = "apiextensions.k8s.io/customresourcedefinitions";
pub(crate) const CLUSTER_ROLES: &str = "rbac.authorization.k8s.io/clusterroles";
const POLICY: [&str; 4] = [
    CLUSTER_ROLES,
    "rbac.authorization.k8s.io/clusterrolebindings",
    "rbac.authorization.k8s.io/roles",
    "rbac.authorization.k8s.io/rolebindings",
];

/// One server's state.
#[derive(Debug)]
pub(crate) struct Api {
    pub(crate) store: Store,
    pub(crate) tokens: Tokens,
    pub(crate) room: Room,
    /// Ends watches and background work.
    pub(crate) stopping: CancellationToken,
    clock: fn() -> Timestamp,
    uids: fn() -> Uuid,
    registry: View<Registry>,
    policy: View<Policy>,
}

impl Api {
    pub(crate) fn new(store: Store, tokens: Tokens, clock: fn() -> Timestamp, uids: fn() -> Uuid) -> Self {
        Self {
            store,
            tokens,
            room: Room::default(),
            stopping: CancellationToken::new(),
            clock,
            uids,
            registry: View::new([CRDS], Registry::new(builtin::all())),
            policy: View::new(POLICY, Policy::default()),
        }
    }

    /// Every kind served now.
    pub(crate) fn registry(&self) -> Arc<Registry> {
        self.registry.get(&self.store, |last| {
            let definitions: Vec<Value> = self.store.all(CRDS).iter().map(|crd| crd.value()).collect();
            Registry::new(
                builtin::all()
                    .into_iter()
                    .chain(crd::resources(&definitions, last)),
            )
        })
    }

    /// Every role and binding there is now.
    pub(crate) fn policy(&self) -> Arc<Policy> {
        self.policy.get(&self.store, |_| {
            let objects: Vec<Value> = POLICY
                .iter()
                .flat_map(|name| self.store.all(name))
                .map(|object| object.value())
                .collect();
            Policy::new(&objects)
        })
    }

    /// The time: the one place where this crate reads the clock.
    pub(crate) fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// The UID of a new object.
    pub(crate) fn uid(&self) -> Uuid {
        (self.uids)()
    }

    /// Makes a change; `Ok(Err(current))`: the object was not as expected.
    pub(crate) async fn write(
        &self,
        write: Write,
    ) -> Result<Result<Arc<Object>, Option<Arc<Object>>>, Refusal> {
        let name = write.key.at.name.clone();
        let resource = write.key.collection.to_string();
        match self.store.write(write).await {
            Ok(object) => Ok(Ok(object)),
            Err(Rejected::Differs(current)) => Ok(Err(current)),
            Err(Rejected::WithinMissing(container)) if &*container.collection == NAMESPACES => {
                Err(Refusal::not_found("", "namespaces", &container.at.name))
            }
            Err(Rejected::WithinMissing(_)) => Err(Refusal::no_such_path()),
            Err(Rejected::WithinDeleting(container)) => {
                let (group, resource) = resource.split_once('/').unwrap_or_default();
                if &*container.collection == NAMESPACES {
                    Err(Refusal::namespace_terminating(
                        group,
                        resource,
                        &name,
                        &container.at.name,
                    ))
                } else {
                    let why = "create not allowed while custom resource definition is terminating";
                    Err(Refusal::method_not_allowed_because(group, resource, why))
                }
            }
            Err(Rejected::Failed) => Err(Refusal::internal("failed to write to the store")),
        }
    }
}
