//! What every reconcile shares: the cluster as it is known, and the means to write to it.

use std::collections::HashMap;
use std::sync::Arc;

use keydesk_api::AuthScheme;
use keydesk_catalog::{Catalog, SecretMeta, Target};
use keydesk_core::{FingerprintKey, NamespacedName};
use kube::Client;
use parking_lot::{Mutex, RwLock};

use crate::Settings;
use crate::awaited::Awaited;
use crate::claims::Claims;
use crate::departed::Departed;
use crate::fetch::{Documents, Fetcher, Pace, Reach};
use crate::key::Places;
use crate::live_approvals::LiveApprovals;
use crate::metrics::Metrics;
use crate::queue::{Backoff, Queue};
use crate::rights::Rights;
use crate::telemetry::Telemetry;
use crate::values::Values;
use crate::write::Cluster;

/// Shared by all reconciles. What is in here beside the catalog can be lost at any time and is learned again.
pub(crate) struct Context {
    pub(crate) cluster: Cluster,
    pub(crate) catalog: Arc<RwLock<Catalog>>,
    pub(crate) queue: Queue<Target>,
    pub(crate) rights: Rights,
    pub(crate) live_approvals: LiveApprovals,
    pub(crate) awaited: Awaited,
    pub(crate) departed: Departed,
    pub(crate) values: Values,
    pub(crate) claims: Mutex<Claims>,
    pub(crate) places: Mutex<Places>,
    pub(crate) documents: Documents<NamespacedName>,
    /// By key: why the API server refused its enforcement secret the last time.
    pub(crate) rejections: Mutex<HashMap<NamespacedName, String>>,
    /// By key: the Secrets that were deleted to be made anew, as long as they are not.
    pub(crate) retired: Mutex<HashMap<NamespacedName, Vec<Arc<SecretMeta>>>>,
    /// By product: the scheme that was written, and the form in which the API server keeps it.
    pub(crate) stored_schemes: Mutex<HashMap<NamespacedName, (AuthScheme, AuthScheme)>>,
    pub(crate) telemetry: Telemetry,
    pub(crate) settings: Settings,
    pub(crate) metrics: Metrics,
}

impl Context {
    pub(crate) fn new(
        client: Client,
        catalog: Arc<RwLock<Catalog>>,
        settings: Settings,
        metrics: Metrics,
    ) -> Self {
        let queue: Queue<Target> = Queue::new(Backoff::default(), metrics.queue.clone());
        let news = queue.clone();
        let tell = move |product| news.enqueue(Target::Product(product));
        let reach = Reach {
            allow: settings.fetch_allow.clone(),
            private: settings.fetch_private,
        };
        let pace = Pace {
            refresh: settings.fetch_refresh,
            ..Pace::default()
        };
        Self {
            documents: Documents::new(Fetcher::new(reach), pace, |product| &product.namespace, tell)
                .counted(metrics.domain.clone()),
            telemetry: Telemetry::new(client.clone(), metrics.domain.clone(), settings.clock),
            cluster: Cluster::new(client, metrics.domain.clone()),
            catalog,
            queue,
            rights: Rights::default(),
            live_approvals: LiveApprovals::default(),
            awaited: Awaited::default(),
            departed: Departed::default(),
            values: Values::new(FingerprintKey::new(rand::random())),
            claims: Mutex::default(),
            places: Mutex::default(),
            rejections: Mutex::default(),
            retired: Mutex::default(),
            stored_schemes: Mutex::default(),
            settings,
            metrics,
        }
    }
}
