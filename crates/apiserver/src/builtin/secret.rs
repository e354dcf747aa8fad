//! Secrets: `stringData` becomes `data`, types demand their keys. No message ever holds a value.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use keydesk_schema::{Violation, ViolationKind};
use serde_json::{Map, Value};

use super::data::{MAX_BYTES, entries, immutable_violations, key_violations};
use crate::resource::{Part, Rules};

#[derive(Debug)]
pub(super) struct SecretRules;

impl Rules for SecretRules {
    fn prepare_create(&self, object: &mut Value) {
        complete(object);
    }

    fn prepare_update(&self, object: &mut Value, old: &Value, _part: Part) {
        // An update that says no type means the type that is there.
        if is_empty(object.get("type"))
            && let Some(kept) = old.get("type")
        {
            object["type"] = kept.clone();
        }
        complete(object);
    }

    fn validate(&self, object: &Value, old: Option<&Value>) -> Vec<Violation> {
        let mut violations = Vec::new();
        if let Some(old) = old {
            if object.get("type") != old.get("type") {
                let kind = object.get("type").cloned().unwrap_or_default();
                violations.push(Violation::invalid("type", kind, "field is immutable"));
            }
            violations.extend(immutable_violations(object, old, &["data"]));
        }
        violations.extend(key_violations(object, "data"));
        violations.extend(
            entries(object, "data")
                .filter(|(_, value)| bytes(value).is_none())
                .map(|(key, _)| {
                    Violation::invalid(
                        &format!("data[{key}]"),
                        REDACTED,
                        "must be base64, or plain text in stringData",
                    )
                }),
        );
        let size: usize = entries(object, "data")
            .filter_map(|(_, value)| bytes(value))
            .map(|b| b.len())
            .sum();
        if size > MAX_BYTES {
            let detail = format!("may not be more than {MAX_BYTES} bytes");
            violations.push(Violation::new(ViolationKind::TooLong, "data", None, detail));
        }
        violations.extend(type_violations(object));
        violations
    }
}

const REDACTED: &str = "<secret contents redacted>";

/// What each well-known type demands.
fn type_violations(object: &Value) -> Vec<Violation> {
    let has = |key: &&str| object.pointer("/data").and_then(|data| data.get(*key)).is_some();
    let require = |keys: &[&str]| -> Vec<Violation> {
        keys.iter()
            .filter(|key| !has(key))
            .map(|key| Violation::required(&format!("data[{key}]"), ""))
            .collect()
    };
    match object.get("type").and_then(Value::as_str).unwrap_or_default() {
        "kubernetes.io/tls" => require(&["tls.crt", "tls.key"]),
        "kubernetes.io/ssh-auth" => require(&["ssh-privatekey"]),
        "kubernetes.io/basic-auth" if !has(&"username") && !has(&"password") => {
            require(&["username", "password"])
        }
        "kubernetes.io/dockercfg" => json_violations(object, ".dockercfg"),
        "kubernetes.io/dockerconfigjson" => json_violations(object, ".dockerconfigjson"),
        "kubernetes.io/service-account-token" => {
            let account = "kubernetes.io/service-account.name";
            let named = object
                .pointer("/metadata/annotations")
                .and_then(|annotations| annotations.get(account));
            let field = format!("metadata.annotations[{account}]");
            if is_empty(named) {
                vec![Violation::required(&field, "")]
            } else {
                Vec::new()
            }
        }
        _ => Vec::new(),
    }
}

fn json_violations(object: &Value, key: &str) -> Vec<Violation> {
    let field = format!("data[{key}]");
    let Some(value) = object.get("data").and_then(|data| data.get(key)) else {
        return vec![Violation::required(&field, "")];
    };
    match serde_json::from_slice::<serde::de::IgnoredAny>(&bytes(value).unwrap_or_default()) {
        Ok(_) => Vec::new(),
        Err(error) if error.is_eof() => vec![Violation::invalid(
            &field,
            REDACTED,
            "unexpected end of JSON input",
        )],
        Err(_) => vec![Violation::invalid(&field, REDACTED, "invalid JSON")],
    }
}

/// Folds `stringData` into `data` and names the type.
fn complete(object: &mut Value) {
    let Some(fields) = object.as_object_mut() else {
        return;
    };
    if let Some(Value::Object(plain)) = fields.remove("stringData")
        && !plain.is_empty()
    {
        let data = fields.entry("data").or_insert(Value::Null);
        if data.is_null() {
            *data = Value::Object(Map::new());
        }
        for (key, value) in plain {
            let encoded = BASE64.encode(value.as_str().unwrap_or_default());
            if let Value::Object(data) = &mut *data {
                data.insert(key, Value::String(encoded));
            }
        }
    }
    if let Some(Value::Object(data)) = fields.get_mut("data") {
        for value in data.values_mut().filter(|value| value.is_null()) {
            *value = Value::String(String::new());
        }
    }
    if is_empty(fields.get("type")) {
        fields.insert("type".into(), "Opaque".into());
    }
}

fn bytes(value: &Value) -> Option<Vec<u8>> {
    // Go's decoder passes over line breaks.
    let text: String = value
        .as_str()?
        .chars()
        .filter(|c| !matches!(c, '\r' | '\n'))
        .collect();
    BASE64.decode(text).ok()
}

fn is_empty(value: Option<&Value>) -> bool {
    value.and_then(Value::as_str).unwrap_or_default().is_empty()
}
