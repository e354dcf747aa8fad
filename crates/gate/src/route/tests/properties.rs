//! What holds for all routes and calls.

use keydesk_api::foreign::{HTTPRouteMatch, HTTPRouteRule, MatchKind, PathMatch, RuleMatch, ValueMatch};
use proptest::collection::{hash_map, vec};
use proptest::option;
use proptest::prelude::{Just, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};
use proptest::sample::{select, subsequence};

use super::{Call, Written, model, table};
use crate::route::intersection;

const HOSTS: [&str; 4] = ["a.com", "b.a.com", "c.b.a.com", "d.com"];

fn path() -> impl Strategy<Value = String> {
    let segments = vec(select(vec!["a", "b", "ab", ".x"]), 0..4);
    (segments, any::<bool>()).prop_map(|(segments, slash)| {
        let end = if slash && !segments.is_empty() { "/" } else { "" };
        format!("/{}{end}", segments.join("/"))
    })
}

fn path_match() -> impl Strategy<Value = PathMatch> {
    prop_oneof![
        3 => path().prop_map(PathMatch::Exact),
        6 => path().prop_map(PathMatch::PathPrefix),
        2 => select(vec!["/a.*", "/[ab]+", "/a|/ab|/b", ".*", "/a/?", ".*b"])
            .prop_map(|text| PathMatch::RegularExpression(text.to_owned())),
    ]
}

fn values(names: [&'static str; 2]) -> impl Strategy<Value = Vec<ValueMatch>> {
    subsequence(names.to_vec(), 0..=2).prop_flat_map(|names| {
        names
            .into_iter()
            .map(|name| {
                let value = prop_oneof![
                    Just((MatchKind::Exact, "1")),
                    Just((MatchKind::Exact, "2")),
                    Just((MatchKind::RegularExpression, "[12]")),
                ];
                value.prop_map(move |(kind, value)| ValueMatch {
                    kind,
                    name: name.to_owned(),
                    value: value.to_owned(),
                })
            })
            .collect::<Vec<_>>()
    })
}

fn rule_match() -> impl Strategy<Value = RuleMatch> {
    let method = option::weighted(0.3, select(vec!["GET", "POST"]));
    (path_match(), values(["X-A", "x-b"]), values(["p", "q"]), method).prop_map(
        |(path, headers, query_params, method)| {
            RuleMatch::Read(HTTPRouteMatch {
                path,
                headers,
                query_params,
                method: method.map(str::to_owned),
            })
        },
    )
}

fn routes() -> impl Strategy<Value = Vec<Written>> {
    let rule = vec(rule_match(), 1..3).prop_map(|matches| HTTPRouteRule { name: None, matches });
    let hosts = subsequence(vec!["a.com", "b.a.com", "*.a.com", "*.b.a.com"], 0..3);
    let route = (0_i64..3, hosts, vec(rule, 0..4));
    vec(route, 0..6).prop_map(|routes| {
        let routes = routes.into_iter().enumerate();
        routes
            .map(|(number, (created, hosts, rules))| {
                let hosts: Vec<_> = hosts.into_iter().map(str::to_owned).collect();
                Written {
                    name: format!("r{number}"),
                    created,
                    hosts: intersection(&hosts, [None]),
                    rules,
                }
            })
            .collect()
    })
}

fn call() -> impl Strategy<Value = Call> {
    let value = || select(vec!["1", "2", "3"]);
    let pairs = |names: [&'static str; 2]| hash_map(select(names.to_vec()), value(), 0..=2);
    let method = select(vec!["GET", "POST", "PUT"]);
    (
        select(HOSTS.to_vec()),
        method,
        path(),
        pairs(["p", "q"]),
        pairs(["x-a", "x-b"]),
    )
        .prop_map(|(host, method, path, query, headers)| {
            let query: Vec<_> = query
                .into_iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            let mut call = Call::get(&format!("{host}{path}?{}", query.join("&"))).method(method);
            for (name, value) in headers {
                call = call.header(name, value);
            }
            call
        })
}

/// The path written in another way, of which some proxy makes the same.
fn disguise(path: &str, at: usize, how: usize) -> String {
    let slashes: Vec<_> = path.match_indices('/').map(|(at, _)| at).collect();
    let at = slashes[at % slashes.len()];
    let (before, after) = path.split_at(at);
    match how % 8 {
        0 => format!("{before}/{after}"),
        1 => format!("{before}/.{after}"),
        2 => format!("{before}/x/..{after}"),
        3 => format!("{before}/%2e{after}"),
        4 => format!("{before}/a/%2E.{after}"),
        5 if at > 0 => format!("{before}%2f{}", &after[1..]),
        6 if at > 0 => format!("{before}\\{}", &after[1..]),
        7 if at > 0 => format!("{before}%5C{}", &after[1..]),
        _ => path.replace('a', "%61"),
    }
}

fn text() -> impl Strategy<Value = String> {
    vec(any::<u8>(), 0..40).prop_map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

/// A path of the bytes that are read in several ways.
fn odd_path() -> impl Strategy<Value = String> {
    let piece = select(vec![
        "/", "//", ".", "..", "%2e", "%2F", "%5c", "\\", "a", "b", "%61", "%", ";", "%25",
    ]);
    vec(piece, 0..12).prop_map(|pieces| format!("/{}", pieces.concat()))
}

proptest! {
    #[test]
    fn a_call_meets_what_the_specification_says(routes in routes(), call in call()) {
        prop_assert_eq!(call.meets(&table(&routes)), model::meets(&routes, &call));
    }

    #[test]
    fn a_disguise_never_leads_to_another_rule(
        routes in routes(), call in call(), at in any::<usize>(), how in any::<usize>(),
    ) {
        let table = table(&routes);
        let path = disguise(&call.path, at, how);
        let disguised = Call { path, ..call.clone() }.meets(&table);
        prop_assert!(disguised == "ambiguous" || disguised == call.meets(&table), "{}", disguised);
    }

    #[test]
    fn an_odd_path_meets_what_it_meets_as_it_is_sent_or_is_ambiguous(
        routes in routes(), call in call(), path in odd_path(),
    ) {
        let call = Call { path, ..call };
        let met = call.meets(&table(&routes));
        prop_assert!(met == "ambiguous" || met == model::meets(&routes, &call), "{}", met);
    }

    #[test]
    fn the_order_of_routes_does_not_matter(routes in routes(), call in call()) {
        let reversed: Vec<_> = routes.iter().rev().cloned().collect();
        prop_assert_eq!(call.meets(&table(&routes)), call.meets(&table(&reversed)));
    }

    #[test]
    fn nothing_panics_on_any_text(
        routes in routes(), host in text(), path in text(), query in text(), method in text(),
        rule in text(), hostname in text(),
    ) {
        let mut routes = routes;
        for kind in [PathMatch::Exact, PathMatch::PathPrefix, PathMatch::RegularExpression] {
            let path = kind(rule.clone());
            let matches = vec![RuleMatch::Read(HTTPRouteMatch { path, ..HTTPRouteMatch::default() })];
            routes.push(Written {
                name: "text".to_owned(),
                created: 0,
                hosts: intersection(std::slice::from_ref(&hostname), [None]),
                rules: vec![HTTPRouteRule { name: None, matches }],
            });
        }
        let table = table(&routes);
        for path in [path.clone(), format!("/{path}")] {
            for host in [&host, HOSTS[0]] {
                let headers = [("x-a".to_owned(), query.clone())].into();
                let (host, method, query) = (host.to_owned(), method.clone(), query.clone());
                let met = Call { host, method, path: path.clone(), query, headers }.meets(&table);
                prop_assert!(path.starts_with('/') || met == "ambiguous");
            }
        }
    }
}
