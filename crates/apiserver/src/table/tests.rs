use jiff::Timestamp;
use proptest::prelude::proptest;
use serde_json::{Value, json};

use super::json_path::JsonPath;
use super::{Include, Table};
use crate::builtin;
use crate::resource::{Column, ResourceType};

fn now() -> Timestamp {
    "2026-11-22T02:56:17Z".parse().unwrap()
}

fn kind(api_version: &str, kind: &str) -> std::sync::Arc<ResourceType> {
    builtin::all()
        .into_iter()
        .find(|r| r.api_version() == api_version && r.kind == kind)
        .unwrap()
}

fn check(api_version: &str, name: &str, object: &Value, headings: &[&str], cells: &Value) {
    let resource = kind(api_version, name);
    let table = Table::new(&resource, Include::None, now()).list(&json!({}), [object]);
    let found: Vec<&str> = table["columnDefinitions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["name"].as_str().unwrap())
        .collect();
    assert_eq!(found, headings, "{name}");
    assert_eq!(&table["rows"][0]["cells"], cells, "{name}");
}

fn meta() -> Value {
    json!({"name": "x", "namespace": "n", "creationTimestamp": "2026-11-22T02:51:45Z", "resourceVersion": "7"})
}

#[test]
fn built_in_kinds_print_as_on_a_real_server() {
    let check_core = |name, rest: Value, headings: &[&str], cells: Value| {
        let mut object = json!({"metadata": meta()});
        object
            .as_object_mut()
            .unwrap()
            .extend(rest.as_object().unwrap().clone());
        check("v1", name, &object, headings, &cells);
    };
    let status = json!({"status": {"phase": "Active"}});
    check_core(
        "Namespace",
        status,
        &["Name", "Status", "Age"],
        json!(["x", "Active", "4m32s"]),
    );
    let secret = json!({"type": "Opaque", "data": {"a": "", "b": ""}});
    check_core(
        "Secret",
        secret,
        &["Name", "Type", "Data", "Age"],
        json!(["x", "Opaque", 2, "4m32s"]),
    );
    let map = json!({"data": {"a": ""}, "binaryData": {"b": ""}});
    check_core(
        "ConfigMap",
        map,
        &["Name", "Data", "Age"],
        json!(["x", 2, "4m32s"]),
    );
    check_core(
        "ServiceAccount",
        json!({}),
        &["Name", "Age"],
        json!(["x", "4m32s"]),
    );
    let service = json!({"spec": {"type": "ClusterIP", "ports": [{"port": 80, "protocol": "TCP"}]}});
    check_core(
        "Service",
        service,
        &[
            "Name",
            "Type",
            "Cluster-IP",
            "External-IP",
            "Port(s)",
            "Age",
            "Selector",
        ],
        json!(["x", "ClusterIP", "<none>", "<none>", "80/TCP", "4m32s", "<none>"]),
    );
    let lease = json!({"metadata": meta(), "spec": {"holderIdentity": "me"}});
    check(
        "coordination.k8s.io/v1",
        "Lease",
        &lease,
        &["Name", "Holder", "Age"],
        &json!(["x", "me", "4m32s"]),
    );
    let rbac = "rbac.authorization.k8s.io/v1";
    let created = json!(["x", "2026-11-22T02:51:45Z"]);
    check(
        rbac,
        "Role",
        &json!({"metadata": meta()}),
        &["Name", "Created At"],
        &created,
    );
    let binding = json!({
        "metadata": meta(), "roleRef": {"kind": "Role", "name": "r"},
        "subjects": [{"kind": "User", "name": "ada"}, {"kind": "User", "name": "bob"},
            {"kind": "ServiceAccount", "namespace": "n", "name": "bot"}],
    });
    check(
        rbac,
        "RoleBinding",
        &binding,
        &["Name", "Role", "Age", "Users", "Groups", "ServiceAccounts"],
        &json!(["x", "Role/r", "4m32s", "ada, bob", "", "n/bot"]),
    );
}

#[test]
fn events_of_both_groups_print_alike() {
    let headings = [
        "Last Seen",
        "Type",
        "Reason",
        "Object",
        "Subobject",
        "Source",
        "Message",
        "First Seen",
        "Count",
        "Name",
    ];
    let core = json!({
        "metadata": meta(), "involvedObject": {"kind": "Secret", "name": "s"}, "type": "Normal", "reason": "R",
        "message": "m\n", "source": {"component": "me"}, "count": 3, "eventTime": null,
        "firstTimestamp": "2026-11-22T02:40:00Z", "lastTimestamp": "2026-11-22T02:41:00Z",
    });
    check(
        "v1",
        "Event",
        &core,
        &headings,
        &json!(["15m", "Normal", "R", "secret/s", "", "me", "m", "16m", 3, "x"]),
    );
    let new = json!({
        "metadata": meta(), "regarding": {"kind": "Secret", "name": "s"}, "type": "Normal", "reason": "r",
        "note": "n", "reportingController": "x.y/z", "reportingInstance": "i",
        "eventTime": "2026-11-22T02:40:00.000001Z", "deprecatedSource": {}, "deprecatedFirstTimestamp": null,
    });
    let cells = json!([
        "16m", "Normal", "r", "secret/s", "", "x.y/z, i", "n", "16m", 1, "x"
    ]);
    check("events.k8s.io/v1", "Event", &new, &headings, &cells);
}

fn custom(columns: &[(&str, &str)]) -> ResourceType {
    let mut resource = (*kind("v1", "ConfigMap")).clone();
    resource.crd = Some("bugs.wire.io".into());
    resource.columns = columns
        .iter()
        .map(|(type_, path)| Column {
            name: "C".into(),
            type_: (*type_).into(),
            format: String::new(),
            description: String::new(),
            json_path: (*path).into(),
            priority: 0,
        })
        .collect();
    resource
}

/// Cells measured on a real server with the same definition and object.
#[test]
fn custom_kinds_print_their_columns() {
    let resource = custom(&[
        ("string", r#".status.conditions[?(@.type=="Ready")].status"#),
        ("integer", ".spec.n"),
        ("number", ".spec.f"),
        ("boolean", ".spec.b"),
        ("date", ".spec.when"),
        ("string", ".spec.list[*]"),
        ("string", ".spec.obj"),
        ("string", ".spec.n"),
        ("integer", ".spec.color"),
        ("string", ".spec.when"),
        ("string", ".status.conditions[*].type"),
        ("string", r".metadata.labels.a\.b/c"),
        ("string", r".metadata.labels['a\.b/c']"),
        ("string", ".spec.list[-1]"),
        ("date", ".metadata.creationTimestamp"),
    ]);
    let object = json!({
        "metadata": {"name": "b", "labels": {"a.b/c": "lab"}, "creationTimestamp": "2026-11-22T02:56:17Z"},
        "spec": {"color": "red", "n": 5, "f": 1.5, "b": true, "when": "2026-11-20T00:00:00Z", "list": ["x", "y"],
            "obj": {"k": {"z": 1, "a": [1, "s"]}}},
        "status": {"conditions": [{"type": "Ready", "status": "True"}, {"type": "X", "status": "False"}]},
    });
    let table = Table::new(&resource, Include::default(), now()).list(&json!({}), [&object]);
    let expect = json!([
        "b",
        "True",
        5,
        1.5,
        true,
        "2d2h",
        "x",
        "{\"k\":{\"a\":[1,\"s\"],\"z\":1}}",
        "5",
        null,
        "2026-11-20T00:00:00Z",
        "Ready",
        "lab",
        "lab",
        "y",
        "0s",
    ]);
    assert_eq!(table["rows"][0]["cells"], expect);
    assert_eq!(
        table["columnDefinitions"][2]["description"],
        "Custom resource definition column (in JSONPath format): .spec.n"
    );
    let bare =
        Table::new(&resource, Include::None, now()).list(&json!({}), [&json!({"metadata": {"name": "c"}})]);
    assert!(
        bare["rows"][0]["cells"].as_array().unwrap()[1..]
            .iter()
            .all(Value::is_null)
    );
}

#[test]
fn a_custom_kind_without_columns_prints_its_age() {
    let resource = custom(&[]);
    let table = Table::new(&resource, Include::None, now()).object(&json!({"metadata": meta()}), true);
    assert_eq!(table["rows"][0]["cells"], json!(["x", "4m32s"]));
    assert_eq!(table["columnDefinitions"][1]["name"], "Age");
}

#[test]
fn rows_carry_as_much_of_the_object_as_was_asked_for() {
    let resource = kind("v1", "Secret");
    let secret = json!({"kind": "Secret", "metadata": meta(), "data": {"k": "dg=="}});
    let row = |include: &str| {
        Table::new(&resource, Include::parse(include).unwrap(), now()).object(&secret, false)["rows"][0]["object"].clone()
    };
    assert_eq!(row("None"), Value::Null);
    assert_eq!(row("Object"), secret);
    assert_eq!(row("")["kind"], "PartialObjectMetadata");
    assert_eq!(row("").get("data"), None);
    assert!(
        Include::parse("bad")
            .unwrap_err()
            .message()
            .contains("includeObject: Invalid value: \"bad\"")
    );
}

#[test]
fn only_the_first_event_of_a_watch_names_the_columns() {
    let resource = kind("v1", "Secret");
    let table = Table::new(&resource, Include::None, now());
    let object = json!({"metadata": meta()});
    assert!(table.object(&object, true)["columnDefinitions"].is_array());
    assert_eq!(table.object(&object, false)["columnDefinitions"], Value::Null);
    assert_eq!(
        table.object(&object, false)["metadata"],
        json!({"resourceVersion": "7"})
    );
}

#[test]
fn paths_lead_where_kubectl_goes() {
    let root = json!({"a": [{"n": 1, "t": "x"}, {"n": 2, "t": "y"}, {"n": 3}], "b": {"c": {"n": 4}}});
    let check = |path: &str, expect: Value| {
        let found =
            JsonPath::parse(path).map(|path| path.find(&root).into_iter().cloned().collect::<Vec<_>>());
        assert_eq!(json!(found), expect, "{path}");
    };
    check(".a[0].n", json!([1]));
    check("{.a[0].n}", json!([1]));
    check("a[5].n", json!([]));
    check(".a[0:2].n", json!([1, 2]));
    check(".a[-2:].n", json!([2, 3]));
    check(".a[?(@.n>=2)].n", json!([2, 3]));
    check(".a[?(@.t)].n", json!([1, 2]));
    check(".a[?(@.t!='x')].n", json!([2]));
    check("..n", json!([1, 2, 3, 4]));
    check(".b.*.n", json!([4]));
    check(".b['c'].n", json!([4]));
    check(".a[", Value::Null);
    check(".a[x]", Value::Null);
}

proptest! {
    #[test]
    fn no_path_makes_it_panic(text in ".*", signs in r#"[.\[\]*?(@)=<>'"\\:0-9a-]*"#) {
        let root = json!({"a": [{"a": 1}], "0": "x"});
        for text in [&text, &signs] {
            if let Some(path) = JsonPath::parse(text) {
                let _ = path.find(&root);
            }
        }
    }
}
