//! Reads the YAML files of the repository.

use std::fs;
use std::path::Path;

use serde_json::Value;

/// The documents of a YAML text.
pub(crate) fn documents(text: &str) -> Vec<Value> {
    serde_saphyr::from_multiple(text).expect("manifests are YAML")
}

/// The documents of all YAML files in a directory, named from the root of the repository, with the file's name.
pub(crate) fn directory(name: &str) -> Vec<(String, Value)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(name);
    let mut all = Vec::new();
    for entry in fs::read_dir(&path).expect("the directory exists") {
        let path = entry.expect("the directory is readable").path();
        if path.extension().is_some_and(|extension| extension == "yaml") {
            let text = fs::read_to_string(&path).expect("the file is readable");
            let file = path
                .file_name()
                .expect("a file has a name")
                .to_string_lossy()
                .into_owned();
            all.extend(
                documents(&text)
                    .into_iter()
                    .map(|document| (file.clone(), document)),
            );
        }
    }
    assert!(!all.is_empty(), "{name} holds manifests");
    all
}
