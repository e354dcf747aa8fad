//! `ConfigMap`: two maps of data that share their keys.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use keydesk_schema::{Violation, ViolationKind};
use serde_json::Value;

use super::data::{MAX_BYTES, entries, immutable_violations, key_violations};
use crate::resource::Rules;

#[derive(Debug)]
pub(super) struct ConfigMapRules;

impl Rules for ConfigMapRules {
    fn validate(&self, object: &Value, old: Option<&Value>) -> Vec<Violation> {
        let mut violations = Vec::new();
        if let Some(old) = old {
            violations.extend(immutable_violations(object, old, &["data", "binaryData"]));
        }
        violations.extend(key_violations(object, "data"));
        let binary = object.get("binaryData");
        for (key, _) in entries(object, "data") {
            if binary.is_some_and(|binary| binary.get(key).is_some()) {
                let detail = "duplicate of key present in binaryData";
                violations.push(Violation::invalid(&format!("data[{key}]"), key.as_str(), detail));
            }
        }
        violations.extend(key_violations(object, "binaryData"));
        let mut size = 0;
        for (key, value) in entries(object, "binaryData") {
            match value.as_str().map(|text| BASE64.decode(text)) {
                Some(Ok(bytes)) => size += bytes.len(),
                _ => violations.push(Violation::invalid(
                    &format!("binaryData[{key}]"),
                    value.clone(),
                    "must be base64",
                )),
            }
        }
        size += entries(object, "data")
            .filter_map(|(_, value)| value.as_str())
            .map(str::len)
            .sum::<usize>();
        if size > MAX_BYTES {
            let detail = format!("may not be more than {MAX_BYTES} bytes");
            violations.push(Violation::new(ViolationKind::TooLong, "", None, detail));
        }
        violations
    }
}
