//! The condition `Enforced` of a policy.

use crate::local_gateway::conditions::Wanted;

/// Why a policy is not enforced. The words are Kuadrant's where it has one (`spec/gate.md` §2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reason {
    /// Another policy takes its place.
    Overridden,
    /// It says what the gate does not evaluate.
    NotSupported,
    /// The predicate of a plan can never hold.
    InvalidCelExpression,
    /// Nobody can count by the limits of a plan.
    InvalidLimits,
    /// It applies to nothing.
    Unknown,
}

impl Reason {
    fn as_str(self) -> &'static str {
        match self {
            Self::Overridden => "Overridden",
            Self::NotSupported => "NotSupported",
            Self::InvalidCelExpression => "InvalidCelExpression",
            Self::InvalidLimits => "InvalidLimits",
            Self::Unknown => "Unknown",
        }
    }
}

/// Whether a policy is enforced, in words for its owner.
#[derive(Debug)]
pub(super) struct Enforcement {
    /// Why not, if it is not.
    obstacle: Option<Reason>,
    message: String,
}

impl Enforcement {
    /// It is.
    pub(super) fn by_the_gate(message: impl Into<String>) -> Self {
        Self {
            obstacle: None,
            message: message.into(),
        }
    }

    /// It is not.
    pub(super) fn not(reason: Reason, message: impl Into<String>) -> Self {
        Self {
            obstacle: Some(reason),
            message: message.into(),
        }
    }

    pub(super) fn condition(self) -> Wanted {
        let reason = self.obstacle.map_or("Enforced", Reason::as_str);
        Wanted::new("Enforced", self.obstacle.is_none(), reason, &self.message)
    }
}
