//! HTTP around the verbs: who asks, for what, may they, and how the answer looks.

mod answer;
mod body;
mod drained;
mod handle;
mod patch;
mod resource;
mod serve;

pub(crate) use self::handle::handle;
pub(crate) use self::serve::serve_tls;
