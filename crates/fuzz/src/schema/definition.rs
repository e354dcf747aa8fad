//! The schema of a definition in the first line, with its rules in CEL, and objects in the lines after it: the newest
//! first.

use keydesk_schema::{Schema, decode};
use serde_json::{Value, json};

pub(crate) fn hold(data: &[u8]) {
    let mut values = data.splitn(3, |byte| *byte == b'\n').map(decode::json);
    let mut next = || values.next()?.ok().map(|read| read.value);
    let (Some(schema), Some(object)) = (next(), next()) else {
        return;
    };
    let old = next();
    if let Ok(schema) = Schema::structural(&schema, "s") {
        laws(&schema, &object);
        check(&schema, &object, old.as_ref());
    }
    if let Ok(schema) = Schema::from_components(&json!({"A": schema}), "A") {
        check(&schema, &object, old.as_ref());
    }
}

fn laws(schema: &Schema, object: &Value) {
    let mut defaulted = object.clone();
    schema.apply_defaults(&mut defaulted);
    let mut again = defaulted.clone();
    schema.apply_defaults(&mut again);
    assert_eq!(again, defaulted, "defaulting twice is defaulting once");
    let mut pruned = object.clone();
    schema.prune(&mut pruned);
    let mut again = pruned.clone();
    assert!(
        schema.prune(&mut again).is_empty(),
        "pruning twice is pruning once"
    );
    assert_eq!(again, pruned);
    schema.apply_defaults(&mut pruned);
    schema.prune(&mut defaulted);
    assert_eq!(pruned, defaulted, "pruning and defaulting may come in any order");
}

fn check(schema: &Schema, object: &Value, old: Option<&Value>) {
    let violations = schema.validate(object, old);
    assert_eq!(
        schema.validate(object, old),
        violations,
        "the same rules are broken again"
    );
    for violation in violations {
        assert!(!violation.to_string().is_empty());
    }
}
