//! What an operator can choose.

use std::time::Duration;

use ipnet::IpNet;

use crate::Metrics;

/// Settings of the controller, with upstream's defaults.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Largest OpenAPI document, in bytes, that is taken into a product's status.
    pub openapi_spec_max_size: u64,
    /// Address ranges, otherwise refused, that outward fetches may reach.
    pub fetch_allow: Vec<IpNet>,
    /// How long a key that works goes on working when its product loses its authentication scheme or the cluster its
    /// Kuadrant: both come and go when gateways restart.
    pub product_failure_grace: Duration,
    /// How many objects are looked at at once.
    pub workers: usize,
    /// Where is counted what the controller does; register them to have them read.
    pub metrics: Metrics,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            openapi_spec_max_size: 512_000,
            fetch_allow: Vec::new(),
            product_failure_grace: Duration::from_mins(1),
            workers: 8,
            metrics: Metrics::default(),
        }
    }
}
