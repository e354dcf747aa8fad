//! Services, as far as routes refer to them: no addresses are given out, nothing is balanced.

use keydesk_schema::Violation;
use serde_json::{Map, Value, json};

use crate::resource::{Part, Rules};

#[derive(Debug)]
pub(super) struct ServiceRules;

const TYPES: [&str; 4] = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
const PROTOCOLS: [&str; 3] = ["SCTP", "TCP", "UDP"];

impl Rules for ServiceRules {
    fn prepare_create(&self, object: &mut Value) {
        complete(object);
    }

    fn prepare_update(&self, object: &mut Value, _old: &Value, _part: Part) {
        complete(object);
    }

    fn validate(&self, object: &Value, _old: Option<&Value>) -> Vec<Violation> {
        let spec = object.get("spec").cloned().unwrap_or_default();
        let kind = text(&spec, "type");
        let ports = spec
            .get("ports")
            .and_then(Value::as_array)
            .map(Vec::as_slice)
            .unwrap_or_default();
        let mut violations = Vec::new();
        if ports.is_empty() && kind != "ExternalName" && text(&spec, "clusterIP") != "None" {
            violations.push(Violation::required("spec.ports", ""));
        }
        for (position, port) in ports.iter().enumerate() {
            violations.extend(port_violations(
                &format!("spec.ports[{position}]"),
                port,
                ports.len() > 1,
            ));
        }
        if !TYPES.contains(&kind) {
            violations.push(Violation::not_supported("spec.type", kind, &TYPES));
        }
        if kind == "ExternalName" && text(&spec, "externalName").is_empty() {
            violations.push(Violation::required("spec.externalName", ""));
        }
        violations
    }
}

fn port_violations(path: &str, port: &Value, needs_name: bool) -> Vec<Violation> {
    let mut violations = Vec::new();
    if needs_name && text(port, "name").is_empty() {
        violations.push(Violation::required(&format!("{path}.name"), ""));
    }
    let mut number = |field: &str, value: &Value| {
        if !value.as_i64().is_some_and(|number| (1..=65535).contains(&number)) {
            let detail = "must be between 1 and 65535, inclusive";
            violations.push(Violation::invalid(
                &format!("{path}.{field}"),
                value.clone(),
                detail,
            ));
        }
    };
    number("port", port.get("port").unwrap_or(&json!(0)));
    if let Some(target) = port.get("targetPort").filter(|target| target.is_number()) {
        number("targetPort", target);
    }
    let protocol = text(port, "protocol");
    if !PROTOCOLS.contains(&protocol) {
        violations.push(Violation::not_supported(
            &format!("{path}.protocol"),
            protocol,
            &PROTOCOLS,
        ));
    }
    violations
}

fn complete(object: &mut Value) {
    let Some(fields) = object.as_object_mut() else {
        return;
    };
    let spec = fields.entry("spec").or_insert_with(|| Value::Object(Map::new()));
    let Some(spec) = spec.as_object_mut() else { return };
    spec.entry("type").or_insert("ClusterIP".into());
    spec.entry("sessionAffinity").or_insert("None".into());
    if spec.get("type") != Some(&json!("ExternalName")) {
        spec.entry("internalTrafficPolicy").or_insert("Cluster".into());
    }
    let ports = spec
        .get_mut("ports")
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten();
    for port in ports.filter_map(Value::as_object_mut) {
        port.entry("protocol").or_insert("TCP".into());
        if let Some(number) = port.get("port").cloned() {
            port.entry("targetPort").or_insert(number);
        }
    }
    fields
        .entry("status")
        .or_insert_with(|| json!({"loadBalancer": {}}));
}

fn text<'a>(object: &'a Value, field: &str) -> &'a str {
    object.get(field).and_then(Value::as_str).unwrap_or_default()
}
