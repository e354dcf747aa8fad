//! What a prepared tree may still hold that predicates do not have: bytes, and patterns that are not literals.

use kube_cel::cel::IdedExpr;
use kube_cel::cel::common::ast::{EntryExpr, Expr, LiteralValue};

use crate::pattern;

/// # Errors
/// When there is such a thing in it.
pub(super) fn check(expression: &IdedExpr) -> Result<(), String> {
    match &expression.expr {
        Expr::Literal(LiteralValue::Bytes(_)) => Err("bytes are not supported".to_owned()),
        Expr::Literal(_) | Expr::Ident(_) | Expr::Unspecified | Expr::Struct(_) => Ok(()),
        Expr::Select(select) => check(&select.operand),
        Expr::Call(call) => {
            if call.func_name == "matches" && pattern::index(call).is_none() {
                return Err("pattern of matches is not a literal text".to_owned());
            }
            call.target
                .as_deref()
                .into_iter()
                .chain(&call.args)
                .try_for_each(check)
        }
        Expr::List(list) => list.elements.iter().try_for_each(check),
        Expr::Map(map) => map.entries.iter().try_for_each(|entry| match &entry.expr {
            EntryExpr::MapEntry(entry) => check(&entry.key).and_then(|()| check(&entry.value)),
            EntryExpr::StructField(field) => check(&field.value),
        }),
        Expr::Comprehension(comprehension) => [
            &comprehension.iter_range,
            &comprehension.accu_init,
            &comprehension.loop_cond,
            &comprehension.loop_step,
            &comprehension.result,
        ]
        .into_iter()
        .try_for_each(check),
    }
}
