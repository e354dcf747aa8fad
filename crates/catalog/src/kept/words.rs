//! Texts that many records have, each kept once and named by a number.

use std::collections::HashMap;
use std::sync::Arc;

/// The words of a catalog. Each is there for as long as some record uses it.
#[derive(Clone, Debug, Default)]
pub(super) struct Words {
    numbers: HashMap<Arc<str>, u32>,
    places: Vec<Option<Word>>,
    /// Numbers that are nobody's now.
    free: Vec<u32>,
}

#[derive(Clone, Debug)]
struct Word {
    text: Arc<str>,
    uses: usize,
}

impl Words {
    /// The number of a word, for one more use of it.
    pub(super) fn take(&mut self, text: &str) -> u32 {
        if let Some(number) = self.numbers.get(text).copied()
            && let Some(word) = self.word_mut(number)
        {
            word.uses += 1;
            return number;
        }
        let text: Arc<str> = text.into();
        let word = Some(Word {
            text: Arc::clone(&text),
            uses: 1,
        });
        let number = if let Some(number) = self.free.pop() {
            if let Some(place) = self.places.get_mut(number as usize) {
                *place = word;
            }
            number
        } else {
            self.places.push(word);
            // There are as many words as texts in memory: fewer than four thousand million.
            u32::try_from(self.places.len() - 1).unwrap_or(u32::MAX)
        };
        self.numbers.insert(text, number);
        number
    }

    /// Ends one use.
    pub(super) fn release(&mut self, number: u32) {
        let Some(word) = self.word_mut(number) else { return };
        word.uses -= 1;
        if word.uses == 0 {
            let word = self.places.get_mut(number as usize).and_then(Option::take);
            if let Some(word) = word {
                self.numbers.remove(&word.text);
                self.free.push(number);
            }
        }
    }

    /// The word of this number.
    pub(super) fn text(&self, number: u32) -> &str {
        let word = self.places.get(number as usize).and_then(Option::as_ref);
        word.map_or("", |word| &word.text)
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }

    fn word_mut(&mut self, number: u32) -> Option<&mut Word> {
        self.places.get_mut(number as usize)?.as_mut()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_there_as_long_as_it_is_used() {
        let mut words = Words::default();
        let gold = words.take("gold");
        assert_eq!((words.take("gold"), words.text(gold)), (gold, "gold"));
        words.release(gold);
        assert_eq!(words.text(gold), "gold");
        words.release(gold);
        assert_eq!(words.text(gold), "");
        assert_eq!(words.take("silver"), gold, "its number is free");
        assert_eq!((words.numbers.len(), words.places.len()), (1, 1));
    }
}
