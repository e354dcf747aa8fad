//! What an object becomes when a patch is applied to it: JSON patch (RFC 6902), merge patch
//! (RFC 7396) and Kubernetes' strategic merge patch.
//!
//! A patch never changes its target in place: on a refusal nothing has happened. Patches come through
//! [`crate::decode`], which bounds their depth; what they build is bounded here.

mod json;
mod merge;
mod strategic;

pub use json::json;
pub use merge::merge;
pub use strategic::strategic;

/// Why a patch was refused; the text is for the person who sent it.
#[derive(Debug, thiserror::Error)]
pub enum PatchError {
    /// The patch document is not a patch: 400.
    #[error("{0}")]
    Malformed(String),
    /// A JSON patch has more operations than allowed: 413.
    #[error("The allowed maximum operations in a JSON patch is {allowed}, got {actual}")]
    TooManyOperations {
        /// How many operations the patch has.
        actual: usize,
        /// How many are allowed.
        allowed: usize,
    },
    /// The patch does not fit the object, or a `test` in it failed: 422.
    #[error("{0}")]
    Inapplicable(String),
    /// The result would be nested too deeply or grow too large: 413.
    #[error("the result of the patch would be {0}")]
    Excessive(&'static str),
}
