//! Why a predicate is refused, and why one gives no answer.

use std::io;

use kube_cel::cel::ExecutionError;

/// Why a text is no predicate that can be evaluated.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    /// It is too long, too deep, has too many loops in loops, or asks for what is not supported.
    #[error("failed to keep the predicate within bounds: {0}")]
    KeepBounds(String),
    /// It is no CEL, in CEL's words.
    #[error("failed to parse the predicate: {0}")]
    Parse(String),
    /// It has a comment, which goes on to its end once newlines are removed.
    #[error(
        "failed to read the predicate: newlines are removed from predicates, so a `//` comment takes all that follows \
         with it; leave comments out"
    )]
    ReadComment,
    /// It names something that does not exist.
    #[error("failed to resolve variable {0:?}: a predicate may use auth.identity and request")]
    ResolveVariable(String),
    /// It calls something that does not exist, or that predicates may not call.
    #[error("failed to resolve function {0:?}: predicates do not have it")]
    ResolveFunction(String),
    /// It uses the request for more than what is in it.
    #[error("failed to use request as a value: select from it, as in request.method")]
    UseRequest,
    /// There was no thread to compile it on, or the engine failed.
    #[error("failed to compile the predicate")]
    Compile(#[source] io::Error),
}

/// Why a predicate gave neither yes nor no. No variant holds a value of the identity or of the request.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum EvalError {
    /// It reads the request, and there is none.
    #[error("failed to evaluate the predicate: it reads the request, which is not known here")]
    ReadRequest,
    /// It might take too long on what it is asked about.
    #[error(
        "failed to evaluate the predicate: it may take {steps} steps on this data, at most {allowed} are allowed"
    )]
    BoundWork {
        /// An upper estimate.
        steps: u64,
        /// The bound.
        allowed: u64,
    },
    /// A field or key is not there; named if the predicate spells it.
    #[error("failed to evaluate the predicate: no such key{}", named(.0.as_deref()))]
    FindKey(Option<String>),
    /// A step has no result, such as a text less a number.
    #[error("failed to evaluate the predicate: {0}")]
    Compute(String),
    /// The result is not a truth value.
    #[error("failed to evaluate the predicate: its result is not a bool")]
    YieldBool,
    /// The engine failed.
    #[error("failed to evaluate the predicate: the engine gave up")]
    Finish,
}

fn named(key: Option<&str>) -> String {
    key.map(|key| format!(" {key:?}")).unwrap_or_default()
}

impl EvalError {
    /// What the engine says, without the values that it says it with: one may be a credential.
    pub(super) fn of(error: ExecutionError, predicate: &str) -> Self {
        let reason = match error {
            ExecutionError::NoSuchKey(key) => {
                let is_spelt = predicate.contains(key.as_str());
                return Self::FindKey(is_spelt.then(|| key.to_string()));
            }
            ExecutionError::DivisionByZero(_) => "division by zero".to_owned(),
            ExecutionError::RemainderByZero(_) => "modulus by zero".to_owned(),
            ExecutionError::Overflow(..) => "integer overflow".to_owned(),
            ExecutionError::IndexOutOfBounds(_) => "index out of bounds".to_owned(),
            ExecutionError::FunctionError { function, .. } => format!("function {function:?} failed"),
            _ => "an operation does not fit its operands".to_owned(),
        };
        Self::Compute(reason)
    }
}
