//! Builds the real cluster's one executable. The first time takes four minutes on two cores, later ones seconds.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, bail};

use crate::stage;
use crate::workspace::Workspace;

/// The Kubernetes release that `xtask/real-cluster/go.mod` names. Without it in the binary, kubectl cannot read the
/// server's version.
const RELEASE: &str = "v1.36.3";

/// Whether there is a Go to build with.
pub(crate) fn go_is_here() -> bool {
    Command::new("go")
        .arg("version")
        .output()
        .is_ok_and(|output| output.status.success())
}

/// Builds the executable, and returns its path.
pub(super) fn build(workspace: &Workspace) -> Result<PathBuf> {
    if !go_is_here() {
        bail!("a real cluster is built with Go, which is not installed here");
    }
    let directory = workspace.tool("real-cluster");
    std::fs::create_dir_all(&directory)?;
    let executable = directory.join("real-cluster");
    let mut command = Command::new("go");
    command
        .current_dir(workspace.root().join("xtask/real-cluster"))
        .args([
            "build",
            "-trimpath",
            "-buildvcs=false",
            "-ldflags",
            &linker_flags(),
            "-o",
        ])
        .arg(&executable)
        .arg(".");
    stage::must("build the real cluster", &mut command)?;
    Ok(executable)
}

fn linker_flags() -> String {
    let version = |name: &str, value: &str| format!("-X k8s.io/component-base/version.{name}={value}");
    format!(
        "-s -w {} {} {}",
        version("gitVersion", RELEASE),
        version("gitMajor", "1"),
        version("gitMinor", "36")
    )
}
