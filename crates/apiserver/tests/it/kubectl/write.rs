//! `kubectl apply`, `edit`, `patch`, `label`, `annotate`, `replace`, `delete`, and what comes in a later issue.

use serde_json::{Value, json};

use super::RED_BUG;
use super::server::{with_bugs, with_every_kubectl};

#[tokio::test]
async fn apply_creates_leaves_alone_and_configures() {
    with_bugs(async |server| {
        let admin = server.admin();
        assert_eq!(admin.apply(RED_BUG).await.out, "bug.wire.io/ladybird created\n");
        assert_eq!(admin.apply(RED_BUG).await.out, "bug.wire.io/ladybird unchanged\n");
        let green = RED_BUG.replace("red", "green").replace(", legs: 6", "");
        assert_eq!(admin.apply(&green).await.out, "bug.wire.io/ladybird configured\n");
        assert_eq!(
            admin.must("get bug ladybird -o jsonpath={.spec}").await,
            r#"{"color":"green"}"#
        );
        assert_eq!(
            admin
                .must("get bug ladybird -o jsonpath={.metadata.generation}")
                .await,
            "2"
        );
        admin
            .must(&format!("replace -f {}", server.file("bug.yaml", RED_BUG)))
            .await;
        assert_eq!(admin.must("get bug ladybird -o jsonpath={.spec.legs}").await, "6");
    })
    .await;
}

#[tokio::test]
async fn apply_merges_lists_of_built_in_kinds_by_their_keys() {
    with_every_kubectl(async |server| {
        let admin = server.admin();
        let service = |ports: &[Value]| {
            json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": {"ports": ports}})
                .to_string()
        };
        let [http, https] = [("http", 80), ("https", 443)].map(|(name, port)| json!({"name": name, "port": port}));
        assert!(admin.apply(&service(&[http, https.clone()])).await.well);
        let said = admin.apply(&service(std::slice::from_ref(&https))).await;
        assert_eq!(said.out, "service/web configured\n", "{}", said.err);
        assert_eq!(admin.must("get service web -o jsonpath={.spec.ports[*].port}").await, "443");
        assert_eq!(admin.apply(&service(std::slice::from_ref(&https))).await.out, "service/web unchanged\n");
    })
    .await;
}

#[tokio::test]
async fn every_kind_of_patch_is_applied() {
    with_bugs(async |server| {
        let admin = server.admin();
        assert!(admin.apply(RED_BUG).await.well);
        admin
            .must(r#"patch bug ladybird --type=merge -p {"spec":{"color":"blue","legs":null}}"#)
            .await;
        assert_eq!(
            admin.must("get bug ladybird -o jsonpath={.spec}").await,
            r#"{"color":"blue"}"#
        );
        admin
            .must(r#"patch bug ladybird --type=json -p [{"op":"add","path":"/spec/tags","value":["x"]}]"#)
            .await;
        assert_eq!(
            admin.must("get bug ladybird -o jsonpath={.spec.tags}").await,
            r#"["x"]"#
        );
        admin.must("create configmap settings --from-literal=a=b").await;
        admin
            .must(r#"patch configmap settings -p {"data":{"c":"d"}}"#)
            .await;
        assert_eq!(
            admin.must("get configmap settings -o jsonpath={.data}").await,
            r#"{"a":"b","c":"d"}"#
        );
        let strategic = admin
            .run(r#"patch bug ladybird --type=strategic -p {"spec":{}}"#)
            .await;
        assert!(!strategic.well, "custom kinds know no strategic patch");
        let broken = admin
            .run(r#"patch bug ladybird --type=json -p [{"op":"remove","path":"/spec/nothing"}]"#)
            .await;
        assert!(!broken.well, "a path that is not there cannot be removed");
        let invalid = admin
            .run(r#"patch bug ladybird --type=merge -p {"spec":{"color":"pink"}}"#)
            .await;
        assert!(
            invalid.err.contains("spec.color: Unsupported value: \"pink\""),
            "{}",
            invalid.err
        );
    })
    .await;
}

#[tokio::test]
async fn labels_and_annotations_are_set_and_removed() {
    with_bugs(async |server| {
        let admin = server.admin();
        assert!(admin.apply(RED_BUG).await.well);
        assert_eq!(
            admin.must("label bug ladybird spots=seven").await,
            "bug.wire.io/ladybird labeled\n"
        );
        assert!(
            admin
                .run("label bug ladybird spots=eight")
                .await
                .err
                .contains("--overwrite is false")
        );
        admin.must("label bug ladybird spots-").await;
        assert_eq!(
            admin
                .must("get bug ladybird -o jsonpath={.metadata.labels}")
                .await,
            r#"{"wings":"two"}"#
        );
        admin.must("annotate bug ladybird example.com/note=hello").await;
        let note = admin
            .must(r"get bug ladybird -o jsonpath={.metadata.annotations.example\.com/note}")
            .await;
        assert_eq!(note, "hello");
        let bad = admin.run("label bug ladybird spots=-x-").await;
        assert!(
            bad.err
                .contains("a valid label must be an empty string or consist of alphanumeric"),
            "{}",
            bad.err
        );
    })
    .await;
}

#[tokio::test]
async fn edit_sends_what_the_editor_changed() {
    with_bugs(async |server| {
        let admin = server.admin();
        assert!(admin.apply(RED_BUG).await.well);
        let editor = server.file(
            "editor.sh",
            "#!/bin/sh\nsed -i 's/color: red/color: green/' \"$1\"\n",
        );
        let mut edit = tokio::process::Command::new(server.program());
        edit.args([
            "--kubeconfig",
            server.kubeconfig().to_str().unwrap(),
            "edit",
            "bug",
            "ladybird",
        ]);
        edit.args(["--context", "admin"])
            .env("KUBE_EDITOR", format!("sh {editor}"))
            .kill_on_drop(true);
        let output = edit.output().await.unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        assert_eq!(
            String::from_utf8_lossy(&output.stdout),
            "bug.wire.io/ladybird edited\n"
        );
        assert_eq!(
            admin.must("get bug ladybird -o jsonpath={.spec.color}").await,
            "green"
        );
    })
    .await;
}

#[tokio::test]
async fn delete_waits_until_the_object_is_gone() {
    with_bugs(async |server| {
        let admin = server.admin();
        assert!(admin.apply(RED_BUG).await.well);
        let gone = admin.must("delete bug ladybird").await;
        assert!(gone.starts_with("bug.wire.io \"ladybird\" deleted"), "{gone}");
        let again = admin.run("delete bug ladybird").await;
        assert_eq!(
            again.err,
            "Error from server (NotFound): bugs.wire.io \"ladybird\" not found\n"
        );
        admin.must("create secret generic one").await;
        admin.must("create secret generic two").await;
        admin.must("delete secrets --all").await;
        assert_eq!(admin.must("get secrets -o name").await, "");
        admin.must("create namespace team").await;
        admin.must("create secret generic key -n team").await;
        admin.must("delete namespace team --timeout=20s").await;
        assert!(admin.run("get namespace team").await.err.contains("not found"));
    })
    .await;
}

#[tokio::test]
async fn what_comes_later_is_refused_and_changes_nothing() {
    with_bugs(async |server| {
        let admin = server.admin();
        let bug = server.file("bug.yaml", RED_BUG);
        let diff = admin.run(&format!("diff -f {bug}")).await;
        assert!(!diff.well && diff.err.contains("dry"), "{}", diff.err);
        let dry = admin.run(&format!("apply -f {bug} --dry-run=server")).await;
        assert!(!dry.well && dry.err.contains("dry"), "{}", dry.err);
        let server_side = admin.run(&format!("apply -f {bug} --server-side")).await;
        assert!(
            !server_side.well && server_side.err.contains("server-side apply"),
            "{}",
            server_side.err
        );
        let other = admin.run("get secrets --as=ada").await;
        assert!(!other.well && other.err.contains("mpersonat"), "{}", other.err);
        assert_eq!(admin.must("get bugs -o name").await, "");
    })
    .await;
}
