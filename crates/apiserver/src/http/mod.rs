//! HTTP around the verbs: who asks, for what, may they, and how the answer looks.

mod answer;
mod body;
mod bounds;
mod drained;
mod handle;
mod patch;
mod resource;
mod room;

pub(crate) use self::bounds::bounds;
pub(crate) use self::handle::handle;
pub(crate) use self::room::Room;
