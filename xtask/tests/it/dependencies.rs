//! Other people's crates: each is named with its reason, and each is used.

use std::collections::BTreeSet;

use crate::packages;
use crate::repository;

#[test]
fn every_direct_dependency_is_named_with_its_reason() {
    let document = repository::read("docs/dependencies.md");
    let missing: Vec<_> = direct()
        .into_iter()
        .filter(|name| !document.contains(&format!("`{name}`")))
        .collect();
    assert!(
        missing.is_empty(),
        "docs/dependencies.md does not say why these are there: {}",
        missing.join(", ")
    );
}

#[test]
fn no_reason_is_given_for_a_dependency_that_is_gone() {
    let document = repository::read("docs/dependencies.md");
    let direct = direct();
    // The first column of each table: `name`, `name`.
    let named = document
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split(" |").next());
    let gone: Vec<_> = named
        .flat_map(|cell| cell.split([',', ' ']))
        .map(|name| name.trim_matches('`'))
        .filter(|name| !name.is_empty() && !direct.contains(*name))
        .collect();
    assert!(
        gone.is_empty(),
        "docs/dependencies.md explains what is not used: {}",
        gone.join(", ")
    );
}

#[test]
fn every_declared_dependency_is_used_by_its_crate() {
    let sources = repository::texts("rs");
    let mut unused = Vec::new();
    for package in packages::all() {
        let own: Vec<_> = sources
            .iter()
            .filter(|(path, _)| path.starts_with(&package.directory))
            .collect();
        for dependency in &package.dependencies {
            let path = format!("{}::", dependency.name.replace('-', "_"));
            if !own.iter().any(|(_, text)| text.contains(&path)) {
                unused.push(format!("{} in {}", dependency.name, package.directory.display()));
            }
        }
    }
    assert!(unused.is_empty(), "declared but not used: {}", unused.join(", "));
}

#[test]
fn every_dependency_of_the_workspace_is_used_by_a_crate() {
    let manifest = repository::read("Cargo.toml");
    let (_, table) = manifest
        .split_once("[workspace.dependencies]")
        .expect("the table of dependencies");
    let table = table.split_once("\n[").map_or(table, |(table, _)| table);
    let used: BTreeSet<_> = packages::all()
        .into_iter()
        .flat_map(|package| package.dependencies)
        .map(|each| each.name)
        .collect();
    let declared = table
        .lines()
        .filter_map(|line| line.split_once(" = "))
        .map(|(name, _)| name);
    let unused: Vec<_> = declared
        .filter(|name| !name.starts_with('#') && !used.contains(*name))
        .collect();
    assert!(
        unused.is_empty(),
        "in the root Cargo.toml and used by no crate: {}",
        unused.join(", ")
    );
}

/// The names of all crates of other people that ours declare.
fn direct() -> BTreeSet<String> {
    let dependencies = packages::all()
        .into_iter()
        .flat_map(|package| package.dependencies);
    dependencies
        .filter(|dependency| !dependency.is_ours)
        .map(|dependency| dependency.name)
        .collect()
}
