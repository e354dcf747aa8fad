//! What holds for any text.

use keydesk_cel::{Identity, Predicate};
use proptest::prelude::{Strategy, any, prop_oneof, proptest};
use serde_json::Value;

use crate::check::{request, secret};

/// Texts made of what expressions are made of, so that many of them are some.
fn expressions() -> impl Strategy<Value = String> {
    let leaves = proptest::sample::select(vec![
        "true",
        "null",
        "0",
        "-1",
        "9223372036854775807",
        "1.5e308",
        "2u",
        "''",
        "'é,b'",
        "b'x'",
        "auth",
        "auth.identity",
        "auth.identity.metadata.annotations",
        "request",
        "request.path",
        "request.headers",
        "x",
        "[]",
        "{'a': 1}",
        "string",
        "timestamp('9999-12-31T23:59:59Z')",
        "duration('9000000h')",
        "optional.none()",
    ])
    .prop_map(str::to_owned);
    leaves.prop_recursive(5, 24, 3, |inner| {
        let functions = proptest::sample::select(vec![
            "contains",
            "double",
            "duration",
            "endsWith",
            "getDayOfYear",
            "getHours",
            "int",
            "join",
            "lowerAscii",
            "matches",
            "or",
            "orValue",
            "replace",
            "size",
            "split",
            "startsWith",
            "string",
            "substring",
            "timestamp",
            "trim",
            "type",
            "uint",
            "value",
        ]);
        let operators = proptest::sample::select(vec![
            "+", "-", "*", "/", "%", "==", "!=", "<", ">=", "&&", "||", "in",
        ]);
        let macros = proptest::sample::select(vec!["all", "exists", "exists_one", "filter", "map"]);
        let two = (inner.clone(), inner.clone());
        prop_oneof![
            (operators, two.clone()).prop_map(|(sign, (a, b))| format!("({a} {sign} {b})")),
            (functions, two.clone(), inner.clone())
                .prop_map(|(name, (a, b), c)| format!("{a}.{name}({b}, {c})")),
            (macros, two.clone()).prop_map(|(name, (a, b))| format!("{a}.{name}(x, {b})")),
            two.clone().prop_map(|(a, b)| format!("{a}[{b}]")),
            two.clone().prop_map(|(a, b)| format!("{a}[?{b}]")),
            two.prop_map(|(a, b)| format!("[{a}, {b}]")),
            inner.clone().prop_map(|a| format!("has({a}.b)")),
            inner.clone().prop_map(|a| format!("!{a}.?b")),
            (inner.clone(), inner.clone(), inner).prop_map(|(a, b, c)| format!("({a} ? {b} : {c})")),
        ]
    })
}

fn ask(text: &str, secret: &Value) {
    if let Ok(predicate) = Predicate::compile(text) {
        let identity = Identity::new(secret);
        let answer = predicate.holds(&identity, Some(&request()));
        if !predicate.reads_request() {
            assert_eq!(predicate.holds(&identity, None), answer, "{text}");
        }
    }
}

proptest! {
    #[test]
    fn no_text_causes_a_panic(text in any::<String>(), terse in "[a-z.()=0-9 +?:!&|'\"\\[\\]{},/\n]{0,40}") {
        ask(&text, &secret());
        ask(&terse, &secret());
    }

    #[test]
    fn no_expression_causes_a_panic(text in expressions()) {
        ask(&text, &secret());
    }

    #[test]
    fn any_json_is_an_identity(name in any::<String>(), annotations in any::<Vec<String>>()) {
        let odd = serde_json::json!({"metadata": {"name": name, "annotations": annotations}, "type": null});
        ask("auth.identity.metadata.annotations.exists(a, a == auth.identity.metadata.name)", &odd);
        ask("!has(auth.identity.type)", &serde_json::json!(annotations));
    }
}
