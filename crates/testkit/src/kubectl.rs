//! The real kubectl, as a person with a context uses it.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::manifests;

/// The kubectl executables to test with, the newest first: those that `KEYDESK_KUBECTL` lists, else those that
/// `cargo xtask test` has put under `target/tools`, else the machine's own.
#[must_use]
pub fn installed() -> Vec<PathBuf> {
    if let Some(paths) = env::var_os("KEYDESK_KUBECTL") {
        return env::split_paths(&paths).collect();
    }
    let tools = manifests::repository().join("target/tools");
    let mut found: Vec<PathBuf> = tools
        .read_dir()
        .into_iter()
        .flatten()
        .filter_map(Result::ok)
        .map(|entry| entry.path().join("bin/kubectl"))
        .filter(|program| program.is_file())
        .collect();
    found.sort();
    found.reverse();
    if found.is_empty() {
        found.push(PathBuf::from("kubectl"));
    }
    found
}

/// What a command said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Whether its exit code was 0.
    pub well: bool,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        Self {
            well: output.status.success(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// kubectl with a kubeconfig, as one of its people.
#[derive(Debug, Clone)]
pub struct Kubectl {
    program: PathBuf,
    kubeconfig: PathBuf,
    context: String,
}

impl Kubectl {
    /// The newest kubectl, as the person of `context`.
    #[must_use]
    pub fn new(kubeconfig: &Path, context: &str) -> Self {
        Self::with(&installed()[0], kubeconfig, context)
    }

    /// This kubectl, as the person of `context`.
    #[must_use]
    pub fn with(program: &Path, kubeconfig: &Path, context: &str) -> Self {
        Self {
            program: program.to_owned(),
            kubeconfig: kubeconfig.to_owned(),
            context: context.to_owned(),
        }
    }

    /// Runs a command line; arguments are separated by spaces.
    pub async fn run(&self, line: &str) -> Said {
        self.feed(&line.split_whitespace().collect::<Vec<_>>(), "").await
    }

    /// Runs a command line that must go well, and gives back its standard output.
    pub async fn must(&self, line: &str) -> String {
        let said = self.run(line).await;
        assert!(said.well, "kubectl {line}, as {}: {}", self.context, said.err);
        said.out
    }

    /// `kubectl apply -f -` with this manifest.
    pub async fn apply(&self, manifest: &str) -> Said {
        self.feed(&["apply", "-f", "-"], manifest).await
    }

    /// Runs with these arguments and this standard input.
    pub async fn feed(&self, arguments: &[&str], input: &str) -> Said {
        let mut child = Command::new(&self.program)
            .arg("--kubeconfig")
            .arg(&self.kubeconfig)
            .args(["--context", &self.context, "--cache-dir"])
            .arg(self.kubeconfig.with_file_name("kubectl-cache"))
            .args(arguments)
            .current_dir(manifests::repository())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| panic!("start {}: {error}", self.program.display()));
        let mut stdin = child.stdin.take().unwrap();
        let input = input.to_owned();
        let writer = tokio::spawn(async move {
            // A command that does not read its input may be gone by now.
            let _ = stdin.write_all(input.as_bytes()).await;
        });
        let output = child.wait_with_output().await.unwrap();
        writer.await.unwrap();
        output.into()
    }
}
