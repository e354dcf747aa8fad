//! A key as a caller presents it.

use std::borrow::Cow;
use std::fmt;

use zeroize::Zeroizing;

/// The bytes that may be a key: borrowed from the call where they stand there as they are, wiped after use where they
/// had to be copied. Never printed.
pub struct Presented<'a>(Bytes<'a>);

enum Bytes<'a> {
    Borrowed(&'a [u8]),
    Copied(Zeroizing<Vec<u8>>),
}

impl<'a> Presented<'a> {
    pub(crate) fn new(bytes: Cow<'a, [u8]>) -> Self {
        Self(match bytes {
            Cow::Borrowed(bytes) => Bytes::Borrowed(bytes),
            Cow::Owned(bytes) => Bytes::Copied(Zeroizing::new(bytes)),
        })
    }

    /// What is presented, byte by byte.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Bytes::Borrowed(bytes) => bytes,
            Bytes::Copied(bytes) => bytes,
        }
    }

    /// The part of it that `find` finds.
    pub(super) fn part(self, find: impl Fn(&[u8]) -> Option<&[u8]>) -> Option<Self> {
        let part = match &self.0 {
            Bytes::Borrowed(bytes) => Bytes::Borrowed(find(bytes)?),
            Bytes::Copied(bytes) => Bytes::Copied(Zeroizing::new(find(bytes)?.to_vec())),
        };
        Some(Self(part))
    }
}

impl fmt::Debug for Presented<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Presented(..)")
    }
}
