//! What surrounds a CEL rule: its messages, reason and path. The expressions are checked when they are
//! compiled.

use serde_json::Value;

use super::{Raw, field_path};
use crate::violation::Violation;

const REASONS: [&str; 4] = [
    "FieldValueDuplicate",
    "FieldValueForbidden",
    "FieldValueInvalid",
    "FieldValueRequired",
];

/// Checks the rules on a node. Within `uncorrelated` there is no value before the update to speak of.
pub(super) fn check(raw: &Raw, path: &str, uncorrelated: Option<&str>, violations: &mut Vec<Violation>) {
    let rules = raw
        .get("x-kubernetes-validations")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    for (index, rule) in rules.enumerate() {
        let path = format!("{path}.x-kubernetes-validations[{index}]");
        check_rule(rule, raw, &path, violations);
        let expression = rule.get("rule").and_then(Value::as_str).unwrap_or_default();
        if let Some(list) = uncorrelated
            && crate::cel::uses_old_self(expression)
        {
            let detail =
                format!("oldSelf cannot be used on the uncorrelatable portion of the schema within {list}");
            violations.push(Violation::invalid(&format!("{path}.rule"), expression, detail));
        }
    }
}

fn check_rule(rule: &Value, raw: &Raw, path: &str, violations: &mut Vec<Violation>) {
    let given = |name: &str| rule.get(name).and_then(Value::as_str).unwrap_or_default();
    let breaks_line = |text: &str| text.contains(['\n', '\r']);
    let (expression, message) = (given("rule").trim(), given("message").trim());
    let message_path = format!("{path}.message");
    if expression.is_empty() {
        violations.push(Violation::required(
            &format!("{path}.rule"),
            "rule is not specified",
        ));
    } else if !given("message").is_empty() && message.is_empty() {
        violations.push(Violation::invalid(
            &message_path,
            given("message"),
            "must be non-empty if specified",
        ));
    } else if breaks_line(message) {
        violations.push(Violation::invalid(
            &message_path,
            given("message"),
            "must not contain line breaks",
        ));
    } else if breaks_line(expression) && message.is_empty() {
        let detail = "message must be specified if rule contains line breaks";
        violations.push(Violation::required(&message_path, detail));
    }
    if !given("messageExpression").is_empty() && given("messageExpression").trim().is_empty() {
        let detail = "messageExpression must be non-empty if specified";
        violations.push(Violation::required(&format!("{path}.messageExpression"), detail));
    }
    let reason = given("reason");
    if !reason.is_empty() && !REASONS.contains(&reason) {
        violations.push(Violation::not_supported(
            &format!("{path}.reason"),
            reason,
            &REASONS,
        ));
    }
    let field = given("fieldPath");
    let field_path = format!("{path}.fieldPath");
    if field.is_empty() {
        return;
    }
    if field.trim().is_empty() {
        violations.push(Violation::invalid(
            &field_path,
            field,
            "must be non-empty if specified",
        ));
    }
    if breaks_line(field) {
        violations.push(Violation::invalid(
            &field_path,
            field,
            "must not contain line breaks",
        ));
    }
    if field_path::normalized(field, raw).is_none() {
        violations.push(Violation::invalid(&field_path, field, "must be a valid path"));
    }
}
