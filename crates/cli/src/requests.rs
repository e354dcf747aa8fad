//! How many requests were sent to the API server, as client-go counts them.

use std::fmt::{self, Write as _};

use http::{Method, StatusCode};
use keydesk_process::Registry;
use prometheus_client::{
    encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder},
    metrics::{counter::Counter, family::Family},
};

/// Counts of requests, shared by cloning.
#[derive(Debug, Clone, Default)]
pub(crate) struct Requests(Family<Sent, Counter>);

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Sent {
    code: Code,
    method: Verb,
}

/// What was answered, if anything was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Code(Option<u16>);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Verb(Method);

impl EncodeLabelValue for Code {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), fmt::Error> {
        match self.0 {
            Some(code) => write!(encoder, "{code}"),
            None => encoder.write_str("<error>"),
        }
    }
}

impl EncodeLabelValue for Verb {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), fmt::Error> {
        encoder.write_str(self.0.as_str())
    }
}

impl Requests {
    /// Makes them part of what is scraped.
    pub(crate) fn register(&self, registry: &mut Registry) {
        registry.register(
            "rest_client_requests",
            "Requests to the API server, by method and by what was answered",
            self.0.clone(),
        );
    }

    /// One more, which was answered so, if at all.
    pub(crate) fn count(&self, method: Method, status: Option<StatusCode>) {
        let sent = Sent {
            code: Code(status.map(|status| status.as_u16())),
            method: Verb(method),
        };
        self.0.get_or_create(&sent).inc();
    }
}
