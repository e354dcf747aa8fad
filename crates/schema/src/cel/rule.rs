//! One rule, compiled.

use keydesk_cel::{Expression, Names, Program};
use serde_json::{Map, Value};

use super::types::{Kind, Scope};
use crate::violation::Violation;

/// The value before an update.
const OLD_SELF: &str = "oldSelf";
/// The variables that a rule may name.
const VARIABLES: [&str; 2] = ["self", OLD_SELF];

/// A compiled rule.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(super) condition: Program,
    /// The rule's message, or what stands for one.
    pub(super) message: String,
    /// How the rule is called in messages about its evaluation.
    pub(super) title: String,
    pub(super) message_expression: Option<Program>,
    pub(super) reason: Reason,
    /// Where below the node the violation is reported, as a path that starts with `.` or `[`.
    pub(super) field_path: String,
    pub(super) uses_old_self: bool,
    pub(super) old_self_is_optional: bool,
}

/// The kind of violation that a rule asks for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Reason {
    Invalid,
    Required,
    Forbidden,
    Duplicate,
}

/// Compiles a rule that stands on the node `schema`; a resource has fields that its schema need not
/// declare.
///
/// # Errors
/// Why it cannot be run, as a violation of the rule's field below `path`.
pub(crate) fn compile(
    rule: &Value,
    schema: &Map<String, Value>,
    is_resource: bool,
    path: &str,
) -> Result<Rule, Violation> {
    let text = |name: &str| rule.get(name).and_then(Value::as_str).unwrap_or_default();
    let refuse =
        |field: &str, detail: String| Violation::invalid(&format!("{path}.{field}"), rule.clone(), detail);
    let optional = rule.get("optionalOldSelf").and_then(Value::as_bool);
    let old_self_is_optional = optional.unwrap_or(false);
    let self_kind = Kind::of_schema(schema, is_resource);

    let (condition, uses_old_self) =
        parse(text("rule")).map_err(|reason| refuse("rule", format!("compilation failed: {reason}")))?;
    let kind = Scope::new(&self_kind, old_self_is_optional)
        .kind(&condition.tree)
        .map_err(|mismatch| {
            let reason = pointed(text("rule"), &mismatch.token, &mismatch.reason);
            refuse("rule", format!("compilation failed: {reason}"))
        })?;
    if !kind.may_be(&Kind::Bool) {
        return Err(refuse(
            "rule",
            "cel expression must evaluate to a bool".to_owned(),
        ));
    }
    if let (Some(set), false) = (optional, uses_old_self) {
        let detail = "may not be set if oldSelf is not used in rule";
        return Err(Violation::invalid(
            &format!("{path}.optionalOldSelf"),
            set,
            detail,
        ));
    }
    let condition =
        Program::new(condition).map_err(|reason| refuse("rule", format!("compilation failed: {reason}")))?;
    let message_expression = match text("messageExpression") {
        "" => None,
        given => {
            let (expression, _) = parse(given).map_err(|reason| {
                refuse(
                    "messageExpression",
                    format!("messageExpression compilation failed: {reason}"),
                )
            })?;
            let kind = Scope::new(&self_kind, old_self_is_optional)
                .kind(&expression.tree)
                .map_err(|mismatch| {
                    let reason = pointed(given, &mismatch.token, &mismatch.reason);
                    refuse(
                        "messageExpression",
                        format!("messageExpression compilation failed: {reason}"),
                    )
                })?;
            if !kind.may_be(&Kind::Text) {
                let detail = "messageExpression must evaluate to a string".to_owned();
                return Err(refuse("messageExpression", detail));
            }
            Some(Program::new(expression).map_err(|reason| {
                refuse(
                    "messageExpression",
                    format!("messageExpression compilation failed: {reason}"),
                )
            })?)
        }
    };
    let message = text("message").trim();
    let title = if message.is_empty() {
        text("rule").trim()
    } else {
        message
    };
    Ok(Rule {
        condition,
        message: if message.is_empty() {
            format!("failed rule: {title}")
        } else {
            message.to_owned()
        },
        title: title.to_owned(),
        message_expression,
        reason: match text("reason") {
            "FieldValueRequired" => Reason::Required,
            "FieldValueForbidden" => Reason::Forbidden,
            "FieldValueDuplicate" => Reason::Duplicate,
            _ => Reason::Invalid,
        },
        field_path: crate::structural::normalized_field_path(text("fieldPath"), schema).unwrap_or_default(),
        uses_old_self,
        old_self_is_optional,
    })
}

/// Whether an expression speaks of the value before an update. One that cannot be parsed does not.
pub(crate) fn uses_old_self(text: &str) -> bool {
    parse(text).is_ok_and(|(_, uses_old_self)| uses_old_self)
}

/// Parses an expression within its bounds; also says whether it uses `oldSelf`.
fn parse(text: &str) -> Result<(Expression, bool), String> {
    let expression = Expression::parse(text)?;
    let names = Names::of(&expression.tree);
    let unknown_variable = names
        .variables
        .iter()
        .find(|name| !VARIABLES.contains(name))
        .map(|name| (*name, (*name).to_owned()));
    let unknown_function = || {
        let unknown = names.functions.iter().find(|function| !function.exists())?;
        Some((unknown.name, format!("{}(", unknown.name)))
    };
    if let Some((name, token)) = unknown_variable.or_else(unknown_function) {
        let reason = format!("undeclared reference to '{name}' (in container '')");
        return Err(pointed(text, &token, &reason));
    }
    let uses_old_self = names.variables.contains(OLD_SELF);
    Ok((expression, uses_old_self))
}

/// A fault as CEL prints it, pointing at the first `token` of the text: at the bracket of a call.
fn pointed(text: &str, token: &str, reason: &str) -> String {
    let at_bracket = if token.ends_with('(') { token.len() - 1 } else { 0 };
    let before = text.find(token).map_or("", |index| &text[..index + at_bracket]);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |rest| rest.chars().count()) + 1;
    let shown = text.lines().nth(line - 1).unwrap_or_default();
    format!(
        "ERROR: <input>:{line}:{column}: {reason}\n | {shown}\n | {}^",
        ".".repeat(column - 1)
    )
}
