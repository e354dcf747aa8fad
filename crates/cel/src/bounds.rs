//! How large an expression may be.

use kube_cel::cel::IdedExpr;
use kube_cel::cel::common::ast::{EntryExpr, Expr};

/// Bytes of one expression.
const MAX_TEXT: usize = 2 * 1024;
/// Brackets within brackets in the text: bounds the parser's recursion.
const MAX_BRACKETS: usize = 32;
/// Depth of the parsed expression: bounds the evaluator's recursion.
const MAX_DEPTH: usize = 48;
/// Comprehensions (`all`, `exists`, `map`, …) within comprehensions.
const MAX_NESTING: usize = 4;

/// Refuses a text that is too long or too deep to be parsed safely.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn check_text(text: &str) -> Result<(), String> {
    if text.len() > MAX_TEXT {
        return Err(format!(
            "expression is {} bytes long, at most {MAX_TEXT} are allowed",
            text.len()
        ));
    }
    // Brackets in texts are counted too: harmless, and safe.
    let mut depth = 0_usize;
    let mut signs = 0_usize;
    for c in text.chars() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        signs = if matches!(c, '!' | '-' | ' ') {
            signs + usize::from(c != ' ')
        } else {
            0
        };
        if depth > MAX_BRACKETS || signs > MAX_BRACKETS {
            return Err(format!("expression is nested deeper than {MAX_BRACKETS} levels"));
        }
    }
    // `a ? b : c ? d : …` nests without brackets.
    if text.matches('?').count() > MAX_BRACKETS {
        return Err(format!("expression has more than {MAX_BRACKETS} conditionals"));
    }
    Ok(())
}

/// The depth of a parsed expression: operations within operations.
///
/// # Errors
/// What about it is not supported: struct literals, too much depth or nesting.
pub(crate) fn measure(expression: &IdedExpr) -> Result<usize, String> {
    let mut deepest = 0;
    walk(expression, 0, 0, &mut deepest)?;
    Ok(deepest)
}

fn walk(expression: &IdedExpr, depth: usize, nesting: usize, deepest: &mut usize) -> Result<(), String> {
    if depth > MAX_DEPTH {
        return Err(format!("expression is nested deeper than {MAX_DEPTH} operations"));
    }
    if nesting > MAX_NESTING {
        return Err(format!("expression nests more than {MAX_NESTING} comprehensions"));
    }
    *deepest = depth.max(*deepest);
    let down = |part: &IdedExpr, deepest: &mut usize| walk(part, depth + 1, nesting, deepest);
    match &expression.expr {
        Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) => {}
        Expr::Select(select) => down(&select.operand, deepest)?,
        Expr::Call(call) => {
            if let Some(target) = &call.target {
                down(target, deepest)?;
            }
            for argument in &call.args {
                down(argument, deepest)?;
            }
        }
        Expr::List(list) => {
            for element in &list.elements {
                down(element, deepest)?;
            }
        }
        Expr::Map(map) => {
            for entry in &map.entries {
                match &entry.expr {
                    EntryExpr::MapEntry(entry) => {
                        down(&entry.key, deepest)?;
                        down(&entry.value, deepest)?;
                    }
                    EntryExpr::StructField(field) => down(&field.value, deepest)?,
                }
            }
        }
        Expr::Comprehension(comprehension) => {
            down(&comprehension.iter_range, deepest)?;
            down(&comprehension.accu_init, deepest)?;
            down(&comprehension.result, deepest)?;
            for looped in [&comprehension.loop_cond, &comprehension.loop_step] {
                walk(looped, depth + 1, nesting + 1, deepest)?;
            }
        }
        Expr::Struct(literal) => {
            return Err(format!(
                "struct literals are not supported: {:?}",
                literal.type_name
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use kube_cel::cel::parser::Parser;

    use super::{check_text, measure};

    #[track_caller]
    fn refused(text: &str) -> String {
        match check_text(text) {
            Err(reason) => reason,
            Ok(()) => measure(&Parser::default().parse(text).unwrap()).unwrap_err(),
        }
    }

    #[test]
    fn expressions_that_would_take_the_server_down_are_refused() {
        assert!(refused(&format!("1{}", "+1".repeat(1_000))).contains("deeper"));
        assert!(refused(&"1+".repeat(4_000)).contains("bytes long"));
        assert!(refused(&format!("{}1{}", "(".repeat(500), ")".repeat(500))).contains("deeper"));
        assert!(refused(&format!("{}true", "!".repeat(500))).contains("deeper"));
        assert!(refused(&format!("{}1", "true ? 1 : ".repeat(100))).contains("conditionals"));
        assert!(refused("Some.Struct{field: 1}").contains("struct literals"));
        let nested = (0..5).fold("true".to_owned(), |inner, level| {
            format!("self.all(x{level}, {inner})")
        });
        assert!(refused(&nested).contains("comprehensions"));
    }
}
