//! The one binary `keydesk`.
fn main() {}
