//! Conditions as others report them: only what we compare.

use serde::{Deserialize, Serialize};

use crate::tolerant;

/// The status of a kind that reports nothing but conditions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForeignStatus {
    /// What its controller last observed.
    #[serde(
        default,
        deserialize_with = "tolerant::each",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub conditions: Vec<ForeignCondition>,
}

impl ForeignStatus {
    /// Whether a condition of that type is True.
    #[must_use]
    pub fn is_true(&self, type_: &str) -> bool {
        is_true(&self.conditions, type_)
    }

    /// Whether a condition of that type has this status for this reason.
    #[must_use]
    pub fn says(&self, type_: &str, status: &str, reason: &str) -> bool {
        self.conditions.iter().any(|condition| {
            condition.type_ == type_ && condition.status == status && condition.reason == reason
        })
    }
}

/// One condition of a foreign object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForeignCondition {
    /// Which aspect.
    #[serde(rename = "type", default, deserialize_with = "tolerant::or_default")]
    pub type_: String,
    /// `True`, `False` or `Unknown`.
    #[serde(default, deserialize_with = "tolerant::or_default")]
    pub status: String,
    /// Why, in one word.
    #[serde(default, deserialize_with = "tolerant::or_default")]
    pub reason: String,
    /// Why, for people.
    #[serde(default, deserialize_with = "tolerant::or_default")]
    pub message: String,
}

/// Whether one of the conditions is of that type and True.
pub(super) fn is_true(conditions: &[ForeignCondition], type_: &str) -> bool {
    conditions
        .iter()
        .any(|condition| condition.type_ == type_ && condition.status == "True")
}
