//! A decision in one line.

use jiff::Timestamp;
use keydesk_api::{APIKeyApproval, rfc3339};
use keydesk_core::Decision;

use crate::foreign::phrase;

/// Who decided what, and when.
pub(super) fn said(decision: &Decision) -> String {
    words(
        decision.approved,
        &decision.by,
        decision.effective_at,
        &decision.message,
    )
}

/// The same, as it is written on an approval.
pub(super) fn written(approval: &APIKeyApproval) -> String {
    let spec = &approval.spec;
    let message = spec.message.as_deref().unwrap_or_default();
    words(spec.approved, &spec.reviewed_by, spec.reviewed_at.0, message)
}

fn words(approved: bool, by: &str, at: Timestamp, message: &str) -> String {
    let word = if approved { "approved" } else { "denied" };
    let message = if message.is_empty() {
        String::new()
    } else {
        format!(": {}", phrase(message))
    };
    format!("{word} by {} at {}{message}", phrase(by), rfc3339(at))
}
