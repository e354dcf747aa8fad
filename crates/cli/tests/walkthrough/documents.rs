//! The shell commands of README and guide, run as they are written there.

use std::process::Stdio;

use keydesk_testkit::{kubectl, manifests};
use tokio::process::Command;

use crate::stage::Stage;

/// The lines of all fenced `sh` blocks of a document.
fn blocks(document: &str) -> Vec<String> {
    let text = std::fs::read_to_string(manifests::repository().join(document)).unwrap();
    let mut blocks = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line.trim() == "```sh" {
            let block: Vec<&str> = lines.by_ref().take_while(|line| line.trim() != "```").collect();
            blocks.push(block.join("\n"));
        }
    }
    blocks
}

/// Whether a block starts or tests the program itself; the demo of the test runs already, on free ports.
fn is_about_the_program(block: &str) -> bool {
    ["cargo ", ".ci/run", "keydesk up", "keydesk completions"]
        .iter()
        .any(|words| block.contains(words))
}

async fn run(stage: &Stage, document: &str) {
    let blocks: Vec<String> = blocks(document)
        .into_iter()
        .filter(|block| !is_about_the_program(block))
        .collect();
    assert!(!blocks.is_empty(), "{document} has commands");
    let newest = kubectl::installed().remove(0);
    let path = std::env::var("PATH").unwrap();
    let path = match newest.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        Some(parent) => format!("{}:{path}", parent.display()),
        None => path,
    };
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_keydesk"))
        .parent()
        .unwrap();
    // The documents name the ports that a person has; the test's own are free ones.
    let ports = [
        ("127.0.0.1:8000", "front-door-listen"),
        ("127.0.0.1:8090", "gate-listen"),
        ("127.0.0.1:7444", "admin-listen"),
    ];
    let here = |block: String| {
        ports.iter().fold(block, |block, (written, flag)| {
            block.replace(written, &stage.up.address(flag))
        })
    };
    for block in blocks.into_iter().map(here) {
        let output = Command::new("bash")
            .args(["-euo", "pipefail", "-c", &block])
            .current_dir(manifests::repository())
            .env("PATH", format!("{}:{path}", program.display()))
            .env("KUBECONFIG", stage.up.kubeconfig())
            .env("HOME", stage.directory.path())
            .stdin(Stdio::null())
            .output()
            .await
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            output.status.success(),
            "{document}:\n{block}\n{}{said}",
            String::from_utf8_lossy(&output.stdout)
        );
    }
}

#[tokio::test]
async fn the_commands_of_the_walkthrough_work_as_written() {
    run(&Stage::start(&[]).await, "docs/guide/walkthrough.md").await;
}

#[tokio::test]
async fn the_commands_of_the_readme_work_as_written() {
    run(&Stage::start(&[]).await, "README.md").await;
}
