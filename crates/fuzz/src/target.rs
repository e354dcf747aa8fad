//! The targets by their names.

/// A parser, and what it is held to.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name: that of the binary in `fuzz/`, and of the folder of its seeds.
    pub name: &'static str,
    /// Shows it bytes. Panics if something does not hold.
    pub run: fn(&[u8]),
}

/// Each target as a function of its own, so that a fuzzer's binary holds no other, and the list of them all.
macro_rules! targets {
    ($($(#[$what:meta])* $name:ident = $run:path;)*) => {
        /// Each target as a function: shows it bytes, and panics if something does not hold.
        pub mod targets {
            use crate::{apiserver, auth_scheme, fetch, gate, predicate, schema, words};

            $($(#[$what])* pub fn $name(data: &[u8]) {
                $run(data);
            })*
        }

        /// All of them.
        pub const TARGETS: &[Target] = &[$(Target { name: stringify!($name), run: targets::$name }),*];
    };
}

targets! {
    /// Addresses that a fetch may connect to.
    address = fetch::address;
    /// Answers of servers that are fetched from.
    answer = fetch::answer;
    /// Authentication schemes, as statuses repeat them.
    auth_scheme = auth_scheme::store;
    /// Bodies in JSON and YAML.
    body = schema::body;
    /// Envoy's questions over gRPC.
    check_request = gate::check_request;
    /// Keys in calls.
    credential = gate::credential;
    /// Schemas of definitions, and objects under them.
    definition = schema::definition;
    /// Discovery documents of issuers.
    discovery = fetch::discovery;
    /// Heads of requests at the front door.
    front_door = gate::front_door;
    /// Selectors and continue tokens.
    list = apiserver::list;
    /// What owners and consumers write, as the gate reads it.
    objects = gate::objects;
    /// Patches of all three kinds.
    patch = schema::patch;
    /// Predicates of plans.
    predicate = predicate::ask;
    /// Kubernetes' protobuf.
    protobuf = apiserver::protobuf;
    /// Requests to the API server.
    request = apiserver::request;
    /// The rule that a call meets.
    route = gate::route;
    /// URLs that owners type.
    url = fetch::url;
    /// Calls, as each proxy describes them.
    ways = gate::ways;
    /// Small texts in annotations, policies and Secrets.
    words = words::read;
}

/// To be called once by a fuzzer, before it begins. The engine of CEL panics on some texts, and whoever calls it catches
/// that: it is no finding. What nobody catches ends the process still.
pub fn begin() {
    drop(std::panic::take_hook());
}
