//! The patterns of `matches`: compiled with the predicate, within bounds.
//!
//! The engine compiles a pattern anew for every call, and may take ten megabytes and as many milliseconds for it.

use std::fmt;
use std::sync::Arc;

use kube_cel::cel::common::ast::{CallExpr, Expr, LiteralValue};
use kube_cel::cel::extractors::This;
use kube_cel::cel::objects::Opaque;
use kube_cel::cel::{ExecutionError, Value};
use regex::{Regex, RegexBuilder};

use super::vocabulary::MATCHES;

/// Bytes of a compiled pattern, and the steps that each byte of the text may then cost, measured on patterns that
/// no automaton helps with.
const CLASSES: [(usize, u64); 3] = [(4 * 1024, 5), (16 * 1024, 20), (64 * 1024, 80)];

/// A compiled pattern.
pub(super) struct Pattern {
    regex: Regex,
    steps_per_byte: u64,
}

impl Pattern {
    /// # Errors
    /// What is wrong with it.
    fn compile(text: &str) -> Result<Self, String> {
        let mut refusal = String::new();
        for (bytes, steps_per_byte) in CLASSES {
            match RegexBuilder::new(text).size_limit(bytes).build() {
                Ok(regex) => {
                    return Ok(Self {
                        regex,
                        steps_per_byte,
                    });
                }
                Err(regex::Error::CompiledTooBig(_)) => {
                    refusal = format!("pattern {text:?} takes more than {bytes} bytes when compiled");
                }
                Err(error) => return Err(format!("pattern {text:?} is not valid: {error}")),
            }
        }
        Err(refusal)
    }

    /// An upper estimate of the steps that a search in so many bytes takes.
    pub(super) fn steps(&self, bytes: u64) -> u64 {
        bytes.saturating_mul(self.steps_per_byte)
    }
}

/// What the variables that stand for patterns start with; no expression can spell it.
const VARIABLE: &str = "@pattern";

/// The variable that stands for a pattern.
pub(super) fn variable(index: usize) -> String {
    format!("{VARIABLE}{index}")
}

/// The pattern of a call of `matches`.
pub(super) fn of<'a>(call: &CallExpr, patterns: &'a [Arc<Pattern>]) -> Option<&'a Arc<Pattern>> {
    let Expr::Ident(name) = &call.args.last()?.expr else {
        return None;
    };
    patterns.get(name.strip_prefix(VARIABLE)?.parse::<usize>().ok()?)
}

/// Replaces the pattern in a call of `matches` by its variable, and compiles it.
///
/// # Errors
/// When it is not a valid pattern within bounds, or not a literal.
pub(super) fn taken(call: &mut CallExpr, patterns: &mut Vec<Arc<Pattern>>) -> Result<(), String> {
    if call.func_name != MATCHES {
        return Ok(());
    }
    let Some(argument) = call.args.last_mut() else {
        return Ok(());
    };
    let Expr::Literal(LiteralValue::String(text)) = &argument.expr else {
        return Err("pattern of matches is not a literal text".to_owned());
    };
    let pattern = Pattern::compile(text.inner())?;
    argument.expr = Expr::Ident(variable(patterns.len()));
    patterns.push(Arc::new(pattern));
    Ok(())
}

/// `matches`, on a text and a compiled pattern.
pub(super) fn matches(This(text): This<Arc<String>>, pattern: Value) -> Result<bool, ExecutionError> {
    let Value::Opaque(opaque) = pattern else {
        return Err(ExecutionError::NoSuchOverload);
    };
    let pattern = opaque
        .downcast_ref::<Pattern>()
        .ok_or(ExecutionError::NoSuchOverload)?;
    Ok(pattern.regex.is_match(&text))
}

impl Opaque for Pattern {
    fn runtime_type_name(&self) -> &'static str {
        "pattern"
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.regex.as_str() == other.regex.as_str()
    }
}

impl Eq for Pattern {}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pattern").field(&self.regex.as_str()).finish()
    }
}
