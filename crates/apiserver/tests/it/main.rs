//! The server as its clients see it: through `kube::Client` and raw HTTP.

mod cluster;
mod objects;
