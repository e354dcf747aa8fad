//! Which kinds the catalog knows completely.

use std::{collections::BTreeMap, sync::Arc};

use keydesk_catalog::Kind;
use tokio::sync::watch;

/// How far the watch of one kind is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Not listed yet.
    Listing,
    /// Listed; changes follow as they happen, or as soon as the cluster can be reached again.
    Listed,
    /// A kind of others whose CRD is not installed: there are no such objects.
    Absent,
    /// A kind of ours whose CRD is not installed.
    Missing,
    /// Not listed yet, and why.
    Failing(String),
}

/// Whether a catalog holds everything, shared by cloning. Ready when every kind is listed or legitimately absent; a
/// connection lost afterwards does not make it unready: the last state goes on.
#[derive(Debug, Clone)]
pub struct Readiness {
    states: Arc<watch::Sender<BTreeMap<Kind, State>>>,
}

impl Readiness {
    /// For a catalog of these kinds. Nothing is listed.
    #[must_use]
    pub fn of(kinds: &[Kind]) -> Self {
        let states = kinds.iter().map(|kind| (*kind, State::Listing)).collect();
        Self {
            states: Arc::new(watch::Sender::new(states)),
        }
    }

    /// Whether every kind is known.
    ///
    /// # Errors
    /// The first kinds that are not, in words.
    pub fn check(&self) -> Result<(), String> {
        let missing: Vec<_> = self
            .states
            .borrow()
            .iter()
            .filter_map(|(kind, state)| missing(*kind, state))
            .collect();
        if missing.is_empty() {
            Ok(())
        } else {
            Err(missing.join("; "))
        }
    }

    /// How far each kind is.
    #[must_use]
    pub fn states(&self) -> BTreeMap<Kind, State> {
        self.states.borrow().clone()
    }

    /// Waits until it is not as `before`, and says how it is then.
    pub async fn other_than(&self, before: &BTreeMap<Kind, State>) -> BTreeMap<Kind, State> {
        let mut states = self.states.subscribe();
        // The sender is `self`'s own, so it is still there.
        let _ = states.wait_for(|states| states != before).await;
        self.states()
    }

    /// Waits until every kind is known.
    pub async fn ready(&self) {
        let known =
            |states: &BTreeMap<_, _>| states.iter().all(|(kind, state)| missing(*kind, state).is_none());
        // The sender is `self`'s own, so it is still there.
        let _ = self.states.subscribe().wait_for(known).await;
    }

    /// Moves a kind to `state`; a kind that is known does not fall back to failing.
    pub(crate) fn set(&self, kind: Kind, state: State) {
        self.states.send_if_modified(|states| {
            let before = states.get(&kind);
            let known = matches!(before, Some(State::Listed | State::Absent));
            let stays = known && matches!(state, State::Failing(_));
            let changes = !stays && before != Some(&state);
            if changes {
                states.insert(kind, state);
            }
            changes
        });
    }
}

fn missing(kind: Kind, state: &State) -> Option<String> {
    match state {
        State::Listed | State::Absent => None,
        State::Listing => Some(format!("{kind} not listed yet")),
        State::Missing => Some(format!("{kind}: its CRD is not installed")),
        State::Failing(why) => Some(format!("{kind}: {why}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_called_as_manifests_call_it() {
        let readiness = Readiness::of(&[Kind::Key, Kind::Request, Kind::Route]);
        readiness.set(Kind::Request, State::Missing);
        readiness.set(Kind::Route, State::Failing("nobody is there".to_owned()));
        assert_eq!(
            readiness.check().unwrap_err(),
            "APIKey not listed yet; APIKeyRequest: its CRD is not installed; HTTPRoute: nobody is there"
        );
    }

    #[test]
    fn what_is_known_stays_known_when_the_cluster_cannot_be_reached() {
        let readiness = Readiness::of(&[Kind::Key, Kind::Route, Kind::Secret]);
        readiness.set(Kind::Key, State::Listed);
        readiness.set(Kind::Route, State::Absent);
        for kind in [Kind::Key, Kind::Route, Kind::Secret] {
            readiness.set(kind, State::Failing("nobody is there".to_owned()));
        }
        assert_eq!(readiness.check().unwrap_err(), "Secret: nobody is there");
    }
}
