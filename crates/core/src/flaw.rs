//! What is unwise about the value of a key, told without telling anything of the value itself.
//!
//! None of it stops a key that is there: whoever chose the value may know better (`spec/controller.md` §5.16). It is said
//! where the consumer looks for it, and asked about before such a value is stored.

use std::fmt;

use crate::issued::{ValueForm, value_form};

/// Fewer bytes than this are guessable whatever they are.
pub const SHORTEST_VALUE: usize = 16;

/// Bits that a value must have, by how often each of its bytes occurs in it. A guess from above: a sentence from a book
/// passes. What this finds, though, is guessable.
const LEAST_BITS: f64 = 56.0;

/// One thing that is unwise about a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Flaw {
    /// White space at an end, as `echo` without `-n` leaves it: no header carries it, so no call can match.
    SpaceAround,
    /// White space within it.
    SpaceWithin,
    /// A character that no header can carry, or not reliably.
    Unsendable,
    /// So short, or so uniform, that it can be guessed.
    Guessable,
    /// It begins as a value that Keydesk makes, and is none.
    Mistyped,
}

impl Flaw {
    const ALL: [Self; 5] = [
        Self::SpaceAround,
        Self::SpaceWithin,
        Self::Unsendable,
        Self::Guessable,
        Self::Mistyped,
    ];

    const fn bit(self) -> u8 {
        1 << self as u8
    }

    /// Whether no call can carry such a value.
    #[must_use]
    pub const fn is_fatal(self) -> bool {
        match self {
            Self::SpaceAround | Self::Unsendable => true,
            Self::SpaceWithin | Self::Guessable | Self::Mistyped => false,
        }
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SpaceAround => {
                "the value has white space around it (a line break at its end?), which no call carries"
            }
            Self::SpaceWithin => {
                "the value has white space within it, which many clients and gateways do not carry"
            }
            Self::Unsendable => "the value has characters that no header carries",
            Self::Guessable => "the value is short or uniform enough to be guessed: use 20 random characters or more",
            Self::Mistyped => "the value begins as one that Keydesk made, but its checksum is wrong: a part of it may be missing",
        })
    }
}

/// Everything that is unwise about one value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flaws(u8);

impl Flaws {
    /// Looks a value over. An empty one has no flaws: it is none.
    #[must_use]
    pub fn of(value: &[u8]) -> Self {
        if value.is_empty() {
            return Self::default();
        }
        let core = value.trim_ascii();
        let is_sendable = |byte: &u8| matches!(byte, 0x20..=0x7e);
        Self::default()
            .with(Flaw::SpaceAround, core.len() != value.len())
            .with(Flaw::SpaceWithin, core.contains(&b' '))
            .with(Flaw::Unsendable, !core.iter().all(is_sendable))
            .with(
                Flaw::Guessable,
                core.len() < SHORTEST_VALUE || bits(core) < LEAST_BITS,
            )
            .with(Flaw::Mistyped, value_form(core) == ValueForm::Mistyped)
    }

    /// One after the other.
    pub fn iter(self) -> impl Iterator<Item = Flaw> {
        Flaw::ALL.into_iter().filter(move |flaw| self.has(*flaw))
    }

    /// Whether this is one of them.
    #[must_use]
    pub const fn has(self, flaw: Flaw) -> bool {
        self.0 & flaw.bit() != 0
    }

    /// Those of them that are not among `others`.
    #[must_use]
    pub const fn beyond(self, others: Self) -> Self {
        Self(self.0 & !others.0)
    }

    const fn with(self, flaw: Flaw, applies: bool) -> Self {
        Self(self.0 | if applies { flaw.bit() } else { 0 })
    }
}

/// Shannon's entropy of all bytes together.
fn bits(value: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in value {
        counts[usize::from(*byte)] = counts[usize::from(*byte)].saturating_add(1);
    }
    let length: f64 = counts.iter().copied().map(f64::from).sum();
    let seen = counts.iter().copied().filter(|count| *count > 0).map(f64::from);
    seen.map(|count| count * (length / count).log2()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issued::{ISSUED_RANDOM_BYTES, issue_value};

    fn found(value: &[u8]) -> Vec<Flaw> {
        Flaws::of(value).iter().collect()
    }

    #[test]
    fn a_value_that_keydesk_makes_has_no_flaw() {
        let random =
            std::array::from_fn::<_, ISSUED_RANDOM_BYTES, _>(|at| u8::try_from(at).unwrap().wrapping_mul(83));
        assert_eq!(found(issue_value(&random).as_bytes()), []);
    }

    #[test]
    fn what_people_choose_is_looked_at() {
        for (value, flaws) in [
            ("5up3rfluous-4nd-l0ng-enough", vec![]),
            ("5f4dcc3b5aa765d61d8327deb882cf99", vec![]),
            ("0b6cb4a4-7f3d-4c5e-9d3f-2a1b7c8d9e0f", vec![]),
            ("", vec![]),
            ("abc123", vec![Flaw::Guessable]),
            ("5up3rfluous 4nd l0ng enough", vec![Flaw::SpaceWithin]),
            ("aaaaaaaaaaaaaaaaaaaaaaaa", vec![Flaw::Guessable]),
            ("5up3rfluous-4nd-l0ng-enough\n", vec![Flaw::SpaceAround]),
            ("5up3rfluous-4nd\tl0ng-enough", vec![Flaw::Unsendable]),
            ("5up3rflüous-4nd-l0ng-enough", vec![Flaw::Unsendable]),
            ("keydesk_5up3rfluous-4nd-l0ng", vec![Flaw::Mistyped]),
        ] {
            assert_eq!(found(value.as_bytes()), flaws, "{value:?}");
            let fatal = flaws.iter().any(|flaw| flaw.is_fatal());
            assert_eq!(fatal, value.contains(['\n', '\t', 'ü']), "{value:?}");
        }
    }

    #[test]
    fn the_short_and_the_uniform_can_be_guessed() {
        for value in [
            &b"0123456789abcde"[..],
            b"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            b"passwordpassword",
            // Space around it makes it no better.
            b"abc123              \n",
        ] {
            assert!(
                Flaws::of(value).has(Flaw::Guessable),
                "{}",
                String::from_utf8_lossy(value)
            );
        }
    }

    #[test]
    fn only_what_is_new_is_beyond() {
        let (both, one) = (Flaws::of(b"abc123\n"), Flaws::of(b"abc123"));
        assert_eq!(both.beyond(one).iter().collect::<Vec<_>>(), [Flaw::SpaceAround]);
        assert_eq!(one.beyond(both), Flaws::default());
    }

    #[test]
    fn no_flaw_says_the_value() {
        for flaw in Flaws::of("\u{fc}hunter2 ".as_bytes()).iter() {
            assert!(!flaw.to_string().contains("hunter2"));
        }
    }
}
