//! The specification as plainly as it can be written: look at everything, sort, take the first.

use std::cmp::Reverse;

use keydesk_api::foreign::{HTTPRouteMatch, MatchKind, PathMatch, RuleMatch, ValueMatch};

use super::{Call, Written};
use crate::route::HostPattern;

/// What a call that can be read in one way only meets, among rules that can all be evaluated.
pub(super) fn meets(routes: &[Written], call: &Call) -> String {
    let mut met = Vec::new();
    for route in routes {
        for host in &route.hosts {
            let Some(host) = host_rank(host, &call.host) else {
                continue;
            };
            for (number, rule) in route.rules.iter().enumerate() {
                for one in &rule.matches {
                    let RuleMatch::Read(one) = one else {
                        unreachable!("all are evaluated")
                    };
                    if takes(one, call) {
                        let rank = (host, match_rank(one), route.created, &route.name, number);
                        met.push((rank, format!("{}/{number}", route.name)));
                    }
                }
            }
        }
    }
    met.sort();
    met.into_iter()
        .next()
        .map_or("nothing".to_owned(), |(_, rule)| rule)
}

fn host_rank(pattern: &HostPattern, host: &str) -> Option<(u8, Reverse<usize>)> {
    match pattern {
        HostPattern::Exact(name) => (**name == *host).then_some((0, Reverse(0))),
        HostPattern::Under(suffix) => {
            (host.len() > suffix.len() && host.ends_with(&**suffix)).then_some((1, Reverse(suffix.len())))
        }
        HostPattern::Any => Some((2, Reverse(0))),
    }
}

type MatchRank = (u8, Reverse<usize>, bool, Reverse<usize>, Reverse<usize>);

fn match_rank(one: &HTTPRouteMatch) -> MatchRank {
    let (kind, length) = match &one.path {
        PathMatch::Exact(path) => (0, path.len()),
        PathMatch::RegularExpression(path) => (1, path.len()),
        PathMatch::PathPrefix(path) => (2, path.len()),
    };
    (
        kind,
        Reverse(length),
        one.method.is_none(),
        Reverse(one.headers.len()),
        Reverse(one.query_params.len()),
    )
}

fn takes(one: &HTTPRouteMatch, call: &Call) -> bool {
    let path = match &one.path {
        PathMatch::Exact(path) => *path == call.path,
        PathMatch::RegularExpression(text) => {
            let found = regex::Regex::new(&format!("^(?:{text})$")).unwrap();
            found.is_match(&call.path)
        }
        PathMatch::PathPrefix(path) => {
            let path = path.trim_end_matches('/');
            call.path == path || call.path.starts_with(&format!("{path}/"))
        }
    };
    let header = |test: &ValueMatch| {
        let value = call.headers.get(&test.name.to_lowercase());
        value.is_some_and(|value| is(test, value))
    };
    let parameter = |test: &ValueMatch| {
        let values = call.query.split('&').filter_map(|pair| pair.split_once('='));
        let mut values = values.filter(|(name, _)| *name == test.name);
        values.next().is_some_and(|(_, value)| is(test, value))
    };
    path && one.method.as_ref().is_none_or(|method| *method == call.method)
        && one.headers.iter().all(header)
        && one.query_params.iter().all(parameter)
}

fn is(test: &ValueMatch, value: &str) -> bool {
    match test.kind {
        MatchKind::Exact => test.value == value,
        MatchKind::RegularExpression => regex::Regex::new(&format!("^(?:{})$", test.value))
            .unwrap()
            .is_match(value),
    }
}
