//! What a policy applies to.

use serde::{Deserialize, Serialize};

use crate::tolerant;

/// The object, in the policy's namespace, that a policy is attached to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PolicyTarget {
    /// API group of the target.
    #[serde(default, deserialize_with = "tolerant::or_default")]
    pub group: String,
    /// Kind of the target: `HTTPRoute` or `Gateway`.
    #[serde(default, deserialize_with = "tolerant::or_default")]
    pub kind: String,
    /// Name of the target.
    #[serde(default, deserialize_with = "tolerant::or_default")]
    pub name: String,
    /// The one listener or rule that is meant; all of them when absent.
    #[serde(
        default,
        deserialize_with = "tolerant::or_default",
        skip_serializing_if = "Option::is_none"
    )]
    pub section_name: Option<String>,
}
