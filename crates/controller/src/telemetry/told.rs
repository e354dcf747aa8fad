//! Records that were written before what they are about, so that a process that is killed in between has told of it. A reconcile
//! that fails after that is made again, and must not tell it again.

use std::collections::HashMap;

use keydesk_catalog::Target;

use super::record::Record;

/// What was told of targets that have not come to rest since.
#[derive(Debug, Default)]
pub(crate) struct Told(HashMap<Target, Vec<Record>>);

impl Told {
    /// Those of the records that were not told yet. From now on they were.
    pub(crate) fn news(&mut self, target: &Target, records: impl IntoIterator<Item = Record>) -> Vec<Record> {
        let known = self.0.get(target).map(Vec::as_slice).unwrap_or_default();
        let mut news: Vec<_> = records.into_iter().collect();
        news.retain(|record| !known.contains(record));
        if !news.is_empty() {
            self.0
                .entry(target.clone())
                .or_default()
                .extend(news.iter().cloned());
        }
        news
    }

    /// All that was planned for the target was written: what was told of it cannot be planned again.
    pub(crate) fn settled(&mut self, target: &Target) {
        self.0.remove(target);
    }
}
