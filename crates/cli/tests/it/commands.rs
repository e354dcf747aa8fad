//! The commands that print something and are done, and the API server alone.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use keydesk_testkit::manifests;

use crate::KEYDESK;

fn stdout(arguments: &[&str]) -> String {
    let output = Command::new(KEYDESK).args(arguments).output().unwrap();
    assert!(
        output.status.success(),
        "{arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn crds_prints_what_is_in_config() {
    let mut printed = manifests::parse(&stdout(&["crds"]));
    let mut shipped = manifests::folder("config/crd/bases");
    let name = |crd: &serde_json::Value| crd["metadata"]["name"].to_string();
    printed.sort_by_key(name);
    shipped.sort_by_key(name);
    assert_eq!(printed.len(), 4);
    assert_eq!(printed, shipped);
}

#[test]
fn completions_are_there_for_the_usual_shells() {
    for shell in ["bash", "zsh", "fish"] {
        let script = stdout(&["completions", shell]);
        assert!(
            script.contains("keydesk") && script.contains("apiserver") && script.contains("approve"),
            "{shell}"
        );
    }
}

#[test]
fn help_names_every_command_and_every_listener() {
    let help = stdout(&["--help"]);
    for command in [
        "up",
        "apiserver",
        "controller",
        "gate",
        "explain",
        "products",
        "request",
        "keys",
        "rotate",
        "requests",
        "approve",
        "deny",
        "revoke",
        "crds",
        "completions",
    ] {
        assert!(
            help.contains(&format!("\n  {command} ")),
            "{command} is not in:\n{help}"
        );
    }
    let help = stdout(&["up", "--help"]);
    for words in [
        "--data-dir",
        "--demo",
        "--fetch-allow",
        "127.0.0.1:7443",
        "127.0.0.1:7444",
        "127.0.0.1:8090",
        "127.0.0.1:50051",
        "127.0.0.1:8000",
    ] {
        assert!(help.contains(words), "{words} is not in:\n{help}");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let mut child = Command::new(KEYDESK)
        .arg("crds")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    assert!(child.wait().unwrap().success());
}

#[test]
fn the_api_server_alone_has_an_admin_and_none_of_our_kinds() {
    let directory = tempfile::tempdir().unwrap();
    let mut child = Command::new(KEYDESK)
        .args(["apiserver", "--listen", "127.0.0.1:0", "--data-dir"])
        .arg(directory.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let kubeconfig = directory.path().join("kubeconfig");
    let start = Instant::now();
    while !kubeconfig.exists() {
        assert!(start.elapsed() < Duration::from_mins(1), "not ready");
        assert!(
            child.try_wait().unwrap().is_none(),
            "ended instead of becoming ready"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
    let text = std::fs::read_to_string(kubeconfig).unwrap();
    let config: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(config["current-context"], "admin");
    assert_eq!(config["contexts"].as_array().unwrap().len(), 1);
    assert!(
        Command::new("kill")
            .args(["-TERM", &child.id().to_string()])
            .status()
            .unwrap()
            .success()
    );
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
