//! Scenarios 1–12: the CRDs equal upstream's in everything that a client can observe.
//!
//! `observables/*.txt` holds one line for each field of upstream's CRDs (controller-gen v0.18.0), its path first, and
//! all that a client can notice of it. Descriptions are left out: ours are our own.

use std::fmt::Write as _;

use keydesk_api::{crds, foreign};
use kube::ResourceExt as _;
use serde_json::Value;

#[test]
fn the_crds_are_upstreams() {
    let expected = [
        include_str!("observables/apiproducts.txt"),
        include_str!("observables/apikeys.txt"),
        include_str!("observables/apikeyrequests.txt"),
        include_str!("observables/apikeyapprovals.txt"),
    ];
    for (crd, expected) in crds().iter().zip(expected) {
        let ours = observables(&serde_json::to_value(crd).unwrap());
        let (ours, expected): (Vec<_>, Vec<_>) = (ours.lines().collect(), expected.lines().collect());
        let extra: Vec<_> = ours.iter().filter(|line| !expected.contains(line)).collect();
        let missing: Vec<_> = expected.iter().filter(|line| !ours.contains(line)).collect();
        assert!(
            extra.is_empty() && missing.is_empty(),
            "{}: ours alone: {extra:#?}\nupstream's alone: {missing:#?}",
            crd.name_any()
        );
        assert_eq!(ours.len(), expected.len(), "{}: a line twice", crd.name_any());
    }
}

#[test]
fn every_field_is_described() {
    for crd in crds() {
        let crd = serde_json::to_value(&crd).unwrap();
        let spec = &crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"];
        describe(spec, "spec");
    }
}

fn describe(schema: &Value, path: &str) {
    let text = schema["description"].as_str().unwrap_or_default();
    assert!(!text.is_empty() && !text.contains('`'), "{path}: {text:?}");
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        describe(field, &format!("{path}.{name}"));
    }
}

#[test]
fn the_foreign_crds_bear_their_real_names() {
    let names: Vec<_> = foreign::crds()
        .iter()
        .map(|crd| (crd.name_any(), crd.spec.versions[0].name.clone()))
        .collect();
    let names: Vec<_> = names
        .iter()
        .map(|(name, version)| (name.as_str(), version.as_str()))
        .collect();
    assert_eq!(
        names,
        [
            ("httproutes.gateway.networking.k8s.io", "v1"),
            ("gateways.gateway.networking.k8s.io", "v1"),
            ("gatewayclasses.gateway.networking.k8s.io", "v1"),
            ("authpolicies.kuadrant.io", "v1"),
            ("ratelimitpolicies.kuadrant.io", "v1"),
            ("planpolicies.extensions.kuadrant.io", "v1alpha1"),
            ("kuadrants.kuadrant.io", "v1beta1"),
        ]
    );
}

/// All that a client can notice of a CRD, one line for each field.
fn observables(crd: &Value) -> String {
    let mut out = String::new();
    let mut spec = crd["spec"].clone();
    let mut version = spec.as_object_mut().unwrap().remove("versions").unwrap()[0].take();
    let version = version.as_object_mut().unwrap();
    let schema = version.remove("schema").unwrap();
    let columns = version.remove("additionalPrinterColumns").unwrap_or_default();
    writeln!(out, "metadata {}", crd["metadata"]).unwrap();
    writeln!(out, "spec {spec}").unwrap();
    writeln!(out, "version {}", serde_json::to_string(version).unwrap()).unwrap();
    for column in columns.as_array().into_iter().flatten() {
        writeln!(out, "column {column}").unwrap();
    }
    field(&mut out, &schema["openAPIV3Schema"], ".", false);
    out
}

fn field(out: &mut String, schema: &Value, path: &str, required: bool) {
    let keywords = schema.as_object().expect("a schema is an object");
    let mut line = path.to_owned();
    for word in schema["type"]
        .as_str()
        .into_iter()
        .chain(required.then_some("required"))
    {
        write!(line, " {word}").unwrap();
    }
    for (keyword, value) in keywords {
        match keyword.as_str() {
            "type" | "description" | "properties" | "items" | "additionalProperties" | "required" => {}
            // JSON knows no difference between 599 and 599.0; the typed CRD prints the latter.
            "minimum" | "maximum" => write!(line, " {keyword}={}", value.as_f64().unwrap()).unwrap(),
            _ => write!(line, " {keyword}={value}").unwrap(),
        }
    }
    writeln!(out, "{line}").unwrap();
    let needs = schema["required"].as_array().cloned().unwrap_or_default();
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        let child = if path == "." {
            format!(".{name}")
        } else {
            format!("{path}.{name}")
        };
        field(out, property, &child, needs.iter().any(|need| need == name));
    }
    if let Some(items) = keywords.get("items") {
        field(out, items, &format!("{path}[]"), false);
    }
    if let Some(values) = keywords.get("additionalProperties") {
        field(out, values, &format!("{path}{{}}"), false);
    }
}
