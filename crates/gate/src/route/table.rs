//! All routes, and the look-up of a call's rule among them.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use keydesk_api::foreign::HTTPRouteRule;
use keydesk_core::NamespacedName;

use super::candidate::{Asked, Candidate, QueryReading, Unevaluated};
use super::host::{CallHost, HostPattern, suffixes};
use super::index::HostIndex;
use super::path::{MOST_BYTES, Readings, readings};
use crate::headers::Headers;

/// A route that is attached to a gateway, with what is known of each of its rules.
#[derive(Clone, Debug)]
pub struct Route<'a, T> {
    /// Which route it is.
    pub id: NamespacedName,
    /// When it was created: of two equal matches that of the older route wins.
    pub created: Timestamp,
    /// The hosts that it is served under; see [`intersection`](super::intersection).
    pub hosts: Vec<HostPattern>,
    /// Its rules in their order, each with what a call that meets it needs to know.
    pub rules: Vec<(&'a HTTPRouteRule, T)>,
}

/// The rules of all routes, found by what a call looks like.
///
/// The precedence is Gateway API's: the host (a name, then the longest wildcard, then any), the path (exact, then a
/// regular expression, then the longest prefix), a method, the most headers, the most parameters, the oldest route, its
/// namespace and name, the first rule. Where the specification leaves the place of regular expressions open, this is
/// Envoy Gateway's, which also takes the longest expression first. A host's routes that take no such call do not hide
/// those of a wider host.
///
/// A match that cannot be evaluated takes whatever it could take. One of unknown path comes before all others of its
/// host, a regular expression that does not compile where regular expressions come.
#[derive(Debug)]
pub struct RouteTable<T> {
    pub(super) rules: Vec<Rule<T>>,
    exact: HashMap<Box<str>, HostIndex>,
    under: HashMap<Box<str>, HostIndex>,
    any: HostIndex,
    /// Whether any match looks at the query.
    pub(super) reads_query: bool,
}

#[derive(Debug)]
pub(super) struct Rule<T> {
    pub(super) known: T,
    /// Its place in its route, from 0.
    pub(super) position: usize,
    pub(super) unevaluated: Option<Unevaluated>,
}

/// What a call meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found<'a, T> {
    /// This rule.
    Rule(&'a T),
    /// Perhaps this rule, which has a match that cannot be evaluated: to be refused.
    Unevaluated(&'a T),
    /// No rule.
    NoRoute,
    /// A malformed host or path, or one or another rule, as the gateway may read the call: to be refused.
    Ambiguous,
}

/// What one reading of a call selects.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Selected {
    Rule(usize),
    Unevaluated(usize),
    Nothing,
}

impl<T> RouteTable<T> {
    /// Builds the table.
    #[must_use]
    pub fn new<'a>(routes: impl IntoIterator<Item = Route<'a, T>>) -> Self {
        let mut routes: Vec<_> = routes.into_iter().collect();
        routes.sort_by(|a, b| (a.created, &a.id).cmp(&(b.created, &b.id)));
        let mut table = Self {
            rules: Vec::new(),
            exact: HashMap::new(),
            under: HashMap::new(),
            any: HostIndex::default(),
            reads_query: false,
        };
        for Route { hosts, rules, .. } in routes {
            for (position, (rule, known)) in rules.into_iter().enumerate() {
                table.insert(&hosts, position, rule, known);
            }
        }
        table
    }

    fn insert(&mut self, hosts: &[HostPattern], position: usize, rule: &HTTPRouteRule, known: T) {
        let number = self.rules.len();
        let mut unevaluated = None;
        for written in &rule.matches {
            let candidate = Arc::new(Candidate::compile(number, written));
            unevaluated = unevaluated.or(candidate.unevaluated);
            self.reads_query |= candidate.reads_query();
            for host in hosts {
                let index = match host {
                    HostPattern::Any => &mut self.any,
                    HostPattern::Under(suffix) => self.under.entry(suffix.clone()).or_default(),
                    HostPattern::Exact(host) => self.exact.entry(host.clone()).or_default(),
                };
                index.insert(Arc::clone(&candidate));
            }
        }
        self.rules.push(Rule {
            known,
            position,
            unevaluated,
        });
    }

    /// The rules that have a match that cannot be evaluated, and what is wrong with it.
    pub fn unevaluated(&self) -> impl Iterator<Item = (&T, Unevaluated)> {
        self.rules
            .iter()
            .filter_map(|rule| Some((&rule.known, rule.unevaluated?)))
    }

    /// What a call meets. Host is what its `Host` header or authority says, path and query are as it was sent, without
    /// the `?` between them.
    pub fn find<H: Headers + ?Sized>(
        &self,
        host: &str,
        method: &str,
        path: &str,
        query: &str,
        headers: &H,
    ) -> Found<'_, T> {
        let (Some(host), Some(paths)) = (CallHost::parse(host), readings(path)) else {
            return Found::Ambiguous;
        };
        let query_readings = if self.reads_query {
            QueryReading::of(query)
        } else {
            QueryReading::of("")
        };
        if query_readings.len() > 1 && query.len() > MOST_BYTES && matches!(paths, Readings::Several(_)) {
            return Found::Ambiguous;
        }
        let mut selected = None;
        for path in paths.iter() {
            for query_reading in query_readings {
                let asked = Asked {
                    method,
                    headers,
                    query,
                    query_reading: *query_reading,
                };
                let found = self.select(host.name(), path, &asked);
                if selected.is_some_and(|selected| selected != found) {
                    return Found::Ambiguous;
                }
                selected = Some(found);
                // Whoever does not take the dot away may have another route for it.
                let dotted = host.dotted().map(|host| self.select(host, path, &asked));
                if dotted.is_some_and(|dotted| dotted != Selected::Nothing && dotted != found) {
                    return Found::Ambiguous;
                }
            }
        }
        match selected {
            None | Some(Selected::Nothing) => Found::NoRoute,
            Some(Selected::Rule(rule)) => Found::Rule(&self.rules[rule].known),
            Some(Selected::Unevaluated(rule)) => Found::Unevaluated(&self.rules[rule].known),
        }
    }

    pub(super) fn select<H: Headers + ?Sized>(
        &self,
        host: &str,
        path: &str,
        asked: &Asked<'_, H>,
    ) -> Selected {
        let mut doubtful = None;
        let mut candidates = self
            .indexes(host)
            .flat_map(|index| index.candidates(path))
            .filter(|candidate| candidate.takes(asked));
        for candidate in &mut candidates {
            match doubtful {
                // It is this rule or that one.
                Some(rule) if rule != candidate.rule => return Selected::Unevaluated(rule),
                _ if candidate.unevaluated.is_none() => return Selected::Rule(candidate.rule),
                _ => doubtful = Some(candidate.rule),
            }
        }
        doubtful.map_or(Selected::Nothing, Selected::Unevaluated)
    }

    /// The indexes of the hosts that a name matches, the narrowest first.
    fn indexes(&self, host: &str) -> impl Iterator<Item = &HostIndex> {
        self.exact
            .get(host)
            .into_iter()
            .chain(suffixes(host).filter_map(|suffix| self.under.get(suffix)))
            .chain([&self.any])
    }
}
