//! Telling whether two key values are equal without keeping either of them.
//!
//! A value that a person chose may be guessable, so a plain digest of it must not lie around. The fingerprint is
//! keyed with random bytes that live as long as the process: useless to anybody who reads it later.

use std::fmt;

use sha2::{Digest, Sha256};
use zeroize::ZeroizeOnDrop;

/// The block size of SHA-256, to which HMAC (RFC 2104) pads its key.
const BLOCK: usize = 64;

/// The secret with which this process fingerprints key values.
#[derive(ZeroizeOnDrop)]
pub struct FingerprintKey([u8; 32]);

impl FingerprintKey {
    /// Takes 32 random bytes, made by the caller at start and kept nowhere else.
    #[must_use]
    pub fn new(random: [u8; 32]) -> Self {
        Self(random)
    }

    /// The fingerprint (HMAC-SHA-256) of a key value.
    #[must_use]
    pub fn fingerprint(&self, value: &[u8]) -> Fingerprint {
        let inner = Sha256::new()
            .chain_update(self.pad(0x36))
            .chain_update(value)
            .finalize();
        Fingerprint(
            Sha256::new()
                .chain_update(self.pad(0x5c))
                .chain_update(inner)
                .finalize()
                .into(),
        )
    }

    fn pad(&self, byte: u8) -> [u8; BLOCK] {
        let mut block = [byte; BLOCK];
        for (padded, key) in block.iter_mut().zip(self.0) {
            *padded ^= key;
        }
        block
    }
}

impl fmt::Debug for FingerprintKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FingerprintKey(..)")
    }
}

/// Stands for a key value: equal for equal values, within one process.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint([u8; 32]);

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fingerprint(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_hmac_sha_256() {
        // RFC 4231, test case 1: its 20-byte key is padded with zeros, as HMAC does itself.
        let mut key = [0; 32];
        key[..20].fill(0x0b);
        let Fingerprint(bytes) = FingerprintKey::new(key).fingerprint(b"Hi There");
        assert_eq!(bytes[..8], [0xb0, 0x34, 0x4c, 0x61, 0xd8, 0xdb, 0x38, 0x53]);
    }

    #[test]
    fn equal_values_meet_only_under_one_key() {
        let (one, two) = (FingerprintKey::new([1; 32]), FingerprintKey::new([2; 32]));
        assert_eq!(one.fingerprint(b"abc123"), one.fingerprint(b"abc123"));
        assert_ne!(one.fingerprint(b"abc123"), one.fingerprint(b"abc124"));
        assert_ne!(one.fingerprint(b"abc123"), two.fingerprint(b"abc123"));
    }

    #[test]
    fn debug_shows_nothing() {
        let key = FingerprintKey::new([7; 32]);
        assert_eq!(
            format!("{key:?} {:?}", key.fingerprint(b"abc123")),
            "FingerprintKey(..) Fingerprint(..)"
        );
    }
}
