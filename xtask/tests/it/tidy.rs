//! What every committed file keeps to.

use std::path::Path;

use crate::repository;

/// Longer files hold two things.
const MOST_LINES: usize = 450;

/// Files that may be longer, each with the reason.
const LONG_FILES: [(&str, &str); 0] = [];

/// Places on one machine, and servers that a mirror replaces elsewhere. Written in pieces, or this file would be found.
const PLACES: [&str; 8] = [
    concat!("/", "work/"),
    concat!("/", "root/"),
    concat!("pypi", ".org"),
    concat!("pythonhosted", ".org"),
    concat!("proxy.golang", ".org"),
    concat!("index.crates", ".io"),
    concat!("static.crates", ".io"),
    concat!("static.rust-lang", ".org"),
];

/// Marks of unfinished work, in pieces for the same reason.
const UNFINISHED: [&str; 6] = [
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X:"),
    concat!("to", "do!("),
    concat!("unimple", "mented!("),
    concat!("#[ig", "nore"),
];

#[test]
fn no_source_file_is_long_without_a_reason() {
    let allowed = |path: &Path| LONG_FILES.iter().any(|(long, _)| Path::new(long) == path);
    let mut long: Vec<_> = repository::texts("rs")
        .into_iter()
        .map(|(path, text)| (text.lines().count(), path))
        .filter(|(lines, path)| *lines > MOST_LINES && !allowed(path))
        .map(|(lines, path)| format!("{} ({lines} lines)", path.display()))
        .collect();
    long.sort();
    assert!(
        long.is_empty(),
        "which two nouns live in each of these? {}",
        long.join(", ")
    );
}

#[test]
fn the_list_of_long_files_names_only_long_files() {
    for (path, _) in LONG_FILES {
        assert!(
            repository::read(path).lines().count() > MOST_LINES,
            "{path} needs no exception any more"
        );
    }
}

#[test]
fn no_file_names_a_machine_or_a_registry() {
    let mut found = Vec::new();
    for path in repository::files() {
        // What is not text names nothing.
        let Ok(text) = std::fs::read_to_string(repository::root().join(&path)) else {
            continue;
        };
        for (number, line) in text.lines().enumerate() {
            if let Some(place) = PLACES.iter().find(|place| line.contains(**place)) {
                found.push(format!("{}:{} {place}", path.display(), number + 1));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn no_work_is_left_for_later_in_the_code() {
    let mut found = Vec::new();
    for (path, text) in repository::texts("rs").into_iter().chain(repository::texts("go")) {
        for (number, line) in text.lines().enumerate() {
            if let Some(mark) = UNFINISHED.iter().find(|mark| line.contains(**mark)) {
                found.push(format!("{}:{} {mark}", path.display(), number + 1));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}
