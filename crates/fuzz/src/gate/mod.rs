//! What callers and proxies send to the gate, and what owners write that it goes by.

mod check_request;
mod cluster;
mod credential;
mod door;
mod objects;
mod proxy;
mod route;
mod ways;
mod written;

pub(crate) use check_request::read as check_request;
pub(crate) use credential::carry as credential;
pub(crate) use door::pass as front_door;
pub(crate) use objects::take as objects;
pub(crate) use route::find as route;
pub(crate) use ways::agree as ways;
