//! The predicate of a plan: does this tier hold for this caller?
//!
//! Predicates are written by owners and evaluated for every caller, on the path of the call. What makes that safe is
//! decided when a predicate is compiled, and before it is evaluated: depth (so that it fits a worker's stack), names,
//! patterns, and an upper bound on the work by the size of the data. There is no deadline but this bound.

mod error;
mod unsupported;
mod vocabulary;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use kube_cel::cel::common::types::CelBool;
use kube_cel::cel::context::Context;
use kube_cel::cel::parser::Parser;
use kube_cel::cel::{ExecutionError, IdedExpr, Value};

pub use self::error::{CompileError, EvalError};
use self::vocabulary::{REQUEST, VARIABLES};
use crate::expression::Expression;
use crate::identity::Identity;
use crate::names::Names;
use crate::pattern::{self, Pattern};
use crate::prepare::prepare;
use crate::request::RequestFacts;
use crate::shape::Shape;
use crate::size::Size;
use crate::{bounds, cost, stack};

/// Steps that one evaluation may be estimated to take; a step is about a tenth of a microsecond.
const MAX_STEPS: u64 = 100_000;

/// The depth of predicates that are evaluated on the caller's stack; deeper ones get a thread with a larger one. A
/// level takes 46 KiB in a build without optimisation and 1.5 KiB in one with it, where this is all that is allowed:
/// each way a quarter of the 2 MiB that a worker thread has is enough.
const DEPTH_ON_STACK: usize = if cfg!(debug_assertions) { 8 } else { usize::MAX };

/// A compiled predicate: cheap to share in an `Arc`, never changed after it was made.
#[derive(Debug)]
pub struct Predicate {
    text: String,
    tree: IdedExpr,
    patterns: Vec<Option<Arc<Pattern>>>,
    depth: usize,
    reads_request: bool,
    /// Whether the work is within its bound for everything of a usual size.
    is_cheap: bool,
}

impl Predicate {
    /// Compiles the text of `plans[].predicate`. Newlines are removed first, as Kuadrant's operator removes them
    /// (`spec/gate.md` §2), so that a `//` comment is refused here as it fails there.
    ///
    /// # Errors
    /// When it is no CEL, goes beyond the bounds, or names what predicates do not have.
    pub fn compile(text: &str) -> Result<Self, CompileError> {
        let text = text.replace('\n', "");
        stack::with_room(|| Self::compile_line(text)).map_err(CompileError::Compile)?
    }

    fn compile_line(text: String) -> Result<Self, CompileError> {
        bounds::check_text(&text).map_err(CompileError::KeepBounds)?;
        let Expression { mut tree, depth } = Expression::parse(&text).map_err(CompileError::Parse)?;
        if ends_in_comment(&text) {
            return Err(CompileError::ReadComment);
        }
        let names = Names::of(&tree);
        if let Some(name) = names.variables.iter().find(|name| !VARIABLES.contains(name)) {
            return Err(CompileError::ResolveVariable((*name).to_owned()));
        }
        let mut functions = names.functions.iter().map(|function| function.full());
        if let Some(name) = functions.find(|name| !vocabulary::has(name)) {
            return Err(CompileError::ResolveFunction(name.into_owned()));
        }
        if names.whole.contains(REQUEST) {
            return Err(CompileError::UseRequest);
        }
        let reads_request = names.variables.contains(REQUEST);
        let patterns = prepare(&mut tree).map_err(CompileError::KeepBounds)?;
        unsupported::check(&tree).map_err(CompileError::KeepBounds)?;
        let compiled = |text: &String| Ok(Some(Arc::new(Pattern::compile(text)?)));
        let patterns = patterns.iter().map(compiled).collect::<Result<_, _>>();
        let patterns = patterns.map_err(CompileError::KeepBounds)?;
        let mut predicate = Self {
            text,
            tree,
            patterns,
            depth,
            reads_request,
            is_cheap: false,
        };
        // Refused at once if it is too much for the smallest data already.
        predicate
            .bound_work(Size::SCALAR, Size::SCALAR)
            .map_err(|error| CompileError::KeepBounds(error.to_string()))?;
        predicate.is_cheap = predicate.bound_work(Size::USUAL, Size::USUAL).is_ok();
        Ok(predicate)
    }

    /// Whether it reads the request anywhere. If not, its answer is the same for every request of an identity.
    #[must_use]
    pub fn reads_request(&self) -> bool {
        self.reads_request
    }

    /// Whether it holds for this identity, and for this request if it [reads one](Self::reads_request).
    ///
    /// # Errors
    /// When there is no yes or no: a field that is not there, an operation that does not fit, a result that is not a
    /// bool, too much work, a request that is needed and not given.
    pub fn holds(&self, identity: &Identity, request: Option<&RequestFacts>) -> Result<bool, EvalError> {
        let request = if self.reads_request {
            Some(request.ok_or(EvalError::ReadRequest)?)
        } else {
            None
        };
        self.bound_work(
            identity.size,
            request.map_or(Size::SCALAR, |request| request.size),
        )?;
        // The engine has panicked on bytes and times that it did not expect; a call is then refused, not cut off.
        let evaluate = || {
            catch_unwind(AssertUnwindSafe(|| self.evaluate(identity, request)))
                .unwrap_or(Err(EvalError::Finish))
        };
        if self.depth <= DEPTH_ON_STACK {
            evaluate()
        } else {
            stack::with_room(evaluate).unwrap_or(Err(EvalError::Finish))
        }
    }

    fn bound_work(&self, identity: Size, request: Size) -> Result<(), EvalError> {
        if self.is_cheap && identity.is_within(Size::USUAL) && request.is_within(Size::USUAL) {
            return Ok(());
        }
        let variables = [("auth", Shape::flat(identity)), (REQUEST, Shape::flat(request))];
        let steps = cost::estimate(&self.tree, &self.patterns, &variables).steps;
        if steps > MAX_STEPS {
            return Err(EvalError::BoundWork {
                steps,
                allowed: MAX_STEPS,
            });
        }
        Ok(())
    }

    fn evaluate(&self, identity: &Identity, request: Option<&RequestFacts>) -> Result<bool, EvalError> {
        if request.is_none() && self.patterns.is_empty() {
            return self.resolve(&identity.context);
        }
        let mut context = identity.context.new_inner_scope();
        if let (Some(request), Context::Child { variables, .. }) = (request, &mut context) {
            variables.insert(REQUEST.to_owned(), Box::new(request.map.clone()));
        }
        for (index, pattern) in self.patterns.iter().flatten().enumerate() {
            context.add_variable_from_value(pattern::variable(index), Value::Opaque(pattern.clone()));
        }
        self.resolve(&context)
    }

    fn resolve(&self, context: &Context<'_>) -> Result<bool, EvalError> {
        let failed = |error: ExecutionError| EvalError::of(error, &self.text);
        let value = Value::resolve_val(&self.tree, context).map_err(failed)?;
        value
            .downcast_ref::<CelBool>()
            .map(|flag| *flag.inner())
            .ok_or(EvalError::YieldBool)
    }
}

/// Whether a comment takes what follows a valid expression with it: as here the bracket that closes it.
fn ends_in_comment(text: &str) -> bool {
    Parser::default()
        .enable_optional_syntax(true)
        .parse(&format!("({text})"))
        .is_err()
}
