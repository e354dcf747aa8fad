//! What a product, plan, key, request and decision are: pure functions of values and `now`.
//!
//! Nothing here knows Kubernetes, a clock, randomness or IO: whoever calls brings the facts and the moment.
//! [`standing()`] is the one place that says whether a key is approved; controller, gate and `explain` all ask it.

mod decision;
mod denial;
mod digest;
mod fingerprint;
mod flaw;
mod issued;
mod limit;
mod name;
mod standing;
mod terms;
mod uid;

pub use decision::{Decision, by_weight, effective_at, ended_by, holding, winner};
pub use denial::Denial;
pub use digest::Digest;
pub use fingerprint::{Fingerprint, FingerprintKey};
pub use flaw::{Flaw, Flaws, SHORTEST_VALUE};
pub use issued::{ISSUED_PREFIX, ISSUED_RANDOM_BYTES, ValueForm, issue_value, value_form};
pub use limit::{
    Admission, Allowance, Limit, Limits, ParseWindowError, Refusal, Slot, Tally, TooManyLimits, Window,
};
pub use name::NamespacedName;
pub use standing::{
    Failure, KeyFacts, PRODUCT_FAILURE_GRACE, ProductFacts, Ruling, Scheme, SecretFacts, Standing, standing,
};
pub use terms::{ParseTermsError, Terms};
pub use uid::Uid;
