//! How many steps an expression takes, by the shapes of its variables.
//!
//! An upper bound, found by walking the tree with shapes for values. It follows what texts and lists grow to, and counts
//! the copies that the engine makes: of arguments, of loop variables, and of the result so far in each round of a loop.
//! All that is made is counted, so that memory is bounded too. A step is about a tenth of a microsecond.

mod function;
mod growth;

use std::sync::Arc;

use kube_cel::cel::IdedExpr;
use kube_cel::cel::common::ast::{CallExpr, ComprehensionExpr, EntryExpr, Expr, LiteralValue, operators};

use self::growth::{growth, reads_twice};
use crate::pattern::Pattern;
use crate::shape::Shape;
use crate::size::Size;

/// Steps of a call or a round of a loop, beside its parts.
const CALL: u64 = 8;
/// What an evaluation costs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Estimate {
    /// The steps that it takes.
    pub(crate) steps: u64,
    /// The steps that it took to find out.
    pub(crate) spent: u64,
}

/// What it costs to evaluate `tree` with variables of these shapes.
pub(crate) fn estimate<'a>(
    tree: &'a IdedExpr,
    patterns: &'a [Option<Arc<Pattern>>],
    variables: &[(&'a str, Shape)],
) -> Estimate {
    let mut walk = Walk {
        scope: variables.to_vec(),
        patterns,
        steps: 0,
        visits: 0,
    };
    walk.visit(tree);
    Estimate {
        steps: walk.steps,
        spent: walk.visits,
    }
}

struct Walk<'a> {
    /// Variables; the innermost is the last.
    scope: Vec<(&'a str, Shape)>,
    patterns: &'a [Option<Arc<Pattern>>],
    steps: u64,
    visits: u64,
}

impl<'a> Walk<'a> {
    fn take(&mut self, steps: u64) {
        self.steps = self.steps.saturating_add(steps);
    }

    /// Adds the steps of an expression, and gives its value's shape.
    fn visit(&mut self, expression: &'a IdedExpr) -> Shape {
        self.take(1);
        self.visits += 1;
        match &expression.expr {
            Expr::Literal(LiteralValue::String(text)) => text_of(text.inner().len() as u64),
            Expr::Literal(LiteralValue::Bytes(bytes)) => text_of(bytes.inner().len() as u64),
            Expr::Literal(_) => scalar(),
            Expr::Ident(name) => {
                let found = self.scope.iter().rev().find(|(variable, _)| variable == name);
                found.map_or_else(scalar, |(_, shape)| shape.clone())
            }
            Expr::Call(call) => self.call(call),
            Expr::List(list) => {
                let items: Vec<Shape> = list.elements.iter().map(|element| self.visit(element)).collect();
                let size = Size::holding(items.len(), items.iter().map(|item| item.size));
                let length = items.len() as u64;
                let item = items.into_iter().reduce(Shape::or).unwrap_or_default();
                self.made(Shape::list(size, length, item))
            }
            Expr::Map(map) => {
                let mut parts = Vec::with_capacity(map.entries.len());
                for entry in &map.entries {
                    if let EntryExpr::MapEntry(entry) = &entry.expr {
                        let key = self.visit(&entry.key).size.and(Size::SCALAR);
                        parts.push(key.and(self.visit(&entry.value).size));
                    }
                }
                self.made(Shape::flat(Size::holding(parts.len(), parts.into_iter())))
            }
            Expr::Comprehension(comprehension) => self.comprehension(comprehension),
            // `prepare` leaves none.
            Expr::Select(_) | Expr::Struct(_) | Expr::Unspecified => {
                self.take(u64::MAX);
                scalar()
            }
        }
    }

    /// Adds the steps of making a value.
    fn made(&mut self, shape: Shape) -> Shape {
        self.take(shape.size.weight);
        shape
    }

    fn call(&mut self, call: &'a CallExpr) -> Shape {
        let name = call.func_name.as_str();
        let mut shapes = Vec::with_capacity(call.args.len() + 1);
        for (index, argument) in call.target.as_deref().into_iter().chain(&call.args).enumerate() {
            let before = self.steps;
            shapes.push(self.visit(argument));
            if index == 0 && call.target.is_none() && reads_twice(name) {
                self.take(self.steps - before);
            }
        }
        match (name, &shapes[..]) {
            (
                operators::LOGICAL_AND
                | operators::LOGICAL_OR
                | operators::LOGICAL_NOT
                | operators::NOT_STRICTLY_FALSE,
                _,
            ) => scalar(),
            (operators::CONDITIONAL, [_, yes, no]) => yes.clone().or(no.clone()),
            (operators::INDEX, [container, _]) if !container.size.may_be_optional => {
                container.at(literal(&call.args))
            }
            (operators::INDEX | operators::OPT_INDEX, [container, _]) => {
                if container.size.may_be_optional {
                    self.take(container.size.weight);
                }
                let part = container.at(literal(&call.args));
                self.take(1);
                self.made(part.optional())
            }
            (operators::EQUALS | operators::NOT_EQUALS, [left, right]) => {
                self.take(left.size.weight.min(right.size.weight));
                scalar()
            }
            (operators::IN, [item, container]) => {
                let compared = item.size.weight.saturating_mul(container.length);
                self.take(compared.min(container.size.weight));
                scalar()
            }
            (operators::ADD, [left, right]) => {
                let sum = match call.args.last().map(|last| &last.expr) {
                    Some(Expr::Literal(
                        LiteralValue::Int(_) | LiteralValue::UInt(_) | LiteralValue::Double(_),
                    )) => {
                        // What does not fit is copied into the error.
                        self.take(left.size.weight);
                        scalar()
                    }
                    Some(Expr::List(_)) => added(left, right, true),
                    _ => added(left, right, false),
                };
                self.made(sum)
            }
            (name, [..]) if !name.starts_with(|c: char| c.is_ascii_alphabetic()) => {
                // Numbers and times; what does not fit is copied into the error.
                let copied = shapes.iter().map(|shape| shape.size.weight);
                self.take(copied.fold(0, u64::saturating_add));
                scalar()
            }
            (name, [..]) => {
                let namespace = match call.target.as_deref().map(|target| &target.expr) {
                    Some(Expr::Ident(namespace)) => Some(format!("{namespace}.{name}")),
                    _ => None,
                };
                match namespace.filter(|name| growth(name).is_some()) {
                    Some(full) => self.function(call, &full, &shapes[1..]),
                    None => self.function(call, name, &shapes),
                }
            }
        }
    }

    /// The macros' loops: in each round the result so far is left as it is, or something is added to it that does not
    /// depend on it, so that each round adds at most what the second one does, to the result and to the steps.
    fn comprehension(&mut self, comprehension: &'a ComprehensionExpr) -> Shape {
        let start = self.visit(&comprehension.accu_init);
        let range = self.visit(&comprehension.iter_range);
        let (rounds, item) = (range.length, range.item());
        let item_weight = item.size.weight;
        let outer = self.scope.len();
        if let Some(second) = &comprehension.iter_var2 {
            self.scope.push((second, range.at(None).or(item.clone())));
        }
        self.scope.push((&comprehension.iter_var, item));
        self.scope.push((&comprehension.accu_var, start.clone()));
        let before = self.steps;
        let once = start.clone().or(self.round(comprehension, start));
        self.steps = before;
        let twice = once.clone().or(self.round(comprehension, once.clone()));
        let early = self.steps - before;
        let mut end = twice.clone();
        end.length = grown(once.length, twice.length, rounds);
        end.size = Size {
            items: grown(once.size.items, twice.size.items, rounds),
            weight: grown(once.size.weight, twice.size.weight, rounds),
            text: grown(once.size.text, twice.size.text, rounds),
            ..twice.size
        };
        self.steps = before;
        self.round(comprehension, end.clone());
        let late = self.steps - before;
        // What the rounds copy grows evenly. The loop variable and the result are copied into the scope of the next one.
        let copied = (once.size.weight / 2).saturating_add(end.size.weight / 2);
        let round = (early / 2)
            .saturating_add(late / 2)
            .saturating_add(copied)
            .saturating_add(item_weight)
            .saturating_add(CALL);
        self.steps = before.saturating_add(round.saturating_mul(rounds));
        if let Some((_, variable)) = self.scope.last_mut() {
            *variable = end;
        }
        let result = self.visit(&comprehension.result);
        self.scope.truncate(outer);
        self.made(result)
    }

    /// One round of a loop, with the result so far.
    fn round(&mut self, comprehension: &'a ComprehensionExpr, result: Shape) -> Shape {
        if let Some((_, variable)) = self.scope.last_mut() {
            *variable = result;
        }
        self.visit(&comprehension.loop_cond);
        self.visit(&comprehension.loop_step)
    }
}

fn scalar() -> Shape {
    Shape::flat(Size::SCALAR)
}

fn text_of(bytes: u64) -> Shape {
    Shape::flat(Size::of_text(bytes))
}

/// The key of an index, if it is a literal.
fn literal(arguments: &[IdedExpr]) -> Option<&str> {
    match arguments.last().map(|argument| &argument.expr) {
        Some(Expr::Literal(LiteralValue::String(text))) => Some(text.inner()),
        _ => None,
    }
}

/// One list or text behind the other. With `is_list` what is added is a list for certain: the one that it is added to
/// becomes longer, its items stay as they are.
fn added(left: &Shape, right: &Shape, is_list: bool) -> Shape {
    let parts = match (&left.parts, &right.parts) {
        (Some(parts), Some(other)) if parts.item.covers(&other.item) => Some(parts.clone()),
        (Some(parts), Some(other)) => {
            let item = parts.item.clone().or(other.item.clone());
            Shape::list(Size::default(), 0, item).parts
        }
        (None, parts) if left.size.items == 0 => parts.clone(),
        (parts, None) if right.size.items == 0 => parts.clone(),
        _ => None,
    };
    let length = left.length.saturating_add(right.length);
    let size = if is_list {
        let both = left.size.and(right.size);
        Size {
            items: both.items.max(length),
            ..both
        }
    } else {
        left.size.then(right.size)
    };
    Shape { size, length, parts }
}

/// What `once` has become when so many rounds have added what made `twice` of it.
fn grown(once: u64, twice: u64, rounds: u64) -> u64 {
    once.saturating_add(twice.saturating_sub(once).saturating_mul(rounds))
}
