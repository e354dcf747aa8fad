//! What can be done with objects: one file per verb. Shared by requests and by background work.

mod create;
mod delete;
mod list;
mod update;
mod watch;

pub(crate) use self::create::create;
pub(crate) use self::delete::{
    DeleteOptions, Deleted, FOREGROUND, ORPHAN, Propagation, delete, delete_collection,
};
pub(crate) use self::list::{Listed, list};
pub(crate) use self::update::{replacement, update};
pub(crate) use self::watch::{Change, Watch};

use crate::admit::Writer;
use crate::api::Api;
use crate::caller::User;
use crate::resource::ResourceType;

/// Who does something to objects of which kind.
#[derive(Clone, Copy)]
pub(crate) struct Call<'a> {
    pub(crate) api: &'a Api,
    pub(crate) user: &'a User,
    pub(crate) resource: &'a ResourceType,
    /// `None`: cluster scope, or all namespaces.
    pub(crate) namespace: Option<&'a str>,
    /// With which program, in managedFields.
    pub(crate) manager: &'a str,
}

/// The manager of what this server does by itself.
pub(crate) const OURSELVES: &str = "keydesk-apiserver";

impl Call<'_> {
    fn writer(&self) -> Writer<'_> {
        Writer {
            manager: self.manager,
            now: self.api.now(),
        }
    }
}
