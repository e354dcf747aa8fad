//! Our conditions among those of others.

use jiff::Timestamp;
use serde_json::{Value, json};

/// Ends every message of ours; by it we know our own conditions again.
const SIGNATURE: &str = "(Keydesk's local gateway)";

/// Ended them when there was no gate; data directories of that time have it still.
const BEFORE_THE_GATE: &str = "(Keydesk's local gateway: nothing enforces this yet)";

/// A condition that we want an object to have.
pub(super) struct Wanted {
    type_: &'static str,
    holds: bool,
    reason: &'static str,
    message: String,
}

impl Wanted {
    pub(super) fn new(type_: &'static str, holds: bool, reason: &'static str, message: &str) -> Self {
        Self {
            type_,
            holds,
            reason,
            message: format!("{message} {SIGNATURE}"),
        }
    }
}

/// The conditions as they should be: those of others as they are, ours as `wanted`. A type that somebody else reports is
/// theirs; and of what somebody else does not accept there is nothing to say.
pub(super) fn merge(
    existing: &[Value],
    wanted: &[Wanted],
    generation: Option<i64>,
    now: Timestamp,
) -> Vec<Value> {
    let kept = existing.iter().filter(|condition| !is_ours(condition));
    let mut merged: Vec<Value> = kept.cloned().collect();
    let refused = |condition: &Value| condition["type"] == "Accepted" && condition["status"] == "False";
    if merged.iter().any(refused) {
        return merged;
    }
    for want in wanted {
        let of_type = |condition: &&Value| condition["type"] == want.type_;
        if merged.iter().any(|condition| of_type(&condition)) {
            continue;
        }
        let status = if want.holds { "True" } else { "False" };
        let since = existing
            .iter()
            .find(of_type)
            .filter(|before| before["status"] == status)
            .map_or_else(
                || json!(whole_seconds(now)),
                |before| before["lastTransitionTime"].clone(),
            );
        let mut condition = json!({
            "type": want.type_,
            "status": status,
            "reason": want.reason,
            "message": want.message,
            "lastTransitionTime": since,
        });
        if let Some(generation) = generation {
            condition["observedGeneration"] = json!(generation);
        }
        merged.push(condition);
    }
    merged
}

/// Whether we wrote this condition.
pub(super) fn is_ours(condition: &Value) -> bool {
    condition["message"]
        .as_str()
        .is_some_and(|message| message.ends_with(SIGNATURE) || message.ends_with(BEFORE_THE_GATE))
}

fn whole_seconds(now: Timestamp) -> String {
    Timestamp::from_second(now.as_second()).unwrap_or(now).to_string()
}
