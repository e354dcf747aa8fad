//! The image is built of what is there, and has what the pods run.

use std::process::Command;

use keydesk_testkit::manifests;

use super::pods::templates;
use super::{APPLICABLE, rendered, text};

#[test]
fn the_image_has_every_program_that_a_pod_runs() {
    let dockerfile = text("Dockerfile");
    for folder in APPLICABLE {
        for template in templates(&rendered(folder)) {
            for container in template["spec"]["containers"].as_array().unwrap() {
                let program = container["command"][0].as_str().unwrap();
                assert!(dockerfile.contains(&format!(" /image{program};")), "{program}");
                let user = &template["spec"]["securityContext"];
                let user = format!("USER {}:{}", user["runAsUser"], user["runAsGroup"]);
                assert!(dockerfile.contains(&user), "{user}");
            }
        }
    }
}

#[test]
fn the_image_is_built_with_the_compiler_that_developers_have() {
    let toolchain = text("rust-toolchain.toml");
    let channel = toolchain
        .lines()
        .find_map(|line| line.strip_prefix("channel = "))
        .unwrap()
        .trim_matches('"');
    assert!(
        text("Dockerfile").contains(&format!("\nARG RUST_VERSION={channel}\n")),
        "{channel}"
    );
    assert!(
        text("Dockerfile").contains(&format!("\nARG VERSION={}\n", env!("CARGO_PKG_VERSION"))),
        "the version of the workspace"
    );
}

#[test]
fn the_builder_is_given_every_folder_that_the_program_is_built_of() {
    let ignore = text(".dockerignore");
    let given: Vec<_> = ignore.lines().filter_map(|line| line.strip_prefix('!')).collect();
    for needed in ["Cargo.toml", "Cargo.lock", "crates", "xtask", "examples"] {
        assert!(given.contains(&needed), "{needed}");
    }
    for given in given {
        assert!(manifests::repository().join(given).exists(), "{given}");
    }
    // What the sources take in from outside the crates is given too.
    let sources = text("crates/api/src/manifests.rs");
    let taken = sources.split("include_str!(\"../../../").skip(1);
    for path in taken.map(|rest| rest.split('/').next().unwrap()) {
        assert!(ignore.lines().any(|line| line == format!("!{path}")), "{path}");
    }
}

#[test]
fn what_the_image_is_built_with_is_shell() {
    let dockerfile = text("Dockerfile").replace("\\\n", " ");
    let scripts: Vec<_> = dockerfile
        .lines()
        .filter_map(|line| line.strip_prefix("RUN "))
        .map(|line| &line[line.find("set -eu").unwrap()..])
        .collect();
    assert_eq!(scripts.len(), 2);
    for script in scripts {
        let checked = Command::new("sh").args(["-n", "-c", script]).output().unwrap();
        let complaints = String::from_utf8_lossy(&checked.stderr);
        assert!(checked.status.success(), "{script}: {complaints}");
    }
}
