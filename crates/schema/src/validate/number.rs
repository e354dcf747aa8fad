//! Numbers as a kube-apiserver tells them apart: whole ones that fit 64 bits, and floats.

use serde_json::{Number, Value};

/// Whole numbers up to here are told apart by a float.
const MAX_EXACT: f64 = 9_007_199_254_740_991.0;

/// A JSON number as read by a kube-apiserver.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Numeric {
    Whole(i64),
    Float(f64),
}

impl Numeric {
    pub(crate) fn of(number: &Number) -> Self {
        match number.as_i64() {
            Some(whole) => Self::Whole(whole),
            None => Self::Float(number.as_f64().unwrap_or(f64::NAN)),
        }
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "comparing with a bound that is itself a float"
    )]
    pub(crate) fn as_float(self) -> f64 {
        match self {
            Self::Whole(whole) => whole as f64,
            Self::Float(float) => float,
        }
    }

    /// Whether the number is a whole one, however written.
    pub(crate) fn is_whole(self) -> bool {
        match self {
            Self::Whole(_) => true,
            Self::Float(float) => is_integer(float),
        }
    }
}

/// Whether a float is exactly a whole number.
pub(crate) fn is_integer(float: f64) -> bool {
    float.is_finite() && float.abs() <= MAX_EXACT && float.fract() == 0.0
}

/// Whether two values are equal, numbers by what they mean: `1` is `1.0`.
pub(crate) fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => {
            match (Numeric::of(left), Numeric::of(right)) {
                (Numeric::Whole(left), Numeric::Whole(right)) => left == right,
                // Exactly equal is what is meant here.
                (left, right) => left.as_float().total_cmp(&right.as_float()).is_eq(),
            }
        }
        (left, right) => left == right,
    }
}
