//! How many steps a predicate takes, by the sizes of what it is asked about.
//!
//! An upper bound, found by walking the tree with sizes for values. Unlike [`Work`](crate::Work) it follows what
//! texts and lists grow to, and counts the copies that the engine makes: of arguments, of loop variables, and of the
//! result so far in each round of a loop. All that is made is counted, so that memory is bounded too.

use std::sync::Arc;

use kube_cel::cel::IdedExpr;
use kube_cel::cel::common::ast::{CallExpr, ComprehensionExpr, EntryExpr, Expr, LiteralValue, operators};

use super::pattern::{self, Pattern};
use super::vocabulary::{Growth, MATCHES, growth};
use crate::size::Size;

/// Steps of a call or a round of a loop, beside its parts.
const CALL: u64 = 8;

/// The steps that `tree` takes with variables of these sizes.
pub(super) fn steps(tree: &IdedExpr, patterns: &[Arc<Pattern>], variables: [(&str, Size); 2]) -> u64 {
    let mut walk = Walk {
        scope: variables.to_vec(),
        patterns,
        steps: 0,
    };
    walk.visit(tree);
    walk.steps
}

struct Walk<'a> {
    /// Variables; the innermost is the last.
    scope: Vec<(&'a str, Size)>,
    patterns: &'a [Arc<Pattern>],
    steps: u64,
}

impl<'a> Walk<'a> {
    fn take(&mut self, steps: u64) {
        self.steps = self.steps.saturating_add(steps);
    }

    /// Adds the steps of an expression, and gives its value's size.
    fn visit(&mut self, expression: &'a IdedExpr) -> Size {
        self.take(1);
        match &expression.expr {
            Expr::Literal(LiteralValue::String(text)) => Size::of_text(text.inner().len() as u64),
            Expr::Literal(_) => Size::SCALAR,
            Expr::Ident(name) => {
                let found = self.scope.iter().rev().find(|(variable, _)| variable == name);
                found.map_or(Size::SCALAR, |(_, size)| *size)
            }
            Expr::Call(call) => self.call(call),
            Expr::List(list) => {
                let parts: Vec<Size> = list.elements.iter().map(|element| self.visit(element)).collect();
                self.made(Size::holding(parts.len(), parts.into_iter()))
            }
            Expr::Map(map) => {
                let mut parts = Vec::with_capacity(map.entries.len());
                for entry in &map.entries {
                    if let EntryExpr::MapEntry(entry) = &entry.expr {
                        parts.push(self.visit(&entry.key).and(self.visit(&entry.value)));
                    }
                }
                self.made(Size::holding(parts.len(), parts.into_iter()))
            }
            Expr::Comprehension(comprehension) => self.comprehension(comprehension),
            // `prepare` leaves none.
            Expr::Select(_) | Expr::Struct(_) | Expr::Unspecified => {
                self.take(u64::MAX);
                Size::SCALAR
            }
        }
    }

    /// Adds the steps of making a value.
    fn made(&mut self, size: Size) -> Size {
        self.take(size.weight);
        size
    }

    fn call(&mut self, call: &'a CallExpr) -> Size {
        let arguments = call.target.as_deref().into_iter().chain(&call.args);
        let sizes: Vec<Size> = arguments.map(|argument| self.visit(argument)).collect();
        match (call.func_name.as_str(), &sizes[..]) {
            (
                operators::LOGICAL_AND
                | operators::LOGICAL_OR
                | operators::LOGICAL_NOT
                | operators::NOT_STRICTLY_FALSE,
                _,
            ) => Size::SCALAR,
            (operators::CONDITIONAL, [_, yes, no]) => yes.or(*no),
            (operators::INDEX, [container, _]) if !container.may_be_optional => *container,
            (operators::INDEX | operators::OPT_INDEX, [container, _]) => {
                let part = container.then(Size::SCALAR);
                self.made(Size {
                    may_be_optional: true,
                    ..part
                })
            }
            (operators::EQUALS | operators::NOT_EQUALS, [left, right]) => {
                self.take(left.weight.min(right.weight));
                Size::SCALAR
            }
            (operators::IN, [item, container]) => {
                let compared = item.weight.saturating_mul(container.items);
                self.take(compared.min(container.weight));
                Size::SCALAR
            }
            (operators::ADD, [left, right]) => {
                let sum = match call.args.last().map(|argument| &argument.expr) {
                    // A list becomes longer, its items stay as they are.
                    Some(Expr::List(list)) => Size {
                        items: left
                            .items
                            .saturating_add(list.elements.len() as u64)
                            .max(right.items),
                        ..left.and(*right)
                    },
                    _ => left.then(*right),
                };
                self.made(sum)
            }
            (name, [..]) if !name.starts_with(|c: char| c.is_ascii_alphabetic()) => {
                // Numbers and times; what does not fit is copied into the error.
                self.take(sizes.iter().map(|size| size.weight).fold(0, u64::saturating_add));
                Size::SCALAR
            }
            (name, [..]) => self.function(call, name, &sizes),
        }
    }

    fn function(&mut self, call: &'a CallExpr, name: &str, sizes: &[Size]) -> Size {
        let whole = sizes.iter().copied().reduce(Size::then).unwrap_or(Size::SCALAR);
        let longest = sizes.iter().map(|size| size.text).max().unwrap_or(0);
        self.take(whole.weight.saturating_mul(2).saturating_add(CALL));
        if name == MATCHES {
            let steps = pattern::of(call, self.patterns).map_or(u64::MAX, |pattern| pattern.steps(longest));
            self.take(steps);
        }
        let namespaced = match call.target.as_deref().map(|target| &target.expr) {
            Some(Expr::Ident(namespace)) => growth(&format!("{namespace}.{name}")),
            _ => None,
        };
        let size = match namespaced.or_else(|| growth(name)) {
            Some(Growth::Scalar) => Size::SCALAR,
            Some(Growth::Sum) => whole.then(Size::SCALAR),
            Some(Growth::Optional) => Size {
                may_be_optional: true,
                ..whole.then(Size::SCALAR)
            },
            Some(Growth::Parts) => Size {
                items: longest.saturating_add(2),
                weight: longest.saturating_mul(2).saturating_add(3),
                ..Size::of_text(longest)
            },
            Some(Growth::Product) => Size::of_text(
                whole
                    .all_text()
                    .saturating_add(1)
                    .saturating_mul(longest.saturating_add(1)),
            ),
            None => {
                self.take(u64::MAX);
                Size::SCALAR
            }
        };
        self.made(size)
    }

    /// The macros' loops: in each round the result so far is left as it is, or something is added to it that does not
    /// depend on it, so that each round adds at most what the second one does.
    fn comprehension(&mut self, comprehension: &'a ComprehensionExpr) -> Size {
        let start = self.visit(&comprehension.accu_init);
        let range = self.visit(&comprehension.iter_range);
        let outer = self.scope.len();
        self.scope.push((&comprehension.iter_var, range));
        self.scope.push((&comprehension.accu_var, start));
        let before = self.steps;
        let once = self.round(comprehension, start);
        let twice = self.round(comprehension, once);
        let end = Size {
            items: grown(once.items, twice.items, range.items),
            weight: grown(once.weight, twice.weight, range.items),
            text: grown(once.text, twice.text, range.items),
            ..twice
        };
        self.steps = before;
        self.round(comprehension, end);
        self.visit(&comprehension.loop_cond);
        // The loop variable and the result are copied into the scope of the next round.
        let copied = range.weight.saturating_add(end.weight);
        let round = (self.steps - before).saturating_add(copied).saturating_add(CALL);
        self.steps = before.saturating_add(round.saturating_mul(range.items));
        let result = self.visit(&comprehension.result);
        self.scope.truncate(outer);
        self.made(result)
    }

    /// One round of a loop, with the result so far.
    fn round(&mut self, comprehension: &'a ComprehensionExpr, result: Size) -> Size {
        if let Some((_, variable)) = self.scope.last_mut() {
            *variable = result;
        }
        self.visit(&comprehension.loop_step)
    }
}

/// What `once` has become when so many rounds have added what made `twice` of it.
fn grown(once: u64, twice: u64, rounds: u64) -> u64 {
    once.saturating_add(twice.saturating_sub(once).saturating_mul(rounds))
}
