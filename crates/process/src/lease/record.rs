//! What a Lease says, as client-go reads and writes it.

use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;

/// Who holds a lease, and for how long it counts. When it was renewed is for people to read: clocks differ.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Record {
    /// Nobody if it is empty.
    pub(super) holder: String,
    /// How long others wait after they last saw it change.
    pub(super) duration: Duration,
    pub(super) acquired: Option<Timestamp>,
    /// How often it has passed from one to another.
    pub(super) transitions: i32,
}

impl Record {
    pub(super) fn of(lease: &Lease) -> Self {
        let LeaseSpec {
            holder_identity,
            lease_duration_seconds,
            acquire_time,
            lease_transitions,
            ..
        } = lease.spec.clone().unwrap_or_default();
        let seconds = lease_duration_seconds.and_then(|seconds| u64::try_from(seconds).ok());
        Self {
            holder: holder_identity.unwrap_or_default(),
            duration: Duration::from_secs(seconds.unwrap_or_default()),
            acquired: acquire_time.map(|time| time.0),
            transitions: lease_transitions.unwrap_or_default().max(0),
        }
    }

    /// Writes it into a lease; what else is in that stays.
    pub(super) fn put(&self, lease: &mut Lease, now: Timestamp) {
        let Self {
            holder,
            duration,
            acquired,
            transitions,
        } = self;
        let spec = lease.spec.get_or_insert_default();
        spec.holder_identity = Some(holder.clone());
        spec.lease_duration_seconds = Some(whole_seconds(*duration));
        spec.acquire_time = Some(MicroTime(acquired.unwrap_or(now)));
        spec.renew_time = Some(MicroTime(now));
        spec.lease_transitions = Some(*transitions);
    }
}

/// Rounded up: nobody may take over early. The API server takes nothing below one second.
fn whole_seconds(duration: Duration) -> i32 {
    let seconds = duration.as_secs() + u64::from(duration.subsec_nanos() > 0);
    i32::try_from(seconds.max(1)).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn it_reads_what_client_go_writes_and_writes_what_client_go_reads() {
        let written = json!({
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {"name": "6dd6d79d.kuadrant.io", "labels": {"kept": "yes"}},
            "spec": {
                "holderIdentity": "controller-manager-7d9c_6f0c0a3e-5d8e-4c39-8a35-0b6f1d3f6f5e",
                "leaseDurationSeconds": 15,
                "acquireTime": "2026-11-22T02:40:00.123456Z",
                "renewTime": "2026-11-22T02:41:00.654321Z",
                "leaseTransitions": 3,
            },
        });
        let mut lease: Lease = serde_json::from_value(written.clone()).unwrap();
        let record = Record::of(&lease);
        assert_eq!(record.duration, Duration::from_secs(15));
        assert_eq!(record.transitions, 3);
        record.put(&mut lease, "2026-11-22T02:41:00.654321Z".parse().unwrap());
        assert_eq!(serde_json::to_value(&lease).unwrap(), written);
    }

    #[test]
    fn a_lease_that_says_nothing_or_nonsense_is_nobodys() {
        for spec in [
            json!(null),
            json!({}),
            json!({"leaseDurationSeconds": -1, "leaseTransitions": -7}),
        ] {
            let lease: Lease = serde_json::from_value(json!({"spec": spec})).unwrap();
            assert_eq!(Record::of(&lease), Record::default());
        }
    }

    #[test]
    fn parts_of_seconds_are_rounded_up() {
        for (millis, seconds) in [(0, 1), (1, 1), (1000, 1), (1001, 2), (15_000, 15)] {
            assert_eq!(whole_seconds(Duration::from_millis(millis)), seconds);
        }
    }
}
