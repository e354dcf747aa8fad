//! Decoding of objects that are not ours: what is absent, null or not of the expected form counts as not there.
//!
//! One odd object must not hide the others of its kind, and nothing that is left out here can grant anything: a policy
//! without rules, a route without an accepted parent and a tier without a name all end in a refusal.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// The value, or the default where it cannot be understood.
pub(crate) fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned + Default,
{
    Ok(serde_json::from_value(Value::deserialize(deserializer)?).unwrap_or_default())
}

/// A list in which each element that cannot be understood is the default: the list keeps its length.
pub(crate) fn each<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned + Default,
{
    let Value::Array(elements) = Value::deserialize(deserializer)? else {
        return Ok(Vec::new());
    };
    Ok(elements
        .into_iter()
        .map(|element| serde_json::from_value(element).unwrap_or_default())
        .collect())
}
