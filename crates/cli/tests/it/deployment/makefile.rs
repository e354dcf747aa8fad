//! Upstream's targets are there, and do what they say.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Output;

use keydesk_testkit::{kubectl, manifests};
use tokio::process::Command;

use super::server::{Server, keydesk};

/// What people and scripts call, by upstream's names.
const TARGETS: [&str; 26] = [
    "all",
    "build",
    "build-installer",
    "demo-install",
    "deploy",
    "docker-build",
    "docker-buildx",
    "docker-push",
    "fmt",
    "gateway-api-install",
    "generate",
    "help",
    "install",
    "kind-create-cluster",
    "kind-delete-cluster",
    "kuadrant-core-install",
    "lint",
    "local-cluster-setup",
    "local-deploy",
    "local-env-setup",
    "local-setup",
    "manifests",
    "run",
    "test",
    "test-e2e",
    "undeploy",
];

async fn make(arguments: &[&str]) -> Output {
    Command::new("make")
        .args(arguments)
        .current_dir(manifests::repository())
        .env_remove("MAKEFLAGS")
        .output()
        .await
        .expect("make is installed")
}

async fn must(arguments: &[&str]) -> String {
    let output = make(arguments).await;
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "make {arguments:?}: {complaints}");
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test]
async fn every_target_of_upstreams_is_there_and_help_tells_of_it() {
    let help = must(&["help"]).await;
    for target in TARGETS {
        let lines = must(&["--dry-run", target]).await;
        assert!(!lines.is_empty(), "{target} does nothing");
        let told = help.contains(&format!("\n  {target} ")) || help.starts_with(&format!("  {target} "));
        assert!(told || target == "all", "{target} is not in:\n{help}");
    }
}

#[tokio::test]
async fn a_program_that_is_missing_is_named_with_the_way_out() {
    for (target, variable) in [
        ("deploy", "KUBECTL"),
        ("demo-install", "KUBECTL"),
        ("docker-build", "CONTAINER_TOOL"),
        ("kind-create-cluster", "KIND"),
        ("local-deploy", "KIND"),
        ("local-setup", "KIND"),
        ("test-e2e", "KIND"),
    ] {
        let output = make(&[target, &format!("{variable}=no-such-program --flag")]).await;
        assert!(!output.status.success(), "{target}");
        let said = String::from_utf8_lossy(&output.stderr);
        let sentence = format!(
            "needs no-such-program, which is not installed: install it, or name it with {variable}=…"
        );
        assert!(said.contains(&sentence), "{target}: {said}");
    }
}

/// A kubectl that renders, and keeps what it is told to apply.
fn recording(directory: &Path) -> String {
    let (program, applied) = (directory.join("kubectl"), directory.join("applied"));
    let script = format!(
        "#!/bin/sh\ncase $1 in\n  kustomize) exec '{}' \"$@\" ;;\n  *) cat > '{}' ;;\nesac\n",
        kubectl::installed()[0].display(),
        applied.display()
    );
    std::fs::write(&program, script).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    format!("KUBECTL={}", program.display())
}

#[tokio::test]
async fn what_is_deployed_runs_the_image_that_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let recording = recording(directory.path());
    for (target, kind, deploy) in [
        ("deploy", "Deployment", "DEPLOY=config/default"),
        ("deploy", "Deployment", "DEPLOY=config/overlays/narrow-secrets"),
        ("deploy-gate", "StatefulSet", "DEPLOY=config/default"),
    ] {
        must(&[
            target,
            "IMG=images.example.com/team/keydesk:7",
            deploy,
            &recording,
        ])
        .await;
        let applied = std::fs::read_to_string(directory.path().join("applied")).unwrap();
        let objects = manifests::parse(&applied);
        let workload = objects.iter().find(|object| object["kind"] == kind).unwrap();
        assert_eq!(
            workload["spec"]["template"]["spec"]["containers"][0]["image"],
            "images.example.com/team/keydesk:7",
            "{target} {deploy}"
        );
    }
}

#[tokio::test]
async fn the_demo_is_installed_where_there_is_neither_gateway_api_nor_kuadrant() {
    let server = Server::start().await;
    let kubectl = format!(
        "KUBECTL={} --kubeconfig {} --cache-dir {}",
        kubectl::installed()[0].display(),
        server.kubeconfig().display(),
        server.directory().join("cache").display()
    );
    // A second time changes nothing, and is no mistake.
    for _ in 0..2 {
        let targets = [
            "install",
            "gateway-api-install",
            "kuadrant-core-install",
            "demo-install",
        ];
        must(&[&targets[..], &[&kubectl]].concat()).await;
    }

    let _controller = keydesk(
        &["controller", "--health-probe-bind-address=0", "--kubeconfig"],
        server.kubeconfig(),
    );
    let admin = server.admin();
    let ready = "wait apiproduct/gamestore-api -n gamestore --for=condition=Ready --timeout=60s";
    admin.must(ready).await;
    admin.must("apply -f examples/gamestore/3-consumer.yaml").await;
    let pending = "wait apikey/gamestore-apikey -n consumer-app --for=condition=Pending --timeout=60s";
    admin.must(pending).await;
    admin.must("apply -f examples/gamestore/4-approval.yaml").await;
    let approved = "wait apikey/gamestore-apikey -n consumer-app --for=condition=Approved --timeout=60s";
    admin.must(approved).await;
}
