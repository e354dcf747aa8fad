//! Whether the watches still hear from the cluster, and since when they do not.
//!
//! A watcher tells when a watch broke, but not when it is whole again: then it is silent until something changes. So what
//! goes over the wire is listened to: every answer and every piece of a watch, bookmarks among them, is a beat.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Frame;
use kube::Client;
use kube::client::Body;
use parking_lot::Mutex;
use tower::service_fn;

/// A watch that is open but silent for longer is taken for dead: servers send bookmarks about once a minute.
const SILENCE: Duration = Duration::from_secs(150);

/// What is heard from a cluster, shared by cloning.
#[derive(Debug, Clone, Default)]
pub struct Pulse {
    beats: Arc<Mutex<BTreeMap<String, Beat>>>,
}

#[derive(Debug, Clone, Copy)]
struct Beat {
    heard_at: Instant,
    broken: bool,
}

impl Beat {
    fn heard(at: Instant) -> Self {
        Self {
            heard_at: at,
            broken: false,
        }
    }
}

impl Pulse {
    /// For how long what is known may have been out of date: zero while every watch is open and heard.
    #[must_use]
    pub fn age(&self) -> Duration {
        self.age_at(Instant::now())
    }

    fn age_at(&self, now: Instant) -> Duration {
        let beats = self.beats.lock();
        let ages = beats.values().map(|beat| {
            let age = now.saturating_duration_since(beat.heard_at);
            if beat.broken || age > SILENCE {
                age
            } else {
                Duration::ZERO
            }
        });
        ages.max().unwrap_or_default()
    }

    /// A client whose answers are beats of the watch of this name.
    pub(crate) fn listen(&self, name: &str, client: &Client) -> Client {
        let (client, ear) = (client.clone(), self.ear(name));
        let namespace = client.default_namespace().to_owned();
        let service = service_fn(move |request: Request<Body>| {
            let (client, ear) = (client.clone(), ear.clone());
            async move {
                let watches = request
                    .uri()
                    .query()
                    .is_some_and(|query| query.split('&').any(|pair| pair == "watch=true"));
                let answer = client.send(request).await;
                ear.note(answer.is_err(), Instant::now());
                answer.map(|answer: Response<Body>| {
                    answer.map(|body| Heard {
                        body,
                        ear: ear.clone(),
                        watches,
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
    /// Something came, or broke off. What was never heard of yet cannot break: it is not ready, which others tell.
    fn note(&self, broken: bool, now: Instant) {
        let mut beats = self.pulse.beats.lock();
        match beats.get_mut(&self.name) {
            Some(beat) if broken => beat.broken = true,
            None if broken => {}
            Some(beat) => *beat = Beat::heard(now),
            None => {
                beats.insert(self.name.clone(), Beat::heard(now));
            }
        }
    }
}

/// A body whose pieces are beats.
struct Heard {
    body: Body,
    ear: Ear,
    watches: bool,
}

impl http_body::Body for Heard {
    type Data = Bytes;
    type Error = <Body as http_body::Body>::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        match &polled {
            Poll::Ready(Some(Ok(_))) => self.ear.note(false, Instant::now()),
            Poll::Ready(Some(Err(_))) => self.ear.note(true, Instant::now()),
            // A list ends; a watch that ends has to be begun anew.
            Poll::Ready(None) if self.watches => self.ear.note(true, Instant::now()),
            Poll::Ready(None) | Poll::Pending => {}
        }
        polled
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
        ear.note(true, at(0));
        assert_eq!(
            pulse.age_at(at(9)),
            Duration::ZERO,
            "what was never heard is not old"
        );
        ear.note(false, at(10));
        assert_eq!(pulse.age_at(at(70)), Duration::ZERO);
        ear.note(true, at(70));
        assert_eq!(pulse.age_at(at(70)), Duration::from_mins(1));
        assert_eq!(
            pulse.age_at(at(130)),
            Duration::from_mins(2),
            "counted from when it was last heard"
        );
        ear.note(false, at(130));
        assert_eq!(pulse.age_at(at(131)), Duration::ZERO);
    }

    #[test]
    fn a_watch_that_falls_silent_is_taken_for_dead() {
        let (pulse, at) = (Pulse::default(), moments());
        pulse.ear("Key").note(false, at(0));
        pulse.ear("Route").note(false, at(0));
        pulse.ear("Key").note(false, at(140));
        assert_eq!(pulse.age_at(at(160)), Duration::from_secs(160));
        pulse.forget("Route");
        assert_eq!(pulse.age_at(at(160)), Duration::ZERO);
    }
}
