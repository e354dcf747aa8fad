//! Served kinds, gathered into groups and versions.

use std::cmp::Reverse;
use std::sync::Arc;

use crate::registry::Registry;
use crate::resource::{ResourceType, Serves};

/// An API group and its versions, preferred first.
#[derive(Debug)]
pub(super) struct Group {
    /// Empty: the core group.
    pub(super) name: String,
    pub(super) versions: Vec<Version>,
}

/// One version of a group.
#[derive(Debug)]
pub(super) struct Version {
    pub(super) group: String,
    pub(super) name: String,
    pub(super) resources: Vec<Arc<ResourceType>>,
}

/// Every group, by name, the core group first.
pub(super) fn groups(registry: &Registry) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    // The registry is ordered by group, version, plural.
    for resource in registry.iter() {
        if groups.last().is_none_or(|group| group.name != resource.group) {
            groups.push(Group {
                name: resource.group.clone(),
                versions: Vec::new(),
            });
        }
        let Some(group) = groups.last_mut() else { continue };
        if group
            .versions
            .last()
            .is_none_or(|version| version.name != resource.version)
        {
            let (group_name, name) = (resource.group.clone(), resource.version.clone());
            group.versions.push(Version {
                group: group_name,
                name,
                resources: Vec::new(),
            });
        }
        if let Some(version) = group.versions.last_mut() {
            version.resources.push(Arc::clone(resource));
        }
    }
    for group in &mut groups {
        group.versions.sort_by_key(|version| Reverse(rank(&version.name)));
    }
    groups
}

impl Group {
    pub(super) fn version(&self, name: &str) -> Option<&Version> {
        self.versions.iter().find(|version| version.name == name)
    }
}

impl Version {
    /// `v1`, `apps/v1`.
    pub(super) fn group_version(&self) -> String {
        if self.group.is_empty() {
            self.name.clone()
        } else {
            format!("{}/{}", self.group, self.name)
        }
    }

    /// `/api/v1`, `/apis/apps/v1`.
    pub(super) fn path(&self) -> String {
        if self.group.is_empty() {
            format!("/api/{}", self.name)
        } else {
            format!("/apis/{}", self.group_version())
        }
    }
}

/// The order of versions that Kubernetes documents: stable, beta, alpha, anything else; newest first.
fn rank(version: &str) -> (u8, u32, u32, Reverse<String>) {
    let other = (0, 0, 0, Reverse(version.to_owned()));
    let Some(rest) = version.strip_prefix('v') else {
        return other;
    };
    let (major, stage, minor) = match (rest.split_once("alpha"), rest.split_once("beta")) {
        (Some((major, minor)), _) => (major, 1, minor),
        (None, Some((major, minor))) => (major, 2, minor),
        (None, None) => (rest, 3, "0"),
    };
    match (major.parse(), minor.parse()) {
        (Ok(major), Ok(minor)) => (stage, major, minor, Reverse(String::new())),
        _ => other,
    }
}

/// The verbs of a kind, in the order of a real server.
pub(crate) fn verbs(resource: &ResourceType) -> &'static [&'static str] {
    match resource.serves {
        Serves::Review => &["create"],
        Serves::Objects if resource.crd.is_some() => &[
            "delete",
            "deletecollection",
            "get",
            "list",
            "patch",
            "create",
            "update",
            "watch",
        ],
        Serves::Objects if resource.kind == "Namespace" => {
            &["create", "delete", "get", "list", "patch", "update", "watch"]
        }
        Serves::Objects => &[
            "create",
            "delete",
            "deletecollection",
            "get",
            "list",
            "patch",
            "update",
            "watch",
        ],
    }
}

/// The subresources of a kind and their verbs.
pub(super) fn subresources(resource: &ResourceType) -> Vec<(&'static str, &'static [&'static str])> {
    let mut found: Vec<(&'static str, &'static [&'static str])> = Vec::new();
    if resource.kind == "Namespace" && resource.group.is_empty() {
        found.push(("finalize", &["update"]));
    }
    if resource.status_subresource {
        found.push(("status", &["get", "patch", "update"]));
    }
    found
}
