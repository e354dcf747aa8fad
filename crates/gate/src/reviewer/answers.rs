//! What the cluster said, for as long as it is believed.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use sha2::{Digest as _, Sha256};
use tokio::sync::OnceCell;
use tokio::time::Instant;

use super::Review;

/// Answers at most; the one that would be forgotten next makes room.
pub(super) const MAX_ANSWERS: usize = 4096;

type Key = [u8; 32];

/// An answer, and how long it is believed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    pub(super) review: Review,
    pub(super) until: Instant,
}

/// An answer that may be under way: whoever has it waits for the same one.
pub(super) type Answer = Arc<OnceCell<Known>>;

/// Answers by the digest of what was asked.
#[derive(Debug, Default)]
pub(super) struct Answers(Mutex<HashMap<Key, Answer>>);

impl Answers {
    /// The answer to this question, or the place for it.
    pub(super) fn at(&self, question: &[&str], now: Instant) -> Answer {
        let key = digest(question);
        let mut answers = self.0.lock();
        if let Some(answer) = answers.get(&key)
            && is_fresh(answer, now)
        {
            return Arc::clone(answer);
        }
        if answers.len() >= MAX_ANSWERS && !answers.contains_key(&key) {
            make_room(&mut answers, now);
        }
        let answer = Answer::default();
        answers.insert(key, Arc::clone(&answer));
        answer
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.lock().len()
    }
}

fn is_fresh(answer: &Answer, now: Instant) -> bool {
    answer.get().is_none_or(|known| now < known.until)
}

/// Forgets what is no longer believed; where all is, the answer that would be next, so that many a no does not drive out
/// a yes. An answer under way counts as the newest no.
fn make_room(answers: &mut HashMap<Key, Answer>, now: Instant) {
    answers.retain(|_, answer| is_fresh(answer, now));
    if answers.len() >= MAX_ANSWERS {
        let until = |answer: &Answer| answer.get().map_or(now + super::NO_LIVES, |known| known.until);
        let next = answers.iter().min_by_key(|(_, answer)| until(answer));
        if let Some(key) = next.map(|(key, _)| *key) {
            answers.remove(&key);
        }
    }
}

/// SHA-256 over all parts, each after its length, so that no two questions share an answer.
fn digest(parts: &[&str]) -> Key {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn know(answers: &Answers, question: &str, until: Instant) {
        let known = Known {
            review: Review::Forbidden,
            until,
        };
        answers.at(&[question], Instant::now()).set(known).unwrap();
    }

    #[test]
    fn no_two_questions_share_an_answer() {
        assert_ne!(digest(&["ab", "c"]), digest(&["a", "bc"]));
        assert_ne!(digest(&["a", ""]), digest(&["a"]));
    }

    #[test]
    fn there_are_never_more_answers_than_allowed_and_the_longest_lived_stay() {
        let (answers, now) = (Answers::default(), Instant::now());
        know(&answers, "a yes", now + Duration::from_mins(2));
        for question in 0..2 * MAX_ANSWERS {
            know(&answers, &question.to_string(), now + Duration::from_mins(1));
        }
        assert_eq!(answers.len(), MAX_ANSWERS);
        assert!(answers.at(&["a yes"], now).get().is_some());
    }

    #[test]
    fn what_is_no_longer_believed_makes_room_first() {
        let (answers, now) = (Answers::default(), Instant::now());
        for question in 0..MAX_ANSWERS {
            know(&answers, &question.to_string(), now + Duration::from_secs(1));
        }
        let later = now + Duration::from_secs(2);
        assert!(answers.at(&["one more"], later).get().is_none());
        assert_eq!(answers.len(), 1);
    }
}
