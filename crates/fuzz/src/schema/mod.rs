//! Bodies, patches and schemas: what an API server makes of JSON.

mod body;
mod definition;
mod patch;

pub(crate) use body::read as body;
pub(crate) use definition::hold as definition;
pub(crate) use patch::apply as patch;
