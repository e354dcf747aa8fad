//! The paths of one kind: which requests it answers, with which parameters and bodies.

use serde_json::{Map, Value, json};

use super::components::{name, reference};
use crate::resource::{ResourceType, Serves};

const META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1";

/// Every path of a kind and what can be done there.
pub(super) fn of(resource: &ResourceType) -> Map<String, Value> {
    let prefix = if resource.group.is_empty() {
        "/api"
    } else {
        "/apis"
    };
    let root = format!("{prefix}/{}", resource.api_version());
    let scoped = if resource.namespaced {
        format!("{root}/namespaces/{{namespace}}")
    } else {
        root.clone()
    };
    let collection = format!("{scoped}/{}", resource.plural);
    let object = format!("{collection}/{{name}}");
    let kind = Kind {
        resource,
        scope: scope_parameters(resource),
    };
    let mut paths = Map::new();
    if resource.serves == Serves::Review {
        paths.insert(collection, kind.path(&[("post", "post")], "", false));
        return paths;
    }
    let mut many = vec![("get", "list"), ("post", "post")];
    if resource.kind != "Namespace" {
        many.push(("delete", "deletecollection"));
    }
    paths.insert(collection, kind.path(&many, "", false));
    let one = [
        ("get", "get"),
        ("put", "put"),
        ("patch", "patch"),
        ("delete", "delete"),
    ];
    paths.insert(object.clone(), kind.path(&one, "", true));
    if resource.namespaced {
        let everywhere = Kind {
            resource,
            scope: Vec::new(),
        };
        let path = everywhere.path(&[("get", "list")], "ForAllNamespaces", false);
        paths.insert(format!("{root}/{}", resource.plural), path);
    }
    if resource.status_subresource {
        let status = [("get", "get"), ("put", "put"), ("patch", "patch")];
        paths.insert(format!("{object}/status"), kind.path(&status, "Status", true));
    }
    paths
}

struct Kind<'a> {
    resource: &'a ResourceType,
    scope: Vec<Value>,
}

impl Kind<'_> {
    /// One path: (method, action) each, a suffix of the operations' names, whether it names an object.
    fn path(&self, operations: &[(&str, &str)], suffix: &str, named: bool) -> Value {
        let mut parameters = self.scope.clone();
        if named {
            parameters.push(path_parameter(
                "name",
                &format!("name of the {}", self.resource.kind),
            ));
        }
        parameters.push(query("pretty", "string"));
        let mut path = json!({"parameters": parameters});
        for (method, action) in operations {
            path[*method] = self.operation(action, suffix);
        }
        path
    }

    fn operation(&self, action: &str, suffix: &str) -> Value {
        let Self { resource, .. } = self;
        let own = name(resource);
        let answer = match action {
            "list" => reference(&format!("{own}List")),
            "delete" | "deletecollection" => reference(&format!("{META}.Status")),
            _ => reference(&own),
        };
        let verb = match action {
            "get" => "read",
            "post" => "create",
            "put" => "replace",
            "deletecollection" => "deleteCollection",
            other => other,
        };
        let mut operation = json!({
            "description": format!("{verb} {}", resource.kind),
            "operationId": self.operation_id(verb, suffix),
            "tags": [format!("{}_{}", camel(&resource.group, false), resource.version)],
            "parameters": parameters(action),
            "responses": {
                "200": {"description": "OK", "content": content(&["application/json", "application/yaml"], &answer)},
                "401": {"description": "Unauthorized"},
            },
            "x-kubernetes-action": action,
            "x-kubernetes-group-version-kind": {
                "group": resource.group, "version": resource.version, "kind": resource.kind,
            },
        });
        let patches: &[&str] = if resource.crd.is_some() {
            &["application/json-patch+json", "application/merge-patch+json"]
        } else {
            &[
                "application/json-patch+json",
                "application/merge-patch+json",
                "application/strategic-merge-patch+json",
            ]
        };
        let body = match action {
            "post" | "put" => Some(content(
                &["application/json", "application/yaml"],
                &reference(&own),
            )),
            "patch" => Some(content(patches, &reference(&format!("{META}.Patch")))),
            "delete" | "deletecollection" => Some(content(
                &["application/json"],
                &reference(&format!("{META}.DeleteOptions")),
            )),
            _ => None,
        };
        if let Some(content) = body {
            operation["requestBody"] =
                json!({"content": content, "required": matches!(action, "post" | "put" | "patch")});
        }
        operation
    }

    /// `createWireIoV1NamespacedBug`.
    fn operation_id(&self, verb: &str, suffix: &str) -> String {
        let Self { resource, scope } = self;
        let namespaced = if scope.is_empty() { "" } else { "Namespaced" };
        let group = if resource.group.is_empty() {
            "Core".to_owned()
        } else {
            camel(&resource.group, true)
        };
        format!(
            "{verb}{group}{}{namespaced}{}{suffix}",
            camel(&resource.version, true),
            resource.kind
        )
    }
}

fn scope_parameters(resource: &ResourceType) -> Vec<Value> {
    if resource.namespaced {
        vec![path_parameter(
            "namespace",
            "object name and auth scope, such as for teams and projects",
        )]
    } else {
        Vec::new()
    }
}

/// The query parameters of an action. `fieldValidation` on a patch is what tells kubectl that the server validates.
fn parameters(action: &str) -> Vec<Value> {
    let names: &[(&str, &str)] = match action {
        "list" => &[
            ("allowWatchBookmarks", "boolean"),
            ("continue", "string"),
            ("fieldSelector", "string"),
            ("labelSelector", "string"),
            ("limit", "integer"),
            ("resourceVersion", "string"),
            ("resourceVersionMatch", "string"),
            ("timeoutSeconds", "integer"),
            ("watch", "boolean"),
        ],
        "post" | "put" | "patch" => &[("fieldManager", "string"), ("fieldValidation", "string")],
        "delete" | "deletecollection" => {
            &[("gracePeriodSeconds", "integer"), ("propagationPolicy", "string")]
        }
        _ => &[],
    };
    names.iter().map(|(name, type_)| query(name, type_)).collect()
}

fn query(name: &str, type_: &str) -> Value {
    json!({"name": name, "in": "query", "schema": {"type": type_, "uniqueItems": true}})
}

fn path_parameter(name: &str, description: &str) -> Value {
    json!({
        "name": name, "in": "path", "description": description, "required": true,
        "schema": {"type": "string", "uniqueItems": true},
    })
}

fn content(media_types: &[&str], schema: &Value) -> Value {
    media_types
        .iter()
        .map(|media_type| ((*media_type).to_owned(), json!({"schema": schema})))
        .collect::<Map<_, _>>()
        .into()
}

/// `wire.io` → `wireIo`, or `WireIo`.
fn camel(text: &str, first: bool) -> String {
    let mut upper = first;
    let mut camel = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii_alphanumeric() {
            camel.push(if upper { c.to_ascii_uppercase() } else { c });
            upper = false;
        } else {
            upper = true;
        }
    }
    camel
}
