//! Authorino's memory of Secrets, in every order in which it may come to hear of our writes.
//!
//! Of `spec/controller.md` §5.4: entries are by value; a Secret is looked for by its name; under the same value what was
//! read first is kept; its queue knows names, not what happened to them; and a reload takes, of two with one value, any.

use std::collections::{BTreeMap, BTreeSet};

use keydesk_api::meta::annotation::REPLACES;
use keydesk_core::Fingerprint;

use crate::key::seen::EnforcementCopy;

type Annotations = BTreeMap<String, String>;

/// What of a Secret matters to it.
type Known = (Fingerprint, Annotations);

#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Authorino {
    entries: BTreeMap<Fingerprint, (String, Annotations)>,
    queue: Vec<String>,
}

impl Authorino {
    fn hears_of(&mut self, name: &str) {
        if !self.queue.iter().any(|waiting| waiting == name) {
            self.queue.push(name.to_owned());
        }
    }

    fn takes_one(&mut self, cluster: &BTreeMap<String, Known>) {
        let name = self.queue.remove(0);
        let entry = self.entries.iter().find(|(_, (known, _))| *known == name);
        let before = entry.map(|(value, _)| *value);
        match cluster.get(&name) {
            Some((value, _)) if before == Some(*value) => {}
            Some((value, annotations)) => {
                self.entries.insert(*value, (name, annotations.clone()));
                before.map(|before| self.entries.remove(&before));
            }
            None => {
                before.map(|before| self.entries.remove(&before));
            }
        }
    }

    fn takes_all(&mut self, cluster: &BTreeMap<String, Known>) {
        while !self.queue.is_empty() {
            self.takes_one(cluster);
        }
    }

    fn reloads<'a>(&mut self, secrets: impl Iterator<Item = (&'a String, &'a Known)>) {
        let entries =
            secrets.map(|(name, (value, annotations))| (*value, (name.clone(), annotations.clone())));
        self.entries = entries.collect();
    }

    /// Whatever it may have come to know without a further write.
    fn moves_on(self, cluster: &BTreeMap<String, Known>) -> BTreeSet<Self> {
        let (mut all, mut fresh) = (BTreeSet::new(), vec![self]);
        while let Some(state) = fresh.pop() {
            if !all.insert(state.clone()) {
                continue;
            }
            if !state.queue.is_empty() {
                let mut taken = state.clone();
                taken.takes_one(cluster);
                fresh.push(taken);
            }
            for backwards in [false, true] {
                let mut reloaded = state.clone();
                if backwards {
                    reloaded.reloads(cluster.iter().rev());
                } else {
                    reloaded.reloads(cluster.iter());
                }
                fresh.push(reloaded);
            }
        }
        all
    }
}

/// Plays writes to it and sees that, in whatever order it took them in, it ends with what there is.
pub(super) fn follows(writes: &[(String, Option<EnforcementCopy>)]) {
    let mut cluster = BTreeMap::new();
    let mut states = BTreeSet::from([Authorino::default()]);
    for (name, copy) in writes {
        if name.is_empty() {
            for mut state in std::mem::take(&mut states) {
                state.takes_all(&cluster);
                states.insert(state);
            }
            continue;
        }
        match copy {
            Some(EnforcementCopy { meta, value }) => {
                let mut annotations = meta.annotations.clone();
                annotations.remove(REPLACES);
                cluster.insert(name.clone(), (value.unwrap(), annotations));
            }
            None => {
                cluster.remove(name);
            }
        }
        states = states
            .into_iter()
            .flat_map(|mut state| {
                state.hears_of(name);
                state.moves_on(&cluster)
            })
            .collect();
    }
    for mut state in states {
        state.takes_all(&cluster);
        let expected: BTreeMap<_, _> = cluster
            .iter()
            .map(|(name, (value, annotations))| (*value, (name.clone(), annotations.clone())))
            .collect();
        assert!(
            state.entries == expected,
            "it knows {:#?} after {:#?}",
            state.entries.values().collect::<Vec<_>>(),
            told(writes)
        );
    }
}

/// Writes in short: the name, and what is in the Secret.
fn told(writes: &[(String, Option<EnforcementCopy>)]) -> Vec<String> {
    let values: BTreeSet<_> = writes
        .iter()
        .filter_map(|(_, copy)| copy.as_ref()?.value)
        .collect();
    let number = |value| values.iter().position(|known| Some(*known) == value);
    let tell = |(name, copy): &(String, Option<EnforcementCopy>)| match copy {
        Some(copy) => format!(
            "{name}: value {:?}, {:?}",
            number(copy.value),
            copy.meta.annotations
        ),
        None => format!("{name}: gone"),
    };
    writes.iter().map(tell).collect()
}

/// Whether there was a moment at which nothing in the cluster had a value that was there before and after.
pub(super) fn gaps(writes: &[(String, Option<EnforcementCopy>)]) -> usize {
    let mut cluster = BTreeMap::new();
    let history: Vec<BTreeSet<Fingerprint>> = writes
        .iter()
        .map(|(name, copy)| {
            match copy.as_ref().and_then(|copy| copy.value) {
                Some(value) => cluster.insert(name, value),
                None => cluster.remove(name),
            };
            cluster.values().copied().collect()
        })
        .collect();
    let all: BTreeSet<_> = history.iter().flatten().collect();
    let is_gap = |value: &Fingerprint| {
        let mut there = history.iter().map(|values| values.contains(value));
        let (first, last) = (there.clone().position(|is| is), there.clone().rposition(|is| is));
        first
            .zip(last)
            .is_some_and(|(first, last)| !there.by_ref().take(last).skip(first).all(|is| is))
    };
    all.into_iter().filter(|value| is_gap(value)).count()
}
