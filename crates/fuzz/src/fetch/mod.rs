//! What is fetched from outside, and from where.

mod address;
mod answer;
mod discovery;
mod url;

pub(crate) use address::judge as address;
pub(crate) use answer::read as answer;
pub(crate) use discovery::read as discovery;
pub(crate) use url::fetch as url;
