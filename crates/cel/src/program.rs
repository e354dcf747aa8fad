//! An expression that can be evaluated on anything, as far as that is not too much work.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, OnceLock};

use kube_cel::cel::context::Context;
use kube_cel::cel::{ExecutionError, IdedExpr, Value};

use crate::cost;
use crate::expression::Expression;
use crate::pattern::{self, Pattern};
use crate::prepare::prepare;
use crate::shape::Shape;

/// An expression made ready for the engine.
///
/// Its patterns are compiled when they are first needed, on the account of that evaluation: to install a thousand
/// expressions is cheap. Small ones are kept.
#[derive(Debug)]
pub struct Program {
    tree: IdedExpr,
    patterns: Vec<LiteralPattern>,
}

#[derive(Debug)]
struct LiteralPattern {
    text: String,
    /// Once it was compiled and turned out to be small, or wrong.
    kept: OnceLock<Option<Arc<Pattern>>>,
}

impl Program {
    /// # Errors
    /// What about the expression is not supported.
    pub fn new(expression: Expression) -> Result<Self, String> {
        let mut tree = expression.tree;
        let literal = |text| LiteralPattern {
            text,
            kept: OnceLock::new(),
        };
        let patterns = prepare(&mut tree)?.into_iter().map(literal).collect();
        Ok(Self { tree, patterns })
    }

    /// Admits an evaluation with variables of these shapes, if it takes at most so many steps. A step is about a tenth
    /// of a microsecond.
    ///
    /// # Errors
    /// When it may take more.
    pub fn admit<'a>(
        &'a self,
        variables: &[(&'a str, Shape)],
        allowed: u64,
    ) -> Result<Admitted<'a>, TooMuchWork> {
        let mut spent = 0;
        let mut patterns = Vec::with_capacity(self.patterns.len());
        for pattern in &self.patterns {
            patterns.push(pattern.compiled(&mut spent));
            if spent > allowed {
                return Err(TooMuchWork { spent });
            }
        }
        let estimate = cost::estimate(&self.tree, &patterns, variables);
        spent = spent.saturating_add(estimate.spent);
        let steps = estimate.steps.saturating_add(spent);
        if steps > allowed {
            return Err(TooMuchWork { spent });
        }
        Ok(Admitted {
            tree: &self.tree,
            patterns,
            steps,
        })
    }
}

impl LiteralPattern {
    /// The pattern, if there is nothing wrong with it; adds the steps that it takes to compile it.
    fn compiled(&self, steps: &mut u64) -> Option<Arc<Pattern>> {
        if let Some(kept) = self.kept.get() {
            return kept.clone();
        }
        let compiled = Pattern::compile_large(&self.text, steps).map(Arc::new);
        if compiled.as_ref().is_none_or(|pattern| pattern.is_small()) {
            return self.kept.get_or_init(|| compiled).clone();
        }
        compiled
    }
}

/// An evaluation that may take so many steps at the most.
#[derive(Debug)]
pub struct Admitted<'a> {
    tree: &'a IdedExpr,
    patterns: Vec<Option<Arc<Pattern>>>,
    steps: u64,
}

impl Admitted<'_> {
    /// An upper estimate of the steps, with those that it took to find out.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Evaluates it. The variables in the context have the shapes that it was admitted with; its functions are
    /// [`functions`](crate::functions()).
    ///
    /// # Errors
    /// Why there is no value, or that the engine failed.
    pub fn resolve(&self, context: &Context<'_>) -> Result<Value, ExecutionError> {
        let mut scope = context.new_inner_scope();
        for (index, pattern) in self.patterns.iter().enumerate() {
            let value = pattern
                .clone()
                .map_or(Value::Null, |pattern| Value::Opaque(pattern));
            scope.add_variable_from_value(pattern::variable(index), value);
        }
        // The engine panics on some numbers, times and formats that it did not expect.
        catch_unwind(AssertUnwindSafe(|| scope.resolve(self.tree)))
            .unwrap_or_else(|_| Err(ExecutionError::function_error("cel", "the engine gave up")))
    }
}

/// An evaluation may take too long on what it is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("failed to admit the evaluation: it may take too many steps on this data")]
pub struct TooMuchWork {
    /// The steps that it took to find out.
    pub spent: u64,
}
