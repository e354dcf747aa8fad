//! What has to be said of a target in more than one place.

use std::collections::BTreeMap;

use keydesk_fuzz::TARGETS;

use crate::{names_in, root};

fn sorted() -> Vec<&'static str> {
    let mut names: Vec<_> = TARGETS.iter().map(|target| target.name).collect();
    names.sort_unstable();
    names
}

#[test]
fn every_target_has_a_binary_and_seeds_and_nothing_else_has() {
    let names = sorted();
    let binaries: Vec<_> = names.iter().map(|name| format!("{name}.rs")).collect();
    assert_eq!(names_in("fuzz/fuzz_targets"), binaries);
    assert_eq!(names_in("crates/fuzz/seeds"), names);
    let manifest = std::fs::read_to_string(root().join("fuzz/Cargo.toml")).unwrap();
    let mut declared: Vec<_> = manifest
        .lines()
        .filter_map(|line| line.strip_prefix("path = \"fuzz_targets/")?.strip_suffix(".rs\""))
        .collect();
    declared.sort_unstable();
    assert_eq!(declared, names);
}

#[test]
fn every_binary_shows_its_target_what_the_fuzzer_found() {
    for name in sorted() {
        let path = root().join(format!("fuzz/fuzz_targets/{name}.rs"));
        let text = std::fs::read_to_string(path).unwrap();
        assert_eq!(text, binary(name));
    }
}

fn binary(name: &str) -> String {
    format!(
        "#![no_main]\n\nuse keydesk_fuzz::{{begin, targets}};\n\nlibfuzzer_sys::fuzz_target!(init: begin(), |data: &[u8]| targets::{name}(data));\n"
    )
}

/// What is fuzzed is what is shipped.
#[test]
fn the_binaries_are_built_from_the_versions_of_the_workspace() {
    let ours = versions("Cargo.lock");
    for (name, versions) in versions("fuzz/Cargo.lock") {
        let Some(ours) = ours.get(&name) else {
            continue;
        };
        for version in versions {
            assert!(
                ours.contains(&version),
                "fuzz/Cargo.lock has {name} {version}: cp Cargo.lock fuzz/ && cargo metadata --manifest-path fuzz/Cargo.toml"
            );
        }
    }
}

fn versions(lock: &str) -> BTreeMap<String, Vec<String>> {
    let text = std::fs::read_to_string(root().join(lock)).unwrap();
    let mut versions = BTreeMap::<_, Vec<_>>::new();
    for package in text.split("[[package]]").skip(1) {
        let field = |name: &str| {
            let mut lines = package.lines();
            let line = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(" = \""))?;
            line.strip_suffix('"').map(str::to_owned)
        };
        let version = field("version").unwrap();
        versions.entry(field("name").unwrap()).or_default().push(version);
    }
    versions
}
