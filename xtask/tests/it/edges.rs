//! Which crate may use which: the table in `ARCHITECTURE.md`, held to.

use std::collections::{BTreeMap, BTreeSet};

use crate::packages::{self, Package};
use crate::repository;

/// Used by tests alone.
const TESTKIT: &str = "testkit";

/// What a crate that decides in values must not be able to reach: other crates' runtimes, clients and sockets.
const PURE: [(&str, &[&str]); 5] = [
    ("core", &["tokio", "kube", "hyper", "axum", "rand"]),
    ("cel", &["tokio", "kube", "hyper", "http", "axum", "rand"]),
    ("schema", &["tokio", "kube", "hyper", "http", "axum", "rand"]),
    ("catalog", &["tokio", "hyper", "axum", "rand"]),
    ("api", &["tokio", "hyper", "axum", "rand"]),
];

#[test]
fn every_crate_uses_only_what_the_architecture_allows() {
    let table = Table::read();
    let mut forbidden = Vec::new();
    for package in packages::all() {
        let user = package.short_name();
        let allowed = table.allowed(user);
        for (used, for_tests) in ours(&package) {
            let fine = allowed.contains(used.as_str()) || (for_tests && used == TESTKIT);
            if !fine {
                forbidden.push(format!(
                    "{user} uses {used}{}",
                    if for_tests { " in its tests" } else { "" }
                ));
            }
        }
    }
    assert!(
        forbidden.is_empty(),
        "ARCHITECTURE.md does not allow: {}",
        forbidden.join("; ")
    );
}

#[test]
fn the_architecture_allows_nothing_that_no_crate_does() {
    let table = Table::read();
    let mut unused = Vec::new();
    for package in packages::all() {
        let user = package.short_name();
        let needs: BTreeSet<_> = ours(&package).into_iter().map(|(used, _)| used).collect();
        let allowed = table.allowed(user);
        unused.extend(
            allowed
                .difference(&needs)
                .map(|allowed| format!("{user} does not use {allowed}")),
        );
    }
    assert!(
        unused.is_empty(),
        "ARCHITECTURE.md allows more than there is: {}",
        unused.join("; ")
    );
}

#[test]
fn the_table_lists_every_crate_and_no_other() {
    let packages: BTreeSet<String> = packages::all()
        .iter()
        .map(|package| package.short_name().to_owned())
        .collect();
    let listed: BTreeSet<String> = Table::read().0.into_keys().collect();
    assert_eq!(listed, packages);
}

#[test]
fn only_tests_use_the_testkit() {
    for package in packages::all() {
        let used = ours(&package)
            .into_iter()
            .any(|(used, for_tests)| used == TESTKIT && !for_tests);
        assert!(!used, "{} uses {TESTKIT} outside its tests", package.name);
    }
}

#[test]
fn crates_that_decide_in_values_reach_no_runtime_and_no_socket() {
    let packages = packages::all();
    for (name, unreachable) in PURE {
        let package = packages
            .iter()
            .find(|package| package.short_name() == name)
            .expect("the crate exists");
        for dependency in package
            .dependencies
            .iter()
            .filter(|dependency| !dependency.for_tests)
        {
            assert!(
                !unreachable.contains(&dependency.name.as_str()),
                "{name} uses {}",
                dependency.name
            );
        }
    }
}

/// The directories of our own crates that `package` depends on, and whether only its tests do.
fn ours(package: &Package) -> Vec<(String, bool)> {
    let dependencies = package
        .dependencies
        .iter()
        .filter(|dependency| dependency.is_ours);
    let directory = |name: &str| name.strip_prefix("keydesk-").unwrap_or("cli").to_owned();
    dependencies
        .map(|dependency| (directory(&dependency.name), dependency.for_tests))
        .collect()
}

/// Each crate with what it may use, from the rows of `ARCHITECTURE.md` that begin with a crate's name.
struct Table(BTreeMap<String, BTreeSet<String>>);

impl Table {
    fn read() -> Self {
        let document = repository::read("ARCHITECTURE.md");
        let mut rows = BTreeMap::new();
        for line in document.lines().filter(|line| line.starts_with("| `")) {
            let cells: Vec<_> = line.split('|').map(str::trim).collect();
            let name = cells[1]
                .split('`')
                .nth(1)
                .expect("a crate's name in backticks")
                .to_owned();
            let allowed = match cells[3] {
                "–" => BTreeSet::new(),
                names => names.split(", ").map(str::to_owned).collect(),
            };
            rows.insert(name, allowed);
        }
        Self(rows)
    }

    fn allowed(&self, name: &str) -> &BTreeSet<String> {
        self.0
            .get(name)
            .unwrap_or_else(|| panic!("ARCHITECTURE.md does not list {name}"))
    }
}
