//! Values as bytes, as few as can be, and back. Only what was written here is read here: nothing checks what cannot be
//! otherwise, and where something is amiss nothing panics.

use std::mem;

use jiff::Timestamp;
use keydesk_core::Uid;

use super::words::Words;

/// Puts values one after the other. Words are put apart, before the rest: whoever lets go of the bytes lets go of them.
pub(super) struct Writer<'a> {
    words: &'a mut Words,
    used: Vec<u32>,
    body: Vec<u8>,
}

impl<'a> Writer<'a> {
    pub(super) fn new(words: &'a mut Words) -> Self {
        Self {
            words,
            used: Vec::new(),
            body: Vec::new(),
        }
    }

    /// A text that others have too.
    pub(super) fn word(&mut self, text: &str) {
        let number = self.words.take(text);
        self.used.push(number);
    }

    /// A text of its own.
    pub(super) fn text(&mut self, text: &str) {
        self.count(text.len());
        self.body.extend_from_slice(text.as_bytes());
    }

    pub(super) fn count(&mut self, count: usize) {
        put(&mut self.body, count as u64);
    }

    pub(super) fn bits(&mut self, bits: u16) {
        put(&mut self.body, u64::from(bits));
    }

    pub(super) fn integer(&mut self, integer: i64) {
        put(&mut self.body, zigzag(integer));
    }

    pub(super) fn time(&mut self, time: Timestamp) {
        self.time_since(None, time);
    }

    /// A time that is mostly near to another one. Seconds are mostly whole: a fraction follows where there is one.
    pub(super) fn time_since(&mut self, since: Option<Timestamp>, time: Timestamp) {
        let second = time.as_second() - since.map_or(0, Timestamp::as_second);
        let nanosecond = time.subsec_nanosecond();
        self.integer(second << 1 | i64::from(nanosecond != 0));
        if nanosecond != 0 {
            self.integer(i64::from(nanosecond));
        }
    }

    pub(super) fn uid(&mut self, uid: &Uid) {
        match uid.as_uuid() {
            Some(bytes) => self.body.extend_from_slice(bytes),
            None => self.text(&uid.to_string()),
        }
    }

    /// All bytes, `tag` first.
    pub(super) fn finish(self, tag: u32) -> Vec<u8> {
        let Self { words: _, used, body } = self;
        let mut bytes = Vec::with_capacity(size_of::<u32>() + 2 + used.len() * 2 + body.len());
        bytes.extend_from_slice(&tag.to_le_bytes());
        put(&mut bytes, used.len() as u64);
        for word in used {
            put(&mut bytes, u64::from(word));
        }
        bytes.extend_from_slice(&body);
        bytes
    }
}

/// Takes values in the order in which they were put.
pub(super) struct Reader<'a> {
    words: &'a Words,
    used: &'a [u8],
    body: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8], words: &'a Words) -> Self {
        let mut body = bytes.get(size_of::<u32>()..).unwrap_or_default();
        let count = get(&mut body);
        let used = body;
        for _ in 0..count {
            get(&mut body);
        }
        Self { words, used, body }
    }

    pub(super) fn word(&mut self) -> String {
        let number = get(&mut self.used);
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        self.words.text(number).to_owned()
    }

    pub(super) fn text(&mut self) -> String {
        let length = self.count();
        String::from_utf8_lossy(self.take(length)).into_owned()
    }

    pub(super) fn count(&mut self) -> usize {
        usize::try_from(get(&mut self.body)).unwrap_or_default()
    }

    pub(super) fn bits(&mut self) -> u16 {
        u16::try_from(get(&mut self.body)).unwrap_or_default()
    }

    pub(super) fn integer(&mut self) -> i64 {
        unzigzag(get(&mut self.body))
    }

    pub(super) fn time(&mut self) -> Timestamp {
        self.time_since(None)
    }

    pub(super) fn time_since(&mut self, since: Option<Timestamp>) -> Timestamp {
        let number = self.integer();
        let second = (number >> 1).saturating_add(since.map_or(0, Timestamp::as_second));
        let nanosecond = if number & 1 == 1 { self.integer() } else { 0 };
        Timestamp::new(second, i32::try_from(nanosecond).unwrap_or_default()).unwrap_or_default()
    }

    /// A UID that is a UUID, or not.
    pub(super) fn uid(&mut self, is_uuid: bool) -> Uid {
        if is_uuid {
            let bytes = self.take(16).first_chunk().copied();
            Uid::from_uuid(bytes.unwrap_or_default())
        } else {
            Uid::new(&self.text())
        }
    }

    fn take(&mut self, length: usize) -> &'a [u8] {
        let (taken, rest) = self.body.split_at_checked(length).unwrap_or_default();
        self.body = rest;
        taken
    }
}

/// What stands first.
pub(super) fn tag(bytes: &[u8]) -> u32 {
    bytes.first_chunk().map_or(0, |tag| u32::from_le_bytes(*tag))
}

/// Lets go of the words of bytes that are not to be read any more.
pub(super) fn release(bytes: &[u8], words: &mut Words) {
    let mut rest = bytes.get(size_of::<u32>()..).unwrap_or_default();
    for _ in 0..get(&mut rest) {
        words.release(u32::try_from(get(&mut rest)).unwrap_or(u32::MAX));
    }
}

/// Seven bits in each byte, the lowest first; the eighth says that there are more.
fn put(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push((number & 0x7f) as u8);
}

fn get(bytes: &mut &[u8]) -> u64 {
    let mut number = 0;
    for shift in (0..u64::BITS).step_by(7) {
        let Some((byte, rest)) = mem::take(bytes).split_first() else {
            break;
        };
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            break;
        }
    }
    number
}

/// Small numbers of either sign in few bits.
fn zigzag(integer: i64) -> u64 {
    (integer.cast_unsigned() << 1) ^ (integer >> 63).cast_unsigned()
}

fn unzigzag(number: u64) -> i64 {
    (number >> 1).cast_signed() ^ -(number & 1).cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_comes_back_and_the_words_go_with_it() {
        let mut words = Words::default();
        let mut writer = Writer::new(&mut words);
        let integers = [0, 1, -1, 63, -64, 64, i64::MAX, i64::MIN];
        let times = [
            Timestamp::MIN,
            Timestamp::MAX,
            Timestamp::UNIX_EPOCH,
            "2026-01-01T00:00:00.123456789Z".parse().unwrap(),
        ];
        let uids = ["0b0f2d7e-9b1c-4c59-8a55-0123456789ab", "other"].map(Uid::new);
        writer.word("gold");
        for integer in integers {
            writer.integer(integer);
        }
        writer.text("ä");
        for time in times {
            writer.time(time);
            for since in times {
                writer.time_since(Some(since), time);
            }
        }
        writer.word("gamestore");
        for uid in &uids {
            writer.uid(uid);
        }
        writer.bits(u16::MAX);
        writer.count(300);
        let bytes = writer.finish(7);
        assert_eq!(tag(&bytes), 7);
        let mut reader = Reader::new(&bytes, &words);
        assert_eq!(reader.word(), "gold");
        assert_eq!(integers.map(|_| reader.integer()), integers);
        assert_eq!(reader.text(), "ä");
        for time in times {
            assert_eq!(reader.time(), time);
            assert_eq!(times.map(|since| reader.time_since(Some(since))), [time; 4]);
        }
        assert_eq!(reader.word(), "gamestore");
        assert_eq!([reader.uid(true), reader.uid(false)], uids);
        assert_eq!((reader.bits(), reader.count()), (u16::MAX, 300));
        release(&bytes, &mut words);
        assert_eq!((words.text(0), words.text(1)), ("", ""));
    }
}
