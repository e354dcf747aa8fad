//! Cells of custom kinds, by the printer columns of their definitions.

use jiff::Timestamp;
use serde_json::{Number, Value};

use super::age;
use super::json_path::JsonPath;
use crate::resource::Column;

/// One column, ready to be read from objects.
#[derive(Debug)]
pub(super) struct Cell {
    /// `None` for a path that cannot be read: its cells stay empty.
    path: Option<JsonPath>,
    kind: Kind,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Integer,
    Number,
    Boolean,
    Text,
    Date,
    Unknown,
}

/// Every column of a kind.
pub(super) fn cells(columns: &[Column]) -> Vec<Cell> {
    columns
        .iter()
        .map(|column| Cell {
            path: JsonPath::parse(&column.json_path),
            kind: match column.type_.as_str() {
                "integer" => Kind::Integer,
                "number" => Kind::Number,
                "boolean" => Kind::Boolean,
                "string" => Kind::Text,
                "date" => Kind::Date,
                _ => Kind::Unknown,
            },
        })
        .collect()
}

impl Cell {
    /// The cell of one object: of several results the first, null where it has not the column's type.
    pub(super) fn value(&self, object: &Value, now: Timestamp) -> Value {
        let first = self
            .path
            .as_ref()
            .and_then(|path| path.find(object).first().copied());
        let Some(value) = first.filter(|value| !value.is_null()) else {
            return Value::Null;
        };
        match self.kind {
            Kind::Text => match value {
                Value::String(text) => text.clone().into(),
                other => other.to_string().into(),
            },
            Kind::Boolean if value.is_boolean() => value.clone(),
            Kind::Integer => integer(value).map_or(Value::Null, Value::from),
            Kind::Number if value.is_number() => value.clone(),
            Kind::Date if value.is_string() => age::of(Some(value), now).into(),
            Kind::Boolean | Kind::Number | Kind::Date | Kind::Unknown => Value::Null,
        }
    }
}

fn integer(value: &Value) -> Option<Number> {
    let number = value.as_number()?;
    if number.is_f64() {
        let whole = number.as_f64()?.trunc();
        // Printed without a fraction, it reads back as the integer that it is.
        return format!("{whole:.0}").parse().ok();
    }
    Some(number.clone())
}
