//! What the gate says about a call, before it is put into the words of a protocol.

use std::sync::Arc;

use keydesk_core::{Admission, Denial};

use crate::snapshot::{Holder, Protection, Tier};

/// What becomes of a call.
#[derive(Debug)]
pub enum Verdict {
    /// It may pass.
    Admitted(Admitted),
    /// It may not.
    Refused(Refused),
}

/// A call that may pass.
#[derive(Debug)]
pub struct Admitted {
    /// Who calls.
    pub holder: Arc<Holder>,
    /// What protects what is called.
    pub protection: Arc<Protection>,
    /// Which of the protection's entries the key came in by.
    pub entry: usize,
    /// What the call was counted by.
    pub counted: Counted,
}

/// What a call was counted by. Where something is missing its owner set no limit.
#[derive(Debug)]
pub struct Counted {
    /// The tier, if there are plans.
    pub(crate) tier: Option<Arc<Tier>>,
    /// What is left of its limits, if it has any.
    pub(crate) admission: Option<Admission>,
}

impl Counted {
    /// The tier, if there are plans.
    #[must_use]
    pub fn tier(&self) -> Option<&Tier> {
        self.tier.as_deref()
    }

    /// What is left of the limits, if there are any.
    #[must_use]
    pub fn admission(&self) -> Option<&Admission> {
        self.admission.as_ref()
    }
}

/// A call that may not pass.
#[derive(Debug)]
pub struct Refused {
    /// Why, as callers may know it.
    pub denial: Denial,
    /// Why, for the operator and the owner of the API; never for the caller.
    pub because: Option<Arc<str>>,
    /// Who calls, once that is known.
    pub holder: Option<Arc<Holder>>,
    /// What protects what is called, once that is known.
    pub protection: Option<Arc<Protection>>,
    /// What the call was counted by, if it came to that.
    pub counted: Option<Box<Counted>>,
}

impl Refused {
    pub(crate) fn new(denial: Denial) -> Self {
        Self {
            denial,
            because: None,
            holder: None,
            protection: None,
            counted: None,
        }
    }
}

impl Verdict {
    /// A word for counting: the code of a refusal, or `admitted`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Admitted(_) => "admitted",
            Self::Refused(refused) => refused.denial.code(),
        }
    }
}
