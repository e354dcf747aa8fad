//! Leases: their numbers make sense.

use keydesk_schema::Violation;
use serde_json::Value;

use crate::resource::Rules;

#[derive(Debug)]
pub(super) struct LeaseRules;

impl Rules for LeaseRules {
    fn validate(&self, object: &Value, _old: Option<&Value>) -> Vec<Violation> {
        let number = |field: &str| object.pointer(&format!("/spec/{field}")).and_then(Value::as_i64);
        let mut violations = Vec::new();
        if let Some(seconds) = number("leaseDurationSeconds").filter(|seconds| *seconds <= 0) {
            violations.push(Violation::invalid(
                "spec.leaseDurationSeconds",
                seconds,
                "must be greater than 0",
            ));
        }
        if let Some(count) = number("leaseTransitions").filter(|count| *count < 0) {
            let detail = "must be greater than or equal to 0";
            violations.push(Violation::invalid("spec.leaseTransitions", count, detail));
        }
        violations
    }
}
