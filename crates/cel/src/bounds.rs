//! How large an expression may be, and how much work it causes.

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

/// How much work an expression is, by how many comprehensions the work stands in: work at level 2
/// is done once for every pair of items.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    levels: [u64; MAX_NESTING + 1],
    /// The longest list written in the expression itself.
    literal_items: u64,
    /// Operations within operations.
    pub(crate) depth: usize,
}

impl Work {
    /// An upper estimate of the steps taken when no list, map or text has more than `items` items.
    #[must_use]
    pub fn steps(&self, items: u64) -> u64 {
        let items = items.max(self.literal_items).max(1);
        let mut rounds = 1_u64;
        let mut steps = 0_u64;
        for level in self.levels {
            steps = steps.saturating_add(level.saturating_mul(rounds));
            rounds = rounds.saturating_mul(items);
        }
        steps
    }

    /// Whether the size of the data matters at all.
    #[must_use]
    pub fn has_loops(&self) -> bool {
        self.levels[1..].iter().any(|&level| level > 0)
    }
}

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

/// Measures a parsed expression.
///
/// # Errors
/// What about it is not supported: struct literals, too much depth or nesting.
pub(crate) fn measure(expression: &IdedExpr) -> Result<Work, String> {
    let mut work = Work::default();
    walk(expression, 0, 0, &mut work)?;
    Ok(work)
}

fn walk(expression: &IdedExpr, depth: usize, nesting: usize, work: &mut Work) -> Result<(), String> {
    if depth > MAX_DEPTH {
        return Err(format!("expression is nested deeper than {MAX_DEPTH} operations"));
    }
    if nesting > MAX_NESTING {
        return Err(format!("expression nests more than {MAX_NESTING} comprehensions"));
    }
    work.depth = work.depth.max(depth);
    let mut steps = 1;
    let down = |part: &IdedExpr, work: &mut Work| walk(part, depth + 1, nesting, work);
    match &expression.expr {
        Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) => {}
        Expr::Select(select) => down(&select.operand, work)?,
        Expr::Call(call) => {
            steps = call_steps(&call.func_name);
            if let Some(target) = &call.target {
                down(target, work)?;
            }
            for argument in &call.args {
                down(argument, work)?;
            }
        }
        Expr::List(list) => {
            work.literal_items = work.literal_items.max(list.elements.len() as u64);
            for element in &list.elements {
                down(element, work)?;
            }
        }
        Expr::Map(map) => {
            work.literal_items = work.literal_items.max(map.entries.len() as u64);
            for entry in &map.entries {
                match &entry.expr {
                    EntryExpr::MapEntry(entry) => {
                        down(&entry.key, work)?;
                        down(&entry.value, work)?;
                    }
                    EntryExpr::StructField(field) => down(&field.value, work)?,
                }
            }
        }
        Expr::Comprehension(comprehension) => {
            down(&comprehension.iter_range, work)?;
            down(&comprehension.accu_init, work)?;
            down(&comprehension.result, work)?;
            for looped in [&comprehension.loop_cond, &comprehension.loop_step] {
                walk(looped, depth + 1, nesting + 1, work)?;
            }
        }
        Expr::Struct(literal) => {
            return Err(format!(
                "struct literals are not supported: {:?}",
                literal.type_name
            ));
        }
    }
    work.levels[nesting] += steps;
    Ok(())
}

/// Operators are one step. Functions look at whole texts and lists, some compile a pattern first.
fn call_steps(name: &str) -> u64 {
    match name {
        "matches" | "find" | "findAll" => 500,
        name if name.starts_with(|c: char| c.is_ascii_alphabetic()) => 10,
        _ => 1,
    }
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

    #[test]
    fn work_grows_with_the_items_once_for_every_nested_loop() {
        let work = |text: &str| measure(&Parser::default().parse(text).unwrap()).unwrap();
        assert!(!work("self.a == self.b").has_loops());
        let once = work("self.all(x, x > 0)");
        let twice = work("self.all(x, self.all(y, x == y))");
        assert!(once.steps(1_000) < 100_000);
        assert!(twice.steps(1_000) > 1_000_000);
        assert!(work("[1,2,3,4].all(x, x > 0)").steps(0) > work("[1].all(x, x > 0)").steps(0));
    }
}
