//! An expression, parsed within its bounds.

use kube_cel::cel::IdedExpr;
use kube_cel::cel::parser::Parser;

use crate::bounds;
use crate::rewrite::rewritten;

/// A parsed expression.
#[derive(Debug)]
pub struct Expression {
    /// What it says, as the parser understands it; [`Program`](crate::Program) is what the engine evaluates.
    pub tree: IdedExpr,
    /// Operations within operations.
    pub(crate) depth: usize,
}

impl Expression {
    /// Parses an expression. Takes much stack: see [`with_room`](crate::with_room).
    ///
    /// # Errors
    /// What is wrong with the text, in CEL's words, or which bound it goes beyond.
    pub fn parse(text: &str) -> Result<Self, String> {
        bounds::check_text(text)?;
        let tree = Parser::default()
            .enable_optional_syntax(true)
            .parse(text)
            .map_err(|errors| errors.to_string().replace("\n| ", "\n | "))?;
        let depth = bounds::measure(&tree)?;
        Ok(Self {
            tree: rewritten(tree),
            depth,
        })
    }
}
