//! Predicates and callers that are meant to take the gate down.

use std::time::{Duration, Instant};

use keydesk_cel::{EvalError, Identity, Predicate, RequestFacts, RequestLine};
use serde_json::{Value, json};

use crate::check::{compiled, holds, refused, request, secret};

/// A quarter of what a worker thread of the gate has, in a build without optimisation.
const STACK: usize = 512 << 10;

fn nested(levels: usize, range: &str) -> String {
    (0..levels).fold("true".to_owned(), |inner, level| {
        format!("{range}.all(v{level}, {inner})")
    })
}

/// Zeros and ones without a period, which no automaton can be built for in advance.
fn digits(bytes: usize) -> String {
    let mut state = 12_345_u64;
    let mut digit = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        if state >> 40 & 1 == 0 { '0' } else { '1' }
    };
    (0..bytes).map(|_| digit()).collect()
}

/// An identity with `count` labels and annotations, and texts of `bytes`.
fn large_secret(count: usize, bytes: usize) -> Value {
    let texts: serde_json::Map<String, Value> = (0..count)
        .map(|index| (format!("name-{index}"), digits(bytes).into()))
        .collect();
    json!({"metadata": {"name": "x", "labels": texts, "annotations": texts}})
}

fn large_request(count: usize, bytes: usize) -> RequestFacts {
    let path = format!("/{}", digits(bytes));
    let line = RequestLine {
        method: "GET",
        scheme: "https",
        host: "example.com",
        path: &path,
    };
    let names: Vec<String> = (0..count).map(|index| format!("name-{index}")).collect();
    RequestFacts::new(&line, names.iter().map(|name| (name.as_str(), path.as_str())))
}

#[test]
fn predicates_beyond_their_bounds_are_refused_when_they_are_compiled() {
    refused(&format!("true{}", " || true".repeat(1_000)), "bytes long");
    refused(&format!("1{} > 0", "+1".repeat(500)), "nested deeper");
    refused(
        &format!("{}true{}", "(".repeat(900), ")".repeat(900)),
        "nested deeper",
    );
    refused(&format!("auth{}", ".a".repeat(900)), "nested deeper");
    refused(&format!("{}true", "!".repeat(900)), "nested deeper");
    refused(&format!("{}true", "true ? true : ".repeat(100)), "conditionals");
    refused(&nested(8, "auth.identity"), "comprehensions");
    refused("Struct{field: 1} == 1", "struct literals");
    refused("\u{0}", "failed to parse");
    refused("", "failed to parse");
    let numbers = "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20]";
    refused(&nested(4, numbers), "steps");
}

#[test]
fn what_grows_without_bound_is_not_evaluated() {
    let (a, b) = ("a".repeat(400), "b".repeat(400));
    let product = format!("'{a}'.replace('a', '{b}').replace('b', '{a}').replace('a', '{b}').size() > 0");
    refused(&product, "steps");
    // The engine evaluates the first argument of these twice where they are not methods.
    let twice = (0..24).fold("auth.identity.type".to_owned(), |inner, _| {
        format!("substring({inner}, 0)")
    });
    refused(&format!("{twice} == ''"), "steps");
    // Each level doubles what the one below gives.
    let doubled = (0..12).fold("auth.identity.metadata.name".to_owned(), |inner, level| {
        format!("[{inner}].map(v{level}, v{level} + v{level})[0]")
    });
    let identity = Identity::new(&large_secret(1, 4_000));
    let answer = Predicate::compile(&format!("{doubled}.size() > 0"))
        .map(|predicate| predicate.holds(&identity, None));
    assert!(
        matches!(answer, Err(_) | Ok(Err(EvalError::BoundWork { .. }))),
        "{answer:?}"
    );
}

#[test]
fn loops_over_a_usual_caller_are_evaluated() {
    holds("auth.identity.metadata.labels.exists(l, auth.identity.metadata.annotations.all(a, l != a))");
    holds("request.headers.exists(h, h.startsWith('x-') && request.headers[h] in ['gold', 'silver'])");
    let identity = Identity::new(&large_secret(20, 60));
    let pairs = "auth.identity.metadata.labels.all(l, auth.identity.metadata.annotations.exists(a, a == l))";
    assert_eq!(compiled(pairs).holds(&identity, None), Ok(true));
}

#[test]
fn the_deepest_predicates_that_are_allowed_fit_a_small_stack() {
    let functions = (0..23).fold("auth.identity.type".to_owned(), |inner, _| {
        format!("dyn({inner})")
    });
    let added = (0..20).fold("'a'".to_owned(), |inner, _| format!("('a' + {inner}.trim())"));
    for text in [
        format!("{functions} == 'Opaque'"),
        format!("{added} != ''"),
        format!("'a'{} == 'a'", ".trim()".repeat(44)),
        format!("1{} > 0", "+1".repeat(46)),
        format!("{}true{}", "(".repeat(31), ")".repeat(31)),
        format!("{}true", "!".repeat(32)),
        format!("{}true", "true ? true : ".repeat(31)),
        format!("{}1{} != 1", "[".repeat(31), "]".repeat(31)),
        format!("{}1{} != 1", "{1:".repeat(31), "}".repeat(31)),
        format!("auth.identity{} != 1", "[?'a']".repeat(31)),
        nested(4, "[1]"),
        nested(1, "auth.identity.metadata.labels"),
        "request.headers.exists(h, has(auth.identity.metadata.labels.app))".to_owned(),
        vec!["request.method == 'POST'"; 70].join(" && "),
    ] {
        let predicate = compiled(&text);
        let (identity, request) = (Identity::new(&secret()), request());
        std::thread::Builder::new()
            .stack_size(STACK)
            .spawn(move || match predicate.holds(&identity, Some(&request)) {
                Ok(_) | Err(EvalError::FindKey(_)) => {}
                Err(error) => panic!("{text}: {error}"),
            })
            .unwrap()
            .join()
            .unwrap();
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "this is about how long it takes")]
fn the_most_expensive_predicates_that_are_admitted_end_soon() {
    let mut worst = (Duration::ZERO, String::new());
    for (count, bytes) in [
        (1, 10),
        (4, 60),
        (10, 60),
        (10, 400),
        (60, 60),
        (20, 2_000),
        (300, 200),
        (3_000, 20),
    ] {
        let identity = Identity::new(&large_secret(count, bytes));
        let request = large_request(count, bytes);
        for family in 0.. {
            let Some(first) = expensive(family, 1) else {
                break;
            };
            for size in [1, 2, 4, 8, 16, 32, 64] {
                let Some(Ok(predicate)) = expensive(family, size).map(|text| Predicate::compile(&text))
                else {
                    break;
                };
                let start = Instant::now();
                let answer = predicate.holds(&identity, Some(&request));
                let taken = start.elapsed();
                if matches!(answer, Err(EvalError::BoundWork { .. })) {
                    break;
                }
                if taken > worst.0 {
                    worst = (taken, format!("{size} times {first} on {count} of {bytes} bytes"));
                }
            }
        }
    }
    assert!(worst.0 < Duration::from_secs(1), "{worst:?}");
}

/// A family of predicates that take longer with their size; `None` after the last family.
fn expensive(family: usize, size: usize) -> Option<String> {
    const REPEATED: [&str; 13] = [
        "auth == auth",
        "size(auth.identity.metadata.annotations) > 0",
        "dyn(auth) == auth",
        "size([auth, auth, auth]) == 3",
        "(auth.?identity.metadata.labels.x.y.z.orValue(1) == 1)",
        "auth.identity.metadata.labels.map(x, x + x).size() > 0",
        "auth.identity.metadata.labels.filter(x, x != '').size() > 0",
        "auth.identity.metadata.labels.map(x, x).join('--').size() > 0",
        "request.path.split('').size() > 0",
        "request.path.replace('0', '123').size() > 0",
        "!request.path.matches('[01]*1[01]{200}[2-9]')",
        "!request.path.matches('(?:1[01]{3}|0[01]{5}|[01]*1[01]{77}|[01]*11[01]{66}){3}[a-z]')",
        "!request.headers.exists(h, request.headers[h].matches('[01]*1[01]{20}[2-9]'))",
    ];
    let doubled = |range: &str| {
        let inner = (0..size).fold(range.to_owned(), |inner, level| {
            format!("[{inner}].map(v{level}, v{level} + v{level})[0]")
        });
        format!("size({inner}) >= 0")
    };
    match family {
        0..=12 => Some(vec![REPEATED[family]; size].join(" && ")),
        13 => Some(format!(
            "request.path{}.size() > 0",
            ".replace('0', '00')".repeat(size)
        )),
        14 => Some(format!("request.path{}.size() > 0", ".lowerAscii()".repeat(size))),
        15 => Some(doubled("auth.identity.metadata.name")),
        16 => Some(doubled("auth.identity.metadata.labels.map(x, x)")),
        17 => Some(nested(size, "auth.identity.metadata.labels")),
        18 => Some(nested(size, "request.headers")),
        _ => None,
    }
}
