//! What is known of one document, as a function of the results that it is told. No clock, no task, no lock.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::super::{client::Fetched, error::FetchError, validators::Validators};

/// What came of a fetch.
#[derive(Debug, Clone)]
pub(crate) struct Outcome {
    /// When, in whole seconds; of several equal failures in a row, the first one's time. No two documents that an owner gets
    /// for the same wish have the same.
    pub(crate) at: Timestamp,
    /// The document, or why there is none.
    pub(crate) result: Result<Arc<str>, Arc<FetchError>>,
}

/// What is known of a document that the status holds.
#[derive(Debug, Clone)]
pub(crate) enum Kept {
    /// No more than the status says.
    Unknown,
    /// It is what its server says.
    Fresh,
    /// Another one has come, or none could be had.
    News(Outcome),
}

#[derive(Debug)]
pub(super) struct Progress {
    state: State,
    /// Of the latest document.
    at: Option<Timestamp>,
    validators: Option<Validators>,
}

#[derive(Debug)]
enum State {
    /// The first fetch is under way.
    Pending,
    /// This came of the last one, and the status does not say so yet.
    Told(Outcome),
    /// The status holds the document; here is only known whether the server has confirmed it.
    Held { confirmed: bool },
}

impl Progress {
    /// Nothing is known.
    pub(super) const PENDING: Self = Self {
        state: State::Pending,
        at: None,
        validators: None,
    };

    /// The status holds a document from that time.
    pub(super) fn held(since: Timestamp) -> Self {
        Self {
            state: State::Held { confirmed: false },
            at: Some(since),
            validators: None,
        }
    }

    pub(super) fn is_held(&self) -> bool {
        matches!(self.state, State::Held { .. })
    }

    pub(super) fn validators(&self) -> Option<&Validators> {
        self.validators.as_ref()
    }

    pub(super) fn outcome(&self) -> Option<Outcome> {
        match &self.state {
            State::Told(outcome) => Some(outcome.clone()),
            State::Pending | State::Held { .. } => None,
        }
    }

    /// What to tell an owner whose status has a document; `holds` says whether it is this one.
    pub(super) fn keep(&mut self, holds: impl FnOnce(&str, Timestamp) -> bool) -> Kept {
        match &self.state {
            State::Told(outcome) => match &outcome.result {
                Ok(document) if holds(document, outcome.at) => {
                    self.hold();
                    Kept::Fresh
                }
                Ok(_) | Err(_) => Kept::News(outcome.clone()),
            },
            State::Held { confirmed: true } => Kept::Fresh,
            State::Pending | State::Held { confirmed: false } => Kept::Unknown,
        }
    }

    /// The status was found to hold the document that was told.
    pub(super) fn hold(&mut self) {
        self.state = State::Held { confirmed: true };
    }

    /// The document that was told cannot be held by any status.
    pub(super) fn refuse(&mut self, error: FetchError, now: Timestamp) {
        self.validators = None;
        self.state = State::Told(Outcome {
            at: second(now),
            result: Err(Arc::new(error)),
        });
    }

    /// Takes in what came of a fetch. Says whether there is now something else to tell.
    pub(super) fn take(&mut self, result: Result<Fetched, FetchError>, now: Timestamp) -> bool {
        match (&self.state, result) {
            // A document that waits for its owner is not given up for a failure to get a newer one.
            (State::Told(Outcome { result: Ok(_), .. }), Ok(Fetched::Unchanged) | Err(_))
            | (State::Held { confirmed: true }, Ok(Fetched::Unchanged)) => false,
            (_, Ok(Fetched::Unchanged)) => {
                self.hold();
                true
            }
            // Failing as before is no news: at rest nothing is written.
            (
                State::Told(Outcome {
                    result: Err(before), ..
                }),
                Err(error),
            ) if same(before, &error) => false,
            (_, Err(error)) => {
                self.tell(second(now), Err(Arc::new(error)));
                true
            }
            (_, Ok(Fetched::Document { text, validators })) => {
                let next = self
                    .at
                    .and_then(|at| at.checked_add(SignedDuration::from_secs(1)).ok());
                let at = next.map_or(second(now), |next| second(next).max(second(now)));
                self.at = Some(at);
                self.validators = validators;
                self.tell(at, Ok(text.into()));
                true
            }
        }
    }

    fn tell(&mut self, at: Timestamp, result: Result<Arc<str>, Arc<FetchError>>) {
        self.state = State::Told(Outcome { at, result });
    }
}

fn same(before: &FetchError, now: &FetchError) -> bool {
    keydesk_process::chain(before).to_string() == keydesk_process::chain(now).to_string()
}

fn second(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    fn document(text: &str) -> Fetched {
        Fetched::Document {
            text: text.to_owned(),
            validators: None,
        }
    }

    fn failure(code: u16) -> FetchError {
        FetchError::Status {
            code,
            retry_after: None,
        }
    }

    /// What an owner gets to hear whose status has the document of second `held`.
    fn hears(progress: &mut Progress, held: i64) -> String {
        match progress.keep(|_, at| at.as_second() == held) {
            Kept::Unknown => "unknown".to_owned(),
            Kept::Fresh => "fresh".to_owned(),
            Kept::News(Outcome { at, result }) => {
                let said = result.map_or_else(|error| error.to_string(), |text| text.to_string());
                format!("{}: {said}", at.as_second())
            }
        }
    }

    #[test]
    fn a_document_is_told_until_the_status_holds_it() {
        let mut progress = Progress::PENDING;
        assert!(progress.outcome().is_none());
        assert!(progress.take(Ok(document("one")), at(7)));
        assert_eq!(&*progress.outcome().unwrap().result.unwrap(), "one");
        assert_eq!(hears(&mut progress, 0), "7: one");
        assert_eq!(hears(&mut progress, 7), "fresh");
        assert!(progress.is_held(), "and its text is let go");
    }

    #[test]
    fn what_a_server_confirms_is_news_only_where_it_was_in_doubt() {
        let mut progress = Progress::held(at(7));
        assert_eq!(hears(&mut progress, 7), "unknown");
        assert!(progress.take(Ok(Fetched::Unchanged), at(8)));
        assert_eq!(hears(&mut progress, 7), "fresh");
        assert!(!progress.take(Ok(Fetched::Unchanged), at(9)));
        assert!(progress.take(Err(failure(503)), at(10)));
        assert!(!progress.take(Err(failure(503)), at(11)), "as before");
        assert_eq!(hears(&mut progress, 7), "10: unexpected status code 503");
        assert!(progress.take(Ok(Fetched::Unchanged), at(12)));
        assert_eq!(hears(&mut progress, 7), "fresh");
    }

    #[test]
    fn two_documents_of_one_second_are_told_apart() {
        let mut progress = Progress::held(at(7));
        assert!(progress.take(Ok(document("two")), at(7)));
        assert_eq!(hears(&mut progress, 7), "8: two");
        assert!(progress.take(Ok(document("three")), at(7)));
        assert_eq!(hears(&mut progress, 8), "9: three");
        assert_eq!(hears(&mut progress, 9), "fresh");
    }

    #[test]
    fn a_document_that_waits_for_its_owner_outlives_failures() {
        let mut progress = Progress::held(at(7));
        assert!(progress.take(Ok(document("two")), at(8)));
        assert!(!progress.take(Err(failure(503)), at(9)));
        assert!(!progress.take(Ok(Fetched::Unchanged), at(10)));
        assert_eq!(hears(&mut progress, 7), "8: two");
    }

    #[test]
    fn a_document_that_no_status_can_hold_becomes_a_failure() {
        let mut progress = Progress::PENDING;
        progress.take(Ok(document("huge")), at(7));
        progress.refuse(FetchError::TooLargeForObject, at(8));
        assert_eq!(hears(&mut progress, 0), "8: larger than an object can hold");
        assert!(progress.validators().is_none());
    }
}
