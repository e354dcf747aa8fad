//! What clients send to the API server.

mod cluster;
mod list;
mod protobuf;
mod request;

pub(crate) use list::select as list;
pub(crate) use protobuf::create as protobuf;
pub(crate) use request::answer as request;
