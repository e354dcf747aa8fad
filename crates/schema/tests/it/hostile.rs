//! Definitions and objects that are meant to take the server down.

use keydesk_schema::{Schema, decode};
use serde_json::{Value, json};

use crate::check::{PATH, compiled, lines};

fn ruled(x: Value, rule: &str) -> Value {
    let mut x = x;
    x["x-kubernetes-validations"] = json!([{"rule": rule, "message": "m"}]);
    json!({"type": "object", "properties": {"x": x}})
}

/// A quarter of what a thread of the server has, in a build without optimisation.
const STACK: usize = 512 << 10;

/// Runs `work` with little stack; an overflow ends the test binary.
fn with_little_stack(work: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new()
        .stack_size(STACK)
        .spawn(work)
        .unwrap()
        .join()
        .unwrap();
}

fn integers() -> Value {
    json!({"type": "array", "items": {"type": "integer"}})
}

#[test]
fn rules_beyond_their_bounds_are_refused_when_they_are_installed() {
    let nested = |levels: usize| {
        (0..levels).fold("true".to_owned(), |inner, level| {
            format!("self.all(v{level}, {inner})")
        })
    };
    for rule in [
        format!("1{} > 0", "+1".repeat(4_000)),
        format!("1{} > 0", "+1".repeat(1_000)),
        format!("{}true{}", "(".repeat(900), ")".repeat(900)),
        format!("{}true", "!".repeat(2_000)),
        format!("{}1{} == 1", "[".repeat(900), "]".repeat(900)),
        format!("{}true", "true ? true : ".repeat(140)),
        format!("self{} == 1", "[0]".repeat(600)),
        format!("self{}", ".a".repeat(1_000)),
        "Struct{field: 1} == 1".to_owned(),
        nested(8),
        "'".to_owned(),
        "\u{0}".to_owned(),
    ] {
        let schema = ruled(integers(), &rule);
        with_little_stack(move || assert!(Schema::structural(&schema, PATH).is_err(), "{rule}"));
    }
}

#[test]
fn the_deepest_rules_that_are_allowed_fit_a_small_stack() {
    for rule in [
        format!("1{} > 0", "+1".repeat(40)),
        format!("{}true{}", "(".repeat(30), ")".repeat(30)),
        format!("{}true", "!".repeat(30)),
        format!("{}true", "true ? true : ".repeat(30)),
        format!("{}1{} != 1", "[".repeat(30), "]".repeat(30)),
        "self.all(a, self.all(b, self.all(c, self.all(d, true))))".to_owned(),
        vec!["self.size() > 0"; 100].join(" && "),
    ] {
        let schema = ruled(integers(), &rule);
        with_little_stack(move || {
            let schema = compiled(&schema);
            // Whatever the rule says: it comes to its end.
            let _ = schema.validate(&json!({"x": [1, 2]}), None);
        });
    }
}

#[test]
fn a_rule_that_would_run_for_long_on_an_object_is_not_run() {
    let schema = compiled(&ruled(
        integers(),
        "self.all(a, self.all(b, self.all(c, a + b + c > 0)))",
    ));
    let small = json!({"x": vec![1; 20]});
    assert_eq!(lines(&schema.validate(&small, None)), Vec::<String>::new());
    let large = json!({"x": vec![1; 10_000]});
    assert_eq!(
        lines(&schema.validate(&large, None)),
        [
            "x: Invalid value: \"array\": validation failed due to running out of cost budget, no further validation \
          rules will be run"
        ]
    );
}

#[test]
fn a_rule_on_each_of_many_items_ends_when_the_budget_is_used_up() {
    let mut rows = integers();
    rows["x-kubernetes-validations"] =
        json!([{"rule": "self.exists(a, self.exists(b, a == b))", "message": "m"}]);
    let schema = compiled(&json!({"type": "object", "properties": {"x": {"type": "array", "items": rows}}}));
    let object = json!({"x": vec![vec![1; 200]; 100]});
    let violations = lines(&schema.validate(&object, None));
    assert_eq!(violations.len(), 1, "{violations:?}");
    assert!(
        violations[0].contains("running out of cost budget"),
        "{violations:?}"
    );
}

#[test]
fn a_rule_that_would_copy_a_long_text_for_each_item_is_not_run() {
    let schema = compiled(&json!({"type": "object", "properties": {"x": {
        "type": "object",
        "properties": {"l": integers(), "s": {"type": "string"}},
        "x-kubernetes-validations": [{"rule": "self.l.map(i, self.s + self.s).size() > 0", "message": "m"}]}}}));
    let object = |bytes: usize| json!({"x": {"l": vec![1; 500], "s": "s".repeat(bytes)}});
    assert_eq!(schema.validate(&object(1_000), None), []);
    let violations = lines(&schema.validate(&object(1_000_000), None));
    assert!(
        violations[0].contains("running out of cost budget"),
        "{violations:?}"
    );
}

#[test]
fn every_format_comes_to_its_end_on_a_huge_text() {
    let formats = [
        "bsonobjectid",
        "byte",
        "cidr",
        "creditcard",
        "date",
        "date-time",
        "duration",
        "email",
        "hexcolor",
        "hostname",
        "ipv4",
        "ipv6",
        "isbn",
        "k8s-long-name",
        "k8s-short-name",
        "mac",
        "rgbcolor",
        "ssn",
        "uri",
        "uuid",
        "uuid4",
    ];
    for format in formats {
        let schema =
            compiled(&json!({"type": "object", "properties": {"x": {"type": "string", "format": format}}}));
        for text in ["1", "9 ", "a.", "é", "-1T0:"] {
            let _ = schema.validate(&json!({"x": text.repeat(20_000)}), None);
        }
    }
}

#[test]
fn an_update_of_a_long_keyed_list_finds_each_item_at_once() {
    let schema = compiled(&json!({"type": "object", "properties": {"x": {
        "type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["k"],
        "items": {"type": "object", "required": ["k"], "properties": {"k": {"type": "integer"}}}}}}));
    let list =
        |range: std::ops::Range<usize>| json!({"x": range.map(|k| json!({"k": k})).collect::<Vec<_>>()});
    assert_eq!(schema.validate(&list(0..30_000), Some(&list(5..30_005))), []);
}

#[test]
fn an_object_full_of_faults_gives_a_bounded_answer() {
    let schema = compiled(&json!({"type": "object", "properties": {"x": integers()}}));
    let violations = schema.validate(&json!({"x": vec!["wrong"; 100_000]}), None);
    assert_eq!(violations.len(), 1_000);
    let mut object = Value::Object(
        (0..10_000)
            .map(|index| (format!("f{index}"), Value::Null))
            .collect(),
    );
    assert_eq!(schema.prune(&mut object).len(), 100);
    assert_eq!(object, json!({}));
}

#[test]
fn the_deepest_body_fits_a_small_stack_everywhere() {
    with_little_stack(|| {
        let body = format!(
            "{}1{}",
            "{\"x\":".repeat(decode::MAX_DEPTH),
            "}".repeat(decode::MAX_DEPTH)
        );
        let mut value = decode::json(body.as_bytes()).unwrap().value;
        let recursive =
            json!({"A": {"type": "object", "properties": {"x": {"$ref": "#/components/schemas/A"}}}});
        let schema = Schema::from_components(&recursive, "A").unwrap();
        assert_eq!(schema.validate(&value, None).len(), 1);
        assert_eq!(schema.prune(&mut value), Vec::<String>::new());
        schema.apply_defaults(&mut value);
    });
}

#[test]
fn a_schema_deeper_than_any_body_is_refused() {
    let deep = (0..300).fold(
        json!({"type": "string"}),
        |inner, _| json!({"type": "object", "properties": {"a": inner}}),
    );
    let refused = Schema::structural(&deep, PATH).unwrap_err();
    assert!(refused[0].detail.contains("nested deeper"), "{}", refused[0]);
}

#[test]
fn yaml_bombs_are_refused() {
    let bomb: String = (1..9).fold(
        "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned(),
        |bomb, level| {
            let aliases = vec![format!("*a{}", level - 1); 9].join(", ");
            format!("{bomb}a{level}: &a{level} [{aliases}]\n")
        },
    );
    assert!(decode::yaml(bomb.as_bytes()).is_err());
    let deep = format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000));
    assert!(decode::yaml(deep.as_bytes()).is_err());
    let deep = (0..5_000)
        .map(|level| " ".repeat(level) + "a:\n")
        .collect::<String>();
    assert!(decode::yaml(deep.as_bytes()).is_err());
}

#[test]
fn what_yaml_may_not_be_is_told_in_words_for_who_wrote_it() {
    let bomb = format!("a: &a [{}]\nb: [{}]", "1, ".repeat(2_000), "*a, ".repeat(50));
    let aliases = format!("a: &a 1\nb: [{}]", "*a, ".repeat(1_500));
    let large = format!("a: [{}]", "1, ".repeat(300_000));
    for (text, words) in [
        (
            "a: 1\n---\nb: 2",
            "there is more than one document: send each on its own (line 3, column 1)",
        ),
        (
            "a: &a [*a]",
            "an alias stands inside of what it repeats (line 1, column 8)",
        ),
        ("a: *b", "an alias repeats what has no anchor (line 1, column 4)"),
        (&bomb, "its aliases repeat too much: write it out (line "),
        (&aliases, "its aliases repeat too much: write it out (line "),
        (&large, "it is too large (line 1, "),
        ("a: .nan", "JSON has no such number: quote it (line 1, column 4)"),
        ("a: [b", "unclosed bracket '[' at line 1, column 4"),
    ] {
        let told = decode::yaml(text.as_bytes()).unwrap_err().to_string();
        assert!(
            told.starts_with(&format!("error parsing YAML: {words}")),
            "{told}"
        );
    }
}

#[test]
fn a_long_name_around_many_faults_is_not_told_for_each_of_them() {
    let name = "n".repeat(1 << 20);
    let twice = "\"a\":1,".repeat(200_000);
    let read = decode::json(format!("{{\"{name}\": {{{twice}\"a\":2}}}}").as_bytes()).unwrap();
    assert_eq!(read.duplicates.len(), 1);
    assert!(read.duplicates[0].len() < 1_000 && read.duplicates[0].ends_with("….a"));

    let schema = json!({
        "type": "object",
        "properties": {"spec": {
            "type": "object",
            "additionalProperties": {"type": "array", "items": {"type": "integer"}},
        }},
    });
    let wrong = vec!["x"; 100_000];
    let violations = compiled(&schema).validate(&json!({"spec": { name: wrong }}), None);
    let told: usize = violations.iter().map(|it| it.to_string().len()).sum();
    assert!(told < 2 << 20, "{told}");
}
