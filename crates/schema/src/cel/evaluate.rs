//! Running rules on an object.

use std::sync::Arc;

use keydesk_cel::{Program, Shape, TooMuchWork};
use kube_cel::cel::context::Context;
use kube_cel::cel::objects::OptionalValue;
use kube_cel::cel::{ExecutionError, Value as CelValue};
use serde_json::Value;

use super::rule::{Reason, Rule};
use super::value::convert;
use crate::node::{Node, NodeId, Nodes};
use crate::place::Place;
use crate::quote::quoted;
use crate::validate::{MAX_VIOLATIONS, OldItems, for_each_child, same};
use crate::violation::{Violation, ViolationKind};

/// Steps that all rules together may be estimated to take on one object: about a second at the worst. One rule may
/// take them all.
const BUDGET: u64 = 10_000_000;
/// The copies that are made of a value before a rule sees it.
const COPIES: u64 = 4;
/// Steps that it takes to get a rule ready.
const READY: u64 = 16;
/// Bytes of a message that a rule computes.
const MAX_MESSAGE: usize = 5 * 1024;

/// Every rule that `object` breaks.
pub(crate) fn check(
    nodes: &Nodes,
    root: NodeId,
    object: &Value,
    old: Option<&Value>,
    prefix: &str,
) -> Vec<Violation> {
    let mut check = Check {
        nodes,
        prefix,
        budget: BUDGET,
        violations: Vec::new(),
        exhausted: false,
    };
    check.visit(root, object, old, &Place::Root, false);
    check.violations
}

struct Check<'a> {
    nodes: &'a Nodes,
    prefix: &'a str,
    budget: u64,
    violations: Vec<Violation>,
    /// No further rule is run.
    exhausted: bool,
}

impl Check<'_> {
    /// Runs the rules on `value` and on what is below it. With `unchanged` a value around it is as it
    /// was, and what has always been wrong is let pass.
    fn visit(&mut self, id: NodeId, value: &Value, old: Option<&Value>, place: &Place<'_>, unchanged: bool) {
        let node = self.nodes.get(id);
        if !node.has_rules || value.is_null() || self.exhausted || self.violations.len() >= MAX_VIOLATIONS {
            return;
        }
        let unchanged = match old {
            Some(old) => same(old, value),
            None => unchanged,
        };
        if !node.rules.is_empty() {
            self.run_rules(id, value, old.filter(|old| !old.is_null()), place, unchanged);
        }
        let old_items = OldItems::new(node, old);
        for_each_child(node, value, place, &mut |child, inner, place| {
            let old = match place {
                Place::Field(_, name) | Place::Key(_, name) => old.and_then(|old| old.get(*name)),
                Place::Item(..) => old_items.get(inner),
                Place::Root => None,
            };
            self.visit(child, inner, old, place, unchanged);
        });
    }

    fn run_rules(
        &mut self,
        id: NodeId,
        value: &Value,
        old: Option<&Value>,
        place: &Place<'_>,
        unchanged: bool,
    ) {
        let node = self.nodes.get(id);
        let own = convert(self.nodes, Some(id), value);
        let mut variables = Variables {
            context: keydesk_cel::functions().new_inner_scope(),
            shapes: [("self", Shape::of(&own)), ("oldSelf", Shape::default())],
        };
        let old = old.map(|old| convert(self.nodes, Some(id), old));
        let old_shape = old.as_ref().map(Shape::of).unwrap_or_default();
        self.take(copies(&variables.shapes[0].1));
        self.take(copies(&old_shape));
        variables.context.add_variable_from_value("self", own);
        for rule in &node.rules {
            if rule.uses_old_self && old.is_none() && !rule.old_self_is_optional {
                continue;
            }
            if rule.uses_old_self {
                self.take(copies(&old_shape));
                variables.set_old(old.clone(), &old_shape, rule.old_self_is_optional);
            }
            let violation = match self.run(&rule.condition, &variables) {
                Ok(CelValue::Bool(true)) => continue,
                Ok(CelValue::Bool(false)) if unchanged && !rule.uses_old_self => continue,
                Ok(CelValue::Bool(false)) => self.broken(rule, node, value, &variables, place),
                Ok(_) => self.failed(node, place, "cel expression must evaluate to a bool".to_owned()),
                Err(Failure::TooMuchWork) => {
                    self.exhausted = true;
                    self.failed(node, place, EXHAUSTED.to_owned())
                }
                Err(Failure::Overload) => self.failed(
                    node,
                    place,
                    format!(
                        "'no such overload': call arguments did not match a supported operator, function or \
                         macro signature for rule: {}",
                        rule.title
                    ),
                ),
                Err(Failure::Other(reason)) => {
                    self.failed(node, place, format!("{reason} evaluating rule: {}", rule.title))
                }
            };
            self.violations.push(violation);
            if self.exhausted {
                return;
            }
        }
    }

    /// A rule that could not be run to its end.
    fn failed(&self, node: &Node, place: &Place<'_>, detail: String) -> Violation {
        Violation::invalid(&place.below(self.prefix), node.type_name(), detail)
    }

    /// A rule that said no.
    fn broken(
        &mut self,
        rule: &Rule,
        node: &Node,
        value: &Value,
        variables: &Variables<'_>,
        place: &Place<'_>,
    ) -> Violation {
        let computed = rule
            .message_expression
            .as_ref()
            .and_then(|message| self.message(message, variables));
        let detail = computed.unwrap_or_else(|| rule.message.clone());
        let path = place.below(self.prefix);
        let field = match path.as_str() {
            "" => rule.field_path.trim_start_matches('.').to_owned(),
            path => format!("{path}{}", rule.field_path),
        };
        let shown = if matches!(node.type_name(), "object" | "array") {
            None
        } else {
            Some(value.clone())
        };
        match rule.reason {
            Reason::Required => Violation::required(&field, detail),
            Reason::Forbidden => Violation::forbidden(&field, detail),
            Reason::Duplicate => Violation::new(ViolationKind::Duplicate, &field, shown, ""),
            Reason::Invalid => Violation::new(ViolationKind::Invalid, &field, shown, detail),
        }
    }

    /// A computed message, if it can be computed and is fit to be shown.
    fn message(&mut self, program: &Program, variables: &Variables<'_>) -> Option<String> {
        let CelValue::String(message) = self.run(program, variables).ok()? else {
            return None;
        };
        let message = message.trim();
        let fit = !message.is_empty() && message.len() <= MAX_MESSAGE && !message.contains('\n');
        fit.then(|| message.to_owned())
    }

    fn run(&mut self, program: &Program, variables: &Variables<'_>) -> Result<CelValue, Failure> {
        let admitted = match program.admit(&variables.shapes, self.budget) {
            Ok(admitted) => admitted,
            Err(TooMuchWork { spent }) => {
                self.take(spent);
                return Err(Failure::TooMuchWork);
            }
        };
        self.take(admitted.steps().saturating_add(READY));
        admitted.resolve(&variables.context).map_err(Failure::from)
    }

    /// Takes steps from the budget. When it is used up no rule is admitted any more.
    fn take(&mut self, steps: u64) {
        self.budget = self.budget.saturating_sub(steps);
    }
}

/// The steps that it takes to show a value to rules.
fn copies(shape: &Shape) -> u64 {
    shape.weight().saturating_mul(COPIES)
}

/// What the rules of a node see.
struct Variables<'a> {
    context: Context<'a>,
    shapes: [(&'static str, Shape); 2],
}

impl Variables<'_> {
    /// Makes the value before an update what a rule sees as `oldSelf`.
    fn set_old(&mut self, old: Option<CelValue>, shape: &Shape, is_optional: bool) {
        let value = match (old, is_optional) {
            (Some(old), false) => old,
            (Some(old), true) => CelValue::Opaque(Arc::new(OptionalValue::of(old))),
            (None, _) => CelValue::Opaque(Arc::new(OptionalValue::none())),
        };
        self.context.add_variable_from_value("oldSelf", value);
        let shape = shape.clone();
        self.shapes[1].1 = if is_optional { shape.optional() } else { shape };
    }
}

/// In the words of a kube-apiserver.
const EXHAUSTED: &str =
    "validation failed due to running out of cost budget, no further validation rules will be run";

/// Why an expression gave no value.
enum Failure {
    TooMuchWork,
    Overload,
    Other(String),
}

/// In the words of a kube-apiserver, and without the values at hand, which may be secret.
impl From<ExecutionError> for Failure {
    fn from(error: ExecutionError) -> Self {
        match error {
            ExecutionError::NoSuchKey(key) => Self::Other(format!("no such key: {key}")),
            ExecutionError::UndeclaredReference(name) => Self::Other(format!("no such attribute(s): {name}")),
            ExecutionError::DivisionByZero(_) => Self::Other("division by zero".to_owned()),
            ExecutionError::RemainderByZero(_) => Self::Other("modulus by zero".to_owned()),
            ExecutionError::Overflow(..) => Self::Other("integer overflow".to_owned()),
            ExecutionError::IndexOutOfBounds(CelValue::Int(index)) => {
                Self::Other(format!("index out of bounds: {index}"))
            }
            ExecutionError::FunctionError { function, .. } => {
                Self::Other(format!("function {} failed", quoted(&function)))
            }
            _ => Self::Overload,
        }
    }
}
