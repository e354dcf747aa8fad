//! Conditions: which aspects each kind reports, for which reasons, and how a list of them changes.
//!
//! Type and reason belong together ([`Aspect::Reason`]), so a reason of one kind cannot end up on another.

mod vocabulary;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};

pub use vocabulary::{ApprovalAspect, ApprovalReason, KeyAspect, KeyReason, ProductAspect, ProductReason};

/// The type of a condition, which says what reasons it can have.
pub trait Aspect: Copy + Into<&'static str> {
    /// The reasons of this kind's conditions.
    type Reason: Copy + Into<&'static str>;
}

impl Aspect for ProductAspect {
    type Reason = ProductReason;
}

impl Aspect for KeyAspect {
    type Reason = KeyReason;
}

impl Aspect for ApprovalAspect {
    type Reason = ApprovalReason;
}

/// What is to be said of an object: a condition but for the time, which [`set`] knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    type_: &'static str,
    holds: bool,
    reason: &'static str,
    message: String,
    observed_generation: Option<i64>,
}

/// Longest message that the CRDs admit, in characters.
const MESSAGE_MAX: usize = 32_768;

impl Observation {
    /// Says that `aspect` holds or not. A message too long for the CRD is cut.
    pub fn new<A: Aspect>(aspect: A, holds: bool, reason: A::Reason, message: impl Into<String>) -> Self {
        let mut message = message.into();
        if let Some((end, _)) = message.char_indices().nth(MESSAGE_MAX) {
            message.truncate(end);
        }
        Self {
            type_: aspect.into(),
            holds,
            reason: reason.into(),
            message,
            observed_generation: None,
        }
    }

    /// Says which generation of the object it was observed for.
    #[must_use]
    pub fn for_generation(self, generation: Option<i64>) -> Self {
        Self {
            observed_generation: generation,
            ..self
        }
    }
}

/// Puts an observation into a list of conditions and says whether that changed anything.
///
/// As metav1's `SetStatusCondition`: `lastTransitionTime` moves only with the status; a new condition goes to the end.
pub fn set(conditions: &mut Vec<Condition>, observation: Observation, now: Timestamp) -> bool {
    let Observation {
        type_,
        holds,
        reason,
        message,
        observed_generation,
    } = observation;
    let status = if holds { "True" } else { "False" };
    let old = conditions.iter_mut().find(|condition| condition.type_ == type_);
    let since = match &old {
        Some(old) if old.status == status => old.last_transition_time.clone(),
        // The API keeps whole seconds.
        _ => Time(Timestamp::from_second(now.as_second()).unwrap_or(now)),
    };
    let new = Condition {
        last_transition_time: since,
        message,
        observed_generation,
        reason: reason.to_owned(),
        status: status.to_owned(),
        type_: type_.to_owned(),
    };
    match old {
        Some(old) if *old == new => false,
        Some(old) => {
            *old = new;
            true
        }
        None => {
            conditions.push(new);
            true
        }
    }
}

/// Takes a condition out of a list and says whether it was there.
pub fn remove<A: Aspect>(conditions: &mut Vec<Condition>, aspect: A) -> bool {
    let before = conditions.len();
    let type_: &'static str = aspect.into();
    conditions.retain(|condition| condition.type_ != type_);
    conditions.len() != before
}

/// The condition of that type, if there is one.
pub fn find<A: Aspect>(conditions: &[Condition], aspect: A) -> Option<&Condition> {
    let type_: &'static str = aspect.into();
    conditions.iter().find(|condition| condition.type_ == type_)
}

/// Whether there is a condition of that type with status True.
pub fn is_true<A: Aspect>(conditions: &[Condition], aspect: A) -> bool {
    find(conditions, aspect).is_some_and(|condition| condition.status == "True")
}
