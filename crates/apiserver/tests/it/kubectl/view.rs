//! `kubectl get` and `describe`: tables, YAML, selectors.

use serde_json::json;

use super::RED_BUG;
use super::server::{squeezed, with_bugs, with_every_kubectl};

#[tokio::test]
async fn lists_are_printed_as_tables() {
    with_bugs(async |server| {
        let admin = server.admin();
        assert!(admin.apply(RED_BUG).await.well);
        let status = r#"--subresource=status --type=merge -p {"status":{"conditions":[{"type":"Ready","status":"True"}]}}"#;
        admin.must(&format!("patch bug ladybird {status}")).await;
        let table = squeezed(&admin.must("get bugs").await);
        assert_eq!(table, ["NAME COLOR READY", "ladybird red True"]);
        let wide = squeezed(&admin.must("get bg -o wide").await);
        assert_eq!(wide, ["NAME COLOR READY LEGS", "ladybird red True 6"]);
        let everywhere = squeezed(&admin.must("get bugs -A --show-labels").await);
        assert_eq!(everywhere, ["NAMESPACE NAME COLOR READY LABELS", "default ladybird red True wings=two"]);
        assert_eq!(admin.must("get bugs,secrets -o name").await, "bug.wire.io/ladybird\n");
        assert_eq!(admin.must("get all -o name").await, "bug.wire.io/ladybird\n");
    })
    .await;
}

#[tokio::test]
async fn built_in_kinds_are_printed_with_their_own_columns() {
    with_every_kubectl(async |server| {
        let admin = server.admin();
        admin.must("create secret generic key --from-literal=a=b").await;
        let heading = async |kind: &str| squeezed(&admin.must(&format!("get {kind} -A")).await).remove(0);
        assert_eq!(heading("namespaces").await, "NAME STATUS AGE");
        assert_eq!(heading("secrets").await, "NAMESPACE NAME TYPE DATA AGE");
        assert_eq!(heading("clusterroles").await, "NAME CREATED AT");
        assert_eq!(heading("clusterrolebindings").await, "NAME ROLE AGE");
        let row = squeezed(&admin.must("get secret key").await).remove(1);
        assert!(row.starts_with("key Opaque 1 "), "{row}");
        let row = squeezed(&admin.must("get namespace default").await).remove(1);
        assert!(row.starts_with("default Active "), "{row}");
    })
    .await;
}

#[tokio::test]
async fn objects_are_printed_whole() {
    with_bugs(async |server| {
        let admin = server.admin();
        assert!(admin.apply(RED_BUG).await.well);
        let yaml = admin.must("get bug ladybird -o yaml").await;
        for part in [
            "apiVersion: wire.io/v1",
            "kind: Bug",
            "  color: red",
            "  generation: 1",
            "  uid: ",
        ] {
            assert!(yaml.contains(part), "{part:?} not in {yaml}");
        }
        let said = squeezed(&admin.must("describe bug ladybird").await);
        for line in [
            "Name: ladybird",
            "Labels: wings=two",
            "Color: red",
            "Events: <none>",
        ] {
            assert!(said.contains(&line.to_owned()), "{line:?} not in {said:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn describe_shows_the_events_of_an_object() {
    with_every_kubectl(async |server| {
        let admin = server.admin();
        admin.must("create namespace team").await;
        let uid = admin.must("get namespace team -o jsonpath={.metadata.uid}").await;
        let event = json!({
            "apiVersion": "v1", "kind": "Event", "metadata": {"name": "e"}, "type": "Normal", "reason": "Happened",
            "message": "it did", "source": {"component": "test"}, "count": 1,
            "involvedObject": {"apiVersion": "v1", "kind": "Namespace", "name": "team", "uid": uid},
            "firstTimestamp": "2026-11-22T02:40:00Z", "lastTimestamp": "2026-11-22T02:41:00Z",
        });
        let said = admin.apply(&event.to_string()).await;
        assert!(said.well, "{}", said.err);
        let rows = squeezed(&admin.must("get events --field-selector involvedObject.name=team").await);
        assert!(rows[1].contains("Normal Happened namespace/team it did"), "{rows:?}");
        let rows = squeezed(&admin.must("events --for namespace/team").await);
        assert!(rows[1].contains("Normal Happened Namespace/team it did"), "{rows:?}");
        let new = admin.must("get events.events.k8s.io e -o jsonpath={.note}").await;
        assert_eq!(new, "it did");
    })
    .await;
}

#[tokio::test]
async fn events_of_both_styles_are_sorted_by_the_time_that_one_of_them_has() {
    with_every_kubectl(async |server| {
        let admin = server.admin();
        let about = json!({"apiVersion": "v1", "kind": "Secret", "name": "x", "namespace": "default"});
        let new = json!({
            "apiVersion": "events.k8s.io/v1", "kind": "Event", "metadata": {"name": "new"}, "type": "Normal",
            "reason": "New", "action": "a", "note": "n", "regarding": about,
            "eventTime": "2026-11-22T02:40:00.000001Z", "reportingController": "x.y/z", "reportingInstance": "i",
        });
        let create = async |event: &serde_json::Value| {
            let file = server.file("event.json", &event.to_string());
            admin.must(&format!("create -f {file}")).await;
        };
        create(&new).await;
        let reasons = async |sorting: &str| {
            let rows = squeezed(&admin.must(&format!("get events {sorting}")).await);
            let column = |row: &String| row.split(' ').nth(2).unwrap_or_default().to_owned();
            rows.iter().skip(1).map(column).collect::<Vec<_>>()
        };
        for sorting in ["--sort-by=.lastTimestamp", "--sort-by=.firstTimestamp", "--sort-by=.metadata.creationTimestamp"] {
            assert_eq!(reasons(sorting).await, ["New"], "{sorting}");
        }
        for (name, minute) in [("late", "43"), ("early", "41")] {
            let old = json!({
                "apiVersion": "v1", "kind": "Event", "metadata": {"name": name}, "type": "Normal", "reason": name,
                "message": "m", "involvedObject": about, "lastTimestamp": format!("2026-11-22T02:{minute}:00Z"),
            });
            create(&old).await;
        }
        assert_eq!(reasons("--sort-by=.lastTimestamp").await, ["New", "early", "late"]);
        // Written back as it is shown, it is what it was.
        for (kind, name) in [("events", "new"), ("events.events.k8s.io", "new"), ("events", "late")] {
            let shown = admin.must(&format!("get {kind} {name} -o json")).await;
            let file = server.file("event.json", &shown);
            admin.must(&format!("replace -f {file}")).await;
            assert_eq!(admin.must(&format!("get {kind} {name} -o json")).await, shown);
        }
    })
    .await;
}

#[tokio::test]
async fn selectors_select_and_bad_ones_are_refused() {
    with_every_kubectl(async |server| {
        let admin = server.admin();
        admin.must("create secret generic one").await;
        admin.must("create secret generic two").await;
        admin.must("label secret one color=red").await;
        let names = async |selector: &str| admin.must(&format!("get secrets -o name {selector}")).await;
        assert_eq!(names("-l color=red").await, "secret/one\n");
        assert_eq!(names("-l color!=red").await, "secret/two\n");
        assert_eq!(
            names("--field-selector metadata.name=two,type=Opaque").await,
            "secret/two\n"
        );
        let bad = admin.run("get secrets --field-selector spec.x=y").await;
        assert!(
            bad.err.contains("field label not supported: spec.x"),
            "{}",
            bad.err
        );
        let bad = admin.run("get secrets -l a===b").await;
        assert!(
            bad.err
                .contains("unable to parse requirement: found '=', expected: identifier"),
            "{}",
            bad.err
        );
    })
    .await;
}
