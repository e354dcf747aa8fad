//! What is told of a watch that broke.

use http::StatusCode;
use kube::runtime::watcher::{self, Event};

/// The interruptions of one watch, told where they are about this watch, and each once for as long as it lasts.
#[derive(Debug)]
pub(crate) struct Interruptions {
    /// What is watched.
    what: String,
    /// What cannot be decoded may be the value of a key, and who says so quotes it.
    is_secret: bool,
    told: Option<String>,
}

impl Interruptions {
    /// Of the watch of `what`.
    pub(crate) fn of(what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            is_secret: false,
            told: None,
        }
    }

    /// The same of Secrets with all that is in them: no words of theirs are repeated.
    pub(crate) fn of_secrets(what: impl Into<String>) -> Self {
        Self {
            is_secret: true,
            ..Self::of(what)
        }
    }

    /// Takes note of what came of the watch.
    pub(crate) fn note<K>(&mut self, event: &watcher::Result<Event<K>>) {
        match event {
            Ok(Event::InitDone | Event::Apply(_) | Event::Delete(_)) => self.over(),
            // Begun is not done.
            Ok(Event::Init | Event::InitApply(_)) => {}
            Err(error) => self.broke(error),
        }
    }

    fn broke(&mut self, error: &watcher::Error) {
        let what = &self.what;
        let text = if self.is_secret && is_undecoded(error) {
            "an answer cannot be decoded (what is in a Secret is not repeated)".to_owned()
        } else {
            error.to_string()
        };
        if is_told_elsewhere(error) {
            tracing::debug!(error = text, "watch of {what} was interrupted");
        } else if self.told.as_ref() != Some(&text) {
            tracing::warn!(
                error = text,
                "watch of {what} was interrupted; it is tried again until it works"
            );
            self.told = Some(text);
        }
    }

    fn over(&mut self) {
        if self.told.take().is_some() {
            tracing::info!("watch of {} goes on", self.what);
        }
    }
}

/// Whether an answer came that is none.
fn is_undecoded(error: &watcher::Error) -> bool {
    use watcher::Error::{InitialListFailed, NoResourceVersion, WatchError, WatchFailed, WatchStartFailed};
    match error {
        InitialListFailed(cause) | WatchStartFailed(cause) | WatchFailed(cause) => {
            matches!(cause, kube::Error::SerdeError(_))
        }
        WatchError(_) | NoResourceVersion => false,
    }
}

/// Whether it is the cluster that cannot be reached: whoever made the client tells that, for all watches at once. That
/// there is no such kind is a state, not an interruption; that a version is too old to go on from is no news at all.
fn is_told_elsewhere(error: &watcher::Error) -> bool {
    use kube::Error::{Api, HyperError, ReadEvents, Service};
    use watcher::Error::{InitialListFailed, NoResourceVersion, WatchError, WatchFailed, WatchStartFailed};
    let status = match error {
        InitialListFailed(Api(status)) | WatchStartFailed(Api(status)) | WatchError(status) => status,
        InitialListFailed(cause) | WatchStartFailed(cause) | WatchFailed(cause) => {
            return matches!(cause, HyperError(_) | ReadEvents(_) | Service(_));
        }
        NoResourceVersion => return false,
    };
    matches!(
        StatusCode::from_u16(status.code),
        Ok(StatusCode::UNAUTHORIZED
            | StatusCode::NOT_FOUND
            | StatusCode::GONE
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT)
    )
}

#[cfg(test)]
mod tests {
    use kube::core::Status;

    use super::*;

    fn answered(code: u16) -> watcher::Error {
        let status = Status::failure("not for you", "Reason").with_code(code);
        watcher::Error::InitialListFailed(kube::Error::Api(status.boxed()))
    }

    #[test]
    fn what_is_about_one_watch_is_told_once() {
        let mut interruptions = Interruptions::of("APIKey");
        interruptions.note::<()>(&Err(answered(403)));
        let told = interruptions.told.clone();
        assert!(told.as_ref().is_some_and(|told| told.contains("not for you")));
        for event in [Err(answered(403)), Ok(Event::Init)] {
            interruptions.note::<()>(&event);
            assert_eq!(interruptions.told, told);
        }
        interruptions.note::<()>(&Ok(Event::InitDone));
        assert_eq!(interruptions.told, None);
    }

    #[test]
    fn of_a_secret_that_cannot_be_decoded_nothing_is_repeated() {
        let undecoded = || {
            let error = serde_json::from_str::<bool>("\"MARKER\"").unwrap_err();
            assert!(error.to_string().contains("MARKER"));
            watcher::Error::WatchFailed(kube::Error::SerdeError(error))
        };
        let mut interruptions = Interruptions::of_secrets("enforcement secrets");
        interruptions.note::<()>(&Err(undecoded()));
        let told = interruptions.told.unwrap();
        assert!(
            told.contains("cannot be decoded") && !told.contains("MARKER"),
            "{told}"
        );
    }

    #[test]
    fn a_cluster_that_cannot_be_reached_or_lacks_a_kind_is_for_others_to_tell() {
        let broken = kube::Error::Service("connection refused".into());
        for error in [
            watcher::Error::InitialListFailed(broken),
            answered(503),
            answered(401),
            answered(404),
            answered(410),
        ] {
            assert!(is_told_elsewhere(&error), "{error}");
        }
        for error in [answered(403), answered(500), watcher::Error::NoResourceVersion] {
            assert!(!is_told_elsewhere(&error), "{error}");
        }
    }
}
