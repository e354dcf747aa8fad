//! The YAML files of this repository, as the objects they hold.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// The root of the repository.
#[must_use]
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .unwrap()
}

/// All objects in a YAML text.
#[must_use]
pub fn parse(text: &str) -> Vec<Value> {
    let documents: Vec<Value> =
        serde_saphyr::from_multiple(text).unwrap_or_else(|error| panic!("parse manifests: {error}"));
    documents
        .into_iter()
        .filter(|document| !document.is_null())
        .collect()
}

/// All objects in the YAML files of a folder of the repository, in the order of the file names. Kustomizations are
/// no objects.
#[must_use]
pub fn folder(path: &str) -> Vec<Value> {
    let folder = repository().join(path);
    let mut files: Vec<PathBuf> = fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("read folder {path:?}: {error}"))
        .map(|entry| entry.unwrap().path())
        .filter(|file| file.extension().is_some_and(|extension| extension == "yaml"))
        .filter(|file| file.file_name().is_some_and(|name| name != "kustomization.yaml"))
        .collect();
    files.sort();
    files
        .iter()
        .flat_map(|file| parse(&fs::read_to_string(file).unwrap()))
        .collect()
}
