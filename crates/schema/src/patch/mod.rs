//! What an object becomes when a patch is applied to it: JSON patch (RFC 6902), merge patch
//! (RFC 7396) and Kubernetes' strategic merge patch.
//!
//! A patch never changes its target in place: on a refusal nothing has happened.

mod json;
mod merge;
mod strategic;

pub use json::json;
pub use merge::merge;
pub use strategic::strategic;

/// Why a patch was refused; the text is for the person who sent it.
#[derive(Debug, thiserror::Error)]
pub enum PatchError {
    /// The patch document is not a patch.
    #[error("{0}")]
    Malformed(String),
    /// A JSON patch has more operations than allowed.
    #[error("The allowed maximum operations in a JSON patch is {allowed}, got {actual}")]
    TooManyOperations {
        /// How many operations the patch has.
        actual: usize,
        /// How many are allowed.
        allowed: usize,
    },
    /// A JSON patch operation does not fit the object, or its `test` failed.
    #[error("{0}")]
    Inapplicable(String),
    /// The result would be nested too deeply or grow too large.
    #[error("the result of the patch would be {0}")]
    Excessive(&'static str),
}
