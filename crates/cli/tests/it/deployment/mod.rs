//! What `config`, `Makefile` and `Dockerfile` promise, seen through kubectl, make and the program itself.

mod image;
mod makefile;
mod pods;
mod references;
mod rights;
mod server;

use std::path::{Path, PathBuf};
use std::process::Command;

use keydesk_testkit::{kubectl, manifests};
use serde_json::Value;

/// What is applied as it is, by itself.
const APPLICABLE: [&str; 4] = [
    "config/default",
    "config/overlays/narrow-secrets",
    "config/gate",
    "config/admission",
];

/// A file of the repository.
fn text(path: &str) -> String {
    std::fs::read_to_string(manifests::repository().join(path)).unwrap()
}

/// The objects that kubectl makes of a kustomization.
fn rendered(folder: &str) -> Vec<Value> {
    manifests::parse(&render(&kubectl::installed()[0], folder))
}

fn render(kubectl: &Path, folder: &str) -> String {
    let output = Command::new(kubectl)
        .args(["kustomize", folder])
        .current_dir(manifests::repository())
        .output()
        .unwrap();
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{folder}: {complaints}");
    assert_eq!(complaints, "", "{folder}");
    String::from_utf8(output.stdout).unwrap()
}

/// The one object of this kind and name.
fn only<'a>(objects: &'a [Value], kind: &str, name: &str) -> &'a Value {
    let found: Vec<_> = objects
        .iter()
        .filter(|object| object["kind"] == kind && object["metadata"]["name"] == name)
        .collect();
    assert_eq!(found.len(), 1, "{kind} {name}");
    found[0]
}

/// The folders below `config` that are kustomizations, from the root of the repository.
fn kustomizations() -> Vec<String> {
    let root = manifests::repository();
    let (mut found, mut open) = (Vec::new(), vec![root.join("config")]);
    while let Some(folder) = open.pop() {
        for entry in folder.read_dir().unwrap() {
            let path: PathBuf = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.ends_with("kustomization.yaml") {
                let folder = folder.strip_prefix(&root).unwrap();
                found.push(folder.to_str().unwrap().to_owned());
            }
        }
    }
    found
}

#[test]
fn every_kustomization_is_the_same_to_every_kubectl() {
    let folders = kustomizations();
    for folder in APPLICABLE {
        assert!(folders.iter().any(|found| found == folder), "{folder}");
    }
    for folder in folders {
        let mut seen = kubectl::installed()
            .into_iter()
            .map(|kubectl| render(&kubectl, &folder));
        let newest = seen.next().unwrap();
        assert!(!manifests::parse(&newest).is_empty(), "{folder}");
        for older in seen {
            assert_eq!(newest, older, "{folder}");
        }
    }
}

#[test]
fn what_the_kuadrant_operator_pulls_is_where_it_looks() {
    for (file, kind, name) in [
        ("service_account.yaml", "ServiceAccount", "controller-manager"),
        ("role.yaml", "ClusterRole", "manager-role"),
        ("role_binding.yaml", "ClusterRoleBinding", "manager-rolebinding"),
        ("leader_election_role.yaml", "Role", "leader-election-role"),
        (
            "leader_election_role_binding.yaml",
            "RoleBinding",
            "leader-election-rolebinding",
        ),
    ] {
        only(
            &manifests::parse(&text(&format!("config/rbac/{file}"))),
            kind,
            name,
        );
    }
    let crds = rendered("config/crd");
    assert_eq!(crds.len(), 4);
    assert!(crds.iter().all(|crd| crd["kind"] == "CustomResourceDefinition"));
}
