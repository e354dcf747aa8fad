//! Terms, as the specification has them, written down a second time.

use std::collections::BTreeSet;

use jiff::Timestamp;
use keydesk_testkit::fixtures::CONSUMER_NAMESPACE;
use serde_json::{Value, json};

use crate::places::{PRODUCTS, owner_of};

/// What is asked for, shown, or approved.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Terms {
    pub(crate) product: usize,
    pub(crate) tier: String,
    pub(crate) user: String,
    pub(crate) scopes: BTreeSet<String>,
    pub(crate) ends: Option<Timestamp>,
}

impl Terms {
    /// What a request shows.
    pub(crate) fn shown(request: &Value) -> Option<Self> {
        let namespace = request["metadata"]["namespace"].as_str()?;
        let name = request["spec"]["apiProductRef"]["name"].as_str()?;
        let scopes = request["metadata"]["annotations"]["keydesk.dev/scopes"].as_str();
        Some(Self {
            product: product(namespace, name)?,
            tier: text(&request["spec"]["planTier"])?,
            user: text(&request["spec"]["requestedBy"]["userId"])?,
            scopes: scopes
                .unwrap_or_default()
                .split_whitespace()
                .map(str::to_owned)
                .collect(),
            ends: moment(&request["spec"]["expiresAt"]),
        })
    }

    /// What an annotation holds, and only if it is of a product of this namespace.
    pub(crate) fn read(json: &Value, namespace: &str) -> Option<Self> {
        let within = json["product"]["namespace"].as_str()?;
        let scopes = json["scopes"].as_array().into_iter().flatten();
        let own = within == namespace && json["namespace"] == CONSUMER_NAMESPACE;
        own.then_some(Self {
            product: product(within, json["product"]["name"].as_str()?)?,
            tier: text(&json["tier"])?,
            user: text(&json["userId"])?,
            scopes: scopes.filter_map(text).collect(),
            ends: moment(&json["expiresAt"]),
        })
    }

    /// As an annotation.
    pub(crate) fn write(&self) -> String {
        let mut json = json!({
            "namespace": CONSUMER_NAMESPACE,
            "product": { "name": PRODUCTS[self.product].1, "namespace": owner_of(self.product) },
            "tier": self.tier,
            "userId": self.user,
        });
        if !self.scopes.is_empty() {
            json["scopes"] = json!(self.scopes);
        }
        if let Some(ends) = self.ends {
            json["expiresAt"] = json!(ends.to_string());
        }
        json.to_string()
    }

    /// Whether whoever approved these approved `asked` too.
    pub(crate) fn cover(&self, asked: &Self) -> bool {
        let earlier = match (self.ends, asked.ends) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(approved), Some(asked)) => asked <= approved,
        };
        let undated = |terms: &Self| Self {
            ends: None,
            ..terms.clone()
        };
        earlier && undated(self) == undated(asked)
    }
}

fn product(namespace: &str, name: &str) -> Option<usize> {
    (0..PRODUCTS.len()).find(|product| owner_of(*product) == namespace && PRODUCTS[*product].1 == name)
}

fn text(json: &Value) -> Option<String> {
    json.as_str().map(str::to_owned)
}

pub(crate) fn moment(json: &Value) -> Option<Timestamp> {
    json.as_str()?.parse().ok()
}
