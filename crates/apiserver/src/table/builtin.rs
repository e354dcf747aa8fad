//! Columns and cells of the built-in kinds, as a real server prints them.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Definition, age, age_column, name_column};
use crate::openapi::{self, OBJECT_META};
use crate::resource::ResourceType;

/// A built-in kind that is printed in its own way.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Namespace,
    Secret,
    ConfigMap,
    ServiceAccount,
    Service,
    Event,
    /// An event in the shape of `events.k8s.io`.
    NewEvent(&'static dyn crate::resource::Rules),
    Lease,
    RoleBinding,
    ClusterRoleBinding,
    /// Name and time of creation.
    Other,
}

impl Kind {
    pub(super) fn of(resource: &ResourceType) -> Self {
        match (resource.group.as_str(), resource.kind.as_str()) {
            ("", "Namespace") => Self::Namespace,
            ("", "Secret") => Self::Secret,
            ("", "ConfigMap") => Self::ConfigMap,
            ("", "ServiceAccount") => Self::ServiceAccount,
            ("", "Service") => Self::Service,
            ("", "Event") => Self::Event,
            ("events.k8s.io", "Event") => Self::NewEvent(resource.rules),
            ("coordination.k8s.io", "Lease") => Self::Lease,
            ("rbac.authorization.k8s.io", "RoleBinding") => Self::RoleBinding,
            ("rbac.authorization.k8s.io", "ClusterRoleBinding") => Self::ClusterRoleBinding,
            _ => Self::Other,
        }
    }

    pub(super) fn columns(self) -> Vec<Definition> {
        const CORE: &str = "io.k8s.api.core.v1";
        let core = |kind: &str, field: &str| openapi::description(&format!("{CORE}.{kind}"), field);
        let name = name_column;
        let age = || age_column("string");
        match self {
            Self::Namespace => vec![
                name(),
                text("Status", 0, "The status of the namespace".into()),
                age(),
            ],
            Self::Secret => vec![
                name(),
                text("Type", 0, core("Secret", "type")),
                text("Data", 0, core("Secret", "data")),
                age(),
            ],
            Self::ConfigMap => vec![name(), text("Data", 0, core("ConfigMap", "data")), age()],
            Self::ServiceAccount => vec![name(), age()],
            Self::Service => vec![
                name(),
                text("Type", 0, core("ServiceSpec", "type")),
                text("Cluster-IP", 0, core("ServiceSpec", "clusterIP")),
                text("External-IP", 0, core("ServiceSpec", "externalIPs")),
                text("Port(s)", 0, core("ServiceSpec", "ports")),
                age(),
                text("Selector", 1, core("ServiceSpec", "selector")),
            ],
            Self::Event | Self::NewEvent(_) => event_columns(&core),
            Self::Lease => {
                let holder = openapi::description("io.k8s.api.coordination.v1.LeaseSpec", "holderIdentity");
                vec![name(), text("Holder", 0, holder), age()]
            }
            Self::RoleBinding => binding_columns("RoleBinding", "roleBinding"),
            Self::ClusterRoleBinding => binding_columns("ClusterRoleBinding", "clusterRoleBinding"),
            Self::Other => vec![
                name(),
                Definition {
                    name: "Created At",
                    ..age_column("date")
                },
            ],
        }
    }

    pub(super) fn cells(self, object: &Value, now: Timestamp) -> Vec<Value> {
        let of = |pointer: &str| {
            object
                .pointer(pointer)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        let count = |field: &str| {
            object
                .get(field)
                .and_then(Value::as_object)
                .map_or(0, serde_json::Map::len)
        };
        let name = json!(of("/metadata/name"));
        let age = json!(age::of(object.pointer("/metadata/creationTimestamp"), now));
        match self {
            Self::Namespace => vec![name, of("/status/phase").into(), age],
            Self::Secret => vec![name, of("/type").into(), count("data").into(), age],
            Self::ConfigMap => vec![name, (count("data") + count("binaryData")).into(), age],
            Self::ServiceAccount => vec![name, age],
            Self::Service => {
                let [kind, cluster_ip, external_ip, ports, selector] = service_cells(object);
                vec![name, kind, cluster_ip, external_ip, ports, age, selector]
            }
            Self::Event => event_cells(object, now),
            Self::NewEvent(rules) => {
                let mut kept = object.clone();
                rules.to_storage(&mut kept);
                event_cells(&kept, now)
            }
            Self::Lease => vec![name, of("/spec/holderIdentity").into(), age],
            Self::RoleBinding | Self::ClusterRoleBinding => {
                let role = format!("{}/{}", of("/roleRef/kind"), of("/roleRef/name")).into();
                let [users, groups, accounts] = subjects(object);
                vec![name, role, age, users, groups, accounts]
            }
            Self::Other => vec![name, of("/metadata/creationTimestamp").into()],
        }
    }
}

fn text(name: &'static str, priority: i64, description: String) -> Definition {
    Definition {
        name,
        type_: "string",
        format: "",
        description,
        priority,
    }
}

fn binding_columns(kind: &str, lower: &str) -> Vec<Definition> {
    let role = openapi::description(&format!("io.k8s.api.rbac.v1.{kind}"), "roleRef");
    vec![
        name_column(),
        text("Role", 0, role),
        age_column("string"),
        text("Users", 1, format!("Users in the {lower}")),
        text("Groups", 1, format!("Groups in the {lower}")),
        text("ServiceAccounts", 1, format!("ServiceAccounts in the {lower}")),
    ]
}

/// Users, groups, service accounts.
fn subjects(binding: &Value) -> [Value; 3] {
    let subjects = || {
        binding
            .get("subjects")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
    };
    let part = |subject: &Value, field: &str| {
        subject
            .get(field)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let names = |kind: &str| {
        let named: Vec<String> = subjects()
            .filter(|subject| part(subject, "kind") == kind)
            .map(|subject| match part(subject, "namespace") {
                namespace if kind == "ServiceAccount" && !namespace.is_empty() => {
                    format!("{namespace}/{}", part(subject, "name"))
                }
                _ => part(subject, "name"),
            })
            .collect();
        Value::from(named.join(", "))
    };
    [names("User"), names("Group"), names("ServiceAccount")]
}

fn event_columns(core: &dyn Fn(&str, &str) -> String) -> Vec<Definition> {
    let last = "The time at which the most recent occurrence of this event was recorded.";
    vec![
        text("Last Seen", 0, last.into()),
        text("Type", 0, core("Event", "type")),
        text("Reason", 0, core("Event", "reason")),
        text("Object", 0, core("Event", "involvedObject")),
        text("Subobject", 1, core("ObjectReference", "fieldPath")),
        text("Source", 1, core("Event", "source")),
        text("Message", 0, core("Event", "message")),
        text("First Seen", 1, core("Event", "firstTimestamp")),
        text("Count", 1, core("Event", "count")),
        Definition {
            priority: 1,
            description: openapi::description(OBJECT_META, "name"),
            ..name_column()
        },
    ]
}

fn event_cells(event: &Value, now: Timestamp) -> Vec<Value> {
    let set = |pointer: &str| event.pointer(pointer).filter(|value| !value.is_null());
    let of = |pointer: &str| set(pointer).and_then(Value::as_str).unwrap_or_default();
    let first = set("/firstTimestamp").or_else(|| set("/eventTime"));
    let last = set("/series/lastObservedTime")
        .or_else(|| set("/lastTimestamp"))
        .or(first);
    let count = set("/series/count")
        .or_else(|| set("/count"))
        .and_then(Value::as_i64)
        .unwrap_or(1);
    let source = match (of("/source/component"), of("/source/host")) {
        ("", _) => [of("/reportingComponent"), of("/reportingInstance")],
        (component, host) => [component, host],
    };
    let source: Vec<&str> = source.into_iter().filter(|part| !part.is_empty()).collect();
    let object = format!(
        "{}/{}",
        of("/involvedObject/kind").to_lowercase(),
        of("/involvedObject/name")
    );
    vec![
        age::of(last, now).into(),
        of("/type").into(),
        of("/reason").into(),
        object.into(),
        of("/involvedObject/fieldPath").into(),
        source.join(", ").into(),
        of("/message").trim().into(),
        age::of(first, now).into(),
        count.into(),
        of("/metadata/name").into(),
    ]
}

/// Type, cluster IP, external IP, ports, selector.
fn service_cells(service: &Value) -> [Value; 5] {
    let spec = service.get("spec").cloned().unwrap_or_default();
    let of = |value: &Value, field: &str| {
        value
            .get(field)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let or_none = |text: String| {
        Value::from(if text.is_empty() {
            "<none>".to_owned()
        } else {
            text
        })
    };
    let kind = of(&spec, "type");
    let list = |field: &str| -> Vec<Value> {
        spec.get(field)
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default()
    };
    let external = match kind.as_str() {
        "ExternalName" => of(&spec, "externalName"),
        _ => list("externalIPs")
            .iter()
            .filter_map(Value::as_str)
            .collect::<Vec<_>>()
            .join(","),
    };
    let ports: Vec<String> = list("ports")
        .iter()
        .map(|port| {
            let node = port
                .get("nodePort")
                .map_or_else(String::new, |node| format!(":{node}"));
            let number = port.get("port").cloned().unwrap_or_default();
            format!("{number}{node}/{}", of(port, "protocol"))
        })
        .collect();
    let selector: Vec<String> = spec
        .get("selector")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default()))
        .collect();
    [
        kind.into(),
        or_none(of(&spec, "clusterIP")),
        or_none(external),
        or_none(ports.join(",")),
        or_none(selector.join(",")),
    ]
}
