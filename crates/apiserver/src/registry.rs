//! Every kind that is served right now: an immutable snapshot.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::resource::ResourceType;

/// All served kinds, built in and custom, found by URL or by kind.
#[derive(Debug, Default)]
pub struct Registry {
    by_path: BTreeMap<(String, String, String), Arc<ResourceType>>,
}

impl Registry {
    /// A registry of these kinds. Of two with the same group, version and plural the first stays.
    pub fn new(types: impl IntoIterator<Item = Arc<ResourceType>>) -> Self {
        let mut by_path = BTreeMap::new();
        for resource in types {
            let path = (
                resource.group.clone(),
                resource.version.clone(),
                resource.plural.clone(),
            );
            by_path.entry(path).or_insert(resource);
        }
        Self { by_path }
    }

    /// The kind served at `/apis/GROUP/VERSION/…/PLURAL`.
    #[must_use]
    pub fn find(&self, group: &str, version: &str, plural: &str) -> Option<&Arc<ResourceType>> {
        self.by_path
            .get(&(group.to_owned(), version.to_owned(), plural.to_owned()))
    }

    /// The kind with this `apiVersion` and `kind`.
    #[must_use]
    pub fn find_kind(&self, api_version: &str, kind: &str) -> Option<&Arc<ResourceType>> {
        self.iter()
            .find(|resource| resource.kind == kind && resource.api_version() == api_version)
    }

    /// Every served version of every kind, ordered by group, version, plural.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<ResourceType>> {
        self.by_path.values()
    }
}
