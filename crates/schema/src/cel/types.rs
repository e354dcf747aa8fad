//! The types of a rule's parts, as far as the schema tells them: enough to refuse a rule that names a
//! field that does not exist, compares a text with a number, or gives no truth value.
//!
//! Whatever is not certain is [`Kind::Any`], and passes.

use kube_cel::cel::IdedExpr;
use kube_cel::cel::common::ast::{CallExpr, Expr, LiteralValue, SelectExpr, operators};
use serde_json::{Map, Value};

type Raw = Map<String, Value>;

/// What is known about the type of an expression.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind<'a> {
    Any,
    Null,
    Bool,
    Int,
    Uint,
    Double,
    Text,
    Bytes,
    Timestamp,
    Duration,
    List(Box<Kind<'a>>),
    Map(Box<Kind<'a>>),
    /// The fields that this schema declares; a resource has its own besides.
    Object {
        schema: &'a Raw,
        is_resource: bool,
    },
}

/// What is wrong, and the part of the rule's text that shows where.
#[derive(Debug, PartialEq)]
pub(super) struct Mismatch {
    pub(super) reason: String,
    pub(super) token: String,
}

impl<'a> Kind<'a> {
    /// The type of the values that a schema describes.
    pub(super) fn of_schema(schema: &'a Raw, is_resource: bool) -> Self {
        let text = |keyword: &str| schema.get(keyword).and_then(Value::as_str).unwrap_or_default();
        let flag = |keyword: &str| schema.get(keyword).and_then(Value::as_bool).unwrap_or(false);
        if flag("x-kubernetes-int-or-string") || flag("x-kubernetes-preserve-unknown-fields") {
            return Self::Any;
        }
        let of = |value: Option<&'a Value>| match value {
            Some(Value::Object(schema)) => {
                Self::of_schema(schema, schema.contains_key("x-kubernetes-embedded-resource"))
            }
            _ => Self::Any,
        };
        match (text("type"), text("format")) {
            ("boolean", _) => Self::Bool,
            ("integer", _) => Self::Int,
            ("number", _) => Self::Double,
            ("string", "date-time" | "date") => Self::Timestamp,
            ("string", "duration") => Self::Duration,
            ("string", "byte") => Self::Any,
            ("string", _) => Self::Text,
            ("array", _) => Self::List(Box::new(of(schema.get("items")))),
            ("object", _) => match schema.get("additionalProperties") {
                None => Self::Object { schema, is_resource },
                values => Self::Map(Box::new(of(values))),
            },
            _ => Self::Any,
        }
    }

    /// The name that CEL has for a type that is certain and simple.
    fn name(&self) -> Option<&'static str> {
        match self {
            Self::Bool => Some("bool"),
            Self::Int => Some("int"),
            Self::Uint => Some("uint"),
            Self::Double => Some("double"),
            Self::Text => Some("string"),
            Self::Bytes => Some("bytes"),
            Self::Timestamp => Some("timestamp"),
            Self::Duration => Some("duration"),
            Self::Any | Self::Null | Self::List(_) | Self::Map(_) | Self::Object { .. } => None,
        }
    }

    fn shown(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::List(_) => "list",
            Self::Map(_) => "map",
            Self::Object { .. } => "object",
            other => other.name().unwrap_or("dyn"),
        }
    }

    fn is_number(&self) -> bool {
        matches!(self, Self::Int | Self::Uint | Self::Double)
    }

    /// Whether a value of this type may be one of `other`.
    pub(super) fn may_be(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Any, _)
            | (_, Self::Any)
            | (Self::List(_), Self::List(_))
            | (Self::Map(_), Self::Map(_)) => true,
            (left, right) => left == right,
        }
    }
}

/// The variables in scope.
pub(super) struct Scope<'a> {
    variables: Vec<(&'a str, Kind<'a>)>,
}

impl<'a> Scope<'a> {
    /// The scope of a rule: `oldSelf` is what `self` is, or an optional.
    pub(super) fn new(self_kind: &Kind<'a>, old_self_is_optional: bool) -> Self {
        let old = if old_self_is_optional {
            Kind::Any
        } else {
            self_kind.clone()
        };
        Self {
            variables: vec![("self", self_kind.clone()), ("oldSelf", old)],
        }
    }

    /// The type of an expression.
    ///
    /// # Errors
    /// When a part of it cannot have a value.
    pub(super) fn kind(&mut self, expression: &'a IdedExpr) -> Result<Kind<'a>, Mismatch> {
        match &expression.expr {
            Expr::Unspecified | Expr::Struct(_) => Ok(Kind::Any),
            Expr::Literal(literal) => Ok(match literal {
                LiteralValue::Boolean(_) => Kind::Bool,
                LiteralValue::Bytes(_) => Kind::Bytes,
                LiteralValue::Double(_) => Kind::Double,
                LiteralValue::Int(_) => Kind::Int,
                LiteralValue::Null => Kind::Null,
                LiteralValue::String(_) => Kind::Text,
                LiteralValue::UInt(_) => Kind::Uint,
            }),
            Expr::Ident(name) => {
                let found = self.variables.iter().rev().find(|(variable, _)| variable == name);
                Ok(found.map_or(Kind::Any, |(_, kind)| kind.clone()))
            }
            Expr::Select(select) => self.select(select),
            Expr::Call(call) => self.call(call),
            Expr::List(list) => {
                for element in &list.elements {
                    self.kind(element)?;
                }
                Ok(Kind::List(Box::new(Kind::Any)))
            }
            Expr::Map(_) => Ok(Kind::Map(Box::new(Kind::Any))),
            Expr::Comprehension(comprehension) => {
                let item = match self.kind(&comprehension.iter_range)? {
                    Kind::List(item) if comprehension.iter_var2.is_none() => *item,
                    Kind::Any | Kind::Null | Kind::List(_) | Kind::Map(_) => Kind::Any,
                    other => return Err(no_range(&other)),
                };
                let result = self.kind(&comprehension.accu_init)?;
                let outer = self.variables.len();
                self.variables.push((&comprehension.iter_var, item));
                if let Some(second) = &comprehension.iter_var2 {
                    self.variables.push((second, Kind::Any));
                }
                self.variables.push((&comprehension.accu_var, result));
                self.kind(&comprehension.loop_step)?;
                let kind = self.kind(&comprehension.result);
                self.variables.truncate(outer);
                kind
            }
        }
    }

    fn select(&mut self, select: &'a SelectExpr) -> Result<Kind<'a>, Mismatch> {
        let field = match self.kind(&select.operand)? {
            Kind::Object { schema, is_resource } => field(schema, is_resource, &select.field)?,
            Kind::Map(value) => *value,
            Kind::Any | Kind::Null | Kind::List(_) => Kind::Any,
            scalar => {
                let name = scalar.name().unwrap_or("dyn");
                let reason = format!("type '{name}' does not support field selection");
                return Err(Mismatch {
                    reason,
                    token: format!(".{}", select.field),
                });
            }
        };
        Ok(if select.test { Kind::Bool } else { field })
    }

    fn call(&mut self, call: &'a CallExpr) -> Result<Kind<'a>, Mismatch> {
        let mut kinds = Vec::with_capacity(call.args.len() + 1);
        for argument in call.target.as_deref().into_iter().chain(&call.args) {
            kinds.push(self.kind(argument)?);
        }
        let name = call.func_name.as_str();
        let no_overload = || {
            let names: Vec<&str> = kinds.iter().map(Kind::shown).collect();
            let reason = format!(
                "found no matching overload for '{name}' applied to '({})'",
                names.join(", ")
            );
            Mismatch {
                reason,
                token: name.trim_matches('_').to_owned(),
            }
        };
        let both = |fits: fn(&Kind<'a>, &Kind<'a>) -> bool| match &kinds[..] {
            [left, right] if left.name().is_some() && right.name().is_some() => fits(left, right),
            _ => true,
        };
        match name {
            operators::LOGICAL_AND | operators::LOGICAL_OR | operators::LOGICAL_NOT => {
                let fits = kinds.iter().all(|kind| kind.may_be(&Kind::Bool));
                if fits { Ok(Kind::Bool) } else { Err(no_overload()) }
            }
            operators::EQUALS | operators::NOT_EQUALS => {
                if both(|left, right| left == right) {
                    Ok(Kind::Bool)
                } else {
                    Err(no_overload())
                }
            }
            operators::LESS | operators::LESS_EQUALS | operators::GREATER | operators::GREATER_EQUALS => {
                let fits = both(|left, right| left == right || (left.is_number() && right.is_number()));
                if fits { Ok(Kind::Bool) } else { Err(no_overload()) }
            }
            operators::ADD
            | operators::SUBSTRACT
            | operators::MULTIPLY
            | operators::DIVIDE
            | operators::MODULO => {
                let is_time = |kind: &Kind<'_>| matches!(kind, Kind::Timestamp | Kind::Duration);
                if kinds.iter().any(is_time) {
                    return Ok(Kind::Any);
                }
                if !both(|left, right| left == right) {
                    return Err(no_overload());
                }
                Ok(kinds
                    .into_iter()
                    .find(|kind| *kind != Kind::Any)
                    .unwrap_or(Kind::Any))
            }
            operators::CONDITIONAL => match &kinds[..] {
                [condition, ..] if !condition.may_be(&Kind::Bool) => Err(no_overload()),
                [_, yes, no] if yes == no => Ok(yes.clone()),
                _ => Ok(Kind::Any),
            },
            operators::OPT_INDEX => {
                if let (Some(Kind::Object { schema, is_resource }), [_, argument]) =
                    (kinds.first(), &call.args[..])
                    && let Expr::Literal(LiteralValue::String(name)) = &argument.expr
                {
                    field(schema, *is_resource, name.inner())?;
                }
                Ok(Kind::Any)
            }
            operators::INDEX | "size" if matches!(kinds.first(), Some(Kind::Object { .. })) => {
                Err(no_overload())
            }
            operators::IN if matches!(kinds.last(), Some(Kind::Object { .. })) => Err(no_overload()),
            operators::INDEX => Ok(match kinds.into_iter().next() {
                Some(Kind::List(item) | Kind::Map(item)) => *item,
                _ => Kind::Any,
            }),
            operators::IN
            | operators::NOT_STRICTLY_FALSE
            | "contains"
            | "endsWith"
            | "hasValue"
            | "isCIDR"
            | "isIP"
            | "isQuantity"
            | "isSemver"
            | "isSorted"
            | "isURL"
            | "matches"
            | "startsWith" => Ok(Kind::Bool),
            "size" => Ok(Kind::Int),
            "lowerAscii" | "string" | "trim" | "upperAscii" => Ok(Kind::Text),
            _ => Ok(Kind::Any),
        }
    }
}

fn no_range(kind: &Kind<'_>) -> Mismatch {
    let name = kind.name().unwrap_or("object");
    let reason = format!(
        "expression of type '{name}' cannot be range of a comprehension (must be list, map, or dynamic)"
    );
    Mismatch {
        reason,
        token: String::new(),
    }
}

/// The type of a field, by its name as CEL spells it.
fn field<'a>(schema: &'a Raw, is_resource: bool, name: &str) -> Result<Kind<'a>, Mismatch> {
    let properties = schema
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flatten();
    let declared = properties
        .into_iter()
        .find(|(property, _)| super::value::escaped(property) == name);
    match declared {
        Some((property, _)) if is_resource && property == "metadata" => Ok(Kind::Any),
        Some((_, Value::Object(property))) => Ok(Kind::of_schema(
            property,
            property.contains_key("x-kubernetes-embedded-resource"),
        )),
        Some(_) => Ok(Kind::Any),
        None if is_resource && matches!(name, "apiVersion" | "kind") => Ok(Kind::Text),
        None if is_resource && name == "metadata" => Ok(Kind::Any),
        None => Err(Mismatch {
            reason: format!("undefined field '{name}'"),
            token: format!(".{name}"),
        }),
    }
}
