//! Stored definitions → served kinds.

use std::sync::Arc;

use serde_json::Value;

use super::compiled::compiled;
use crate::admit::text;
use crate::registry::Registry;
use crate::resource::{Column, NameFormat, NoRules, ResourceType, Serves};

/// The served versions of all established definitions. What has not changed is taken over from `last`.
pub(crate) fn resources<'a>(
    definitions: &'a [Value],
    last: &'a Registry,
) -> impl Iterator<Item = Arc<ResourceType>> + 'a {
    definitions
        .iter()
        .filter(|crd| is_established(crd))
        .flat_map(move |crd| {
            let versions = list(crd, "/spec/versions");
            let served = versions
                .iter()
                .filter(|version| version["served"] == Value::Bool(true));
            served.map(move |version| {
                let known = last.find(
                    text(crd, "/spec/group"),
                    text(version, "/name"),
                    text(crd, "/spec/names/plural"),
                );
                resource(crd, version, known)
            })
        })
}

/// The kind as it is kept, whether or not any version of it is served: for clearing it away.
pub(crate) fn stored(definition: &Value, last: &Registry) -> Option<Arc<ResourceType>> {
    let version = list(definition, "/spec/versions")
        .iter()
        .find(|version| version["storage"] == Value::Bool(true))?;
    let known = last.find(
        text(definition, "/spec/group"),
        text(version, "/name"),
        text(definition, "/spec/names/plural"),
    );
    Some(resource(definition, version, known))
}

fn is_established(crd: &Value) -> bool {
    list(crd, "/status/conditions")
        .iter()
        .any(|condition| text(condition, "/type") == "Established" && text(condition, "/status") == "True")
}

fn list<'a>(object: &'a Value, pointer: &str) -> &'a [Value] {
    object
        .pointer(pointer)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

fn texts(object: &Value, pointer: &str) -> Vec<String> {
    list(object, pointer)
        .iter()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}

fn resource(crd: &Value, version: &Value, known: Option<&Arc<ResourceType>>) -> Arc<ResourceType> {
    let group = text(crd, "/spec/group");
    let name = text(version, "/name");
    let plural = text(crd, "/spec/names/plural");
    let openapi = version.pointer("/schema/openAPIV3Schema").cloned().map(Arc::new);
    let known = known.filter(|known| known.crd.is_some() && known.openapi == openapi);
    let schema = match (known, &openapi) {
        // Compiling is the dear part.
        (Some(known), _) => known.schema.clone(),
        // Compiled before it was stored; a release with stricter rules serves it unchecked rather than not at all.
        (None, Some(schema)) => compiled(schema, "").ok(),
        (None, None) => None,
    };
    let storage_version = list(crd, "/spec/versions")
        .iter()
        .find(|version| version["storage"] == Value::Bool(true))
        .map_or(name, |version| text(version, "/name"));
    let deprecated = version["deprecated"] == Value::Bool(true);
    let deprecation = deprecated.then(|| match text(version, "/deprecationWarning") {
        "" => format!("{group}/{name} {} is deprecated", text(crd, "/spec/names/kind")),
        warning => warning.to_owned(),
    });
    Arc::new(ResourceType {
        group: group.to_owned(),
        version: name.to_owned(),
        kind: text(crd, "/spec/names/kind").to_owned(),
        list_kind: text(crd, "/status/acceptedNames/listKind").to_owned(),
        plural: plural.to_owned(),
        singular: text(crd, "/status/acceptedNames/singular").to_owned(),
        short_names: texts(crd, "/spec/names/shortNames"),
        categories: texts(crd, "/spec/names/categories"),
        namespaced: text(crd, "/spec/scope") == "Namespaced",
        serves: Serves::Objects,
        status_subresource: version.pointer("/subresources/status").is_some(),
        generation: true,
        unconditional_update: false,
        names: NameFormat::Subdomain,
        schema,
        openapi,
        columns: list(version, "/additionalPrinterColumns")
            .iter()
            .map(column)
            .collect(),
        selectable_fields: list(version, "/selectableFields")
            .iter()
            .map(|field| text(field, "/jsonPath").to_owned())
            .collect(),
        storage: format!("{group}/{plural}").into(),
        storage_api_version: format!("{group}/{storage_version}"),
        crd: Some(text(crd, "/metadata/name").to_owned()),
        deprecation,
        rules: &NoRules,
    })
}

fn column(column: &Value) -> Column {
    let of = |name: &str| text(column, &format!("/{name}")).to_owned();
    Column {
        name: of("name"),
        type_: of("type"),
        format: of("format"),
        description: of("description"),
        json_path: of("jsonPath"),
        priority: column["priority"].as_i64().unwrap_or(0),
    }
}
