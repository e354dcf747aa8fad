//! Kuadrant's `Kuadrant`: the namespace it lives in is where gateways look for enforcement secrets.

use serde::{Deserialize, Serialize};

use super::KUADRANT_GROUP;
use super::status::ForeignStatus;
use crate::kind::kind;

kind! {
    /// An installation of Kuadrant.
    Kuadrant {
        group: KUADRANT_GROUP,
        version: "v1beta1",
        plural: "kuadrants",
        scope: NamespaceResourceScope,
        spec: KuadrantSpec,
        status: ForeignStatus,
    }
}

/// Nothing of its spec is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KuadrantSpec {}
