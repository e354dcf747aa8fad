//! From the enforcement secrets that are there to those that should be, in steps that no gateway misreads.
//!
//! Authorino finds a Secret by its name, and a key's entry by its value; of a name that it has under the same value it
//! keeps what it read first (`spec/controller.md` §5.4). So:
//!
//! * Another value, or other labels, are put in place.
//! * Other annotations under the same value come with a Secret of a new name, which is written first; then the old one is
//!   deleted, then the new one changed once more: a gateway that started in between may have taken the old one for the
//!   value's, and so lost it.
//! * Where the role allows no change, what differs is deleted first and made anew, under a new name if other annotations
//!   come under the same value. A key is unknown for the moment in between.
//!
//! What is still to be done is to be seen in the cluster: a Secret whose value another one has is marked with
//! [`annotation::REPLACES`], and the last change takes the mark away. Whoever comes next goes on from there. Only after a
//! deletion there is nothing to be seen: the process remembers it for the name of the next one, and where the process
//! ended meanwhile, the seconds until another one runs do as well.

use std::collections::BTreeSet;
use std::sync::Arc;

use keydesk_api::meta::{annotation, is_previous_secret, successor_secret_name};
use keydesk_catalog::SecretMeta;
use keydesk_core::{Fingerprint, NamespacedName};

use super::enforcement::Desired;
use super::seen::{EnforcementCopy, Seen};

/// One write of an enforcement secret.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Copying {
    /// Make it.
    Create(Wanted),
    /// Put it in the place of the one of its name that was seen.
    Replace {
        /// What to put.
        wanted: Wanted,
        /// What is there.
        seen: Arc<SecretMeta>,
    },
    /// Delete one that another one stands for, or that is about to be made anew.
    Retire(Arc<SecretMeta>),
}

/// An enforcement secret to write.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Wanted {
    pub(crate) id: NamespacedName,
    /// What should be in it.
    pub(crate) desired: Box<Desired>,
    /// Another one that has the value for the moment.
    pub(crate) replaces: Option<String>,
}

/// Writes to make.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Convergence {
    /// What nobody should be let in by any more: deleted before anything else happens.
    pub(super) revoke: Vec<Arc<SecretMeta>>,
    /// The rest, each only if those before it were made.
    pub(super) copying: Vec<Copying>,
}

/// From what is there to what should be. `desired` are the secrets of one key; whose value is in use comes last.
pub(super) fn converge(seen: &Seen, desired: &[Desired]) -> Convergence {
    let Seen {
        copies, may_update, ..
    } = seen;
    let may_update = *may_update;
    let home = desired.first().map(|desired| desired.first.namespace.as_str());
    let (here, elsewhere): (Vec<&EnforcementCopy>, Vec<&EnforcementCopy>) = copies
        .iter()
        .filter(|copy| !copy.meta.deleting)
        .partition(|copy| home == Some(copy.meta.id.namespace.as_str()));
    let slots: Vec<_> = desired.iter().map(|desired| slot(&here, desired)).collect();
    let spare = |copy: &&EnforcementCopy| !slots.iter().flatten().any(|slot| slot.meta.id == copy.meta.id);
    let wanted: BTreeSet<Fingerprint> = desired.iter().map(|desired| desired.value).collect();
    let (outdated, unwanted): (Vec<&EnforcementCopy>, Vec<&EnforcementCopy>) = here
        .iter()
        .copied()
        .filter(spare)
        .partition(|copy| copy.value.is_some_and(|value| wanted.contains(&value)));

    let mut writes = Vec::new();
    let mut makes_anew = Vec::new();
    for (desired, slot) in desired.iter().zip(&slots) {
        let twin = here.iter().find(|copy| {
            copy.value == Some(desired.value) && slot.is_none_or(|slot| slot.meta.id != copy.meta.id)
        });
        let want = |id: NamespacedName| Wanted {
            id,
            desired: Box::new(desired.clone()),
            // Without the right to change it, the twin goes first.
            replaces: twin.filter(|_| may_update).map(|twin| twin.meta.id.name.clone()),
        };
        match slot {
            Some(slot) if is_faithful(slot, desired, twin.is_some()) => {}
            Some(slot) if may_update => writes.push(Copying::Replace {
                wanted: want(slot.meta.id.clone()),
                seen: slot.meta.clone(),
            }),
            Some(slot) => {
                makes_anew.push(Copying::Retire(slot.meta.clone()));
                writes.push(Copying::Create(want(slot.meta.id.clone())));
            }
            None => {
                let id = name(seen, &here, desired);
                writes.extend(id.map(|id| Copying::Create(want(id))));
            }
        }
    }
    let retire = outdated
        .into_iter()
        .map(|copy| Copying::Retire(copy.meta.clone()));
    let copying = if may_update {
        writes.into_iter().chain(retire).collect()
    } else {
        makes_anew.into_iter().chain(retire).chain(writes).collect()
    };
    Convergence {
        revoke: elsewhere
            .into_iter()
            .chain(unwanted)
            .map(|copy| copy.meta.clone())
            .collect(),
        copying,
    }
}

/// The Secret that stays, or becomes, the one that is desired: one with the value and all that Authorino keeps of it, or
/// else one with a value that gives way.
fn slot<'a>(here: &[&'a EnforcementCopy], desired: &Desired) -> Option<&'a EnforcementCopy> {
    let own = || here.iter().copied().filter(|copy| has_role(&copy.meta, desired));
    let is_kept =
        |copy: &&EnforcementCopy| copy.value == Some(desired.value) && has_annotations(copy, desired);
    own()
        .filter(is_kept)
        .max_by_key(|copy| copy.meta.labels == desired.labels)
        .or_else(|| own().find(|copy| copy.value != Some(desired.value)))
}

/// The name of a Secret to make: the first one, if there never was another.
fn name(seen: &Seen, here: &[&EnforcementCopy], desired: &Desired) -> Option<NamespacedName> {
    let there = here.iter().filter(|copy| copy.value == Some(desired.value));
    let twins: Vec<&SecretMeta> = there
        .map(|copy| &*copy.meta)
        .chain(seen.retired.iter().rev().map(|meta| &**meta))
        .filter(|meta| has_role(meta, desired))
        .collect();
    if twins.is_empty() {
        // Nothing is written over one that is being deleted: its end is an event.
        let is_free = !seen.copies.iter().any(|copy| copy.meta.id == desired.first);
        is_free.then(|| desired.first.clone())
    } else {
        successor(&seen.copies, &twins, desired)
    }
}

/// A name that no Secret had yet, from that of one whose place is taken. The same one each time, until it is used.
fn successor(copies: &[EnforcementCopy], twins: &[&SecretMeta], desired: &Desired) -> Option<NamespacedName> {
    let names = twins
        .iter()
        .map(|twin| successor_secret_name(&desired.first.name, &twin.uid));
    names
        .map(|name| NamespacedName::new(desired.first.namespace.as_str(), name))
        .find(|id| !copies.iter().any(|copy| copy.meta.id == *id))
}

fn has_role(secret: &SecretMeta, desired: &Desired) -> bool {
    is_previous_secret(&secret.id.name) == is_previous_secret(&desired.first.name)
}

fn has_annotations(copy: &EnforcementCopy, desired: &Desired) -> bool {
    let own = |(name, _): &(&String, &String)| *name != annotation::REPLACES;
    copy.meta.annotations.iter().filter(own).eq(&desired.annotations)
}

fn is_faithful(copy: &EnforcementCopy, desired: &Desired, has_twin: bool) -> bool {
    copy.value == Some(desired.value)
        && copy.meta.labels == desired.labels
        && has_annotations(copy, desired)
        && copy.meta.annotations.contains_key(annotation::REPLACES) == has_twin
}
