//! `kubectl get -w` and `kubectl wait`.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;
use tokio::time::timeout;

use super::RED_BUG;
use super::server::{squeezed, with_bugs};

const PATIENCE: Duration = Duration::from_secs(20);

#[tokio::test]
async fn a_watch_prints_rows_as_things_change() {
    with_bugs(async |server| {
        let admin = server.admin();
        assert!(admin.apply(RED_BUG).await.well);
        let mut watch = Command::new(server.program())
            .args([
                "--kubeconfig",
                server.kubeconfig().to_str().unwrap(),
                "--context",
                "admin",
                "get",
                "bugs",
                "-w",
            ])
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(watch.stdout.take().unwrap()).lines();
        let mut next = async || {
            let line = timeout(PATIENCE, lines.next_line()).await.expect("a row in time");
            squeezed(&line.unwrap().unwrap()).join("")
        };
        assert_eq!(next().await, "NAME COLOR READY");
        assert_eq!(next().await, "ladybird red");
        admin
            .must(r#"patch bug ladybird --type=merge -p {"spec":{"color":"blue"}}"#)
            .await;
        assert_eq!(next().await, "ladybird blue");
        admin.must("delete bug ladybird").await;
        assert_eq!(next().await, "ladybird blue");
    })
    .await;
}

#[tokio::test]
async fn wait_returns_when_the_condition_comes_true() {
    with_bugs(async |server| {
        let admin = server.admin();
        let established = admin.must("wait crd/bugs.wire.io --for=condition=Established --timeout=20s").await;
        assert_eq!(established, "customresourcedefinition.apiextensions.k8s.io/bugs.wire.io condition met\n");
        assert!(admin.apply(RED_BUG).await.well);
        let (first, second) = (server.admin(), server.admin());
        let waiting = first.run("wait bug/ladybird --for=condition=Ready --timeout=20s");
        let patching = second.run(
            r#"patch bug ladybird --subresource=status --type=merge -p {"status":{"conditions":[{"type":"Ready","status":"True"}]}}"#,
        );
        let (waited, patched) = tokio::join!(waiting, patching);
        assert!(patched.well, "{}", patched.err);
        assert_eq!(waited.out, "bug.wire.io/ladybird condition met\n", "{}", waited.err);
        admin.must("wait bug/ladybird --for=jsonpath={.spec.color}=red --timeout=20s").await;
        let (first, other) = (server.admin(), server.admin());
        let (waited, deleted) = tokio::join!(
            first.run("wait bug/ladybird --for=delete --timeout=20s"),
            other.run("delete bug ladybird")
        );
        assert!(deleted.well && waited.well, "{} {}", deleted.err, waited.err);
    })
    .await;
}
