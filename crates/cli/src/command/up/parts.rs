//! The parts of the process, and the order in which they end: whichever way it comes, what they write to is closed last.

use std::future::Future;

use keydesk_process::{Stop, until_drained};
use tokio::task::{JoinError, JoinSet};

use crate::{command::DRAIN, exit::Failure};

/// What something ended with.
pub(super) type Ended = Result<(), Failure>;

/// The parts, a task each.
pub(super) struct Parts {
    tasks: JoinSet<Ended>,
    pub(super) stop: Stop,
    /// What went wrong first: what goes wrong after that mostly comes of it.
    failure: Option<Failure>,
}

impl Parts {
    pub(super) fn new(stop: Stop) -> Self {
        Self {
            tasks: JoinSet::new(),
            stop,
            failure: None,
        }
    }

    pub(super) fn spawn(&mut self, part: impl Future<Output = Ended> + Send + 'static) {
        self.tasks.spawn(part);
    }

    /// Waits for `opening`, unless the end comes before.
    pub(super) async fn open(&mut self, opening: impl Future<Output = Ended>) -> Ended {
        tokio::select! {
            opened = opening => opened,
            () = self.stop.drain.cancelled() => Ok(()),
            Some(ended) = self.tasks.join_next() => {
                self.end(ended);
                Ok(())
            }
        }
    }

    /// Goes on until the end is asked for, or has come, as it has if it did not begin well; lets all parts finish, and then
    /// does what is `last`.
    pub(super) async fn finish(mut self, begun: Ended, last: impl Future<Output = Ended>) -> Ended {
        if let Err(failure) = begun {
            self.failure.get_or_insert(failure);
            self.stop.drain.cancel();
        }
        let stop = self.stop.clone();
        let work = async {
            while let Some(ended) = self.tasks.join_next().await {
                self.end(ended);
            }
            last.await
        };
        let finished = until_drained(work, &stop, DRAIN).await;
        let finished = finished.unwrap_or_else(|forced| Err(Failure::fault(&forced)));
        self.failure.map_or(Ok(()), Err).and(finished)
    }

    /// A part that ends before it is asked to leaves nothing worth keeping up.
    fn end(&mut self, ended: Result<Ended, JoinError>) {
        self.stop.drain.cancel();
        let ended = ended.unwrap_or_else(|error| Err(Failure::fault(&error)));
        if let Err(failure) = ended {
            self.failure.get_or_insert(failure);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};
    use std::sync::{Arc, Mutex};

    use super::*;

    fn failed(why: &str) -> Ended {
        Err(Failure::fault(&std::io::Error::other(why.to_owned())))
    }

    /// Opens, with two parts, of which one takes a moment to drain and the other ends as `part` does. What is told in the
    /// end, and what was done until then.
    async fn run(
        stop: Stop,
        opening: impl Future<Output = Ended>,
        part: impl Future<Output = Ended> + Send + 'static,
    ) -> (String, Vec<&'static str>) {
        let done = Arc::new(Mutex::new(Vec::new()));
        let mut parts = Parts::new(stop.clone());
        let drained = Arc::clone(&done);
        parts.spawn(async move {
            stop.drain.cancelled().await;
            tokio::task::yield_now().await;
            drained.lock().unwrap().push("drained");
            Ok(())
        });
        parts.spawn(part);
        let begun = parts.open(opening).await;
        let last = async {
            done.lock().unwrap().push("closed");
            Ok(())
        };
        let told = parts.finish(begun, last).await.err();
        let told = told.map_or_else(String::new, |failure| failure.to_string());
        let done = done.lock().unwrap().clone();
        (told, done)
    }

    /// A part that works until it is to stop.
    fn works(stop: &Stop) -> impl Future<Output = Ended> + Send + 'static {
        let drain = stop.drain.clone();
        async move {
            drain.cancelled().await;
            Ok(())
        }
    }

    const IN_ORDER: [&str; 2] = ["drained", "closed"];

    #[tokio::test]
    async fn where_it_cannot_be_opened_all_finish_in_order_before_that_is_told() {
        let stop = Stop::default();
        let part = works(&stop);
        let (told, done) = run(stop, ready(failed("the pipe is closed")), part).await;
        assert_eq!(told, "error: the pipe is closed");
        assert_eq!(done, IN_ORDER);
    }

    #[tokio::test]
    async fn where_a_part_fails_the_others_finish_in_order_before_that_is_told() {
        for is_open in [false, true] {
            let opening = async {
                if !is_open {
                    pending::<()>().await;
                }
                Ok(())
            };
            let part = async {
                tokio::task::yield_now().await;
                failed("the port broke")
            };
            let (told, done) = run(Stop::default(), opening, part).await;
            assert_eq!(told, "error: the port broke");
            assert_eq!(done, IN_ORDER, "open: {is_open}");
        }
    }

    #[tokio::test]
    async fn a_part_that_ends_before_anything_is_open_ends_the_others_too() {
        let (told, done) = run(Stop::default(), pending(), ready(Ok(()))).await;
        assert_eq!((told.as_str(), done.as_slice()), ("", &IN_ORDER[..]));
    }

    #[tokio::test]
    async fn who_asks_for_the_end_does_not_wait_until_it_is_open() {
        let stop = Stop::default();
        let part = works(&stop);
        stop.drain.cancel();
        let (told, done) = run(stop, pending(), part).await;
        assert_eq!((told.as_str(), done.as_slice()), ("", &IN_ORDER[..]));
    }

    #[tokio::test(start_paused = true)]
    async fn what_went_wrong_is_told_though_another_part_hangs() {
        let mut parts = Parts::new(Stop::default());
        parts.spawn(pending());
        let begun = parts.open(ready(failed("the pipe is closed"))).await;
        let told = parts.finish(begun, pending()).await.unwrap_err().to_string();
        assert_eq!(told, "error: the pipe is closed");
    }
}
