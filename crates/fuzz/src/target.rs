//! The targets by their names.

use crate::{apiserver, auth_scheme, fetch, gate, predicate, schema, words};

/// A parser, and what it is held to.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name: that of the binary in `fuzz/`, and of the folder of its seeds.
    pub name: &'static str,
    /// Shows it bytes. Panics if something does not hold.
    pub run: fn(&[u8]),
}

/// All of them.
pub const TARGETS: [Target; 19] = [
    // The gate: what callers, proxies and owners send.
    target("check_request", gate::check_request),
    target("credential", gate::credential),
    target("front_door", gate::front_door),
    target("objects", gate::objects),
    target("predicate", predicate::ask),
    target("route", gate::route),
    target("ways", gate::ways),
    // The API server: what its clients send.
    target("body", schema::body),
    target("definition", schema::definition),
    target("list", apiserver::list),
    target("patch", schema::patch),
    target("protobuf", apiserver::protobuf),
    target("request", apiserver::request),
    // The controller: what is typed, and what servers elsewhere answer.
    target("address", fetch::address),
    target("answer", fetch::answer),
    target("auth_scheme", auth_scheme::store),
    target("discovery", fetch::discovery),
    target("url", fetch::url),
    target("words", words::read),
];

const fn target(name: &'static str, run: fn(&[u8])) -> Target {
    Target { name, run }
}

/// To be called once by a fuzzer, before it begins. The engine of CEL panics on some texts, and whoever calls it catches
/// that: it is no finding. What nobody catches ends the process still.
pub fn begin() {
    drop(std::panic::take_hook());
}

/// Shows bytes to the target of this name.
///
/// # Panics
/// If there is none, or something that must hold does not.
pub fn run(name: &str, data: &[u8]) {
    let target = TARGETS.iter().find(|target| target.name == name);
    (target.expect("a target of this name").run)(data);
}
