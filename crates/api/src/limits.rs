//! The limits of a plan tier, in the form that a `PlanPolicy` writes and our kinds repeat.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::v1alpha1::schema::integer;

/// How many calls a plan tier allows. No field at all means that its owner set no limit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Limits {
    /// Calls allowed per day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "integer")]
    pub daily: Option<i64>,
    /// Calls allowed per week.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "integer")]
    pub weekly: Option<i64>,
    /// Calls allowed per month.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "integer")]
    pub monthly: Option<i64>,
    /// Calls allowed per year.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "integer")]
    pub yearly: Option<i64>,
    /// Limits over windows of other lengths.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub custom: Vec<Rate>,
}

/// A number of calls within a window of time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Rate {
    /// Calls allowed within the window.
    #[schemars(schema_with = "integer")]
    pub limit: i64,
    /// Length of the window as numbers with units, such as 90s or 1h30m.
    #[schemars(regex(pattern = r"^([0-9]{1,5}(h|m|s|ms)){1,4}$"))]
    pub window: String,
}
