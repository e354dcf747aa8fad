//! Many others come: no open counter is lost, and what they leave behind goes.

use keydesk_quota::{Counters, Subject};

use crate::{at, left, limits};

const FLOOD: usize = 200_000;

fn sweep_all(counters: &Counters, now: i64) -> usize {
    (0..256).map(|_| counters.sweep(at(now))).sum()
}

#[test]
fn two_hundred_thousand_others_push_no_open_counter_out_and_leave_when_they_are_done() {
    let (counters, day, second) = (Counters::new(), limits([(10, "24h")]), limits([(5, "1s")]));
    let ours: Vec<_> = (0..100).map(|key| Subject::key(&format!("ours-{key}"))).collect();
    for subject in &ours {
        let _ = counters.admit(*subject, &day, 7, at(0));
    }
    for key in 0..FLOOD {
        let _ = counters.admit(Subject::key(&format!("flood-{key}")), &second, 1, at(0));
        if key % 100 == 0 {
            counters.sweep(at(999));
        }
    }
    assert_eq!(counters.subjects(), FLOOD + ours.len());
    assert_eq!(sweep_all(&counters, 1_000), FLOOD);
    assert_eq!(counters.subjects(), ours.len());
    for subject in ours {
        assert_eq!(left(&counters.peek(subject, &day, at(1_000))), [3]);
    }
}

#[test]
fn a_subject_stays_until_its_last_window_ends() {
    let (counters, both) = (Counters::new(), limits([(5, "1s"), (10, "24h")]));
    let _ = counters.admit(Subject::key("ada"), &both, 1, at(0));
    assert_eq!(sweep_all(&counters, 86_399_999), 0);
    assert_eq!(sweep_all(&counters, 86_400_000), 1);
}

#[test]
fn what_nobody_saves_is_not_remembered_as_changed() {
    let (counters, second) = (Counters::new(), limits([(5, "1s")]));
    let _ = counters.admit(Subject::key("ada"), &second, 1, at(0));
    sweep_all(&counters, 1_000);
    assert_eq!(counters.changes().count(), 0);
}
