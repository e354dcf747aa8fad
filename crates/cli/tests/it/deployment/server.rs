//! An API server and a controller in processes of their own, as they would be in a cluster.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use keydesk_testkit::kubectl::{self, Kubectl};
use serde_json::json;
use tempfile::TempDir;
use tokio::process::{Child, Command};

use super::{APPLICABLE, rendered};
use crate::KEYDESK;

/// An API server with nothing in it. It ends when this is dropped.
pub(super) struct Server {
    directory: TempDir,
    _process: Child,
}

/// Starts the program. It does not outlive its test.
pub(super) fn keydesk(arguments: &[&str], last: impl AsRef<OsStr>) -> Child {
    Command::new(KEYDESK)
        .args(arguments)
        .arg(last)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

impl Server {
    pub(super) async fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let home = directory.path().join("home");
        let process = keydesk(&["apiserver", "--listen", "127.0.0.1:0", "--data-dir"], &home);
        let server = Self {
            directory,
            _process: process,
        };
        let start = Instant::now();
        while !server.kubeconfig().exists() {
            assert!(start.elapsed() < Duration::from_mins(1), "not ready");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        server
    }

    pub(super) fn kubeconfig(&self) -> PathBuf {
        self.directory.path().join("home/kubeconfig")
    }

    /// A directory that goes with the server.
    pub(super) fn directory(&self) -> &Path {
        self.directory.path()
    }

    pub(super) fn admin(&self) -> Kubectl {
        Kubectl::with(&kubectl::installed()[0], &self.kubeconfig(), "admin")
    }
}

/// The kinds that the API server need not know: those of what runs pods, and of what runs before it.
const OF_A_CLUSTER: [&str; 7] = [
    "Deployment",
    "NetworkPolicy",
    "PodDisruptionBudget",
    "Service",
    "StatefulSet",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
];

#[tokio::test]
async fn an_api_server_takes_what_is_shipped_and_finds_it_unchanged_the_second_time() {
    let server = Server::start().await;
    let admin = server.admin();
    admin.must("create namespace kuadrant-system").await;
    for folder in APPLICABLE {
        let known: Vec<_> = rendered(folder)
            .into_iter()
            .filter(|object| !OF_A_CLUSTER.iter().any(|kind| object["kind"] == *kind))
            .collect();
        if known.is_empty() {
            continue;
        }
        let manifest = json!({ "apiVersion": "v1", "kind": "List", "items": known }).to_string();
        for (time, word) in [("first", ""), ("second", "unchanged")] {
            let said = admin.apply(&manifest).await;
            assert!(said.well, "{folder}, the {time} time: {}", said.err);
            assert_eq!(said.out.lines().count(), known.len(), "{folder}: {}", said.out);
            assert!(
                said.out.lines().all(|line| line.ends_with(word)),
                "{folder}: {}",
                said.out
            );
        }
    }
}
