//! What rules may cost, on objects that are large.

use std::path::Path;
use std::time::{Duration, Instant};

use keydesk_schema::{Schema, decode};
use proptest::prelude::{ProptestConfig, Strategy, prop_oneof, proptest};
use serde_json::{Value, json};

use crate::check::{PATH, compiled, lines};

const EXHAUSTED: &str = "running out of cost budget";

/// What a validation may take. Here it is ten times as slow without optimisation.
const ALLOWED: Duration = Duration::from_secs(if cfg!(debug_assertions) { 20 } else { 2 });

/// Objects with texts `s` and `t`, lists `l` of numbers and `names` of texts, `labels`, and `rows` of objects.
fn schema(rule: &str) -> Value {
    let text = json!({"type": "string"});
    let names = json!({"type": "array", "items": text});
    let row =
        json!({"type": "object", "properties": {"name": text, "n": {"type": "integer"}, "tags": names}});
    json!({"type": "object", "properties": {"x": {
        "type": "object",
        "properties": {
            "s": text,
            "t": text,
            "n": {"type": "integer"},
            "l": {"type": "array", "items": {"type": "integer"}},
            "names": names,
            "labels": {"type": "object", "additionalProperties": text},
            "rows": {"type": "array", "items": row},
        },
        "x-kubernetes-validations": [{"rule": rule, "message": "broken"}],
    }}})
}

/// An object whose lists have so many items, and whose texts so many bytes.
fn object(items: usize, bytes: usize) -> Value {
    let name = |index: usize| {
        let digits = index.to_string();
        "0".repeat(bytes.saturating_sub(digits.len())) + &digits
    };
    let names: Vec<String> = (0..items).map(name).collect();
    let labels: serde_json::Map<String, Value> = (0..items).map(|index| (name(index), json!("v"))).collect();
    let row = |index: usize| json!({"name": name(index), "n": index, "tags": ["a", "b", name(index)]});
    let rows: Vec<Value> = (0..items).map(row).collect();
    json!({"x": {
        "s": "a".repeat(bytes), "t": "0".repeat(bytes), "n": items,
        "l": (0..items).collect::<Vec<_>>(), "names": names, "labels": labels, "rows": rows,
    }})
}

/// What a rule says of an object, and how long it takes. Others may be at work on the machine: what took too long may
/// try again.
#[expect(clippy::disallowed_methods, reason = "this is about how long it takes")]
fn timed(schema: &Schema, object: &Value) -> (Vec<String>, Duration) {
    let mut shortest = Duration::MAX;
    loop {
        let start = Instant::now();
        let violations = lines(&schema.validate(object, None));
        let taken = start.elapsed();
        if taken < ALLOWED || taken >= shortest {
            return (violations, taken.min(shortest));
        }
        shortest = taken;
    }
}

#[track_caller]
fn holds(rule: &str, object: &Value) {
    let violations = lines(&compiled(&schema(rule)).validate(object, None));
    assert_eq!(violations, Vec::<String>::new(), "{rule}");
}

#[track_caller]
fn refused(rule: &str, object: &Value, expected: &str) {
    let (violations, taken) = timed(&compiled(&schema(rule)), object);
    assert_eq!(violations.len(), 1, "{rule}: {violations:?}");
    assert!(violations[0].contains(expected), "{rule}: {violations:?}");
    assert!(taken < ALLOWED, "{rule}: {taken:?}");
}

#[test]
fn rules_as_people_write_them_run_on_large_objects() {
    let thousands = object(4_000, 20);
    holds("self.l.all(i, i >= 0)", &thousands);
    holds("self.names.exists(n, n == self.names[3999])", &thousands);
    holds(
        "self.names.all(n, n.startsWith('0') || n.size() == 20)",
        &thousands,
    );
    holds(
        "self.names.all(n, n.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$'))",
        &thousands,
    );
    holds(
        "self.rows.all(r, has(r.name) && r.n >= 0 && r.tags.exists(t, t == r.name))",
        &thousands,
    );
    holds(
        "self.labels.all(k, k.size() <= 63 && self.labels[k] == 'v')",
        &object(300, 20),
    );
    holds(
        "self.rows.all(r, !r.name.startsWith(self.s) && r.n < self.n)",
        &thousands,
    );
    let hundreds = object(300, 20);
    holds("self.l.all(a, self.l.exists(b, a == b))", &hundreds);
    holds(
        "self.rows.all(a, self.rows.exists_one(b, a.name == b.name))",
        &hundreds,
    );
    holds("self.rows.map(r, r.name).all(n, n in self.names)", &hundreds);
    holds(
        "self.rows.filter(r, r.n > 5).map(r, r.n).all(n, n > 5)",
        &hundreds,
    );
    holds(
        "self.names.map(n, n.upperAscii()).join(',').size() > 0",
        &hundreds,
    );
    holds(
        "self.rows.all(r, r.tags.all(t, t.matches('^\\\\w{1,63}$')))",
        &object(10, 20),
    );
    holds(
        "'%s has %d'.format([self.s, self.n]) != '' && lists.range(3).size() == 3",
        &hundreds,
    );
    holds(
        "self.?s.orValue('').find('a+') == self.s && self.t.findAll('0').size() == 20",
        &hundreds,
    );
    holds(
        "self.s.matches('^' + self.s + '$') && self.names.isSorted()",
        &hundreds,
    );
}

#[test]
fn the_definitions_that_keydesk_brings_can_be_installed() {
    let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config");
    let mut installed = 0;
    for folder in ["crd/bases", "foreign"] {
        for file in std::fs::read_dir(config.join(folder)).unwrap() {
            let text = std::fs::read(file.unwrap().path()).unwrap();
            let definition = decode::yaml(&text).unwrap().value;
            for version in definition["spec"]["versions"].as_array().unwrap() {
                compiled(&version["schema"]["openAPIV3Schema"]);
                installed += 1;
            }
        }
    }
    assert!(installed >= 11, "{installed}");
}

#[test]
fn what_the_engine_does_in_squares_is_not_run_on_many_items() {
    let many = object(20_000, 8);
    refused("self.l.map(x, x).size() > 0", &many, EXHAUSTED);
    refused("self.l.filter(x, x >= 0).size() > 0", &many, EXHAUSTED);
    refused("self.names.distinct().size() > 0", &many, EXHAUSTED);
    refused("sets.contains(self.names, self.names)", &many, EXHAUSTED);
    refused("self.l.all(x, self.l.size() > 0)", &many, EXHAUSTED);
}

#[test]
fn what_grows_without_bound_is_not_run() {
    let small = object(3, 2_000);
    refused(
        "lists.range(1000000000).size() > 0",
        &small,
        "function \"lists.range\" failed",
    );
    refused(
        "lists.range(self.n + 1000000).all(i, true)",
        &small,
        "function \"lists.range\" failed",
    );
    refused(
        "lists.range(1000).all(a, lists.range(1000).all(b, lists.range(1000).all(c, true)))",
        &small,
        EXHAUSTED,
    );
    let replaced = (0..20).fold("self.s".to_owned(), |text, _| {
        format!("{text}.replace('a', 'aaaa')")
    });
    refused(&format!("{replaced}.size() > 0"), &small, EXHAUSTED);
    let added = (0..30).fold("self.s".to_owned(), |text, level| {
        format!("[{text}].map(v{level}, v{level} + v{level})[0]")
    });
    assert!(Schema::structural(&schema(&format!("{added}.size() > 0")), PATH).is_err());
    refused("'%.99999f'.format([1.5]) != ''", &small, "evaluating rule");
    refused(
        "self.names.map(n, '%.60000f'.format([1.5])).join('').size() < 0",
        &object(2_000, 3),
        EXHAUSTED,
    );
    refused("self.s.matches('(?i)' + self.s)", &object(3, 200_000), EXHAUSTED);
    // The engine evaluates the first argument of these twice where they are not methods.
    let nested = (0..28).fold("1".to_owned(), |inner, _| format!("max({inner}, 2)"));
    refused(&format!("{nested} == 2"), &small, EXHAUSTED);
}

#[test]
fn patterns_that_are_too_large_or_wrong_break_the_rule() {
    let small = object(3, 20);
    refused("self.s.matches('(')", &small, "function \"matches\" failed");
    refused(
        "self.s.matches('\\\\pL{900}\\\\pL{900}')",
        &small,
        "function \"matches\" failed",
    );
    refused(
        "self.s.findAll('(')[0] == ''",
        &small,
        "function \"findAll\" failed",
    );
}

#[test]
fn what_has_no_fields_cannot_be_selected_from() {
    let schema = compiled(&json!({"type": "object", "properties": {"x": {
        "x-kubernetes-preserve-unknown-fields": true,
        "x-kubernetes-validations": [{"rule": "!self.text.x", "message": "m"}],
    }}}));
    let violations = lines(&schema.validate(&json!({"x": {"text": "t"}}), None));
    assert!(violations[0].contains("no such overload"), "{violations:?}");
}

#[test]
fn rules_on_each_of_many_items_share_the_budget() {
    let deep = "[].all(a, [].all(b, [].all(c, [].all(d, 1 + 2 + 3 + 4 + 5 + 6 + 7 + 8 + 9 + 10 > 0))))";
    let rules: Vec<Value> = (0..20).map(|_| json!({"rule": deep, "message": "m"})).collect();
    let item = json!({"type": "integer", "x-kubernetes-validations": rules});
    let schema = compiled(&json!({"type": "object", "properties": {"x": {"type": "array", "items": item}}}));
    let (violations, taken) = timed(&schema, &json!({"x": vec![1; 100_000]}));
    assert_eq!(violations.len(), 1);
    assert!(
        violations[0].contains(EXHAUSTED) && taken < ALLOWED,
        "{violations:?}: {taken:?}"
    );
}

#[test]
fn the_most_expensive_rules_that_are_admitted_end_soon() {
    const REPEATED: [&str; 26] = [
        "self == self",
        "size(self.rows) >= 0",
        "[self, self, self].size() == 3",
        "self.rows.map(r, r).size() >= 0",
        "self.rows.map(r, r.tags).flatten().size() >= 0",
        "self.names.map(n, n + n).size() >= 0",
        "self.names.filter(n, n != '').size() >= 0",
        "self.names.map(n, self.s).join(self.t).size() >= 0",
        "self.names.all(n, n.startsWith('0'))",
        "self.names.all(n, !n.matches('[0-9]*1[0-9]{20}[a-z]'))",
        "!self.t.matches('[01]*1[01]{200}[2-9]')",
        "!self.t.matches('(?:1[01]{3}|0[01]{5}|[01]*1[01]{77}|[01]*11[01]{66}){3}[a-z]')",
        "!self.t.matches('\\\\pL{60}[0-9]*\\\\pL')",
        "self.t.findAll('0*1|0').size() >= 0",
        "self.t.indexOf(self.t.substring(0, self.t.size() / 2) + '1') < 0",
        "self.t.split('').size() >= 0",
        "self.t.replace('0', '123').size() >= 0",
        "self.names.distinct().size() >= 0",
        "sets.equivalent(self.names, self.names)",
        "self.names.sort().isSorted()",
        "self.names.reverse().size() >= 0",
        "'%s'.format([self]).size() >= 0",
        "'%.60000f'.format([1.5]).size() >= 0",
        "self.?rows.orValue([]).size() >= 0",
        "lists.range(1000).all(i, self.names.size() >= 0)",
        "!format.dns1123Subdomain().validate(self.s + '..').hasValue() || true",
    ];
    let all_times: &[usize] = if cfg!(debug_assertions) { &[1] } else { &[1, 16] };
    let mut worst = (Duration::ZERO, String::new());
    for (items, bytes) in [(300, 20), (30, 3_000), (3_000, 20), (20_000, 4), (2, 200_000)] {
        let object = object(items, bytes);
        for rule in REPEATED {
            for &times in all_times {
                let rule = vec![rule; times].join(" && ");
                let Ok(schema) = Schema::structural(&schema(&rule), PATH) else {
                    break;
                };
                let (violations, taken) = timed(&schema, &object);
                if taken > worst.0 {
                    worst = (
                        taken,
                        format!("{times} times {rule:.80} on {items} of {bytes} bytes: {violations:?}"),
                    );
                }
                if violations.iter().any(|violation| violation.contains(EXHAUSTED)) {
                    break;
                }
            }
        }
    }
    assert!(worst.0 < ALLOWED, "{worst:?}");
}

/// Rules made of what rules are made of.
fn rules() -> impl Strategy<Value = String> {
    let leaves = proptest::sample::select(vec![
        "self",
        "self.s",
        "self.t",
        "self.n",
        "self.l",
        "self.names",
        "self.labels",
        "self.rows",
        "x",
        "x.name",
        "x.tags",
        "1",
        "'0'",
        "[]",
        "{'a': self.s}",
        "b'x'",
        "true",
    ])
    .prop_map(|leaf| format!("dyn({leaf})").replace("dyn(x", "(x"));
    leaves
        .prop_recursive(6, 24, 3, |inner| {
            let functions = proptest::sample::select(vec![
                "contains",
                "distinct",
                "endsWith",
                "find",
                "findAll",
                "first",
                "flatten",
                "format",
                "indexOf",
                "join",
                "last",
                "lastIndexOf",
                "matches",
                "max",
                "min",
                "orValue",
                "replace",
                "reverse",
                "size",
                "sort",
                "split",
                "startsWith",
                "string",
                "substring",
                "sum",
                "trim",
                "upperAscii",
                "value",
            ]);
            let operators = proptest::sample::select(vec!["+", "-", "*", "==", "!=", "<", "&&", "||", "in"]);
            let macros = proptest::sample::select(vec!["all", "exists", "exists_one", "filter", "map"]);
            let two = (inner.clone(), inner.clone());
            prop_oneof![
                (operators, two.clone()).prop_map(|(sign, (a, b))| format!("({a} {sign} {b})")),
                (functions.clone(), two.clone()).prop_map(|(name, (a, b))| format!("{a}.{name}({b})")),
                (functions, two.clone(), inner.clone())
                    .prop_map(|(name, (a, b), c)| format!("{name}({a}, {b}, {c})")),
                (macros, two.clone()).prop_map(|(name, (a, b))| format!("{a}.{name}(x, {b})")),
                two.clone().prop_map(|(a, b)| format!("{a}[{b}]")),
                two.clone().prop_map(|(a, b)| format!("{a}[?{b}]")),
                two.prop_map(|(a, b)| format!("[{a}, {b}]")),
                (inner.clone(), inner.clone(), inner).prop_map(|(a, b, c)| format!("({a} ? {b} : {c})")),
            ]
        })
        .prop_map(|value| format!("[1].all(x, dyn({value}) == 1)"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_rule_that_is_admitted_takes_long(rule in rules()) {
        if let Ok(schema) = Schema::structural(&schema(&rule), PATH) {
            for (items, bytes) in [(2, 5), (100, 20), (3, 20_000)] {
                let (violations, taken) = timed(&schema, &object(items, bytes));
                assert!(taken < ALLOWED, "{rule}: {taken:?}: {violations:?}");
            }
        }
    }
}
