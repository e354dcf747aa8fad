//! The workspace's packages and what they declare, as cargo reads them.

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::repository;

/// One package of the workspace.
pub(crate) struct Package {
    pub(crate) name: String,
    /// Its directory, from the root of the repository.
    pub(crate) directory: PathBuf,
    pub(crate) dependencies: Vec<Dependency>,
}

/// One line of a package's dependencies.
pub(crate) struct Dependency {
    pub(crate) name: String,
    /// Whether only tests use it.
    pub(crate) for_tests: bool,
    /// Whether it is one of the workspace's own packages.
    pub(crate) is_ours: bool,
}

impl Package {
    /// The name of its directory, by which `ARCHITECTURE.md` calls it.
    pub(crate) fn short_name(&self) -> &str {
        self.directory
            .file_name()
            .and_then(|name| name.to_str())
            .expect("a package has a directory")
    }
}

/// All packages of the workspace.
pub(crate) fn all() -> Vec<Package> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version", "1", "--offline"])
        .current_dir(repository::root())
        .output()
        .expect("cargo runs");
    assert!(
        output.status.success(),
        "cargo metadata: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo metadata prints JSON");
    list(&metadata["packages"]).iter().map(package).collect()
}

fn package(package: &Value) -> Package {
    let manifest = PathBuf::from(text(&package["manifest_path"]));
    let directory = manifest
        .parent()
        .and_then(|path| path.strip_prefix(repository::root()).ok());
    Package {
        name: text(&package["name"]),
        directory: directory.expect("a package is inside the repository").to_owned(),
        dependencies: list(&package["dependencies"]).iter().map(dependency).collect(),
    }
}

fn dependency(dependency: &Value) -> Dependency {
    Dependency {
        name: text(&dependency["name"]),
        for_tests: dependency["kind"] == "dev",
        is_ours: !dependency["path"].is_null(),
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().expect("a list")
}

fn text(value: &Value) -> String {
    value.as_str().expect("a string").to_owned()
}
