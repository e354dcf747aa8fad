//! Texts and numbers.

use serde_json::{Number, Value};

use super::Check;
use crate::node::{Limits, Node, Type};
use crate::place::Place;
use crate::quote::{printed, printed_float, quoted};
use crate::validate::number::{Numeric, is_integer};
use crate::violation::{Violation, ViolationKind};

impl Check<'_> {
    pub(super) fn check_text(&self, limits: &Limits, text: &str, place: &Place<'_>) -> Option<Violation> {
        let length = || text.chars().count() as u64;
        if let Some(max) = limits.max_length
            && length() > max
        {
            return Some(Violation::too_long(&self.field(place), max));
        }
        if let Some(min) = limits.min_length
            && length() < min
        {
            let rest = format!("should be at least {min} chars long");
            return Some(self.violation(ViolationKind::Invalid, place, text.into(), &rest));
        }
        let pattern = limits.pattern.as_ref().filter(|pattern| !pattern.matches(text))?;
        let rest = format!("should match '{}'", pattern.text);
        Some(self.violation(ViolationKind::Invalid, place, text.into(), &rest))
    }

    pub(super) fn check_format(&self, limits: &Limits, text: &str, place: &Place<'_>) -> Option<Violation> {
        let format = limits
            .format
            .as_ref()
            .filter(|format| !format.admits_text(text))?;
        let rest = format!("must be of type {}: {}", format.name(), quoted(text));
        Some(self.violation(ViolationKind::TypeInvalid, place, text.into(), &rest))
    }

    pub(super) fn check_number(&self, node: &Node, number: &Number, place: &Place<'_>) -> Vec<Violation> {
        let mut violations = Vec::new();
        let limits = &node.limits;
        let value = Numeric::of(number);
        let mut invalid = |rest: &str| {
            violations.push(self.violation(
                ViolationKind::Invalid,
                place,
                Value::Number(number.clone()),
                rest,
            ));
        };
        if let Some(factor) = limits.multiple_of
            && !is_multiple(value, factor)
        {
            invalid(&format!("should be a multiple of {}", printed_float(factor)));
        }
        if let Some(min) = limits.minimum {
            let (broken, words) = if limits.exclusive_minimum {
                (value.as_float() <= min, "greater than")
            } else {
                (value.as_float() < min, "greater than or equal to")
            };
            if broken {
                invalid(&format!("should be {words} {}", printed_float(min)));
            }
        }
        if let Some(max) = limits.maximum {
            let (broken, words) = if limits.exclusive_maximum {
                (value.as_float() >= max, "less than")
            } else {
                (value.as_float() > max, "less than or equal to")
            };
            if broken {
                invalid(&format!("should be {words} {}", printed_float(max)));
            }
        }
        // A kube-apiserver knows no field for this one.
        if let Some(expected) = out_of_range(node, number) {
            let detail = format!("Checked value must be of type {expected} in {place}");
            violations.insert(0, Violation::invalid(self.prefix, "", detail));
        }
        violations
    }
}

fn is_multiple(value: Numeric, factor: f64) -> bool {
    match value {
        Numeric::Whole(whole) if is_integer(factor) && factor > 0.0 => {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "checked to be a small whole number"
            )]
            let factor = factor as i64;
            whole % factor == 0
        }
        Numeric::Whole(_) | Numeric::Float(_) if factor > 0.0 => {
            let value = value.as_float();
            is_integer(if factor < 1.0 {
                1.0 / factor * value
            } else {
                value / factor
            })
        }
        Numeric::Whole(_) | Numeric::Float(_) => false,
    }
}

/// The type, with its format, whose range the number leaves.
fn out_of_range(node: &Node, number: &Number) -> Option<String> {
    let [only] = node.types[..] else { return None };
    let format = node.limits.format.as_ref();
    let format_name = format.map_or_else(
        || "(default format)".to_owned(),
        |format| format!("with format {}", format.name()),
    );
    let fits = match only {
        Type::Integer => match Numeric::of(number) {
            Numeric::Whole(whole) => format.is_none_or(|format| format.admits_whole(whole)),
            Numeric::Float(float) => is_integer(float) || printed(number).parse::<i64>().is_ok(),
        },
        Type::Number => format.is_none_or(|format| format.admits_float(Numeric::of(number).as_float())),
        Type::Array | Type::Boolean | Type::Object | Type::String => true,
    };
    (!fits).then(|| format!("{} {format_name}", only.name()))
}
