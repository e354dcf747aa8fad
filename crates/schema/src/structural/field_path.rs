//! The `fieldPath` of a rule: a JSON path of field names only, e.g. `.spec.name` or `.labels['a.b']`.

use serde_json::{Map, Value};

/// The path as violations print it, starting with `.` or `[`, if it leads to a field of `schema`.
pub(crate) fn normalized(path: &str, schema: &Map<String, Value>) -> Option<String> {
    let mut normalized = String::new();
    let mut schema = schema;
    let mut rest = path.trim();
    while !rest.is_empty() {
        let (name, after) = next_name(rest)?;
        let property = schema
            .get("properties")
            .and_then(|properties| properties.get(&name));
        let values = schema.get("additionalProperties");
        schema = match (property, values) {
            (Some(property), _) => {
                normalized.push('.');
                normalized.push_str(&name);
                property.as_object()?
            }
            (None, Some(values)) if schema.get("properties").is_none() => {
                normalized.push('[');
                normalized.push_str(&name);
                normalized.push(']');
                values.as_object()?
            }
            (None, _) => return None,
        };
        rest = after;
    }
    (!normalized.is_empty()).then_some(normalized)
}

/// The first name of a path, and what follows it.
fn next_name(path: &str) -> Option<(String, &str)> {
    if let Some(rest) = path.strip_prefix('.') {
        let end = rest.find(['.', '[', ']']).unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        return (!name.is_empty()).then(|| (name.to_owned(), after));
    }
    let quoted = path.strip_prefix("['")?;
    let mut name = String::new();
    let mut chars = quoted.char_indices();
    while let Some((index, c)) = chars.next() {
        match c {
            '\'' => return Some((name, quoted[index + 1..].strip_prefix(']')?)),
            '\\' => match chars.next()?.1 {
                escaped @ ('\'' | '\\') => name.push(escaped),
                'n' => name.push('\n'),
                't' => name.push('\t'),
                _ => return None,
            },
            c => name.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::normalized;

    #[test]
    fn field_paths_lead_to_fields_of_the_schema() {
        let schema = json!({"properties": {
            "spec": {"properties": {"x": {}, "a.b": {}}},
            "labels": {"additionalProperties": {"type": "string"}},
        }});
        let schema = schema.as_object().unwrap();
        for (path, expected) in [
            (".spec.x", Some(".spec.x")),
            (".spec['a.b']", Some(".spec.a.b")),
            (".labels['k8s.io/x']", Some(".labels[k8s.io/x]")),
            (".labels.x", Some(".labels[x]")),
            (".spec.y", None),
            ("spec", None),
            (".spec[0]", None),
            (".spec['x", None),
            ("", None),
            (".", None),
        ] {
            assert_eq!(normalized(path, schema).as_deref(), expected, "{path}");
        }
    }
}
