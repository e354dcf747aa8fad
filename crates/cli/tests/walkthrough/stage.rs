//! `keydesk up --demo` in a directory of its own, and its people at kubectl.

use std::time::{Duration, Instant};

use keydesk_testkit::kubectl::{Kubectl, Said};
use keydesk_testkit::up::Up;
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_keydesk");

/// The request that the game store's demo key gets.
pub(crate) const REQUEST: &str = "consumer-app-gamestore-apikey-8dee3e06";
/// The enforcement secret of that key.
pub(crate) const ENFORCEMENT: &str = "devportal-consumer-app-gamestore-apikey-8dee3e06";

/// A running demo.
pub(crate) struct Stage {
    pub(crate) up: Up,
    pub(crate) directory: TempDir,
}

impl Stage {
    /// The demo, with these flags beside.
    pub(crate) async fn start(flags: &[&str]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let flags: Vec<&str> = flags.iter().copied().chain(["--demo"]).collect();
        let up = Up::start(PROGRAM, directory.path(), &flags).await;
        Self { up, directory }
    }

    /// kubectl as the person of a context.
    pub(crate) fn kubectl(&self, context: &str) -> Kubectl {
        Kubectl::new(&self.up.kubeconfig(), context)
    }

    /// The consumer's Secret and key for the game store, pending.
    pub(crate) async fn ask(&self) {
        let consumer = self.kubectl("consumer");
        consumer.must("apply -f examples/gamestore/3-consumer.yaml").await;
        soon(
            &consumer,
            "get apik gamestore-apikey -n consumer-app -o yaml",
            |said| said.contains("type: Pending"),
        )
        .await;
    }

    /// The same, approved by the owner and enforced.
    pub(crate) async fn approve(&self) {
        self.ask().await;
        self.approve_asked().await;
    }

    /// What was asked for, approved by the owner and enforced.
    pub(crate) async fn approve_asked(&self) {
        self.kubectl("owner")
            .must("apply -f examples/gamestore/4-approval.yaml")
            .await;
        let enforced = format!("get secret {ENFORCEMENT} -n kuadrant-system -o name");
        soon(&self.kubectl("admin"), &enforced, |said| !said.is_empty()).await;
    }
}

/// Repeats a command until it goes well and prints what is waited for.
pub(crate) async fn soon(kubectl: &Kubectl, line: &str, looks: impl Fn(&str) -> bool) -> String {
    until(kubectl, line, |said| said.well && looks(&said.out))
        .await
        .out
}

/// Repeats a command until it fails with these words.
pub(crate) async fn soon_fails(kubectl: &Kubectl, line: &str, words: &str) {
    until(kubectl, line, |said| !said.well && said.err.contains(words)).await;
}

async fn until(kubectl: &Kubectl, line: &str, looks: impl Fn(&Said) -> bool) -> Said {
    const SOON: Duration = Duration::from_secs(20);
    let start = Instant::now();
    loop {
        let said = kubectl.run(line).await;
        if looks(&said) {
            return said;
        }
        assert!(
            start.elapsed() < SOON,
            "kubectl {line} still says\n{}{}",
            said.out,
            said.err
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// The words of a table, ages left out.
pub(crate) fn table(text: &str) -> Vec<Vec<&str>> {
    let mut rows: Vec<Vec<&str>> = text
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    for row in rows.iter_mut().skip(1) {
        row.pop();
    }
    rows
}
