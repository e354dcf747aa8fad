//! How much of the server's memory bodies may take together.
//!
//! Each body is bounded; but one person may have a thousand connections, with a body on each. So bodies take room as they
//! arrive, and hold it until their requests are answered: what is made of a body is larger than itself. Whoever finds none
//! left is told to come back in a second, as a kube-apiserver does to whom it has too many requests of. To let them wait
//! instead would hold what they have sent by then, and let who sends slowly keep everybody waiting.
//!
//! Nobody can take the room of all others: each has a share at most. What comes from within this process has no part in
//! it, as it is in memory anyway, and revocations do not wait for what people upload.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;

use crate::status::Refusal;

/// Bytes of all bodies.
const ALL: usize = 32 << 20;
/// Bytes of the bodies of one user: four of the largest.
const EACH: usize = 12 << 20;

/// The room that there is.
#[derive(Debug, Default)]
pub(crate) struct Room(Mutex<Held>);

#[derive(Debug, Default)]
struct Held {
    all: usize,
    /// By the names of users who hold anything.
    of: HashMap<String, usize>,
}

/// What one request holds of it, until this is dropped.
#[derive(Debug)]
pub(super) struct Claim<'a> {
    room: Option<&'a Room>,
    user: &'a str,
    bytes: AtomicUsize,
}

impl Room {
    /// A claim of a user, which holds nothing yet.
    pub(super) fn claim<'a>(&'a self, user: &'a str) -> Claim<'a> {
        Claim {
            room: Some(self),
            user,
            bytes: AtomicUsize::new(0),
        }
    }
}

impl Claim<'_> {
    /// For what is in memory anyway.
    pub(super) const fn free() -> Self {
        Self {
            room: None,
            user: "",
            bytes: AtomicUsize::new(0),
        }
    }

    /// Takes more.
    ///
    /// # Errors
    /// 429 if there is no room left, or this user has their share.
    pub(super) fn take(&self, bytes: usize) -> Result<(), Refusal> {
        let Some(Room(held)) = self.room else {
            return Ok(());
        };
        let mut held = held.lock();
        let own = held.of.get(self.user).copied().unwrap_or_default();
        if held.all + bytes > ALL || own + bytes > EACH {
            return Err(Refusal::too_many_requests());
        }
        held.all += bytes;
        match held.of.get_mut(self.user) {
            Some(own) => *own += bytes,
            None => {
                held.of.insert(self.user.to_owned(), bytes);
            }
        }
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        Ok(())
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        let bytes = *self.bytes.get_mut();
        let Some(Room(held)) = self.room.filter(|_| bytes > 0) else {
            return;
        };
        let mut held = held.lock();
        held.all -= bytes;
        if let Some(own) = held.of.get_mut(self.user) {
            *own -= bytes;
            if *own == 0 {
                held.of.remove(self.user);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: usize = 1 << 20;

    #[test]
    fn nobody_takes_the_room_of_all() {
        let room = Room::default();
        let (greedy, again, other) = (room.claim("a"), room.claim("a"), room.claim("b"));
        greedy.take(12 * MIB).unwrap();
        assert_eq!(again.take(1).unwrap_err().code(), 429);
        other.take(12 * MIB).unwrap();
        room.claim("c").take(8 * MIB).unwrap();
        drop(greedy);
        again.take(12 * MIB).unwrap();
    }

    #[test]
    fn all_together_take_no_more_than_there_is() {
        let room = Room::default();
        let claims = ["a", "b", "c"].map(|user| room.claim(user));
        claims[0].take(12 * MIB).unwrap();
        claims[1].take(12 * MIB).unwrap();
        claims[2].take(8 * MIB).unwrap();
        let refused = claims[2].take(1).unwrap_err();
        assert_eq!(refused.code(), 429);
        assert_eq!(refused.to_value()["details"]["retryAfterSeconds"], 1);
        Claim::free().take(100 * MIB).unwrap();
        drop(claims);
        let Room(held) = &room;
        let held = held.lock();
        assert_eq!(
            (held.all, held.of.len()),
            (0, 0),
            "nothing is left of what is over"
        );
    }
}
