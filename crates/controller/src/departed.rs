//! What requests showed that are gone. Who approves one of them has read it; the key that comes back under its name may ask
//! for more, and gets a request of the same name. So what was approved in between is for the terms that were there to read.
//!
//! It is in memory alone, and bounded: an approval that comes after a restart is for what the new request shows first, as
//! one for a request that never was (spec/controller.md §5.1).

use std::collections::HashMap;

use keydesk_core::{NamespacedName, Terms};
use parking_lot::Mutex;

/// So many requests are remembered.
const MOST: usize = 4096;

/// The last terms of requests that are gone.
#[derive(Debug, Default)]
pub(crate) struct Departed(Mutex<Memory>);

#[derive(Debug, Default)]
struct Memory {
    /// By request: what it showed, and as which one it went.
    shown: HashMap<NamespacedName, (Terms, u64)>,
    gone: u64,
}

impl Departed {
    /// A request that shows this is about to go.
    pub(crate) fn remember(&self, request: NamespacedName, shown: Terms) {
        let Memory { shown: all, gone } = &mut *self.0.lock();
        *gone += 1;
        all.insert(request, (shown, *gone));
        if all.len() > MOST {
            // A quarter at once, so that not every one of many costs a walk over all.
            let oldest = gone.saturating_sub(MOST as u64 / 4 * 3);
            all.retain(|_, (_, number)| *number > oldest);
        }
    }

    /// There is a request of that name: what it shows counts.
    pub(crate) fn forget(&self, request: &NamespacedName) {
        self.0.lock().shown.remove(request);
    }

    /// What the request of that name showed last.
    pub(crate) fn shown(&self, request: &NamespacedName) -> Option<Terms> {
        self.0.lock().shown.get(request).map(|(terms, _)| terms.clone())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn request(number: usize) -> NamespacedName {
        NamespacedName::new("gamestore", format!("request-{number}"))
    }

    fn terms(tier: &str) -> Terms {
        Terms {
            expires_at: None,
            namespace: "consumer-app".to_owned(),
            product: NamespacedName::new("gamestore", "gamestore-api"),
            scopes: BTreeSet::new(),
            tier: tier.to_owned(),
            user_id: "user-12345".to_owned(),
        }
    }

    #[test]
    fn the_last_terms_are_remembered_until_there_is_a_request_again() {
        let departed = Departed::default();
        departed.remember(request(1), terms("bronze"));
        departed.remember(request(1), terms("silver"));
        assert_eq!(departed.shown(&request(1)), Some(terms("silver")));
        departed.forget(&request(1));
        assert_eq!(departed.shown(&request(1)), None);
    }

    #[test]
    fn of_very_many_the_latest_are_remembered() {
        let departed = Departed::default();
        for number in 0..3 * MOST {
            departed.remember(request(number), terms("bronze"));
        }
        assert!(departed.0.lock().shown.len() <= MOST);
        assert_eq!(departed.shown(&request(0)), None);
        assert!(departed.shown(&request(3 * MOST - MOST / 2)).is_some());
    }
}
