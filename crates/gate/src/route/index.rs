//! The matches for one host, by path.

use std::collections::HashMap;
use std::sync::Arc;

use smallvec::SmallVec;

use super::candidate::{Candidate, Path};

/// The matches for one host.
///
/// A look-up costs one step per segment of the path, and one per regular expression of the host, however many routes
/// the host has; only those of one path are gone through.
#[derive(Debug, Default)]
pub(super) struct HostIndex {
    unknown: Vec<Arc<Candidate>>,
    exact: HashMap<Box<str>, Vec<Arc<Candidate>>>,
    expressions: Vec<Arc<Candidate>>,
    prefixes: Node,
}

/// The prefixes that go on with one more segment each.
#[derive(Debug, Default)]
struct Node {
    candidates: Vec<Arc<Candidate>>,
    longer: HashMap<Box<str>, Node>,
}

impl HostIndex {
    pub(super) fn insert(&mut self, candidate: Arc<Candidate>) {
        let same_place = match &candidate.path {
            Path::Unknown => &mut self.unknown,
            Path::Exact(path) => self.exact.entry(path.clone()).or_default(),
            Path::Expression(_) => &mut self.expressions,
            Path::Prefix(prefix) => {
                let mut node = &mut self.prefixes;
                for segment in segments(prefix.strip_suffix('/').unwrap_or(prefix)) {
                    node = node.longer.entry(segment.into()).or_default();
                }
                &mut node.candidates
            }
        };
        let rank = candidate.rank();
        let at = same_place.partition_point(|other| other.rank() <= rank);
        same_place.insert(at, candidate);
    }

    /// The matches for a path, by precedence.
    pub(super) fn candidates<'a>(&'a self, path: &'a str) -> impl Iterator<Item = &'a Candidate> {
        let expressions = self.expressions.iter().filter(|candidate| match &candidate.path {
            Path::Expression(Some(expression)) => expression.matches(path.as_bytes()),
            _ => true,
        });
        self.unknown
            .iter()
            .chain(self.exact.get(path).into_iter().flatten())
            .chain(expressions)
            .chain(self.prefixes.candidates(path))
            .map(Arc::as_ref)
    }
}

impl Node {
    /// The matches whose prefix the path has, the longest first.
    fn candidates(&self, path: &str) -> impl Iterator<Item = &Arc<Candidate>> {
        let mut met: SmallVec<[&Self; 8]> = SmallVec::new();
        met.push(self);
        let mut node = self;
        for segment in segments(path) {
            let Some(longer) = node.longer.get(segment) else {
                break;
            };
            node = longer;
            met.push(node);
        }
        met.into_iter().rev().flat_map(|node| &node.candidates)
    }
}

/// The segments after each slash of a path.
fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').skip(1)
}

#[cfg(test)]
mod tests {
    use keydesk_api::foreign::{HTTPRouteMatch, PathMatch, RuleMatch};

    use super::*;

    #[test]
    fn only_the_matches_of_a_path_are_gone_through() {
        let mut index = HostIndex::default();
        for number in 0..3_000 {
            let path = PathMatch::PathPrefix(format!("/api/{number}"));
            let prefix = RuleMatch::Read(HTTPRouteMatch {
                path,
                ..HTTPRouteMatch::default()
            });
            index.insert(Arc::new(Candidate::compile(number, &prefix)));
        }
        let rules = |path| {
            index
                .candidates(path)
                .map(|candidate| candidate.rule)
                .collect::<Vec<_>>()
        };
        assert_eq!(rules("/api/17/x"), [17]);
        assert_eq!(rules("/api/x"), [0; 0]);
    }
}
