//! An expression, parsed within its bounds.

use kube_cel::cel::IdedExpr;
use kube_cel::cel::parser::Parser;

use crate::bounds::{self, Work};
use crate::rewrite::rewritten;

/// A parsed expression and how much work it is.
#[derive(Debug)]
pub struct Expression {
    /// What the engine evaluates.
    pub tree: IdedExpr,
    /// How much work that is.
    pub work: Work,
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
        let work = bounds::measure(&tree)?;
        Ok(Self {
            tree: rewritten(tree),
            work,
        })
    }
}
