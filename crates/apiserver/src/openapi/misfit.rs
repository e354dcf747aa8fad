//! Whether an object fits the types that a real server decodes a built-in kind into, and its decoder's words if not.
//!
//! A wrong type is malformed there (400), not invalid (422). The types are those of the recorded components; a few
//! that Go names (`v1.SecretType`) are told here as what they are (`string`).

use base64::DecodeError;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use jiff::Timestamp;
use serde_json::Value;

use super::OBJECT_META;
use super::recorded::{component_name, components};
use crate::resource::ResourceType;

/// The first thing in `object` that does not fit its kind; of a custom kind only its metadata has types.
pub(crate) fn misfit(resource: &ResourceType, object: &Value) -> Option<String> {
    if resource.crd.is_some() {
        let metadata = object.get("metadata")?;
        if metadata.is_null() || metadata.is_object() {
            return struct_misfit(OBJECT_META, metadata, &mut Vec::new());
        }
        return Some(format!(
            "json: cannot unmarshal {} into Go value of type v1.ObjectMeta",
            named(metadata)
        ));
    }
    let component = component_name(&resource.group, &resource.version, &resource.kind)?;
    struct_misfit(component, object, &mut Vec::new())
}

/// Of the fields of a component.
fn struct_misfit(component: &str, value: &Value, path: &mut Vec<String>) -> Option<String> {
    let properties = components()[component]["properties"].as_object()?;
    value.as_object()?.iter().find_map(|(name, value)| {
        let schema = properties.get(name)?;
        path.push(name.clone());
        let found = Place {
            owner: component,
            path,
        }
        .misfit(schema, value);
        path.pop();
        found
    })
}

/// A field, with what its misfit is told with.
struct Place<'a> {
    /// The component that it belongs to.
    owner: &'a str,
    path: &'a mut Vec<String>,
}

impl Place<'_> {
    fn misfit(&mut self, schema: &Value, value: &Value) -> Option<String> {
        if value.is_null() {
            return None;
        }
        if let Some(component) = reference(schema) {
            return self.component_misfit(component, schema, value);
        }
        match (schema["type"].as_str()?, value) {
            ("string", Value::String(text)) => format_misfit(schema["format"].as_str(), text),
            ("boolean", Value::Bool(_)) | ("number", Value::Number(_)) => None,
            ("integer", Value::Number(number)) => {
                let is_small =
                    schema["format"] != "int32" || number.as_i64().is_some_and(|n| i32::try_from(n).is_ok());
                (!is_small || !number.is_i64()).then(|| self.wrong(&format!("number {number}"), schema))
            }
            ("array", Value::Array(items)) => {
                items.iter().find_map(|item| self.misfit(&schema["items"], item))
            }
            ("object", Value::Object(fields)) => {
                let inside = &schema["additionalProperties"];
                fields.values().find_map(|value| {
                    if inside.is_object() {
                        self.misfit(inside, value)
                    } else {
                        None
                    }
                })
            }
            _ => Some(self.wrong(named(value), schema)),
        }
    }

    fn component_misfit(&mut self, component: &str, schema: &Value, value: &Value) -> Option<String> {
        let target = &components()[component];
        if target["properties"].is_object() {
            return match value {
                Value::Object(_) => struct_misfit(component, value, self.path),
                _ => Some(self.wrong(named(value), schema)),
            };
        }
        match (target["format"].as_str(), value) {
            (Some("int-or-string"), Value::String(_) | Value::Number(_)) => None,
            (Some("int-or-string"), _) => Some(self.wrong_type(named(value), "int32")),
            (Some("date-time"), Value::String(text)) => {
                let layout = if component.ends_with("MicroTime") {
                    MICRO_TIME
                } else {
                    TIME
                };
                time_misfit(layout, text)
            }
            (Some("date-time"), _) => Some(self.wrong_type(named(value), "string")),
            // Anything goes: raw JSON, `JSONSchemaPropsOrBool`.
            _ => None,
        }
    }

    fn wrong(&self, what: &str, schema: &Value) -> String {
        self.wrong_type(what, &go_type(schema))
    }

    fn wrong_type(&self, what: &str, go_type: &str) -> String {
        let owner = last(self.owner);
        format!(
            "json: cannot unmarshal {what} into Go struct field {owner}.{} of type {go_type}",
            self.path.join(".")
        )
    }
}

/// The component that a schema is, if it is one.
fn reference(schema: &Value) -> Option<&str> {
    let target = schema["$ref"]
        .as_str()
        .or_else(|| schema["allOf"][0]["$ref"].as_str())?;
    target.strip_prefix("#/components/schemas/")
}

/// `[]v1.PolicyRule`, `map[string][]uint8`, `int64`.
fn go_type(schema: &Value) -> String {
    if let Some(component) = reference(schema) {
        return match components()[component]["format"].as_str() {
            Some("date-time") => "string".into(),
            _ => format!("v1.{}", last(component)),
        };
    }
    match (schema["type"].as_str(), schema["format"].as_str()) {
        (Some("string"), Some("byte")) => "[]uint8".into(),
        (Some("integer"), Some(format)) => format.to_owned(),
        (Some("integer"), None) => "int".into(),
        (Some("boolean"), _) => "bool".into(),
        (Some("number"), _) => "float64".into(),
        (Some("array"), _) => format!("[]{}", go_type(&schema["items"])),
        (Some("object"), _) => format!("map[string]{}", go_type(&schema["additionalProperties"])),
        _ => "string".into(),
    }
}

fn last(component: &str) -> &str {
    component.rsplit('.').next().unwrap_or(component)
}

/// As Go's decoder calls it.
fn named(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn format_misfit(format: Option<&str>, text: &str) -> Option<String> {
    if format != Some("byte") {
        return None;
    }
    // Go passes over line breaks.
    let text: String = text.chars().filter(|c| !matches!(c, '\r' | '\n')).collect();
    let at = match BASE64.decode(&text) {
        Ok(_) => return None,
        // Go tells where the bad group starts if the group is cut short.
        Err(DecodeError::InvalidByte(at, _)) => at,
        Err(DecodeError::InvalidLength(length) | DecodeError::InvalidLastSymbol(length, _)) => length / 4 * 4,
        Err(DecodeError::InvalidPadding) => text.find('=').map_or(text.len() / 4 * 4, |_| text.len()),
    };
    Some(format!("illegal base64 data at input byte {at}"))
}

const TIME: &str = "2006-01-02T15:04:05Z07:00";
const MICRO_TIME: &str = "2006-01-02T15:04:05.000000Z07:00";

fn time_misfit(layout: &str, text: &str) -> Option<String> {
    let cannot = |rest: &str, part: &str| {
        Some(format!(
            "parsing time {text:?} as {layout:?}: cannot parse {rest:?} as {part:?}"
        ))
    };
    let needs_fraction = layout == MICRO_TIME;
    match text.parse::<Timestamp>() {
        Ok(_) if !needs_fraction => None,
        Ok(_) => {
            let rest = text.get(19..).unwrap_or_default();
            if rest.starts_with('.') {
                None
            } else {
                cannot(rest, ".000000")
            }
        }
        Err(_) => cannot(text, "2006"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::builtin;

    fn check(kind: &str, object: &Value, expect: Option<&str>) {
        let resource = builtin::all()
            .into_iter()
            .find(|resource| resource.kind == kind)
            .unwrap();
        assert_eq!(misfit(&resource, object).as_deref(), expect, "{kind} {object}");
    }

    /// Each was measured on a real server.
    #[test]
    fn a_wrong_type_is_told_in_the_words_of_go() {
        let unmarshal = |rest: &str| format!("json: cannot unmarshal {rest}");
        for (kind, object, expect) in [
            (
                "Role",
                json!({"rules": [{"verbs": 5}]}),
                "number into Go struct field PolicyRule.rules.verbs of type []string",
            ),
            (
                "Role",
                json!({"rules": [{"verbs": [5]}]}),
                "number into Go struct field PolicyRule.rules.verbs of type string",
            ),
            (
                "Role",
                json!({"rules": {}}),
                "object into Go struct field Role.rules of type []v1.PolicyRule",
            ),
            (
                "Role",
                json!({"rules": ["x"]}),
                "string into Go struct field Role.rules of type v1.PolicyRule",
            ),
            (
                "Role",
                json!({"metadata": {"name": 5}}),
                "number into Go struct field ObjectMeta.metadata.name of type string",
            ),
            (
                "Role",
                json!({"metadata": {"labels": ["a"]}}),
                "array into Go struct field ObjectMeta.metadata.labels of type map[string]string",
            ),
            (
                "Role",
                json!({"metadata": "x"}),
                "string into Go struct field Role.metadata of type v1.ObjectMeta",
            ),
            (
                "Role",
                json!({"metadata": {"creationTimestamp": 5}}),
                "number into Go struct field ObjectMeta.metadata.creationTimestamp of type string",
            ),
            (
                "Role",
                json!({"metadata": {"generation": 1.5}}),
                "number 1.5 into Go struct field ObjectMeta.metadata.generation of type int64",
            ),
            (
                "Secret",
                json!({"data": "x"}),
                "string into Go struct field Secret.data of type map[string][]uint8",
            ),
            (
                "Secret",
                json!({"data": {"k": 5}}),
                "number into Go struct field Secret.data of type []uint8",
            ),
            (
                "Secret",
                json!({"immutable": "true"}),
                "string into Go struct field Secret.immutable of type bool",
            ),
            (
                "Service",
                json!({"spec": {"ports": [{"port": 3_000_000_000_i64}]}}),
                "number 3000000000 into Go struct field ServicePort.spec.ports.port of type int32",
            ),
            (
                "Service",
                json!({"spec": {"ports": [{"targetPort": true}]}}),
                "bool into Go struct field ServicePort.spec.ports.targetPort of type int32",
            ),
            (
                "Lease",
                json!({"spec": {"renewTime": 5}}),
                "number into Go struct field LeaseSpec.spec.renewTime of type string",
            ),
        ] {
            check(kind, &object, Some(&unmarshal(expect)));
        }
    }

    #[test]
    fn bytes_and_times_are_read_as_go_reads_them() {
        let data = |text: &str| json!({"data": {"a": text}});
        check("Secret", &data("YWFh"), None);
        check("Secret", &data("YW\nFh"), None);
        check(
            "Secret",
            &data("YWFh!"),
            Some("illegal base64 data at input byte 4"),
        );
        check("Secret", &data("!!"), Some("illegal base64 data at input byte 0"));
        check(
            "Secret",
            &data("YQ="),
            Some("illegal base64 data at input byte 3"),
        );
        check("Secret", &data("b"), Some("illegal base64 data at input byte 0"));
        let lease = |text: &str| json!({"spec": {"renewTime": text}});
        check("Lease", &lease("2026-11-22T02:40:00.000000Z"), None);
        check(
            "Lease",
            &lease("2026-11-22T02:40:00Z"),
            Some(
                "parsing time \"2026-11-22T02:40:00Z\" as \"2006-01-02T15:04:05.000000Z07:00\": cannot parse \"Z\" as \".000000\"",
            ),
        );
        check(
            "Role",
            &json!({"metadata": {"creationTimestamp": "x"}}),
            Some("parsing time \"x\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"x\" as \"2006\""),
        );
    }

    #[test]
    fn what_fits_passes() {
        check(
            "Secret",
            &json!({"metadata": {"name": "a", "creationTimestamp": null}, "data": {"k": null}}),
            None,
        );
        check(
            "Service",
            &json!({"spec": {"ports": [{"port": 80, "targetPort": "http"}]}}),
            None,
        );
        let schema =
            json!({"type": "object", "properties": {"a": {"items": {"type": "string"}, "default": 5}}});
        let crd = json!({"spec": {"versions": [{"schema": {"openAPIV3Schema": schema}}]}});
        check("CustomResourceDefinition", &crd, None);
    }
}
