//! Reading conditions of an object in JSON.

use serde_json::Value;

/// The condition of this type, if the object has it.
#[must_use]
pub fn condition<'a>(object: &'a Value, r#type: &str) -> Option<&'a Value> {
    object["status"]["conditions"]
        .as_array()?
        .iter()
        .find(|condition| condition["type"] == r#type)
}

/// Whether a condition has this status and reason.
#[must_use]
pub fn has(object: &Value, r#type: &str, status: &str, reason: &str) -> bool {
    condition(object, r#type).is_some_and(|found| found["status"] == status && found["reason"] == reason)
}

/// Whether a condition has this status, reason and message.
#[must_use]
pub fn says(object: &Value, r#type: &str, status: &str, reason: &str, message: &str) -> bool {
    has(object, r#type, status, reason) && self::message(object, r#type) == message
}

/// The message of a condition; empty where there is none.
#[must_use]
pub fn message<'a>(object: &'a Value, r#type: &str) -> &'a str {
    condition(object, r#type)
        .and_then(|found| found["message"].as_str())
        .unwrap_or_default()
}

/// The types of the lifecycle conditions of an `APIKey` or `APIKeyRequest`, in the order they are listed.
#[must_use]
pub fn lifecycle(object: &Value) -> Vec<&str> {
    const LIFECYCLE: [&str; 5] = ["Approved", "Denied", "Expired", "Failed", "Pending"];
    let conditions = object["status"]["conditions"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    conditions
        .iter()
        .filter_map(|condition| condition["type"].as_str())
        .filter(|r#type| LIFECYCLE.contains(r#type))
        .collect()
}

/// Whether the one lifecycle condition is this one, and true.
#[must_use]
pub fn is(object: &Value, r#type: &str) -> bool {
    lifecycle(object) == [r#type] && condition(object, r#type).is_some_and(|found| found["status"] == "True")
}
