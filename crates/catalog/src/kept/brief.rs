//! Keys, requests and approvals as records, packed: what a gate with a million keys can afford.
//!
//! All that hangs on one request is one [`Case`]. A case is read as a whole and written as a whole; changes are rare and
//! cost microseconds, and what is not changed is a hundred bytes. Names that are derived from a key end in a digest of
//! it, and so does the name of the request: under that digest a case is found by any of them.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{BuildHasher as _, RandomState};

use hashbrown::HashTable;
use keydesk_api::meta::{enforcement_secret_name, enforcement_stem, hash8};
use keydesk_core::NamespacedName;

use super::Change;
use super::arena::{Arena, Place};
use super::case::Case;
use super::code;
use super::words::Words;
use crate::{ApprovalRecord, Dossier, KeyEdges, KeyRecord, RequestRecord};

/// All cases.
#[derive(Clone, Debug, Default)]
pub(crate) struct Brief {
    pieces: Arena,
    words: Words,
    /// By the tags of their requests.
    cases: HashTable<Place>,
    /// Approvals whose names have another tag than their requests', and the same of the stems of enforcement secrets.
    strays: HashTable<Stray>,
    by_product: HashMap<NamespacedName, HashSet<Place>>,
    hasher: RandomState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stray {
    /// Half the hash of the approval's namespace and name, or of the stem.
    hash: u32,
    /// Where it belongs.
    case: Place,
}

impl Brief {
    pub(super) fn put_key(&mut self, id: &NamespacedName, new: Option<KeyRecord>) -> Change<KeyEdges> {
        let is_it = |key: &KeyRecord| key.id == *id;
        let known = self.find(tag_of_key(id), |case| case.keys.iter().any(is_it));
        let old = known.and_then(|(place, mut case)| {
            self.remove(place, &case);
            let at = case.keys.iter().position(is_it)?;
            let key = case.keys.remove(at);
            self.insert(&case);
            Some(key.edges())
        });
        let edges = new.as_ref().map(KeyRecord::edges);
        if let Some(new) = new {
            self.edit(new.request(), |case| {
                case.keys.push(new);
                case.keys.sort_by(|a, b| a.id.cmp(&b.id));
            });
        }
        Change { old, new: edges }
    }

    pub(super) fn put_request(
        &mut self,
        id: &NamespacedName,
        new: Option<RequestRecord>,
    ) -> Change<NamespacedName> {
        let key = new.as_ref().map(|new| new.key.clone());
        let mut old = None;
        self.edit(id.clone(), |case| {
            old = std::mem::replace(&mut case.request, new);
        });
        Change {
            old: old.map(|old| old.key),
            new: key,
        }
    }

    pub(super) fn put_approval(
        &mut self,
        id: &NamespacedName,
        new: Option<ApprovalRecord>,
    ) -> Change<NamespacedName> {
        let is_it = |approval: &ApprovalRecord| approval.id == *id;
        let old = self.case_of_approval(id).map(|(place, mut case)| {
            self.remove(place, &case);
            case.approvals.retain(|approval| !is_it(approval));
            self.insert(&case);
            case.id
        });
        let request = new.as_ref().map(ApprovalRecord::request);
        if let Some(new) = new {
            self.edit(new.request(), |case| {
                case.approvals.push(new);
                case.approvals.sort_by(|a, b| a.id.cmp(&b.id));
            });
        }
        Change { old, new: request }
    }

    pub(super) fn dossier(&self, id: &NamespacedName) -> Option<Dossier> {
        let is_it = |key: &KeyRecord| key.id == *id;
        let (_, case) = self.find(tag_of_key(id), |case| case.keys.iter().any(is_it))?;
        let Case {
            id: _,
            keys,
            request,
            approvals,
        } = case;
        Some(Dossier {
            key: keys.into_iter().find(is_it)?,
            request,
            approvals,
        })
    }

    pub(super) fn approvals_of(&self, request: &NamespacedName) -> Vec<NamespacedName> {
        let approvals = self.case(request).map(|(_, case)| case.approvals);
        let approvals = approvals.unwrap_or_default().into_iter();
        approvals.map(|approval| approval.id).collect()
    }

    pub(super) fn keys_deriving(&self, request: &NamespacedName) -> Vec<NamespacedName> {
        let keys = self.case(request).map(|(_, case)| case.keys).unwrap_or_default();
        keys.into_iter().map(|key| key.id).collect()
    }

    pub(super) fn keys_enforced_by(&self, name: &str) -> Vec<NamespacedName> {
        let stem = enforcement_stem(name);
        let tag = self.tag(&stem);
        let strays = self.strayed(half(self.hasher.hash_one(&*stem)));
        let mut keys: Vec<_> = self
            .tagged(tag)
            .chain(strays)
            .flat_map(|(_, case)| case.keys)
            .map(|key| key.id)
            .filter(|id| stem_of_key(id) == *stem)
            .collect();
        keys.sort();
        keys.dedup();
        keys
    }

    pub(super) fn keys_of_product(&self, product: &NamespacedName) -> Vec<NamespacedName> {
        let places = self.by_product.get(product).into_iter().flatten();
        places
            .flat_map(|place| self.read(*place).keys)
            .filter(|key| key.asked.product == *product)
            .map(|key| key.id)
            .collect()
    }

    pub(super) fn key_ids(&self, is_wanted: impl Fn(&NamespacedName) -> bool) -> Vec<NamespacedName> {
        let keys = self.iter().flat_map(|case| case.keys);
        sorted(keys.map(|key| key.id).filter(is_wanted))
    }

    pub(super) fn request_ids(&self, is_wanted: impl Fn(&NamespacedName) -> bool) -> Vec<NamespacedName> {
        let cases = self.iter().filter(|case| case.request.is_some());
        sorted(cases.map(|case| case.id).filter(is_wanted))
    }

    pub(super) fn approval_ids(&self, is_wanted: impl Fn(&NamespacedName) -> bool) -> Vec<NamespacedName> {
        let approvals = self.iter().flat_map(|case| case.approvals);
        sorted(approvals.map(|approval| approval.id).filter(is_wanted))
    }

    /// Changes what there is of a request.
    fn edit(&mut self, request: NamespacedName, change: impl FnOnce(&mut Case)) {
        let mut case = match self.case(&request) {
            Some((place, case)) => {
                self.remove(place, &case);
                case
            }
            None => Case::of(request),
        };
        change(&mut case);
        self.insert(&case);
    }

    fn insert(&mut self, case: &Case) {
        if case.is_empty() {
            return;
        }
        let tag = self.tag(&case.id.name);
        let piece = case.to_bytes(tag, &mut self.words);
        // What there is no room for is not known: its keys open nothing.
        let Some(place) = self.pieces.put(&piece) else {
            code::release(&piece, &mut self.words);
            return;
        };
        let Self {
            pieces,
            cases,
            hasher,
            ..
        } = self;
        let hash = |place: &Place| hasher.hash_one(code::tag(pieces.get(*place)));
        cases.insert_unique(hash(&place), place, hash);
        for stray in self.strays_of(case, place) {
            self.strays
                .insert_unique(spread(stray.hash), stray, |stray| spread(stray.hash));
        }
        for key in &case.keys {
            let places = self.by_product.entry(key.asked.product.clone()).or_default();
            places.insert(place);
        }
    }

    fn remove(&mut self, place: Place, case: &Case) {
        let hash = self.hasher.hash_one(self.tag(&case.id.name));
        if let Ok(entry) = self.cases.find_entry(hash, |other| *other == place) {
            entry.remove();
        }
        for stray in self.strays_of(case, place) {
            if let Ok(entry) = self
                .strays
                .find_entry(spread(stray.hash), |other| *other == stray)
            {
                entry.remove();
            }
        }
        for key in &case.keys {
            if let Some(places) = self.by_product.get_mut(&key.asked.product) {
                places.remove(&place);
                if places.is_empty() {
                    self.by_product.remove(&key.asked.product);
                }
            }
        }
        code::release(self.pieces.get(place), &mut self.words);
        self.pieces.remove(place);
    }

    fn strays_of(&self, case: &Case, place: Place) -> Vec<Stray> {
        let tag = self.tag(&case.id.name);
        let approvals = case.approvals.iter().map(|approval| &approval.id);
        let approvals = approvals
            .filter(|id| self.tag(&id.name) != tag)
            .map(|id| self.half_hash(id));
        let stems = case.keys.iter().filter(|key| may_have_other_stem(&key.id));
        let stems = stems
            .map(|key| stem_of_key(&key.id))
            .filter(|stem| self.tag(stem) != tag)
            .map(|stem| half(self.hasher.hash_one(&*stem)));
        let stray = |hash| Stray { hash, case: place };
        approvals.chain(stems).map(stray).collect()
    }

    fn case(&self, request: &NamespacedName) -> Option<(Place, Case)> {
        self.find(self.tag(&request.name), |case| case.id == *request)
    }

    fn case_of_approval(&self, id: &NamespacedName) -> Option<(Place, Case)> {
        let has_it = |case: &Case| case.approvals.iter().any(|approval| approval.id == *id);
        self.find(self.tag(&id.name), has_it)
            .or_else(|| self.strayed(self.half_hash(id)).find(|(_, case)| has_it(case)))
    }

    fn strayed(&self, hash: u32) -> impl Iterator<Item = (Place, Case)> {
        self.strays
            .iter_hash(spread(hash))
            .filter(move |stray| stray.hash == hash)
            .map(|stray| (stray.case, self.read(stray.case)))
    }

    fn find(&self, tag: u32, is_it: impl Fn(&Case) -> bool) -> Option<(Place, Case)> {
        self.tagged(tag).find(|(_, case)| is_it(case))
    }

    fn tagged(&self, tag: u32) -> impl Iterator<Item = (Place, Case)> {
        self.cases
            .iter_hash(self.hasher.hash_one(tag))
            .filter(move |place| code::tag(self.pieces.get(**place)) == tag)
            .map(|place| (*place, self.read(*place)))
    }

    fn iter(&self) -> impl Iterator<Item = Case> {
        self.cases.iter().map(|place| self.read(*place))
    }

    fn read(&self, place: Place) -> Case {
        Case::from_bytes(self.pieces.get(place), &self.words)
    }

    /// The digest at the end of a name that was derived from a key's; of another name, any number.
    fn tag(&self, name: &str) -> u32 {
        let stem = name.strip_suffix("-auto").unwrap_or(name);
        let last = stem
            .rsplit('-')
            .next()
            .filter(|last| [8, 16].contains(&last.len()));
        let digest = last.and_then(|last| u32::from_str_radix(last.get(..8)?, 16).ok());
        digest.unwrap_or_else(|| half(self.hasher.hash_one(name)))
    }

    fn half_hash(&self, id: &NamespacedName) -> u32 {
        half(self.hasher.hash_one(id))
    }
}

/// The same digest, of the key itself.
fn tag_of_key(id: &NamespacedName) -> u32 {
    u32::from_str_radix(&hash8(&id.namespace, &id.name), 16).unwrap_or_default()
}

/// What the names of its enforcement secrets have in common.
fn stem_of_key(id: &NamespacedName) -> String {
    let first = enforcement_secret_name(&id.namespace, &id.name);
    enforcement_stem(&first).into_owned()
}

/// Whether that may be another name than the first one's, with another digest at its end.
fn may_have_other_stem(id: &NamespacedName) -> bool {
    id.namespace.len() + id.name.len() > SURELY_OWN_STEM
}

/// Bytes of a key's namespace and name that leave room for every end in any case.
const SURELY_OWN_STEM: usize = 190;

fn half(hash: u64) -> u32 {
    u32::try_from(hash >> u32::BITS).unwrap_or_default()
}

/// A table wants its bits at both ends.
fn spread(hash: u32) -> u64 {
    u64::from(hash) << u32::BITS | u64::from(hash)
}

fn sorted<T: Ord>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut items: Vec<_> = items.collect();
    items.sort();
    items
}

impl PartialEq for Brief {
    fn eq(&self, other: &Self) -> bool {
        let by_request = |brief: &Self| -> BTreeMap<NamespacedName, Case> {
            brief.iter().map(|case| (case.id.clone(), case)).collect()
        };
        by_request(self) == by_request(other)
    }
}

#[cfg(test)]
mod tests;
