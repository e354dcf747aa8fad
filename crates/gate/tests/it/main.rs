//! The gate's acceptance checks (`spec/gate.md` §7), black box: objects go in through the API server, calls come in over
//! real sockets, answers are what is looked at. The name of a test carries the number of the check it belongs to.
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on ends here"
)]

mod ask;
mod changes;
mod crowd;
mod envoy;
mod forging;
mod hiding;
mod itself;
mod key;
mod limits;
mod line;
mod malformed;
mod objects;
mod passing;
mod planless;
mod policies;
mod proxies;
mod refusing;
mod revocation;
mod rotation;
mod routes;
mod running;
mod scale;
mod sharing;
mod stage;
mod staleness;
mod verifying;
