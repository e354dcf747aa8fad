//! Who owns whom, by uid.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::store::{Event, Key, Object, Owner};

/// Every object with its owners, and the way back.
#[derive(Debug, Default)]
pub(super) struct Graph {
    nodes: HashMap<String, Node>,
    dependents: HashMap<String, BTreeSet<String>>,
}

#[derive(Debug)]
struct Node {
    key: Key,
    owners: Vec<Owner>,
}

impl Graph {
    /// Takes in one change; returns the uids of the objects that must be looked at because of it.
    pub(super) fn apply(&mut self, collection: &Arc<str>, event: &Event) -> Vec<String> {
        let object = &event.object;
        if event.deleted {
            self.remove(&object.uid)
        } else {
            self.upsert(collection, object)
        }
    }

    /// Takes in an object; returns whom to look at.
    pub(super) fn upsert(&mut self, collection: &Arc<str>, object: &Object) -> Vec<String> {
        let key = Key {
            collection: Arc::clone(collection),
            at: object.at.clone(),
        };
        let node = Node {
            key,
            owners: object.owners.clone(),
        };
        for owner in &node.owners {
            self.dependents
                .entry(owner.uid.clone())
                .or_default()
                .insert(object.uid.clone());
        }
        let last = self.nodes.insert(object.uid.clone(), node);
        let dropped: Vec<String> = last
            .into_iter()
            .flat_map(|last| last.owners)
            .map(|owner| owner.uid)
            .filter(|uid| !object.owners.iter().any(|owner| owner.uid == *uid))
            .collect();
        for owner in &dropped {
            self.unlink(owner, &object.uid);
        }
        // Whoever let go of an owner may be what that owner was waiting for.
        let mut concerned = dropped;
        if object.deleting || !object.owners.is_empty() {
            concerned.push(object.uid.clone());
        }
        concerned
    }

    fn remove(&mut self, uid: &str) -> Vec<String> {
        let mut concerned: Vec<String> = self.dependents.get(uid).into_iter().flatten().cloned().collect();
        if let Some(node) = self.nodes.remove(uid) {
            for owner in node.owners {
                self.unlink(&owner.uid, uid);
                concerned.push(owner.uid);
            }
        }
        concerned
    }

    fn unlink(&mut self, owner: &str, dependent: &str) {
        if let Some(dependents) = self.dependents.get_mut(owner) {
            dependents.remove(dependent);
            if dependents.is_empty() {
                self.dependents.remove(owner);
            }
        }
    }

    pub(super) fn key(&self, uid: &str) -> Option<&Key> {
        self.nodes.get(uid).map(|node| &node.key)
    }

    /// Whether anything names this object as its owner.
    pub(super) fn owns(&self, uid: &str) -> bool {
        self.dependents.contains_key(uid)
    }

    /// Keys of what this object owns, and whether each holds it back from going.
    pub(super) fn dependents(&self, uid: &str) -> Vec<(Key, bool)> {
        let dependents = self.dependents.get(uid).into_iter().flatten();
        dependents
            .filter_map(|dependent| self.nodes.get(dependent))
            .map(|node| {
                let mut owners = node.owners.iter().filter(|owner| owner.uid == uid);
                (
                    node.key.clone(),
                    owners.any(|owner| owner.block_owner_deletion == Some(true)),
                )
            })
            .collect()
    }
}
