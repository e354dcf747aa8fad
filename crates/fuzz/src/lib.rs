//! What any bytes that a stranger sends are held to: one [`Target`] for each parser.
//!
//! A target is a plain function of bytes that ends the process if something that must hold does not. The binaries in
//! `fuzz/` let libFuzzer look for bytes that do that (`cargo xtask fuzz`), which takes a nightly compiler; the tests here
//! show each target its seeds, `seeds/<target>/`, which takes none.

mod apiserver;
mod auth_scheme;
mod fetch;
mod gate;
mod predicate;
mod runtime;
mod schema;
mod target;
mod words;

pub use target::{TARGETS, Target, begin, targets};
