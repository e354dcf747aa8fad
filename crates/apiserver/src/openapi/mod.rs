//! What the server tells about its kinds: OpenAPI v3 documents, one for each group and version.
//!
//! Schemas of the built-in kinds were recorded from a real server (`recorded/`); those of custom kinds come from
//! their definitions. Paths are generated for both alike: with what kubectl reads, not with every description.

mod components;
mod misfit;
mod paths;
mod recorded;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::response::{IntoResponse as _, Response};
use http::header::CONTENT_TYPE;
use http::request::Parts;
use serde_json::{Map, Value, json};

pub(crate) use self::misfit::misfit;
pub(crate) use self::recorded::{OBJECT_META, built_in_schema, description};

use crate::registry::Registry;
use crate::resource::ResourceType;
use crate::status::Refusal;
use crate::wire::document;

const V2_MEDIA_TYPE: &str = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

/// An OpenAPI v2 document with its version and nothing else, in protobuf. kubectl looks here for a kind that v3 does
/// not have. With this it says that the kind is unknown; without, that OpenAPI could not be had.
const V2_WITHOUT_KINDS: &[u8] = b"\x0a\x032.0";

/// The answer to a GET of `/openapi/…`; `None` for any other request.
pub(crate) fn answer(request: &Parts, registry: &Registry) -> Option<Response> {
    if !matches!(request.method.as_str(), "GET" | "HEAD") {
        return None;
    }
    let rest = request
        .uri
        .path()
        .strip_prefix("/openapi/")?
        .trim_end_matches('/');
    let found = match rest {
        "v2" => return Some(([(CONTENT_TYPE, V2_MEDIA_TYPE)], V2_WITHOUT_KINDS).into_response()),
        "v3" => index(registry),
        _ => rest
            .strip_prefix("v3/")
            .and_then(|path| published(path, registry))
            .unwrap_or(Value::Null),
    };
    if found.is_null() {
        return Some(Refusal::no_such_path().into_response());
    }
    Some(document::answer(&found, "application/json", &request.headers))
}

/// `api/v1`, `apis/GROUP/VERSION` → its kinds.
fn by_path(registry: &Registry) -> BTreeMap<String, Vec<&Arc<ResourceType>>> {
    let mut found: BTreeMap<String, Vec<&Arc<ResourceType>>> = BTreeMap::new();
    for resource in registry.iter() {
        let prefix = if resource.group.is_empty() { "api" } else { "apis" };
        found
            .entry(format!("{prefix}/{}", resource.api_version()))
            .or_default()
            .push(resource);
    }
    found
}

/// Where each document is. The hash is that of what the document is made of, so that asking is cheap.
fn index(registry: &Registry) -> Value {
    let mut paths = Map::new();
    for (path, resources) in by_path(registry) {
        let made_of: Vec<String> = resources.iter().map(|resource| made_of(resource)).collect();
        let hash = document::digest(made_of.iter().map(String::as_bytes));
        let url = format!("/openapi/v3/{path}?hash={hash}");
        paths.insert(path, json!({"serverRelativeURL": url}));
    }
    json!({"paths": paths})
}

fn made_of(resource: &ResourceType) -> String {
    let schema = resource
        .openapi
        .as_deref()
        .map(Value::to_string)
        .unwrap_or_default();
    let fields = resource.selectable_fields.join(",");
    format!(
        "{} {} {} {} {} {fields} {schema} {}",
        env!("CARGO_PKG_VERSION"),
        resource.api_version(),
        resource.kind,
        resource.plural,
        resource.namespaced,
        resource.status_subresource,
    )
}

fn published(path: &str, registry: &Registry) -> Option<Value> {
    let resources = by_path(registry).remove(path)?;
    let mut paths = Map::new();
    for resource in &resources {
        paths.extend(paths::of(resource));
    }
    Some(json!({
        "openapi": "3.0.0",
        "info": {"title": "Kubernetes", "version": "v1.36.0"},
        "paths": paths,
        "components": {"schemas": components::of(&resources)},
    }))
}
