//! What requests showed that are gone. Who approves one of them has read it; the key that comes back under its name may ask
//! for more, and gets a request of the same name. So what was approved in between is for the terms that were there to read.
//!
//! It is in memory alone, and bounded: an approval that comes after a restart is for what the new request shows first, as
//! one for a request that never was (spec/controller.md §5.1).

use std::collections::HashMap;

use keydesk_api::APIKeyRequest;
use keydesk_catalog::shown;
use keydesk_core::{NamespacedName, Terms};
use kube::ResourceExt;
use parking_lot::Mutex;

use crate::write;

/// So many requests are remembered.
const MOST: usize = 4096;

/// The last terms of requests that are gone.
#[derive(Debug, Default)]
pub(crate) struct Departed(Mutex<Memory>);

#[derive(Debug, Default)]
struct Memory {
    shown: HashMap<NamespacedName, Last>,
    gone: u64,
}

/// What a request showed in the version that was to go.
#[derive(Debug)]
struct Last {
    terms: Terms,
    resource_version: Option<String>,
    /// As which one of all it went.
    number: u64,
}

impl Departed {
    /// A request is about to go.
    pub(crate) fn remember(&self, request: &APIKeyRequest) {
        let Memory { shown: all, gone } = &mut *self.0.lock();
        *gone += 1;
        let last = Last {
            terms: shown(request),
            resource_version: request.resource_version(),
            number: *gone,
        };
        all.insert(write::id(request), last);
        if all.len() > MOST {
            // A quarter at once, so that not every one of many costs a walk over all.
            let oldest = gone.saturating_sub(MOST as u64 / 4 * 3);
            all.retain(|_, last| last.number > oldest);
        }
    }

    /// A request of that name was seen: what it shows counts. In the version that was to go it may be gone already, and its
    /// end not heard of.
    pub(crate) fn seen(&self, request: &APIKeyRequest) {
        let all = &mut self.0.lock().shown;
        let id = write::id(request);
        if all
            .get(&id)
            .is_some_and(|last| last.resource_version != request.resource_version())
        {
            all.remove(&id);
        }
    }

    /// What the request of that name showed last.
    pub(crate) fn shown(&self, request: &NamespacedName) -> Option<Terms> {
        self.0.lock().shown.get(request).map(|last| last.terms.clone())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn request(number: usize, tier: &str, version: &str) -> APIKeyRequest {
        let request = json!({
            "metadata": {
                "namespace": "gamestore", "name": format!("request-{number}"), "resourceVersion": version,
            },
            "spec": {
                "apiKeyRef": { "name": "one", "namespace": "consumer-app" },
                "apiProductRef": { "name": "gamestore-api" },
                "planTier": tier,
                "requestedBy": { "email": "someone@example.com", "userId": "user-12345" },
                "useCase": "to play",
            },
        });
        serde_json::from_value(request).unwrap()
    }

    fn tier(departed: &Departed, number: usize) -> Option<String> {
        departed
            .shown(&write::id(&request(number, "", "")))
            .map(|terms| terms.tier)
    }

    #[test]
    fn the_last_terms_are_remembered_until_there_is_a_request_again() {
        let departed = Departed::default();
        departed.remember(&request(1, "bronze", "7"));
        departed.remember(&request(1, "silver", "8"));
        assert_eq!(tier(&departed, 1).as_deref(), Some("silver"));
        departed.seen(&request(1, "gold", "9"));
        assert_eq!(tier(&departed, 1), None);
    }

    #[test]
    fn a_request_that_still_seems_to_be_there_as_it_was_to_go_is_no_reason_to_forget() {
        let departed = Departed::default();
        departed.remember(&request(1, "bronze", "7"));
        departed.seen(&request(1, "bronze", "7"));
        assert_eq!(tier(&departed, 1).as_deref(), Some("bronze"));
    }

    #[test]
    fn of_very_many_the_latest_are_remembered() {
        let departed = Departed::default();
        for number in 0..3 * MOST {
            departed.remember(&request(number, "bronze", "7"));
        }
        assert!(departed.0.lock().shown.len() <= MOST);
        assert_eq!(tier(&departed, 0), None);
        assert!(tier(&departed, 3 * MOST - MOST / 2).is_some());
    }
}
