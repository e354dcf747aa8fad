//! Who holds which value. A look-up costs the same among a hundred and a million.
//!
//! A digest says in which of many small tables its holder is. A changed copy shares every table but those that were
//! written to, so that one revocation among a million keys copies a thousand pointers.

use std::sync::Arc;

use hashbrown::HashTable;
use keydesk_core::Digest;

use super::Holder;

/// Tables: a power of two, so that a table of a million has about a thousand entries.
const TABLES: u64 = 1024;

/// Everybody who holds a value. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Holders {
    tables: Vec<Arc<HashTable<Arc<Holder>>>>,
    count: usize,
}

impl Default for Holders {
    fn default() -> Self {
        Self {
            tables: (0..TABLES).map(|_| Arc::default()).collect(),
            count: 0,
        }
    }
}

impl Holders {
    /// Everybody with this value: usually one, but the same value may be a key of several products.
    pub fn find(&self, digest: &Digest) -> impl Iterator<Item = &Arc<Holder>> {
        self.tables[table(digest)]
            .iter_hash(digest.slot())
            .filter(move |holder| holder.digest() == digest)
    }

    /// Adds a holder.
    pub fn insert(&mut self, holder: Arc<Holder>) {
        let table = Arc::make_mut(&mut self.tables[table(holder.digest())]);
        table.insert_unique(holder.digest().slot(), holder, |holder| holder.digest().slot());
        self.count += 1;
    }

    /// Takes a holder away.
    pub fn remove(&mut self, holder: &Arc<Holder>) {
        let digest = holder.digest();
        let table = &mut self.tables[table(digest)];
        let is_it = |other: &Arc<Holder>| Arc::ptr_eq(other, holder);
        if table.find(digest.slot(), is_it).is_none() {
            return;
        }
        if let Ok(entry) = Arc::make_mut(table).find_entry(digest.slot(), is_it) {
            entry.remove();
            self.count -= 1;
        }
    }

    /// All of them, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Holder>> {
        self.tables.iter().flat_map(|table| table.iter())
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there is nobody.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }
}

/// The bits that choose the table are not those by which the table itself is ordered: it takes the lowest and the
/// highest.
fn table(digest: &Digest) -> usize {
    usize::try_from(digest.slot() >> 32 & (TABLES - 1)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use keydesk_core::NamespacedName;
    use keydesk_feed::KeySecret;

    use super::*;

    fn holder(name: &str, value: &str) -> Arc<Holder> {
        let secret = KeySecret {
            id: NamespacedName::new("kuadrant-system", name),
            uid: name.to_owned(),
            created_at: None,
            labels: BTreeMap::new(),
            annotations: BTreeMap::new(),
            digest: Some(Digest::of(value.as_bytes())),
        };
        Arc::new(Holder::new(secret, Arc::new, Arc::new).unwrap())
    }

    fn names(holders: &Holders, value: &str) -> Vec<String> {
        let mut names: Vec<_> = holders
            .find(&Digest::of(value.as_bytes()))
            .map(|holder| holder.name().into_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_value_may_have_several_holders_and_each_goes_alone() {
        let mut holders = Holders::default();
        let [a, b, c] = [("a", "v"), ("b", "v"), ("c", "w")].map(|(name, value)| holder(name, value));
        for holder in [&a, &b, &c] {
            holders.insert(Arc::clone(holder));
        }
        assert_eq!(names(&holders, "v"), ["a", "b"]);
        holders.remove(&a);
        holders.remove(&holder("c", "w"));
        assert_eq!(names(&holders, "v"), ["b"]);
        assert_eq!((names(&holders, "w").len(), holders.len()), (1, 2));
        assert!(names(&holders, "x").is_empty());
    }

    #[test]
    fn a_copy_stays_as_it_was() {
        let mut holders = Holders::default();
        for number in 0..10_000 {
            holders.insert(holder(&number.to_string(), &number.to_string()));
        }
        let before = holders.clone();
        let seventh = before.find(&Digest::of(b"7")).next().unwrap();
        holders.remove(seventh);
        assert_eq!((before.len(), names(&before, "7").len()), (10_000, 1));
        assert_eq!((holders.len(), names(&holders, "7").len()), (9_999, 0));
    }
}
