//! Records that were written before what they are about, so that a process that is killed in between has told of it. A reconcile
//! that fails after that is made again, and so is one that comes before the watch has told what was written: neither must
//! tell it again.

use std::collections::HashMap;

use keydesk_catalog::Target;

use super::record::Record;

/// What was told of targets, until a reconcile that follows plans it no more.
#[derive(Debug, Default)]
pub(crate) struct Told(HashMap<Target, Last>);

/// What was told of one target.
#[derive(Debug, Default)]
struct Last {
    records: Vec<Record>,
    /// All that was planned with it was written.
    is_settled: bool,
}

impl Told {
    /// Those of the planned records that were not told yet. From now on they were.
    pub(crate) fn news(&mut self, target: &Target, planned: impl IntoIterator<Item = Record>) -> Vec<Record> {
        let mut planned: Vec<_> = planned.into_iter().collect();
        let mut last = self.0.remove(target).unwrap_or_default();
        // What is planned once more is seen as it was before it was written.
        last.records
            .retain(|told| !last.is_settled || planned.iter().any(|record| record.repeats(told)));
        planned.retain(|record| !last.records.iter().any(|told| record.repeats(told)));
        last.records.extend(planned.iter().cloned());
        last.is_settled &= planned.is_empty();
        if !last.records.is_empty() {
            self.0.insert(target.clone(), last);
        }
        planned
    }

    /// All that was planned for the target was written.
    pub(crate) fn settled(&mut self, target: &Target) {
        if let Some(last) = self.0.get_mut(target) {
            last.is_settled = true;
        }
    }

    /// The target is gone.
    pub(crate) fn forget(&mut self, target: &Target) {
        self.0.remove(target);
    }
}

#[cfg(test)]
mod tests {
    use keydesk_core::NamespacedName;

    use super::*;
    use crate::telemetry::Fact;

    fn record(generation: i64) -> Record {
        Record {
            fact: Fact::Honoured,
            key: None,
            product: None,
            request: NamespacedName::new("gamestore", "request"),
            approval: None,
            generation: Some(generation),
            decision: None,
            terms: None,
            before: None,
            because: String::new(),
        }
    }

    #[test]
    fn what_was_told_is_told_again_only_after_a_reconcile_that_did_not_plan_it() {
        let mut told = Told::default();
        let target = Target::Key(NamespacedName::new("consumer-app", "key"));
        assert_eq!(told.news(&target, [record(1)]), [record(1)]);
        // A write failed: until all is written nothing of it is told again, whatever is planned meanwhile.
        assert_eq!(told.news(&target, []), []);
        assert_eq!(told.news(&target, [record(1)]), []);
        told.settled(&target);
        // The watch has not told of the write yet.
        assert_eq!(told.news(&target, [record(1)]), []);
        assert_eq!(told.news(&target, [record(1), record(2)]), [record(2)]);
        told.settled(&target);
        assert_eq!(told.news(&target, []), []);
        assert!(told.0.is_empty());
        assert_eq!(told.news(&target, [record(1)]), [record(1)]);
        told.forget(&target);
        assert!(told.0.is_empty());
    }
}
