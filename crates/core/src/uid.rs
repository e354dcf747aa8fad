//! The UID of an object: text to everybody, sixteen bytes in a place where there are a million of them.

use std::fmt;

use uuid::Uuid;
use uuid::fmt::Hyphenated;

/// A UID. API servers give UUIDs, and those are kept as such; whatever else it may be is kept as it is.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Uid(Form);

#[derive(Clone, PartialEq, Eq, Hash)]
enum Form {
    Uuid(Uuid),
    Other(Box<str>),
}

impl Uid {
    /// Takes a UID in.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(parse(text).map_or_else(|| Form::Other(text.into()), Form::Uuid))
    }

    /// One whose sixteen bytes are known.
    #[must_use]
    pub const fn from_uuid(bytes: [u8; 16]) -> Self {
        Self(Form::Uuid(Uuid::from_bytes(bytes)))
    }

    /// Its sixteen bytes, if it is a UUID as API servers write them.
    #[must_use]
    pub const fn as_uuid(&self) -> Option<&[u8; 16]> {
        match &self.0 {
            Form::Uuid(uuid) => Some(uuid.as_bytes()),
            Form::Other(_) => None,
        }
    }
}

/// Only the form that is written, so that a text comes back as it was.
fn parse(text: &str) -> Option<Uuid> {
    let uuid = Uuid::try_parse(text).ok()?;
    (written(uuid, &mut [0; Hyphenated::LENGTH]) == text).then_some(uuid)
}

fn written(uuid: Uuid, space: &mut [u8; Hyphenated::LENGTH]) -> &str {
    uuid.hyphenated().encode_lower(space)
}

impl fmt::Display for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Form::Uuid(uuid) => f.write_str(written(*uuid, &mut [0; Hyphenated::LENGTH])),
            Form::Other(text) => f.write_str(text),
        }
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
            ("0b0f2d7e9b1c4c598a550123456789ab", false),
            ("{0b0f2d7e-9b1c-4c59-8a55-0123456789ab}", false),
            ("urn:uuid:0b0f2d7e-9b1c-4c59-8a55-0123456789ab", false),
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
