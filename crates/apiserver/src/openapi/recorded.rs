//! The recorded schemas of the built-in kinds, read when the first one is asked for.

use std::sync::{Arc, LazyLock};

use keydesk_schema::Schema;
use serde_json::{Map, Value};

/// `components.schemas` of a real server, trimmed to the kinds that this one serves.
const COMPONENTS: &str = include_str!("recorded/components.json");

/// All recorded components.
pub(super) fn components() -> &'static Value {
    static PARSED: LazyLock<Value> = LazyLock::new(|| {
        // The file is part of the program; a test reads it.
        serde_json::from_str(COMPONENTS).unwrap_or_else(|_| Value::Object(Map::new()))
    });
    &PARSED
}

/// The component of a kind, by its group, version and kind.
pub(super) fn component_name(group: &str, version: &str, kind: &str) -> Option<&'static str> {
    components().as_object()?.iter().find_map(|(name, schema)| {
        let kinds = schema.get("x-kubernetes-group-version-kind")?.as_array()?;
        let is = |one: &Value| one["group"] == group && one["version"] == version && one["kind"] == kind;
        kinds.iter().any(is).then_some(name.as_str())
    })
}

/// The schema by which objects of a built-in kind are defaulted, pruned, validated and patched.
pub(crate) fn built_in_schema(api_version: &str, kind: &str) -> Option<Arc<Schema>> {
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    let name = component_name(group, version, kind)?;
    Schema::from_components(components(), name).ok().map(Arc::new)
}

/// What the recorded component says of one of its fields; empty if it says nothing.
pub(crate) fn description(component: &str, field: &str) -> String {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    components()[component]["properties"][field]
        .get("description")
        .and_then(text)
        .unwrap_or_default()
}

/// The component of `metadata`.
pub(crate) const OBJECT_META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";
