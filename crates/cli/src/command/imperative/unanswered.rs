//! What an API server said instead of doing it, as a sentence.

use std::time::Duration;

use crate::{contact::distrust, distrust::Distrust, foreign::passage};

/// A request came to nothing. The client's own words for it print the server's answer as Rust prints values.
#[derive(Debug, thiserror::Error)]
pub(in crate::command) enum Unanswered {
    #[error("the API server does not know who you are (401)")]
    Know,
    #[error("the API server answers {code}: {}", passage(.message))]
    Answer { code: u16, message: String },
    #[error("no answer came within {} s", .0.as_secs())]
    Wait(Duration),
    #[error("{source}")]
    Trust { distrust: Distrust, source: kube::Error },
    #[error(transparent)]
    Ask(kube::Error),
}

impl From<kube::Error> for Unanswered {
    fn from(error: kube::Error) -> Self {
        match error {
            kube::Error::Api(status) if status.code == 401 => Self::Know,
            kube::Error::Api(status) => Self::Answer {
                code: status.code,
                message: status.message,
            },
            error => match distrust(&error) {
                Some(distrust) => Self::Trust {
                    distrust,
                    source: error,
                },
                None => Self::Ask(error),
            },
        }
    }
}

impl Unanswered {
    /// What whoever asked can do.
    pub(in crate::command) const fn hint(&self) -> &'static str {
        match self {
            Self::Know => {
                "the token or certificate of the kubeconfig is not accepted there, or no more: put in one that is, or act as \
                 somebody else with --context"
            }
            Self::Answer { .. } => "try again; if it stays so, ask whoever runs the platform",
            Self::Trust { distrust, .. } => distrust.hint(),
            Self::Wait(_) | Self::Ask(_) => "see that the API server of the kubeconfig can be reached",
        }
    }
}
