//! Which rule wins, and where the answer is that nobody can say.

use super::{Call, Written, table};
use crate::route::Unevaluated;

fn check(routes: &[Written], calls: &[(Call, &str)]) {
    let table = table(routes);
    for (call, expected) in calls {
        assert_eq!(call.meets(&table), *expected, "{call:?}");
    }
}

fn check_urls(routes: &[Written], calls: &[(&str, &str)]) {
    let calls: Vec<_> = calls
        .iter()
        .map(|(url, expected)| (Call::get(url), *expected))
        .collect();
    check(routes, &calls);
}

const ALL: &str = "[{}]";

#[test]
fn the_narrowest_host_wins_and_does_not_hide_wider_ones() {
    let routes = [
        Written::new("any", &[], ALL),
        Written::new("under", &["*.example.com"], ALL),
        Written::new("deeper", &["*.b.example.com"], ALL),
        Written::new(
            "exact",
            &["api.example.com"],
            r#"[{ "matches": [{ "path": { "value": "/api" } }] }]"#,
        ),
    ];
    check_urls(
        &routes,
        &[
            ("api.example.com/api", "exact/0"),
            ("api.example.com/else", "under/0"),
            ("API.Example.com:8080/api", "exact/0"),
            ("x.example.com/", "under/0"),
            ("a.x.example.com/", "under/0"),
            ("a.b.example.com/", "deeper/0"),
            ("b.example.com/", "under/0"),
            ("example.com/", "any/0"),
            ("[::1]:80/", "any/0"),
            ("a,b/", "ambiguous"),
        ],
    );
}

#[test]
fn a_dot_after_the_host_is_taken_away_unless_that_matters() {
    let named = Written::new("named", &["a.com"], ALL);
    check_urls(
        std::slice::from_ref(&named),
        &[("a.com./", "named/0"), ("a.com.:80/", "named/0")],
    );
    check_urls(
        &[named, Written::new("any", &[], ALL)],
        &[("a.com./", "ambiguous"), ("b.com./", "any/0")],
    );
}

#[test]
fn an_exact_path_beats_an_expression_beats_the_longest_prefix() {
    let rules = r#"[
        { "matches": [{ "path": { "value": "/" } }] },
        { "matches": [{ "path": { "value": "/foo" } }] },
        { "matches": [{ "path": { "value": "/foo/bar/" } }] },
        { "matches": [{ "path": { "type": "RegularExpression", "value": "/foo/[0-9]+" } }] },
        { "matches": [{ "path": { "type": "Exact", "value": "/foo/7" } }] }
    ]"#;
    check_urls(
        &[Written::new("r", &[], rules)],
        &[
            ("a/", "r/0"),
            ("a/foobar", "r/0"),
            ("a/foo", "r/1"),
            ("a/foo/", "r/1"),
            ("a/foo/x", "r/1"),
            ("a/foo/barx", "r/1"),
            ("a/foo/bar", "r/2"),
            ("a/foo/bar/", "r/2"),
            ("a/foo/bar/x", "r/2"),
            ("a/foo/12", "r/3"),
            ("a/foo/12/x", "r/1"),
            ("a/foo/7", "r/4"),
            ("a/foo/7/", "r/1"),
        ],
    );
}

#[test]
fn a_method_beats_headers_and_headers_beat_parameters() {
    let rules = r#"[
        { "matches": [{}] },
        { "matches": [{ "queryParams": [{ "name": "q", "value": "1" }, { "name": "r", "value": "1" }] }] },
        { "matches": [{ "headers": [{ "name": "X-A", "value": "1" }] }] },
        { "matches": [{ "headers": [{ "name": "x-a", "value": "1" }, { "name": "x-b", "type": "RegularExpression", "value": "[12]" }] }] },
        { "matches": [{ "method": "POST" }] }
    ]"#;
    let call = || Call::get("a/?q=1&r=1").header("x-a", "1");
    check(
        &[Written::new("r", &[], rules)],
        &[
            (Call::get("a/?q=1"), "r/0"),
            (Call::get("a/?r=1&q=1"), "r/1"),
            (call(), "r/2"),
            (call().header("x-b", "12"), "r/2"),
            (call().header("x-b", "2"), "r/3"),
            (call().header("x-b", "2").method("POST"), "r/4"),
            (call().method("post"), "r/2"),
        ],
    );
}

#[test]
fn of_equal_matches_the_older_route_wins_then_the_name_then_the_order() {
    let route = |name, created| Written::new(name, &[], "[{}, {}]").created(created);
    check_urls(&[route("a", 2), route("b", 1)], &[("x/", "b/0")]);
    check_urls(&[route("b", 1), route("a", 1)], &[("x/", "a/0")]);
}

#[test]
fn of_several_matches_for_one_name_the_first_counts() {
    let rules = r#"[{ "matches": [{ "headers": [{ "name": "x-a", "value": "1" }, { "name": "X-A", "value": "2" }] }] }]"#;
    check(
        &[Written::new("r", &[], rules)],
        &[
            (Call::get("a/").header("x-a", "1"), "r/0"),
            (Call::get("a/").header("x-a", "2"), "nothing"),
            (Call::get("a/"), "nothing"),
        ],
    );
}

#[test]
fn a_path_that_could_be_of_another_rule_is_ambiguous() {
    let rules = r#"[
        { "matches": [{ "path": { "value": "/open" } }] },
        { "matches": [{ "path": { "value": "/closed" } }] },
        { "matches": [{ "path": { "type": "Exact", "value": "/items:list" } }] },
        { "matches": [{ "path": { "value": "/items%20of/x" } }] }
    ]"#;
    let mut calls: Vec<_> = [
        "/open/../closed",
        "/open/..%2fclosed",
        "/open/%2e%2e/closed",
        "/open/.%2E/closed",
        "/open/..\\closed",
        "/open/..%5cclosed",
        "//closed",
        "/open/x/../../closed",
        "/%63losed",
        "/./closed",
        "/open%2fx",
        "/closed/..",
        "/items%3Alist",
        "/open/%",
        "/open/%00",
        "/open/é",
        "/open/a b",
        "/open#/../closed",
        "*",
        "open",
        "",
    ]
    .map(|path| (path, "ambiguous"))
    .into();
    calls.extend([
        ("/open/../open/x", "r/0"),
        ("/open/a/../x", "r/0"),
        ("/open//x", "r/0"),
        ("/open/a%2Fb", "r/0"),
        ("/open/%41", "r/0"),
        ("/open/a;x=../y", "r/0"),
        ("/closed/%20", "r/1"),
        ("/items%20of/x", "r/3"),
        ("/other//x", "nothing"),
    ]);
    let routes = [Written::new("r", &[], rules)];
    for (path, expected) in calls {
        let mut call = Call::get("a/");
        path.clone_into(&mut call.path);
        check(&routes, &[(call, expected)]);
    }
}

#[test]
fn a_query_that_could_be_of_another_rule_is_ambiguous() {
    let rules = r#"[{}, { "matches": [{ "queryParams": [{ "name": "v", "value": "2" }] }] }]"#;
    check_urls(
        &[Written::new("r", &[], rules)],
        &[
            ("a/?v=1", "r/0"),
            ("a/?v=2", "r/1"),
            ("a/?v=2&v=2", "r/1"),
            ("a/?v=1&v=2", "ambiguous"),
            ("a/?v=2&v=1", "ambiguous"),
            ("a/?v=%32", "ambiguous"),
            ("a/?%76=2", "ambiguous"),
            ("a/?w=1&w=2&x=%32", "r/0"),
        ],
    );
    check_urls(&[Written::new("r", &[], ALL)], &[("a/?v=1&v=2&%76=%32", "r/0")]);
}

#[test]
fn what_cannot_be_evaluated_takes_what_it_could_take() {
    let odd = r#"[
        { "matches": [{ "path": { "type": "RegularExpression", "value": "/v1/(?!admin).*" } }] },
        { "matches": [{ "path": { "value": "/v1" } }] },
        { "matches": [{ "path": { "type": "Exact", "value": "/health" } }] }
    ]"#;
    let routes = [
        Written::new("odd", &["a.com"], odd),
        Written::new("other", &["*.com"], ALL),
    ];
    check_urls(
        &routes,
        &[
            ("a.com/health", "odd/2"),
            ("a.com/v1/x", "perhaps odd/0"),
            ("a.com/else", "perhaps odd/0"),
            ("b.com/v1/x", "other/0"),
        ],
    );
    let table = table(&routes);
    let unevaluated: Vec<_> = table.unevaluated().collect();
    assert_eq!(unevaluated, [(&"odd/0".to_owned(), Unevaluated::Expression)]);
}

#[test]
fn a_match_that_is_not_understood_comes_before_all_others_of_its_host() {
    let odd = Written::new("odd", &["a.com"], r#"[{ "matches": [{ "cookies": [] }] }]"#).created(9);
    let exact = r#"[{ "matches": [{ "path": { "type": "Exact", "value": "/x" } }] }]"#;
    let other = Written::new("other", &["a.com"], exact);
    check_urls(
        &[odd, other],
        &[
            ("a.com/x", "perhaps odd/0"),
            ("a.com/y", "perhaps odd/0"),
            ("b.com/x", "nothing"),
        ],
    );
}

#[test]
fn a_rule_that_wins_either_way_is_no_question() {
    let rules = r#"[
        { "matches": [{ "headers": [{ "name": "x", "type": "RegularExpression", "value": "(" }] }, {}] },
        { "matches": [{ "path": { "value": "/b" } }] }
    ]"#;
    check(
        &[Written::new("r", &[], rules)],
        &[
            (Call::get("a/"), "r/0"),
            (Call::get("a/").header("x", "1"), "r/0"),
            (Call::get("a/b").header("x", "1"), "r/1"),
        ],
    );
    let two = r#"[
        { "matches": [{ "headers": [{ "name": "x", "type": "RegularExpression", "value": "(" }] }] },
        { "matches": [{ "headers": [{ "name": "y", "type": "RegularExpression", "value": "(" }] }] },
        { "matches": [{}] }
    ]"#;
    check(
        &[Written::new("r", &[], two)],
        &[
            (Call::get("a/"), "r/2"),
            (Call::get("a/").header("y", "1"), "perhaps r/1"),
            (Call::get("a/").header("x", "1").header("y", "1"), "perhaps r/0"),
        ],
    );
}

#[test]
fn a_path_that_gateway_api_does_not_allow_is_not_evaluated() {
    for path in [
        "", "x", "/a//b", "/a/../b", "/a/.", "/a%2fb", "/a%2Fb", "/%zz", "/a?b", "/é",
    ] {
        for kind in ["Exact", "PathPrefix"] {
            let rules =
                format!(r#"[{{ "matches": [{{ "path": {{ "type": "{kind}", "value": "{path}" }} }}] }}]"#);
            let table = table(&[Written::new("r", &[], &rules)]);
            assert_eq!(Call::get("a/else").meets(&table), "perhaps r/0", "{path}");
            assert_eq!(table.unevaluated().next().unwrap().1, Unevaluated::Path);
        }
    }
}

#[test]
fn a_route_without_rules_or_hosts_takes_nothing() {
    let mut nowhere = Written::new("nowhere", &[], ALL);
    nowhere.hosts.clear();
    check_urls(
        &[Written::new("empty", &[], "[]"), nowhere],
        &[("a/", "nothing"), ("/", "nothing")],
    );
}
