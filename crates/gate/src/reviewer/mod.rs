//! Who may ask about keys: the bearer token of a program says who it is, the cluster's RBAC whether it may `verify` the
//! keys of a product.
//!
//! The cluster is asked twice, with a TokenReview and a `SubjectAccessReview`, and its answers are believed for a few
//! seconds. No token is kept: answers are found by a digest.

mod answers;
mod question;
#[cfg(test)]
mod tests;

use std::fmt;
use std::time::Duration;

use kube::Client;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

use self::answers::{Answers, Known};
use self::question::ask;

/// Both questions together.
const DEADLINE: Duration = Duration::from_secs(3);
/// How long a yes is believed: for so long somebody may go on who may no longer.
const YES_LIVES: Duration = Duration::from_secs(10);
/// How long a no is believed: whoever was just allowed need not wait for long.
const NO_LIVES: Duration = Duration::from_secs(2);
/// Reviews at a time: whoever sends tokens at random should not have the API server work for them.
const AT_A_TIME: usize = 32;
/// Longer tokens are nobody's.
const MAX_TOKEN: usize = 16 << 10;

/// What the cluster says about a caller.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Review {
    /// The caller may verify the keys of this product.
    Allowed,
    /// Nobody has this token.
    Unauthenticated,
    /// Somebody has it, who may not.
    Forbidden,
    /// The cluster did not say, or not in time.
    Unavailable,
}

/// Asks the cluster about callers, and remembers for a while what it said.
pub struct Reviewer {
    client: Client,
    answers: Answers,
    turns: Semaphore,
}

impl fmt::Debug for Reviewer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reviewer").finish_non_exhaustive()
    }
}

impl Reviewer {
    /// One that asks with the identity of `client`, which needs the rights of the role `system:auth-delegator`.
    #[must_use]
    pub fn new(client: Client) -> Self {
        Self {
            client,
            answers: Answers::default(),
            turns: Semaphore::new(AT_A_TIME),
        }
    }

    /// Whether the holder of `token` may verify the keys of an `APIProduct`.
    pub async fn may_verify(&self, token: &str, namespace: &str, product: &str) -> Review {
        let is_possible = token.len() <= MAX_TOKEN && token.bytes().all(|byte| byte.is_ascii_graphic());
        if token.is_empty() || !is_possible {
            return Review::Unauthenticated;
        }
        let answer = self.answers.at(&[token, namespace, product], Instant::now());
        let known = answer.get_or_init(async || {
            // In a box, or every call would carry the room for it.
            let review = timeout(DEADLINE, Box::pin(self.review(token, namespace, product)));
            let review = review.await.unwrap_or_else(|_| {
                tracing::warn!("failed to review a caller in time");
                Review::Unavailable
            });
            let lives = match review {
                Review::Allowed => YES_LIVES,
                Review::Unauthenticated | Review::Forbidden => NO_LIVES,
                // Those who waited for the same answer get it; the next one asks anew.
                Review::Unavailable => Duration::ZERO,
            };
            Known {
                review,
                until: Instant::now() + lives,
            }
        });
        known.await.review
    }

    async fn review(&self, token: &str, namespace: &str, product: &str) -> Review {
        let Ok(_turn) = self.turns.acquire().await else {
            return Review::Unavailable;
        };
        ask(&self.client, token, namespace, product)
            .await
            .unwrap_or_else(|error| {
                tracing::warn!("{}", keydesk_process::chain(&error));
                Review::Unavailable
            })
    }
}
