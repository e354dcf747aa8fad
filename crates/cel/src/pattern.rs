//! The patterns of `matches`, `find` and `findAll`: compiled within bounds, and once where they are literals.
//!
//! The engine compiles a pattern anew for every call, and may take ten megabytes and as many milliseconds for it.

use std::fmt;
use std::sync::Arc;

use kube_cel::cel::common::ast::{CallExpr, Expr, LiteralValue};
use kube_cel::cel::extractors::{Arguments, This};
use kube_cel::cel::objects::Opaque;
use kube_cel::cel::{ExecutionError, ResolveResult, Value};
use regex::{Regex, RegexBuilder};

/// How large a pattern may be when it is compiled, and what that costs.
#[derive(Clone, Copy)]
struct Class {
    bytes: usize,
    /// Steps that each byte of a text may cost, measured on patterns that no automaton helps with.
    per_byte: u64,
    /// Steps that it takes to compile one.
    compilation: u64,
}

const CLASSES: [Class; 6] = [
    Class::new(4 * 1024, 5, 1_000),
    Class::new(16 * 1024, 20, 2_000),
    MIDDLE,
    Class::new(256 * 1024, 320, 16_000),
    Class::new(1024 * 1024, 1_280, 100_000),
    Class::new(4 * 1024 * 1024, 5_120, 400_000),
];
/// The largest class for patterns that are compiled for each call, or kept by the thousand.
const MIDDLE: Class = Class::new(64 * 1024, 80, 5_000);
/// Bytes of compiled patterns that are kept with an expression.
const MAX_KEPT: usize = 16 * 1024;
/// What a search may keep in memory for the next one.
const CACHE: usize = 128 * 1024;

/// Steps that a byte of a pattern takes to be read.
const READ: u64 = 12;
/// The same where the case of letters is ignored: for `\pL` that is a hundred thousand letters looked up.
const READ_FOLDED: u64 = 400;

impl Class {
    const fn new(bytes: usize, per_byte: u64, compilation: u64) -> Self {
        Self {
            bytes,
            per_byte,
            compilation,
        }
    }
}

/// A compiled pattern.
pub(crate) struct Pattern {
    regex: Regex,
    class: Class,
}

impl Pattern {
    /// Compiles a pattern of at most 64 KiB.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn compile(text: &str) -> Result<Self, String> {
        let classes = CLASSES.iter().filter(|class| class.bytes <= MIDDLE.bytes);
        Self::compile_as(text, classes, &mut 0)
    }

    /// Compiles a pattern of any class that there is; adds the steps taken to `steps`.
    pub(crate) fn compile_large(text: &str, steps: &mut u64) -> Option<Self> {
        Self::compile_as(text, CLASSES.iter(), steps).ok()
    }

    fn compile_as<'a>(
        text: &str,
        classes: impl Iterator<Item = &'a Class>,
        steps: &mut u64,
    ) -> Result<Self, String> {
        let mut refusal = String::new();
        for class in classes {
            *steps = steps
                .saturating_add(class.compilation)
                .saturating_add(reading(text));
            match build(text, class.bytes) {
                Ok(regex) => return Ok(Self { regex, class: *class }),
                Err(regex::Error::CompiledTooBig(_)) => {
                    refusal = format!(
                        "pattern {text:?} takes more than {} bytes when compiled",
                        class.bytes
                    );
                }
                Err(error) => return Err(format!("pattern {text:?} is not valid: {error}")),
            }
        }
        Err(refusal)
    }

    /// Whether it is small enough to be kept.
    pub(crate) fn is_small(&self) -> bool {
        self.class.bytes <= MAX_KEPT
    }

    /// An upper estimate of the steps that a search in so many bytes takes.
    pub(crate) fn steps(&self, bytes: u64) -> u64 {
        bytes.saturating_add(1).saturating_mul(self.class.per_byte)
    }
}

/// The same for a pattern of so many bytes that is not known before.
pub(crate) fn unknown_steps(pattern: u64, bytes: u64) -> u64 {
    let compiled = MIDDLE
        .compilation
        .saturating_add(pattern.saturating_mul(READ_FOLDED));
    compiled.saturating_add(bytes.saturating_add(1).saturating_mul(MIDDLE.per_byte))
}

fn build(text: &str, bytes: usize) -> Result<Regex, regex::Error> {
    RegexBuilder::new(text)
        .size_limit(bytes)
        .dfa_size_limit(CACHE)
        .build()
}

/// Steps that it takes to read a pattern.
fn reading(text: &str) -> u64 {
    let is_folded = text.split("(?").skip(1).any(|group| {
        let flags = group.split([':', ')']).next().unwrap_or_default();
        flags.contains('i')
    });
    let per_byte = if is_folded { READ_FOLDED } else { READ };
    per_byte.saturating_mul(text.len() as u64)
}

/// What the variables that stand for patterns start with; no expression can spell it.
const VARIABLE: &str = "@pattern";

/// The variable that stands for a pattern.
pub(crate) fn variable(index: usize) -> String {
    format!("{VARIABLE}{index}")
}

/// Which argument of a call is a pattern.
fn place(call: &CallExpr) -> Option<usize> {
    match call.func_name.as_str() {
        "matches" | "find" => Some(usize::from(call.target.is_none())),
        // The engine has it as a method alone.
        "findAll" => Some(0),
        _ => None,
    }
}

/// Which of the patterns stands in a call.
pub(crate) fn index(call: &CallExpr) -> Option<usize> {
    let Expr::Ident(name) = &call.args.get(place(call)?)?.expr else {
        return None;
    };
    name.strip_prefix(VARIABLE)?.parse().ok()
}

/// Replaces the pattern in a call by its variable, if it is a literal.
pub(crate) fn take(call: &mut CallExpr, patterns: &mut Vec<String>) {
    let Some(argument) = place(call).and_then(|place| call.args.get_mut(place)) else {
        return;
    };
    if let Expr::Literal(LiteralValue::String(text)) = &argument.expr {
        let text = text.inner().to_owned();
        argument.expr = Expr::Ident(variable(patterns.len()));
        patterns.push(text);
    }
}

/// `matches`, on a text and a pattern that may be compiled already.
pub(crate) fn matches(This(text): This<Arc<String>>, pattern: Value) -> Result<bool, ExecutionError> {
    with_pattern("matches", pattern, |regex| regex.is_match(&text))
}

/// `find`: the first match, or an empty text.
pub(crate) fn find(This(text): This<Arc<String>>, pattern: Value) -> ResolveResult {
    with_pattern("find", pattern, |regex| {
        let found = regex.find(&text).map_or("", |found| found.as_str());
        Value::String(Arc::new(found.to_owned()))
    })
}

/// `findAll`: all matches, or the first ones; a method alone, as the engine has it.
pub(crate) fn find_all(This(text): This<Arc<String>>, Arguments(arguments): Arguments) -> ResolveResult {
    let limit = match arguments.get(1) {
        Some(Value::Int(limit)) => usize::try_from(*limit).unwrap_or(usize::MAX),
        _ => usize::MAX,
    };
    with_pattern(
        "findAll",
        arguments.first().cloned().unwrap_or(Value::Null),
        |regex| {
            let found = regex.find_iter(&text).take(limit);
            let texts = found.map(|found| Value::String(Arc::new(found.as_str().to_owned())));
            Value::List(Arc::new(texts.collect()))
        },
    )
}

fn with_pattern<T>(
    function: &str,
    pattern: Value,
    work: impl FnOnce(&Regex) -> T,
) -> Result<T, ExecutionError> {
    match pattern {
        Value::Opaque(opaque) => {
            let pattern = opaque
                .downcast_ref::<Pattern>()
                .ok_or(ExecutionError::NoSuchOverload)?;
            Ok(work(&pattern.regex))
        }
        Value::String(text) => match build(&text, MIDDLE.bytes) {
            Ok(regex) => Ok(work(&regex)),
            Err(_) => Err(not_valid(function)),
        },
        // What stands for a literal that could not be compiled.
        Value::Null => Err(not_valid(function)),
        _ => Err(ExecutionError::NoSuchOverload),
    }
}

fn not_valid(function: &str) -> ExecutionError {
    ExecutionError::function_error(function, "the pattern is not valid, or too large")
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
