//! Upstream's targets are there, and do what they say.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Output;

use keydesk_testkit::{kubectl, manifests};
use serde_json::Value;
use tempfile::TempDir;
use tokio::process::Command;

use super::server::{Server, keydesk};
use super::text;

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
        .expect("make is there: the tests of the Makefile need it")
}

async fn must(arguments: &[&str]) -> String {
    let output = make(arguments).await;
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "make {arguments:?}: {complaints}");
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test]
async fn every_target_of_upstreams_is_there_and_help_tells_of_it() {
    let makefile = text("Makefile");
    for target in TARGETS {
        assert!(makefile.contains(&format!("\n{target}:")), "{target}");
    }
    let help = must(&["help"]).await;
    for target in TARGETS {
        let lines = must(&["--dry-run", target]).await;
        assert!(!lines.is_empty(), "{target} does nothing");
        assert!(
            help.contains(&format!("  {target} ")) || target == "all",
            "{target} is not in:\n{help}"
        );
    }
}

#[test]
fn the_guides_name_targets_and_folders_that_exist() {
    let makefile = text("Makefile");
    for guide in ["docs/guide/deploy.md", "docs/guide/upgrade-from-kuadrant.md"] {
        let text = text(guide);
        let mut words = text.split(|letter: char| letter.is_whitespace() || "`(),;".contains(letter));
        let mut named = 0;
        while let Some(word) = words.next() {
            if word.starts_with("config/") {
                named += 1;
                assert!(manifests::repository().join(word).exists(), "{guide}: {word}");
            } else if word == "make" {
                let target = words.next().unwrap_or_default();
                named += 1;
                assert!(
                    makefile.contains(&format!("\n{target}:")),
                    "{guide}: make {target}"
                );
            }
        }
        assert!(named > 0, "{guide} names none");
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

/// Programs in the place of kubectl, kind and docker. They note how they are called; kubectl also renders, and keeps what it
/// is told to apply.
struct Stubs(TempDir);

impl Stubs {
    fn new() -> Self {
        let stubs = Self(tempfile::tempdir().unwrap());
        let (called, applied) = (stubs.path("called"), stubs.path("applied"));
        let note = format!("#!/bin/sh\necho \"${{0##*/}} $*\" >> '{called}'\n");
        stubs.write("kind", &note);
        stubs.write("docker", &note);
        let kubectl = kubectl::installed()[0].display().to_string();
        let kubectl = format!(
            "{note}case \"$*\" in\n  kustomize*) exec '{kubectl}' \"$@\" ;;\n  *'-f -') cat > '{applied}' ;;\nesac\n"
        );
        stubs.write("kubectl", &kubectl);
        stubs
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }

    fn write(&self, name: &str, script: &str) {
        std::fs::write(self.path(name), script).unwrap();
        std::fs::set_permissions(self.path(name), std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Makes this with these programs.
    async fn make(&self, arguments: &[&str]) {
        let programs = [
            ("KUBECTL", "kubectl"),
            ("KIND", "kind"),
            ("CONTAINER_TOOL", "docker"),
        ]
        .map(|(variable, program)| format!("{variable}={}", self.path(program)));
        let programs = programs.iter().map(String::as_str);
        must(&arguments.iter().copied().chain(programs).collect::<Vec<_>>()).await;
    }

    /// The objects that were applied last.
    fn applied(&self) -> Vec<Value> {
        manifests::parse(&std::fs::read_to_string(self.path("applied")).unwrap())
    }

    fn called(&self) -> String {
        std::fs::read_to_string(self.path("called")).unwrap()
    }
}

fn image_of(objects: &[Value], kind: &str) -> Value {
    let workload = objects.iter().find(|object| object["kind"] == kind).unwrap();
    workload["spec"]["template"]["spec"]["containers"][0]["image"].clone()
}

#[tokio::test]
async fn what_is_deployed_runs_the_image_that_is_named() {
    let stubs = Stubs::new();
    for (target, kind, deploy) in [
        ("deploy", "Deployment", "DEPLOY=config/default"),
        ("deploy", "Deployment", "DEPLOY=config/overlays/narrow-secrets"),
        ("deploy-gate", "StatefulSet", "DEPLOY=config/default"),
    ] {
        stubs
            .make(&[target, "IMG=images.example.com/team/keydesk:7", deploy])
            .await;
        let image = image_of(&stubs.applied(), kind);
        assert_eq!(image, "images.example.com/team/keydesk:7", "{target} {deploy}");
    }
}

#[tokio::test]
async fn a_local_cluster_is_made_filled_and_deployed_to_in_this_order() {
    let stubs = Stubs::new();
    stubs.make(&["local-setup", "IMG=keydesk:here"]).await;
    let called = stubs.called();
    let mut rest = called.as_str();
    for step in [
        "kind delete cluster --name devportal-controller-local\n",
        "kind create cluster --name devportal-controller-local\n",
        "kubectl apply -k config/crd\n",
        "kubectl get -f config/foreign/gateway.networking.k8s.io_httproutes.yaml\n",
        "kubectl get -f config/foreign/kuadrant.io_authpolicies.yaml\n",
        "kubectl apply -f examples/base/kuadrant.yaml",
        "kubectl patch --namespace gamestore --subresource status --type merge httproute gamestore",
        "docker build ",
        "--tag keydesk:here .\n",
        "kind load docker-image keydesk:here --name devportal-controller-local\n",
        "kubectl kustomize config/default\n",
        "kubectl --namespace developer-portal-controller-system wait ",
    ] {
        let Some((_, after)) = rest.split_once(step) else {
            panic!("no {step:?} in what is left of:\n{called}");
        };
        rest = after;
    }
    assert_eq!(image_of(&stubs.applied(), "Deployment"), "keydesk:here");
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
