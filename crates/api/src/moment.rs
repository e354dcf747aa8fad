//! Moments that people write into a spec, in the one form in which they are kept and compared.
//!
//! The API server takes any RFC 3339 text; what we write has whole seconds. Were a fraction kept here, a copy of it
//! would differ from the original for ever, and be written again for ever.

use jiff::Timestamp;
use jiff::fmt::temporal::Pieces;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use serde::{Deserialize, Deserializer, de::Error as _};

/// Reads a moment that may be absent.
pub(crate) fn optional<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Time>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    text.map(|text| read(&text).map_err(D::Error::custom)).transpose()
}

/// Reads a moment; one that cannot be read is the last one there is.
pub(crate) fn or_last<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Time, D::Error> {
    let text = String::deserialize(deserializer)?;
    Ok(read(&text).unwrap_or_else(|_| whole(Timestamp::MAX)))
}

fn read(text: &str) -> Result<Time, jiff::Error> {
    match text.parse() {
        Ok(moment) => Ok(whole(moment)),
        // Many write "never" as the last second of the year 9999: some hours after the last moment that we can tell.
        Err(_) if text.starts_with("9999-12-3") && Pieces::parse(text).is_ok() => Ok(whole(Timestamp::MAX)),
        Err(error) => Err(error),
    }
}

/// A moment as RFC 3339 text with whole seconds, as we write it everywhere.
#[must_use]
pub fn rfc3339(moment: Timestamp) -> String {
    whole(moment).0.to_string()
}

fn whole(moment: Timestamp) -> Time {
    Time(Timestamp::from_second(moment.as_second()).unwrap_or(moment))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::v1alpha1::{APIKeyApprovalSpec, APIKeySpec};

    fn expiry(text: &str) -> Result<String, serde_json::Error> {
        let spec: APIKeySpec = serde_json::from_value(json!({
            "apiProductRef": { "name": "a" }, "secretRef": {}, "planTier": "gold",
            "requestedBy": { "userId": "u", "email": "u@example.com" }, "expiresAt": text,
        }))?;
        Ok(json!(spec)["expiresAt"].as_str().unwrap().to_owned())
    }

    #[test]
    fn an_expiry_reads_back_as_it_was_written() {
        for (text, kept) in [
            ("2030-01-01T00:00:00.5Z", "2030-01-01T00:00:00Z"),
            ("2030-01-01T02:00:00+02:00", "2030-01-01T00:00:00Z"),
            ("9999-12-31T23:59:59Z", "9999-12-30T22:00:00Z"),
        ] {
            assert_eq!(expiry(text).unwrap(), kept);
            assert_eq!(expiry(kept).unwrap(), kept);
        }
        assert!(expiry("9999-12-3x").is_err());
    }

    #[test]
    fn no_date_makes_a_decision_unreadable() {
        for text in ["9999-12-31T23:59:59Z", "2026-01-01T00:00:00.01234567890Z"] {
            let spec: APIKeyApprovalSpec = serde_json::from_value(json!({
                "apiKeyRequestRef": { "name": "r" }, "approved": false, "reviewedBy": "o", "reviewedAt": text,
            }))
            .unwrap();
            assert!(!spec.approved);
        }
    }
}
