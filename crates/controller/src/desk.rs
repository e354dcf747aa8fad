//! What every look shares: the cluster as it is known, and the means to write to it.

use std::collections::HashMap;
use std::sync::Arc;

use keydesk_api::AuthScheme;
use keydesk_catalog::{Catalog, Target};
use keydesk_core::{FingerprintKey, NamespacedName};
use kube::Client;
use parking_lot::{Mutex, RwLock};

use crate::Settings;
use crate::claims::Claims;
use crate::fetch::{Documents, Fetcher, Pace};
use crate::key::Places;
use crate::queue::Queue;
use crate::telemetry::Telemetry;
use crate::values::Values;
use crate::write::Cluster;

/// Shared by all looks. What is in here beside the catalog can be lost at any time and is learned again.
pub(crate) struct Desk {
    pub(crate) cluster: Cluster,
    pub(crate) catalog: Arc<RwLock<Catalog>>,
    pub(crate) queue: Queue<Target>,
    pub(crate) values: Values,
    pub(crate) claims: Mutex<Claims>,
    pub(crate) places: Mutex<Places>,
    pub(crate) documents: Documents<NamespacedName>,
    /// By key: why the API server refused its enforcement secret the last time.
    pub(crate) rejections: Mutex<HashMap<NamespacedName, String>>,
    /// By product: the scheme that was written, and the form in which the API server keeps it.
    pub(crate) stored_schemes: Mutex<HashMap<NamespacedName, (AuthScheme, AuthScheme)>>,
    pub(crate) telemetry: Telemetry,
    pub(crate) settings: Settings,
}

impl Desk {
    pub(crate) fn new(client: Client, catalog: Arc<RwLock<Catalog>>, settings: Settings) -> Self {
        let queue: Queue<Target> = Queue::default();
        let news = queue.clone();
        let tell = move |product| news.enqueue(Target::Product(product));
        Self {
            documents: Documents::new(Fetcher::new(&settings.fetch_allow), Pace::default(), tell)
                .counted(settings.metrics.clone()),
            telemetry: Telemetry::new(client.clone(), settings.metrics.clone()),
            cluster: Cluster::new(client, settings.metrics.clone()),
            catalog,
            queue,
            values: Values::new(FingerprintKey::new(rand::random())),
            claims: Mutex::default(),
            places: Mutex::default(),
            rejections: Mutex::default(),
            stored_schemes: Mutex::default(),
            settings,
        }
    }
}
