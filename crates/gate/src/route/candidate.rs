//! One match of one rule, compiled, and its place among others.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::fmt;

use keydesk_api::foreign::{HTTPRouteMatch, MatchKind, PathMatch, RuleMatch, ValueMatch};

use super::expression::Expression;
use super::path::is_of_a_rule;
use crate::headers::Headers;
use crate::query;

/// What decides between two matches of paths of one kind, the first entry first: Gateway API's `HTTPRouteRule.matches`.
/// The last is the number of the rule, which counts from the oldest route on.
type Rank = (
    Reverse<usize>,
    Reverse<bool>,
    Reverse<usize>,
    Reverse<usize>,
    usize,
);

/// A match of a rule.
#[derive(Debug)]
pub(super) struct Candidate {
    /// The number of its rule.
    pub(super) rule: usize,
    /// The path that it wants.
    pub(super) path: Path,
    method: Option<Box<str>>,
    headers: Vec<ValueTest>,
    parameters: Vec<ValueTest>,
    /// What of it cannot be evaluated, and then counts as matching.
    pub(super) unevaluated: Option<Unevaluated>,
    written_length: usize,
}

/// What the path of a call must be.
#[derive(Clone, Debug)]
pub(super) enum Path {
    /// Unknown: any path may be meant.
    Unknown,
    /// This one.
    Exact(Box<str>),
    /// One that the expression matches; any where it does not compile.
    Expression(Option<Expression>),
    /// One that begins with these segments.
    Prefix(Box<str>),
}

/// What of a rule the gate cannot evaluate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unevaluated {
    /// A match has a form or a field that is not known.
    Match,
    /// A path is none that Gateway API allows.
    Path,
    /// A regular expression does not compile, or is too large.
    Expression,
}

impl fmt::Display for Unevaluated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Match => "a match of the rule has a form or a field that is not known",
            Self::Path => "a path of the rule is none that Gateway API allows",
            Self::Expression => "a regular expression of the rule does not compile, or is too large",
        })
    }
}

#[derive(Debug)]
struct ValueTest {
    name: Box<str>,
    value: Value,
}

#[derive(Debug)]
enum Value {
    Exact(Box<str>),
    /// Any value where it does not compile.
    Expression(Option<Expression>),
}

/// Which value of a parameter counts, and in which form: the specification leaves open what a gateway does about
/// repeated and escaped ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum QueryReading {
    /// The first, as written: Envoy.
    First,
    /// The last, as written.
    Last,
    /// The first, decoded.
    FirstDecoded,
    /// The last, decoded.
    LastDecoded,
}

impl QueryReading {
    /// The readings that can differ for a query.
    pub(super) fn of(query: &str) -> &'static [Self] {
        const ALL: [QueryReading; 4] = [
            QueryReading::First,
            QueryReading::Last,
            QueryReading::FirstDecoded,
            QueryReading::LastDecoded,
        ];
        if query.contains(['%', '+', ';']) {
            &ALL
        } else if query.contains('&') {
            &ALL[..2]
        } else {
            &ALL[..1]
        }
    }

    fn value<'a>(self, query: &'a str, name: &str) -> Option<Cow<'a, [u8]>> {
        let named =
            |pair: query::Pair<'a>| (pair.name == name).then_some(Cow::Borrowed(pair.value.as_bytes()));
        let decoded = |pair: query::Pair<'a>| pair.decoded(name);
        let pairs = query::pairs(query);
        match self {
            Self::First => { pairs }.find_map(named),
            Self::Last => pairs.rev().find_map(named),
            Self::FirstDecoded => { pairs }.find_map(decoded),
            Self::LastDecoded => pairs.rev().find_map(decoded),
        }
    }
}

/// What of a call, besides host and path, a match looks at.
pub(super) struct Asked<'a, H: ?Sized> {
    pub(super) method: &'a str,
    pub(super) headers: &'a H,
    pub(super) query: &'a str,
    pub(super) query_reading: QueryReading,
}

impl Candidate {
    pub(super) fn compile(rule: usize, written: &RuleMatch) -> Self {
        let RuleMatch::Read(written) = written else {
            return Self::unreadable(rule);
        };
        let HTTPRouteMatch {
            path,
            headers,
            query_params,
            method,
        } = written;
        let (written_length, path, path_fault) = compile_path(path);
        let headers = tests(headers, str::to_ascii_lowercase);
        let parameters = tests(query_params, str::to_owned);
        let values_fault = headers
            .iter()
            .chain(&parameters)
            .any(|test| matches!(test.value, Value::Expression(None)))
            .then_some(Unevaluated::Expression);
        Self {
            rule,
            path,
            method: method.as_deref().map(Box::from),
            headers,
            parameters,
            unevaluated: path_fault.or(values_fault),
            written_length,
        }
    }

    fn unreadable(rule: usize) -> Self {
        Self {
            rule,
            path: Path::Unknown,
            method: None,
            headers: Vec::new(),
            parameters: Vec::new(),
            unevaluated: Some(Unevaluated::Match),
            written_length: 0,
        }
    }

    /// Its place among matches whose paths are of the same kind. The smallest comes first.
    pub(super) fn rank(&self) -> Rank {
        (
            Reverse(self.written_length),
            Reverse(self.method.is_some()),
            Reverse(self.headers.len()),
            Reverse(self.parameters.len()),
            self.rule,
        )
    }

    pub(super) fn reads_query(&self) -> bool {
        !self.parameters.is_empty()
    }

    /// Whether a call of its path matches in everything else.
    pub(super) fn takes<H: Headers + ?Sized>(&self, asked: &Asked<'_, H>) -> bool {
        let Asked {
            method,
            headers,
            query,
            query_reading,
        } = asked;
        self.method.as_deref().is_none_or(|own| own == *method)
            && self
                .headers
                .iter()
                .all(|test| test.passes(headers.get(&test.name)))
            && self
                .parameters
                .iter()
                .all(|test| test.passes(query_reading.value(query, &test.name)))
    }
}

impl ValueTest {
    fn passes(&self, value: Option<Cow<'_, [u8]>>) -> bool {
        value.is_some_and(|value| match &self.value {
            Value::Exact(own) => own.as_bytes() == value.as_ref(),
            Value::Expression(expression) => expression.as_ref().is_none_or(|own| own.matches(&value)),
        })
    }
}

fn compile_path(written: &PathMatch) -> (usize, Path, Option<Unevaluated>) {
    match written {
        PathMatch::Exact(path) | PathMatch::PathPrefix(path) if !is_of_a_rule(path) => {
            (path.len(), Path::Unknown, Some(Unevaluated::Path))
        }
        PathMatch::Exact(path) => (path.len(), Path::Exact(path.as_str().into()), None),
        PathMatch::PathPrefix(path) => (path.len(), Path::Prefix(path.as_str().into()), None),
        PathMatch::RegularExpression(text) => {
            let expression = Expression::compile(text);
            let fault = expression.is_none().then_some(Unevaluated::Expression);
            (text.len(), Path::Expression(expression), fault)
        }
    }
}

/// The tests of values, of which only the first of each name counts.
fn tests(written: &[ValueMatch], name: impl Fn(&str) -> String) -> Vec<ValueTest> {
    let mut tests: Vec<ValueTest> = Vec::with_capacity(written.len());
    for one in written {
        let name = name(&one.name);
        if tests.iter().any(|test| *test.name == name) {
            continue;
        }
        let value = match one.kind {
            MatchKind::Exact => Value::Exact(one.value.as_str().into()),
            MatchKind::RegularExpression => Value::Expression(Expression::compile(&one.value)),
        };
        tests.push(ValueTest {
            name: name.into(),
            value,
        });
    }
    tests
}
