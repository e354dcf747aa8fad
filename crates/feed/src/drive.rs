//! All kinds into one catalog.

use std::{future::Future, sync::Arc};

use k8s_openapi::api::core::v1::Secret;
use keydesk_api::{
    APIKey, APIKeyApproval, APIKeyRequest, APIProduct,
    foreign::{AuthPolicy, Gateway, HTTPRoute, Kuadrant, PlanPolicy, RateLimitPolicy},
};
use keydesk_catalog::{Affected, Catalog, Kind};
use kube::{Client, core::PartialObjectMeta};
use parking_lot::RwLock;
use tokio::sync::mpsc::UnboundedSender;
use tokio_util::sync::CancellationToken;

use crate::{pulse::Pulse, ready::Readiness, watch::Watch};

/// Starts one task per kind of `readiness` that keeps `catalog` in step with the cluster, says what changes affect, and reports in
/// `readiness` how far it is. The tasks end at `shutdown`. Must be called within a tokio runtime.
///
/// An object is in the catalog before what it affects is told, and everything that existed when a kind was listed is
/// told before the kind counts as listed.
pub fn drive(
    client: &Client,
    catalog: &Arc<RwLock<Catalog>>,
    affected: &UnboundedSender<Affected>,
    readiness: &Readiness,
    pulse: &Pulse,
    shutdown: &CancellationToken,
) {
    for kind in readiness.states().into_keys() {
        let watch = Watch {
            catalog: catalog.clone(),
            affected: affected.clone(),
            readiness: readiness.clone(),
            pulse: pulse.clone(),
        };
        let client = client.clone();
        match kind {
            Kind::Product => spawn(watch.follow::<APIProduct>(client), shutdown),
            Kind::Key => spawn(watch.follow::<APIKey>(client), shutdown),
            Kind::Request => spawn(watch.follow::<APIKeyRequest>(client), shutdown),
            Kind::Approval => spawn(watch.follow::<APIKeyApproval>(client), shutdown),
            Kind::Route => spawn(watch.follow::<HTTPRoute>(client), shutdown),
            Kind::Gateway => spawn(watch.follow::<Gateway>(client), shutdown),
            Kind::AuthPolicy => spawn(watch.follow::<AuthPolicy>(client), shutdown),
            Kind::PlanPolicy => spawn(watch.follow::<PlanPolicy>(client), shutdown),
            Kind::RateLimitPolicy => spawn(watch.follow::<RateLimitPolicy>(client), shutdown),
            Kind::Kuadrant => spawn(watch.follow::<Kuadrant>(client), shutdown),
            Kind::Secret => spawn(watch.follow::<PartialObjectMeta<Secret>>(client), shutdown),
        }
    }
}

fn spawn(follow: impl Future<Output = ()> + Send + 'static, shutdown: &CancellationToken) {
    tokio::spawn(shutdown.clone().run_until_cancelled_owned(follow));
}
