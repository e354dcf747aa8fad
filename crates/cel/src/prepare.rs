//! A tree made ready: patterns taken out of it, and selections said in a way that the engine gets right.

use kube_cel::cel::IdedExpr;
use kube_cel::cel::common::ast::{CallExpr, EntryExpr, Expr, LiteralValue, operators};

use crate::pattern;

/// Makes a tree ready, and gives the patterns for which there are variables in it now. A selection (`a.b`) becomes an
/// index (`a['b']`): the engine's selection from what has no fields is `false` where CEL has an error, and copies all it
/// selects from. `has(a.b)` becomes `'b' in a` for the same reasons.
///
/// # Errors
/// What about it is not supported.
pub(crate) fn prepare(tree: &mut IdedExpr) -> Result<Vec<String>, String> {
    let mut patterns = Vec::new();
    visit(tree, &mut patterns)?;
    Ok(patterns)
}

fn visit(expression: &mut IdedExpr, patterns: &mut Vec<String>) -> Result<(), String> {
    match &mut expression.expr {
        Expr::Literal(_) | Expr::Ident(_) => Ok(()),
        Expr::Unspecified | Expr::Struct(_) => Err("struct literals are not supported".to_owned()),
        Expr::Select(select) => {
            visit(&mut select.operand, patterns)?;
            let field = IdedExpr {
                id: expression.id,
                expr: Expr::Literal(LiteralValue::String(select.field.as_str().into())),
            };
            let operand = std::mem::take(&mut *select.operand);
            let (operator, args) = if select.test {
                (operators::IN, vec![field, operand])
            } else {
                (operators::INDEX, vec![operand, field])
            };
            expression.expr = Expr::Call(CallExpr {
                func_name: operator.to_owned(),
                target: None,
                args,
            });
            Ok(())
        }
        Expr::Call(call) => {
            pattern::take(call, patterns);
            let target = call.target.as_deref_mut().into_iter();
            target
                .chain(&mut call.args)
                .try_for_each(|part| visit(part, patterns))
        }
        Expr::List(list) => list
            .elements
            .iter_mut()
            .try_for_each(|element| visit(element, patterns)),
        Expr::Map(map) => map
            .entries
            .iter_mut()
            .try_for_each(|entry| match &mut entry.expr {
                EntryExpr::MapEntry(entry) => {
                    visit(&mut entry.key, patterns)?;
                    visit(&mut entry.value, patterns)
                }
                EntryExpr::StructField(field) => visit(&mut field.value, patterns),
            }),
        Expr::Comprehension(comprehension) => [
            &mut comprehension.iter_range,
            &mut comprehension.accu_init,
            &mut comprehension.loop_cond,
            &mut comprehension.loop_step,
            &mut comprehension.result,
        ]
        .into_iter()
        .try_for_each(|part| visit(part, patterns)),
    }
}
