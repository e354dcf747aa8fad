//! The test executables that cargo builds, each run as one stage.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::stage;
use crate::workspace::Workspace;

use super::tally::Tally;

/// One executable with tests in it.
pub(super) struct TestBinary {
    package: String,
    target: Target,
    executable: PathBuf,
    /// The package's directory, in which cargo would run it.
    directory: PathBuf,
}

/// Which of its package's targets it tests.
enum Target {
    Library,
    Binary(String),
    Integration(String),
}

impl TestBinary {
    /// The package's name.
    pub(super) fn package(&self) -> &str {
        &self.package
    }

    /// Whether it is this one of this package's `tests/`.
    pub(super) fn is(&self, package: &str, integration: &str) -> bool {
        self.package == package && matches!(&self.target, Target::Integration(name) if name == integration)
    }

    /// Whether it is one of the package's `tests/`, which see the package from outside.
    pub(super) fn is_integration(&self) -> bool {
        match self.target {
            Target::Integration(_) => true,
            Target::Library | Target::Binary(_) => false,
        }
    }

    /// Runs its tests as a stage.
    pub(super) fn run(&self, environment: &[(&str, OsString)], arguments: &[&str]) -> Result<Tally> {
        let mut command = Command::new(&self.executable);
        command
            .args(arguments)
            .current_dir(&self.directory)
            .env("CARGO_MANIFEST_DIR", &self.directory)
            .envs(environment.iter().map(|(name, value)| (name, value)));
        let repeat = self.repeat(environment, arguments);
        let outcome = stage::run(&self.title(), &mut command, &repeat, |output| {
            Tally::read(output, true).to_string()
        })?;
        Ok(Tally::read(&outcome.output, outcome.passed))
    }

    /// The command with which cargo runs the same.
    fn repeat(&self, environment: &[(&str, OsString)], arguments: &[&str]) -> String {
        let mut cargo = Command::new("cargo");
        cargo
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .args(["test", "-p", &self.package]);
        match &self.target {
            Target::Library => cargo.arg("--lib"),
            Target::Binary(name) => cargo.args(["--bin", name]),
            Target::Integration(name) => cargo.args(["--test", name]),
        };
        if !arguments.is_empty() {
            cargo.arg("--").args(arguments);
        }
        stage::spell(&cargo)
    }

    fn title(&self) -> String {
        match &self.target {
            Target::Library => format!("{} unit tests", self.package),
            Target::Binary(name) => format!("{} unit tests of {name}", self.package),
            Target::Integration(name) => format!("{} tests/{name}", self.package),
        }
    }

    fn parse(artifact: &Value) -> Option<Self> {
        if artifact["reason"] != "compiler-artifact" || artifact["profile"]["test"] != true {
            return None;
        }
        let executable = artifact["executable"].as_str()?.into();
        let name = artifact["target"]["name"].as_str()?.to_owned();
        let target = match artifact["target"]["kind"][0].as_str()? {
            "lib" | "proc-macro" => Target::Library,
            "bin" => Target::Binary(name),
            _ => Target::Integration(name),
        };
        let directory: PathBuf = PathBuf::from(artifact["manifest_path"].as_str()?)
            .parent()?
            .into();
        let package = package_name(artifact["package_id"].as_str()?).to_owned();
        Some(Self {
            package,
            target,
            executable,
            directory,
        })
    }
}

/// The name in `path+file:///…/crates/core#keydesk-core@0.1.0` or, where the directory has the same name, in
/// `path+file:///…/xtask#0.1.0`.
fn package_name(id: &str) -> &str {
    let (location, fragment) = id.split_once('#').unwrap_or(("", id));
    match fragment.split_once('@') {
        Some((name, _)) => name,
        None => location.rsplit('/').next().unwrap_or(fragment),
    }
}

/// Builds every test of the workspace, in the order of their packages' directories.
pub(super) fn build(workspace: &Workspace) -> Result<Vec<TestBinary>> {
    let build = || {
        let mut command = workspace.cargo();
        command.args(["test", "--workspace", "--no-run"]);
        command
    };
    stage::must_shown("build the tests", "(minutes, the first time)", &mut build())?;
    // Everything is built: this only says where.
    let output = build()
        .args(["--message-format", "json"])
        .output()
        .context("failed to run cargo")?;
    let messages = String::from_utf8(output.stdout).context("cargo's messages are not UTF-8")?;
    let mut binaries: Vec<_> = messages
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .filter_map(|message: Value| TestBinary::parse(&message))
        .collect();
    binaries.sort_by_cached_key(|binary| (binary.directory.clone(), binary.is_integration(), binary.title()));
    Ok(binaries)
}

/// Runs the examples in doc comments.
pub(super) fn examples(workspace: &Workspace, filter: Option<&str>) -> Result<Tally> {
    let mut command = workspace.cargo();
    command
        .args(["test", "--workspace", "--doc", "--quiet", "--"])
        .args(filter);
    let repeat = stage::spell(&command);
    let outcome = stage::run("examples in doc comments", &mut command, &repeat, |output| {
        Tally::read(output, true).to_string()
    })?;
    Ok(Tally::read(&outcome.output, outcome.passed))
}

#[cfg(test)]
mod tests {
    use super::package_name;

    #[test]
    fn a_package_is_found_in_both_forms_of_its_identifier() {
        assert_eq!(
            package_name("path+file:///repository/crates/core#keydesk-core@0.1.0"),
            "keydesk-core"
        );
        assert_eq!(package_name("path+file:///repository/xtask#0.1.0"), "xtask");
    }
}
