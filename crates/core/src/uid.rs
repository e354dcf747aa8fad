//! The UID of an object: text to everybody, sixteen bytes in a place where there are a million of them.

use std::fmt;

/// A UID. API servers give UUIDs, and those are kept as such; whatever else it may be is kept as it is.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Uid(Form);

#[derive(Clone, PartialEq, Eq, Hash)]
enum Form {
    Uuid([u8; 16]),
    Other(Box<str>),
}

const LENGTH: usize = 36;
const DIGITS: &[u8; 16] = b"0123456789abcdef";

impl Uid {
    /// Takes a UID in.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(parse(text.as_bytes()).map_or_else(|| Form::Other(text.into()), Form::Uuid))
    }

    /// One whose sixteen bytes are known.
    #[must_use]
    pub const fn from_uuid(bytes: [u8; 16]) -> Self {
        Self(Form::Uuid(bytes))
    }

    /// Its sixteen bytes, if it is a UUID as API servers write them.
    #[must_use]
    pub const fn as_uuid(&self) -> Option<&[u8; 16]> {
        match &self.0 {
            Form::Uuid(bytes) => Some(bytes),
            Form::Other(_) => None,
        }
    }
}

/// Whether the text of a UUID has a hyphen at a place.
const fn has_hyphen(place: usize) -> bool {
    matches!(place, 8 | 13 | 18 | 23)
}

/// Only the form that is written, so that a text comes back as it was.
fn parse(text: &[u8]) -> Option<[u8; 16]> {
    if text.len() != LENGTH || (0..LENGTH).any(|at| has_hyphen(at) && text[at] != b'-') {
        return None;
    }
    let mut digits =
        text.iter()
            .enumerate()
            .filter(|(at, _)| !has_hyphen(*at))
            .map(|(_, digit)| match digit {
                b'0'..=b'9' => Some(digit - b'0'),
                b'a'..=b'f' => Some(digit - b'a' + 10),
                _ => None,
            });
    let mut bytes = [0; 16];
    for byte in &mut bytes {
        *byte = digits.next()?? << 4 | digits.next()??;
    }
    Some(bytes)
}

impl fmt::Display for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = match &self.0 {
            Form::Uuid(bytes) => bytes,
            Form::Other(text) => return f.write_str(text),
        };
        // Once for each call that is counted.
        let mut text = [b'-'; LENGTH];
        let mut at = 0;
        for byte in bytes {
            at += usize::from(has_hyphen(at));
            text[at] = DIGITS[usize::from(byte >> 4)];
            text[at + 1] = DIGITS[usize::from(byte & 0xf)];
            at += 2;
        }
        f.write_str(str::from_utf8(&text).unwrap_or_default())
    }
}

impl fmt::Debug for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Uid({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_comes_back_as_it_was() {
        let texts = [
            ("0b0f2d7e-9b1c-4c59-8a55-0123456789ab", true),
            ("0B0F2D7E-9B1C-4C59-8A55-0123456789AB", false),
            ("0b0f2d7e09b1c-4c59-8a55-0123456789ab", false),
            ("0b0f2d7e-9b1c-4c59-8a55-0123456789a", false),
            ("0b0f2d7e-9b1c-4c59-8a55-0123456789ag", false),
            ("ключ-0123456789-0123456789-012345678", false),
            ("", false),
        ];
        for (text, is_uuid) in texts {
            let uid = Uid::new(text);
            assert_eq!(
                (uid.to_string(), uid.as_uuid().is_some()),
                (text.to_owned(), is_uuid)
            );
        }
    }

    #[test]
    fn it_takes_three_words() {
        assert_eq!(size_of::<Uid>(), 24);
    }
}
