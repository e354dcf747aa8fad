//! What a gate keeps of a key's value: enough to know it again, too little to use it.

use std::fmt;

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// The SHA-256 of a key's value. Compared in constant time: who tries values learns nothing from how long it takes.
#[derive(Clone, Copy)]
pub struct Digest([u8; 32]);

impl Digest {
    /// Digests a value.
    #[must_use]
    pub fn of(value: &[u8]) -> Self {
        Self(Sha256::digest(value).into())
    }

    /// Where to look for it in a table. Digests are evenly spread, so any bytes of one will do.
    #[must_use]
    pub fn slot(&self) -> u64 {
        let mut slot = [0; 8];
        slot.copy_from_slice(&self.0[..8]);
        u64::from_le_bytes(slot)
    }
}

impl PartialEq for Digest {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for Digest {}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digest(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_have_equal_digests_and_others_do_not() {
        assert_eq!(Digest::of(b"abc123"), Digest::of(b"abc123"));
        assert_ne!(Digest::of(b"abc123"), Digest::of(b"abc124"));
    }

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", Digest::of(b"abc123")), "Digest(..)");
    }
}
