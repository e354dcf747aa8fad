//! Values of keys that Keydesk makes: a prefix that scanners for leaked secrets find, random characters, a checksum.
//!
//! ```text
//!   keydesk_ 4w7q…(40 characters, 200 random bits)… c2hm5a
//!   prefix   random, base32 in lower case           checksum: SHA-256 of what is before it, the first 30 bits
//! ```
//!
//! The checksum is no secret. By it a mistyped value is told from a wrong one without asking anybody.

use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

/// What every value begins with that Keydesk makes.
pub const ISSUED_PREFIX: &str = "keydesk_";

/// Random bytes in a value: eight more than no attacker can try.
pub const ISSUED_RANDOM_BYTES: usize = 25;

/// Characters for the random bytes, five bits each.
const RANDOM: usize = ISSUED_RANDOM_BYTES * 8 / 5;

/// Characters of the checksum.
const CHECKSUM: usize = 6;

/// RFC 4648, section 6, in lower case: no two characters that look alike in print.
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// What can be said of a value without asking anybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueForm {
    /// Keydesk may have made it.
    Issued,
    /// It begins as one that Keydesk made, and is none: mistyped or cut.
    Mistyped,
    /// Somebody else made it.
    Foreign,
}

/// Makes a value of random bytes, which the caller has from a source that nobody can foretell.
#[must_use]
pub fn issue_value(random: &[u8; ISSUED_RANDOM_BYTES]) -> Zeroizing<String> {
    // All the room at once: growing would leave copies behind.
    let mut value = Zeroizing::new(String::with_capacity(ISSUED_PREFIX.len() + RANDOM + CHECKSUM));
    value.push_str(ISSUED_PREFIX);
    encode(random, RANDOM, &mut value);
    let checksum = Sha256::digest(value.as_bytes());
    encode(&checksum, CHECKSUM, &mut value);
    value
}

/// Whether a value is one that Keydesk makes.
#[must_use]
pub fn value_form(value: &[u8]) -> ValueForm {
    if !value.starts_with(ISSUED_PREFIX.as_bytes()) {
        return ValueForm::Foreign;
    }
    let body = ISSUED_PREFIX.len() + RANDOM;
    if value.len() != body + CHECKSUM {
        return ValueForm::Mistyped;
    }
    let (covered, given) = value.split_at(body);
    let mut checksum = String::with_capacity(CHECKSUM);
    encode(&Sha256::digest(covered), CHECKSUM, &mut checksum);
    if checksum.as_bytes() == given {
        ValueForm::Issued
    } else {
        ValueForm::Mistyped
    }
}

/// The first `characters` times five bits of `bytes`.
fn encode(bytes: &[u8], characters: usize, text: &mut String) {
    let bit = |at: usize| bytes.get(at / 8).map_or(0, |byte| byte >> (7 - at % 8) & 1);
    for character in 0..characters {
        let five = (0..5).fold(0, |five, place| five << 1 | bit(character * 5 + place));
        text.push(char::from(ALPHABET[usize::from(five)]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_has_a_prefix_two_hundred_random_bits_and_a_checksum() {
        let value = issue_value(&[0; ISSUED_RANDOM_BYTES]);
        assert!(
            value.starts_with(&format!("keydesk_{}", "a".repeat(40))),
            "{}",
            *value
        );
        assert_eq!(value.len(), 54);
        assert_eq!(value_form(value.as_bytes()), ValueForm::Issued);
        let ones = issue_value(&[0xff; ISSUED_RANDOM_BYTES]);
        assert!(ones.starts_with(&format!("keydesk_{}", "7".repeat(40))));
    }

    #[test]
    fn every_random_byte_counts() {
        let mut seen = std::collections::BTreeSet::new();
        for at in 0..ISSUED_RANDOM_BYTES {
            for bit in 0..8 {
                let mut random = [0; ISSUED_RANDOM_BYTES];
                random[at] = 1 << bit;
                assert!(
                    seen.insert(issue_value(&random).to_string()),
                    "byte {at}, bit {bit}"
                );
            }
        }
    }

    #[test]
    fn a_typing_error_is_noticed_and_a_foreign_value_is_nobodys_business() {
        let value = issue_value(&[7; ISSUED_RANDOM_BYTES]);
        for at in ISSUED_PREFIX.len()..value.len() {
            let mut mistyped = value.as_bytes().to_vec();
            mistyped[at] = if mistyped[at] == b'a' { b'b' } else { b'a' };
            assert_eq!(value_form(&mistyped), ValueForm::Mistyped, "character {at}");
        }
        assert_eq!(value_form(&value.as_bytes()[..53]), ValueForm::Mistyped);
        assert_eq!(value_form(format!("{}x", *value).as_bytes()), ValueForm::Mistyped);
        assert_eq!(value_form(b"abc123"), ValueForm::Foreign);
    }
}
