//! The newer form of discovery: everything in two documents, if the client accepts it.

use http::{HeaderMap, header};
use serde_json::{Value, json};

use super::group::{Group, Version, subresources, verbs};
use crate::resource::ResourceType;

/// The version of this form that the client prefers, if it accepts one.
pub(super) fn accepted(headers: &HeaderMap) -> Option<&'static str> {
    let accepts = headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok());
    accepts.flat_map(|value| value.split(',')).find_map(|range| {
        let mut parts = range.split(';').map(str::trim);
        let is_json = parts.next() == Some("application/json");
        let parts: Vec<&str> = parts.collect();
        if !is_json
            || !parts.contains(&"g=apidiscovery.k8s.io")
            || !parts.contains(&"as=APIGroupDiscoveryList")
        {
            return None;
        }
        ["v2", "v2beta1"]
            .into_iter()
            .find(|version| parts.contains(&format!("v={version}").as_str()))
    })
}

/// The media type of the answer.
pub(super) fn media_type(version: &str) -> &'static str {
    if version == "v2" {
        "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
    } else {
        "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList"
    }
}

/// The core group, or all others.
pub(super) fn list(groups: &[Group], core: bool, version: &str) -> Value {
    let items: Vec<Value> = groups
        .iter()
        .filter(|group| group.name.is_empty() == core)
        .map(group_item)
        .collect();
    json!({
        "kind": "APIGroupDiscoveryList",
        "apiVersion": format!("apidiscovery.k8s.io/{version}"),
        "metadata": {},
        "items": items,
    })
}

fn group_item(group: &Group) -> Value {
    let metadata = if group.name.is_empty() {
        json!({})
    } else {
        json!({"name": group.name})
    };
    let versions: Vec<Value> = group.versions.iter().map(version_item).collect();
    json!({"metadata": metadata, "versions": versions})
}

fn version_item(version: &Version) -> Value {
    let resources: Vec<Value> = version
        .resources
        .iter()
        .map(|resource| resource_item(resource))
        .collect();
    json!({"version": version.name, "resources": resources, "freshness": "Current"})
}

fn resource_item(resource: &ResourceType) -> Value {
    // Group and version are said only where a real server says them: for custom kinds.
    let kind = match resource.crd {
        Some(_) => json!({"group": resource.group, "version": resource.version, "kind": resource.kind}),
        None => json!({"group": "", "version": "", "kind": resource.kind}),
    };
    let mut item = json!({
        "resource": resource.plural,
        "responseKind": kind,
        "scope": if resource.namespaced { "Namespaced" } else { "Cluster" },
        "singularResource": resource.singular,
        "verbs": verbs(resource),
    });
    if !resource.short_names.is_empty() {
        item["shortNames"] = json!(resource.short_names);
    }
    if !resource.categories.is_empty() {
        item["categories"] = json!(resource.categories);
    }
    let subresources: Vec<Value> = subresources(resource)
        .into_iter()
        .map(|(name, verbs)| json!({"subresource": name, "responseKind": kind, "verbs": verbs}))
        .collect();
    if !subresources.is_empty() {
        item["subresources"] = subresources.into();
    }
    item
}
