//! A `RateLimitPolicy` before the gate, which evaluates none.

use keydesk_api::{
    foreign::{RateLimitPolicy, Unevaluated},
    meta::annotation::GATE_IGNORE,
};
use keydesk_catalog::PolicyEnd;

use super::{Enforcement, Reason, calls};

pub(super) fn judge(policy: &RateLimitPolicy, end: &PolicyEnd) -> Enforcement {
    if policy.is_of_plans() {
        let message = "Keydesk's gate counts by the PlanPolicy that made this one";
        return Enforcement::not(Reason::Overridden, message);
    }
    let message = format!(
        "Keydesk's gate evaluates no RateLimitPolicy: it refuses {} until this one is removed, or {} is named in the \
         annotation {GATE_IGNORE} of the AuthPolicy",
        calls(end),
        Unevaluated::RateLimitPolicy,
    );
    Enforcement::not(Reason::NotSupported, message)
}
