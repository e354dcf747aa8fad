//! What calls of functions cost.

use kube_cel::cel::common::ast::{CallExpr, Expr, LiteralValue};

use super::growth::{Effort, Growth, effort, growth};
use super::{CALL, Walk, scalar, text_of};
use crate::functions::MAX_RANGE;
use crate::pattern;
use crate::shape::Shape;
use crate::size::Size;

/// Bytes that are compared in one step at the worst.
const COMPARED: u64 = 64;
/// The digits of a number in full.
const DIGITS: u64 = 352;
/// The digits that a verb of `format` gives without, and at the most with a precision.
const VERB: (u64, u64) = (DIGITS, 66_000);

impl Walk<'_> {
    /// Adds the steps of a function, by its whole name, on arguments of these shapes; gives its result's.
    pub(super) fn function(&mut self, call: &CallExpr, name: &str, shapes: &[Shape]) -> Shape {
        let sizes = || shapes.iter().map(|shape| shape.size);
        let whole = sizes().reduce(Size::then).unwrap_or(Size::SCALAR);
        let longest = sizes().map(|size| size.text).max().unwrap_or(0);
        self.take(whole.weight.saturating_mul(2).saturating_add(CALL));
        let effort = self.effort(call, name, shapes, whole);
        self.take(effort);
        let Some(growth) = growth(name) else {
            self.take(u64::MAX);
            return scalar();
        };
        let any = || shapes.iter().cloned().reduce(Shape::or).unwrap_or_else(scalar);
        let item = || {
            let items = shapes.iter().map(|shape| shape.item().or(shape.clone()));
            items.reduce(Shape::or).unwrap_or_else(scalar)
        };
        let shape = match growth {
            Growth::Scalar => scalar(),
            Growth::Same => any(),
            Growth::Optional => any().optional(),
            Growth::Item => item(),
            Growth::OptionalItem => item().optional(),
            Growth::Flat => Shape::flat(Size {
                items: whole.weight,
                ..whole
            }),
            Growth::Text(factor) => text_of(whole.all_text().saturating_mul(factor).saturating_add(DIGITS)),
            Growth::Parts | Growth::Faults => {
                let parts = parts(longest);
                if growth == Growth::Faults {
                    parts.optional()
                } else {
                    parts
                }
            }
            Growth::Replaced => text_of(
                whole
                    .all_text()
                    .saturating_add(1)
                    .saturating_mul(longest.saturating_add(1)),
            ),
            Growth::Joined => {
                let between = sizes().skip(1).map(|size| size.text).max().unwrap_or(0);
                let items = shapes.iter().map(|shape| shape.length).max().unwrap_or(0);
                text_of(whole.printed().saturating_add(items.saturating_mul(between)))
            }
            Growth::Formatted => text_of(formatted(call, shapes, whole)),
            Growth::Range => {
                let size = Size {
                    items: MAX_RANGE,
                    weight: MAX_RANGE + 1,
                    ..Size::SCALAR
                };
                Shape::list(size, MAX_RANGE, scalar())
            }
        };
        self.made(shape)
    }

    /// What a function does beside reading its arguments once.
    fn effort(&self, call: &CallExpr, name: &str, shapes: &[Shape], whole: Size) -> u64 {
        let text = |index: usize| shapes.get(index).map_or(0, |shape| shape.size.text);
        let searched = || {
            let bytes = text(0).max(text(1));
            match pattern::index(call) {
                None => (pattern::unknown_steps(text(0).max(text(1)), bytes), bytes),
                Some(index) => {
                    let bytes = if call.target.is_some() { text(0) } else { bytes };
                    let found = self.patterns.get(index).and_then(Option::as_ref);
                    // One that is not valid is not searched for.
                    (found.map_or(0, |pattern| pattern.steps(bytes)), bytes)
                }
            }
        };
        match effort(name) {
            Effort::Once => 0,
            Effort::Sorted => whole
                .weight
                .saturating_mul(u64::from(whole.items.max(1).ilog2()) + 1),
            Effort::Pairs => {
                let items = shapes.iter().map(|shape| shape.length).max().unwrap_or(0);
                items.saturating_mul(whole.weight).saturating_mul(2)
            }
            Effort::Places => {
                let pairs = text(0).saturating_mul(text(1));
                text(0).saturating_add(text(1)).saturating_add(pairs / COMPARED)
            }
            Effort::Pattern => searched().0,
            Effort::Patterns => {
                let (steps, bytes) = searched();
                steps.saturating_mul(bytes.saturating_add(1))
            }
        }
    }
}

/// What a text of so many bytes is split into: at the worst a list for each byte, or what is wrong with it.
fn parts(bytes: u64) -> Shape {
    let text = bytes.saturating_add(96);
    let length = bytes.saturating_add(8);
    let size = Size {
        items: length,
        weight: bytes.saturating_mul(3).saturating_add(24),
        ..Size::of_text(text)
    };
    Shape {
        size,
        length,
        parts: None,
    }
}

/// The bytes that `format` gives: each argument once, and for each verb a number.
fn formatted(call: &CallExpr, shapes: &[Shape], whole: Size) -> u64 {
    let target = call.target.as_deref().map(|target| &target.expr);
    let text = if let Some(Expr::Literal(LiteralValue::String(text))) = target {
        let (mut verbs, mut precise) = (0_u64, 0_u64);
        for part in text.inner().split('%').skip(1) {
            verbs += 1;
            precise += u64::from(part.starts_with('.'));
        }
        verbs * VERB.0 + precise * VERB.1
    } else {
        // A verb has two bytes, one with the largest precision eight.
        let bytes = shapes.first().map_or(0, |shape| shape.size.text);
        bytes.saturating_mul(VERB.0 / 2 + VERB.1 / 4)
    };
    text.saturating_add(whole.printed())
}
