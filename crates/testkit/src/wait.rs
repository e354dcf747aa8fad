//! Patience with a deadline: a thing happens soon, or stays as it is; or the second is over. Never a bare sleep.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::Value;

/// How long to wait, and how often to look.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// The deadline of what should happen.
    pub soon: Duration,
    /// How long to watch what should not change.
    pub stays: Duration,
    /// Time between two looks.
    pub every: Duration,
}

impl Patience {
    /// For an API server in this process, where everything takes milliseconds.
    pub const EMBEDDED: Self = Self {
        soon: Duration::from_secs(10),
        stays: Duration::from_millis(300),
        every: Duration::from_millis(10),
    };
    /// For a cluster behind a socket.
    pub const REAL: Self = Self {
        soon: Duration::from_secs(15),
        stays: Duration::from_secs(3),
        every: Duration::from_millis(50),
    };
}

/// Waits until `look` gives an answer. Ends the test with its last words at the deadline.
pub async fn soon<T>(patience: Patience, what: &str, mut look: impl AsyncFnMut() -> Result<T, String>) -> T {
    let start = Instant::now();
    loop {
        let last_words = match look().await {
            Ok(seen) => return seen,
            Err(why) => why,
        };
        assert!(
            start.elapsed() < patience.soon,
            "not within {:?}: {what}; {last_words}",
            patience.soon
        );
        tokio::time::sleep(patience.every).await;
    }
}

/// Looks again and again for a while, and ends the test at the first look that fails.
pub async fn stays<T>(patience: Patience, what: &str, mut look: impl AsyncFnMut() -> Result<T, String>) -> T {
    let start = Instant::now();
    loop {
        let seen = match look().await {
            Ok(seen) => seen,
            Err(why) => panic!("after {:?} no longer: {what}; {why}", start.elapsed()),
        };
        if start.elapsed() >= patience.stays {
            return seen;
        }
        tokio::time::sleep(patience.every).await;
    }
}

/// Waits until what comes now is dated later than what has happened, and than what follows on that within a second.
///
/// Changes and decisions are dated in whole seconds, and in doubt a decision is on what was there before the change: it
/// has to be made in a later second, as a person's would be.
pub async fn next_second() {
    let then = Timestamp::from_second(Timestamp::now().as_second() + 2).unwrap();
    // The clock of the system and the runtime's do not go alike.
    while let Ok(left) = Duration::try_from(then.duration_since(Timestamp::now()))
        && !left.is_zero()
    {
        tokio::time::sleep(left).await;
    }
}

/// An object as a failure message shows it: readable, without what no test looks at.
#[must_use]
pub fn shown(object: &Value) -> String {
    let mut object = object.clone();
    if let Some(metadata) = object["metadata"].as_object_mut() {
        metadata.remove("managedFields");
    }
    if object["kind"] == "Secret" {
        object["data"] = Value::from("(not shown)");
    }
    format!("{object:#}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: Patience = Patience {
        soon: Duration::from_millis(30),
        stays: Duration::from_millis(30),
        every: Duration::from_millis(1),
    };

    #[tokio::test]
    async fn soon_gives_what_was_seen() {
        let mut looks = 0;
        let seen = soon(SHORT, "third look", async || {
            looks += 1;
            if looks == 3 { Ok(looks) } else { Err(String::new()) }
        });
        assert_eq!(seen.await, 3);
    }

    #[tokio::test]
    #[should_panic(expected = "the moon is blue; it is grey")]
    async fn soon_ends_the_test_at_its_deadline() {
        soon::<()>(SHORT, "the moon is blue", async || Err("it is grey".to_owned())).await;
    }

    #[tokio::test]
    #[should_panic(expected = "no longer: quiet; it rang")]
    async fn stays_ends_the_test_at_the_first_change() {
        let mut looks = 0;
        stays(SHORT, "quiet", async || {
            looks += 1;
            if looks < 3 {
                Ok(())
            } else {
                Err("it rang".to_owned())
            }
        })
        .await;
    }

    #[tokio::test]
    async fn the_next_second_is_later_than_the_one_after_this() {
        let before = Timestamp::now();
        next_second().await;
        let after = Timestamp::now();
        assert!(after.as_second() >= before.as_second() + 2);
        assert!(after.as_second() <= before.as_second() + 4, "and comes soon");
    }
}
