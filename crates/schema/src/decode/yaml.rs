//! YAML bodies.

use std::cell::RefCell;

use serde::de::DeserializeSeed as _;
use serde_saphyr::budget::BudgetBreach;
use serde_saphyr::{DuplicateKeyPolicy, Error, Options};

use super::reader::{Notes, Reader};
use super::{DecodeError, Decoded};
use crate::stack;

/// Nodes that aliases may add: enough to repeat a block of labels, far from an alias bomb.
const MAX_ALIASED_EVENTS: usize = 10_000;

/// Reads a YAML body of one document.
///
/// # Errors
/// When the bytes are not UTF-8, not one YAML document, nested too deeply, or grow by aliases.
pub fn yaml(bytes: &[u8]) -> Result<Decoded, DecodeError> {
    let text = std::str::from_utf8(bytes).map_err(|_| DecodeError::NotUtf8)?;
    // The parser takes more stack for each level than a request's thread has for all of them.
    stack::with_room(|| read(text)).unwrap_or_else(|error| Err(DecodeError::Yaml(error.to_string())))
}

fn read(text: &str) -> Result<Decoded, DecodeError> {
    let notes = RefCell::new(Notes::default());
    let read = serde_saphyr::with_deserializer_from_str_with_options(text, options(), |deserializer| {
        Reader::new(&notes).deserialize(deserializer)
    });
    let Notes {
        duplicates, too_deep, ..
    } = notes.into_inner();
    match read {
        Ok(value) => Ok(Decoded { value, duplicates }),
        Err(_) if too_deep => Err(DecodeError::TooDeep),
        Err(error) => Err(DecodeError::Yaml(explain(&error))),
    }
}

/// What whoever wrote the body can do about it. Of some things the parser speaks as to whoever calls it.
fn explain(error: &Error) -> String {
    let mut cause = error.without_snippet();
    while let Error::AliasError { error, .. } = cause {
        cause = error;
    }
    let what = match cause {
        Error::MultipleDocuments { .. } => "there is more than one document: send each on its own",
        Error::RecursiveReferencesRequireWeakTypes { .. } => "an alias stands inside of what it repeats",
        Error::UnknownAnchor { .. } => "an alias repeats what has no anchor",
        Error::AliasReplayCounterOverflow { .. }
        | Error::AliasReplayLimitExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. }
        | Error::Budget {
            breach:
                BudgetBreach::Aliases { .. }
                | BudgetBreach::Anchors { .. }
                | BudgetBreach::AliasAnchorRatio { .. }
                | BudgetBreach::RecordedAnchorEvents { .. }
                | BudgetBreach::RecordedAnchorBytes { .. }
                | BudgetBreach::MergeKeys { .. },
            ..
        } => "its aliases repeat too much: write it out",
        Error::Budget {
            breach: BudgetBreach::Depth { .. },
            ..
        } => "it is nested too deeply",
        Error::NonFiniteFloat { .. } => "JSON has no such number: quote it",
        Error::Budget { .. } => "it is too large",
        other => return other.to_string(),
    };
    match error.location() {
        Some(place) => format!("{what} (line {}, column {})", place.line(), place.column()),
        None => what.to_owned(),
    }
}

fn options() -> Options {
    let mut options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: super::MAX_DEPTH + 2,
            max_aliases: 1_000,
            max_recorded_anchor_events: MAX_ALIASED_EVENTS,
        },
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        with_snippet: false,
    };
    options.alias_limits.max_total_replayed_events = MAX_ALIASED_EVENTS;
    options
}
