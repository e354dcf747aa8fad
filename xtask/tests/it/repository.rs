//! The committed files.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The root of the repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("xtask is a directory of the repository")
}

/// The text of one file.
pub(crate) fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("failed to read {}: {error}", path.display()))
}

/// The paths, from the root, of all files that are committed or about to be.
pub(crate) fn files() -> Vec<PathBuf> {
    let output = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .expect("git runs");
    assert!(
        output.status.success(),
        "git ls-files: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let listing = String::from_utf8(output.stdout).expect("paths are UTF-8");
    let paths = listing.split_terminator('\0').map(PathBuf::from);
    // A file that is deleted but not yet committed so is still listed.
    paths.filter(|path| root().join(path).is_file()).collect()
}

/// The committed files with this ending, each with its text.
pub(crate) fn texts(ending: &str) -> Vec<(PathBuf, String)> {
    let with_ending = files()
        .into_iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == ending));
    with_ending.map(|path| (path.clone(), read(path))).collect()
}
