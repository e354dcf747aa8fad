//! Whether the watches still hear from the cluster, and since when they do not.
//!
//! A watcher tells when a watch broke, but not when it is whole again: then it is silent until something changes. So what
//! goes over the wire is listened to: every piece of a watch, bookmarks among them, is a beat. A list is none: what it says
//! is known when the watch that follows on it begins.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body::Frame;
use kube::Client;
use kube::client::Body;
use parking_lot::Mutex;
use serde::Deserialize;
use thiserror::Error;
use tokio::time::{Instant, Sleep, sleep, timeout};
use tower::{BoxError, service_fn};

/// A watch that is open but silent for longer is taken for dead: servers send bookmarks about once a minute.
const SILENCE: Duration = Duration::from_secs(150);

/// What is heard from a cluster, shared by cloning.
#[derive(Debug, Clone)]
pub struct Pulse {
    beats: Arc<Mutex<BTreeMap<String, Beat>>>,
    silence: Duration,
}

impl Default for Pulse {
    /// A server may be silent for two and a half minutes.
    fn default() -> Self {
        Self::with_silence(SILENCE)
    }
}

#[derive(Debug, Clone, Copy)]
struct Beat {
    heard_at: Instant,
    broken: bool,
}

/// What came over the wire, or did not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sign {
    /// A list begins.
    Listing,
    /// News, or the word that there are none.
    Heard,
    /// The server ended a watch in order: all that happened until then was told.
    Ended,
    /// No answer, a refusal, or a connection that broke off: something may have been lost.
    Broken,
    /// A watch that had been opened says that it cannot go on: nothing is known since that time.
    Refused(Option<Instant>),
}

/// A server that is there says something from time to time.
#[derive(Debug, Error)]
#[error("nothing was heard from the API server for {0:?}")]
struct Silent(Duration);

impl Pulse {
    /// One of a cluster that is taken for dead, and hung up on, after `silence`.
    #[must_use]
    pub fn with_silence(silence: Duration) -> Self {
        Self {
            beats: Arc::default(),
            silence,
        }
    }

    /// For how long what is known may have been out of date: zero while every watch is open and heard.
    #[must_use]
    pub fn age(&self) -> Duration {
        self.age_at(Instant::now())
    }

    fn age_at(&self, now: Instant) -> Duration {
        let beats = self.beats.lock();
        let ages = beats.values().map(|beat| {
            let age = now.saturating_duration_since(beat.heard_at);
            if beat.broken || age > self.silence {
                age
            } else {
                Duration::ZERO
            }
        });
        ages.max().unwrap_or_default()
    }

    /// A client whose answers are beats of the watch of this name. That there is no such kind is an answer where it
    /// `may_be_absent`; any other refusal is as bad as none.
    pub(crate) fn listen(&self, name: &str, client: &Client, may_be_absent: bool) -> Client {
        let (client, ear, silence) = (client.clone(), self.ear(name), self.silence);
        let namespace = client.default_namespace().to_owned();
        let service = service_fn(move |request: Request<Body>| {
            let (client, ear) = (client.clone(), ear.clone());
            async move {
                let watches = request
                    .uri()
                    .query()
                    .is_some_and(|query| query.split('&').any(|pair| pair == "watch=true"));
                let answer: Result<Response<Body>, BoxError> =
                    match timeout(silence, client.send(request)).await {
                        Ok(answer) => answer.map_err(BoxError::from),
                        Err(_) => Err(Silent(silence).into()),
                    };
                let status = answer.as_ref().ok().map(Response::status);
                let sign = match status {
                    Some(status) if status.is_success() && watches => Sign::Heard,
                    Some(status) if status.is_success() => Sign::Listing,
                    Some(StatusCode::NOT_FOUND) if may_be_absent => Sign::Heard,
                    Some(_) | None => Sign::Broken,
                };
                let known_at = ear.heard_at();
                ear.note(sign, Instant::now());
                answer.map(|answer| {
                    answer.map(|body| Heard {
                        body,
                        ear,
                        known_at,
                        beats: watches && sign == Sign::Heard,
                        silence,
                        silent: Box::pin(sleep(silence)),
                    })
                })
            }
        });
        Client::new(service, namespace)
    }

    /// Stops minding the watch of this name: it is over.
    pub(crate) fn forget(&self, name: &str) {
        self.beats.lock().remove(name);
    }

    fn ear(&self, name: &str) -> Ear {
        Ear {
            pulse: self.clone(),
            name: name.to_owned(),
        }
    }
}

/// Listens for one watch.
#[derive(Debug, Clone)]
struct Ear {
    pulse: Pulse,
    name: String,
}

impl Ear {
    /// When there were news last.
    fn heard_at(&self) -> Option<Instant> {
        let beats = self.pulse.beats.lock();
        beats.get(&self.name).map(|beat| beat.heard_at)
    }

    /// Takes note of a sign. What was never heard of yet cannot break: it is not ready, which others tell.
    fn note(&self, sign: Sign, now: Instant) {
        let mut beats = self.pulse.beats.lock();
        let beat = match (beats.get(&self.name), sign) {
            (_, Sign::Heard) => Beat {
                heard_at: now,
                broken: false,
            },
            // Known as of now, and not followed yet.
            (None, Sign::Listing) | (Some(_), Sign::Ended) => Beat {
                heard_at: now,
                broken: true,
            },
            (Some(before), Sign::Broken) => Beat {
                heard_at: before.heard_at,
                broken: true,
            },
            (Some(_), Sign::Refused(known_at)) => Beat {
                heard_at: known_at.unwrap_or(now),
                broken: true,
            },
            (Some(_), Sign::Listing) | (None, Sign::Ended | Sign::Broken | Sign::Refused(_)) => return,
        };
        beats.insert(self.name.clone(), beat);
    }
}

/// A body that breaks off when nothing comes for too long. Of a watch, every piece is a beat.
struct Heard {
    body: Body,
    ear: Ear,
    /// When there were news last, without what this body has yet to say.
    known_at: Option<Instant>,
    beats: bool,
    silence: Duration,
    silent: Pin<Box<Sleep>>,
}

impl Heard {
    fn hear(&mut self, frame: &Frame<Bytes>) {
        let now = Instant::now();
        if self.beats && frame.data_ref().is_some_and(|piece| says_error(piece)) {
            self.beats = false;
            self.ear.note(Sign::Refused(self.known_at), now);
        } else if self.beats {
            self.known_at = Some(now);
            self.ear.note(Sign::Heard, now);
        }
        self.silent.as_mut().reset(now + self.silence);
    }
}

/// Whether a piece of a watch is the server's word that it ends here: that it no longer knows the version to go on from,
/// above all. Such an event is small and comes in one piece.
fn says_error(piece: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Event<'a> {
        r#type: &'a str,
    }
    let word = b"\"ERROR\"";
    piece.windows(word.len()).any(|window| window == word)
        && piece
            .split(|byte| *byte == b'\n')
            .filter_map(|line| serde_json::from_slice::<Event<'_>>(line).ok())
            .any(|event| event.r#type == "ERROR")
}

impl http_body::Body for Heard {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        match Pin::new(&mut self.body).poll_frame(cx) {
            Poll::Ready(Some(Ok(frame))) => {
                self.hear(&frame);
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(Some(Err(error))) => {
                self.ear.note(Sign::Broken, Instant::now());
                Poll::Ready(Some(Err(error.into())))
            }
            Poll::Ready(None) => {
                // A list ends; a watch that ends has to be begun anew.
                if self.beats {
                    self.ear.note(Sign::Ended, Instant::now());
                }
                Poll::Ready(None)
            }
            Poll::Pending if self.silent.as_mut().poll(cx).is_ready() => {
                self.ear.note(Sign::Broken, Instant::now());
                Poll::Ready(Some(Err(Silent(self.silence).into())))
            }
            Poll::Pending => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A moment of a story, in seconds after its beginning.
    fn moments() -> impl Fn(u64) -> Instant {
        let beginning = Instant::now();
        move |second| beginning + Duration::from_secs(second)
    }

    #[test]
    fn an_open_watch_is_up_to_date_and_a_broken_one_ages() {
        let (pulse, at) = (Pulse::default(), moments());
        let ear = pulse.ear("Key");
        ear.note(Sign::Broken, at(0));
        assert_eq!(
            pulse.age_at(at(9)),
            Duration::ZERO,
            "what was never heard is not old"
        );
        ear.note(Sign::Heard, at(10));
        assert_eq!(pulse.age_at(at(70)), Duration::ZERO);
        ear.note(Sign::Broken, at(70));
        assert_eq!(pulse.age_at(at(70)), Duration::from_mins(1));
        assert_eq!(
            pulse.age_at(at(130)),
            Duration::from_mins(2),
            "counted from when it was last heard"
        );
        ear.note(Sign::Heard, at(130));
        assert_eq!(pulse.age_at(at(131)), Duration::ZERO);
    }

    #[test]
    fn a_watch_that_falls_silent_is_taken_for_dead() {
        let (pulse, at) = (Pulse::default(), moments());
        pulse.ear("Key").note(Sign::Heard, at(0));
        pulse.ear("Route").note(Sign::Heard, at(0));
        pulse.ear("Key").note(Sign::Heard, at(140));
        assert_eq!(pulse.age_at(at(160)), Duration::from_secs(160));
        pulse.forget("Route");
        assert_eq!(pulse.age_at(at(160)), Duration::ZERO);
    }

    #[test]
    fn a_watch_that_was_ended_in_order_was_heard_until_then() {
        let (pulse, at) = (Pulse::default(), moments());
        let ear = pulse.ear("Key");
        ear.note(Sign::Heard, at(0));
        ear.note(Sign::Ended, at(100));
        assert_eq!(pulse.age_at(at(101)), Duration::from_secs(1));
        ear.note(Sign::Broken, at(103));
        assert_eq!(pulse.age_at(at(104)), Duration::from_secs(4));
    }

    #[test]
    fn what_was_listed_ages_until_it_is_watched() {
        let (pulse, at) = (Pulse::default(), moments());
        let ear = pulse.ear("Key");
        ear.note(Sign::Listing, at(0));
        assert_eq!(pulse.age_at(at(5)), Duration::from_secs(5));
        ear.note(Sign::Heard, at(6));
        ear.note(Sign::Broken, at(8));
        ear.note(Sign::Listing, at(9));
        assert_eq!(
            pulse.age_at(at(10)),
            Duration::from_secs(4),
            "what a list says is not known before its end"
        );
        ear.note(Sign::Heard, at(11));
        assert_eq!(pulse.age_at(at(12)), Duration::ZERO);
    }

    #[test]
    fn a_watch_that_cannot_go_on_was_not_heard() {
        let (pulse, at) = (Pulse::default(), moments());
        let ear = pulse.ear("Key");
        ear.note(Sign::Heard, at(0));
        ear.note(Sign::Broken, at(1));
        let known_at = ear.heard_at();
        ear.note(Sign::Heard, at(60));
        ear.note(Sign::Refused(known_at), at(61));
        assert_eq!(pulse.age_at(at(62)), Duration::from_secs(62));
    }

    #[test]
    fn an_error_is_told_from_an_object_that_speaks_of_one() {
        let error = br#"{"object":{"kind":"Status","code":410},"type":"ERROR"}"#;
        assert!(says_error(error));
        assert!(says_error(
            &[br#"{"type":"MODIFIED","object":{}}"#, b"\n".as_slice(), error].concat()
        ));
        let spoken = br#"{"type":"MODIFIED","object":{"status":{"conditions":[{"type":"ERROR"}]}}}"#;
        assert!(!says_error(spoken));
        assert!(!says_error(b"\"ERROR\""));
    }
}
