//! The functions that expressions may call: the engine's, and what it lacks or gets wrong.

use std::sync::{Arc, LazyLock};

use kube_cel::KubeCelExt as _;
use kube_cel::cel::context::Context;
use kube_cel::cel::extractors::This;
use kube_cel::cel::{ExecutionError, Value};

use crate::names::TYPES;
use crate::pattern;

/// The most numbers that `lists.range` gives: whoever calls it may ask for any.
pub(crate) const MAX_RANGE: u64 = 1_000;

static FUNCTIONS: LazyLock<Context<'static>> = LazyLock::new(all);

/// All functions, and the names of types as variables.
#[must_use]
pub fn functions() -> &'static Context<'static> {
    &FUNCTIONS
}

fn all() -> Context<'static> {
    let mut context = Context::default().with_all();
    context.add_function("size", size);
    context.add_function("dyn", |value: Value| Ok::<_, ExecutionError>(value));
    context.add_function("matches", pattern::matches);
    context.add_function("find", pattern::find);
    context.add_function("findAll", pattern::find_all);
    context.add_function("lists.range", range);
    // The engine has no types as values: here a type is its name.
    context.add_function("type", |value: Value| Arc::new(type_name(&value).to_owned()));
    for name in TYPES {
        context.add_variable_from_value(name, name);
    }
    context
}

/// The size of a text in characters; the engine counts bytes.
fn size(This(value): This<Value>) -> Result<i64, ExecutionError> {
    let size = match &value {
        Value::String(text) => text.chars().count(),
        Value::Bytes(bytes) => bytes.len(),
        Value::List(items) => items.len(),
        Value::Map(map) => map.map.len(),
        _ => return Err(ExecutionError::NoSuchOverload),
    };
    i64::try_from(size).map_err(|_| ExecutionError::NoSuchOverload)
}

/// The numbers from zero up.
fn range(end: i64) -> Result<Value, ExecutionError> {
    match u64::try_from(end) {
        Ok(length) if length <= MAX_RANGE => Ok(Value::List(Arc::new((0..end).map(Value::Int).collect()))),
        _ => Err(ExecutionError::function_error(
            "lists.range",
            format!("a range has from 0 to {MAX_RANGE} items"),
        )),
    }
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::List(_) => "list",
        Value::Map(_) => "map",
        Value::Int(_) => "int",
        Value::UInt(_) => "uint",
        Value::Float(_) => "double",
        Value::String(_) => "string",
        Value::Bytes(_) => "bytes",
        Value::Bool(_) => "bool",
        Value::Duration(_) => "duration",
        Value::Timestamp(_) => "timestamp",
        Value::Null => "null_type",
        Value::Function(..) | Value::Opaque(_) => "dyn",
    }
}
