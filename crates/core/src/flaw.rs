//! What is wrong with a value that a person chose, said without saying the value.

use std::fmt;

use crate::issued::{ValueForm, value_form};

/// Shorter values can be guessed: 16 characters of base64 are 96 bits.
pub const SHORTEST_VALUE: usize = 16;

/// Something about the value of a key that its holder should know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Flaw {
    /// White space at an end: no header or query carries it, so no call can match.
    SpaceAround,
    /// A character that no header can carry.
    Unsendable,
    /// So short, or of so few different characters, that it can be guessed.
    Guessable,
    /// It begins as a value that Keydesk makes, and is none.
    Mistyped,
}

impl Flaw {
    /// Everything that is wrong with a value.
    #[must_use]
    pub fn all(value: &[u8]) -> Vec<Self> {
        let trimmed = value.trim_ascii();
        let flaws = [
            (Self::SpaceAround, trimmed.len() < value.len()),
            (
                Self::Unsendable,
                !trimmed.iter().all(|byte| matches!(byte, 0x20..=0x7e)),
            ),
            (Self::Guessable, is_guessable(trimmed)),
            (Self::Mistyped, value_form(trimmed) == ValueForm::Mistyped),
        ];
        flaws
            .into_iter()
            .filter(|(_, holds)| *holds)
            .map(|(flaw, _)| flaw)
            .collect()
    }

    /// Whether no call can carry such a value.
    #[must_use]
    pub const fn is_fatal(self) -> bool {
        match self {
            Self::SpaceAround | Self::Unsendable => true,
            Self::Guessable | Self::Mistyped => false,
        }
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SpaceAround => {
                "the value has white space around it (a line break at its end?), which no call carries"
            }
            Self::Unsendable => "the value has characters that no header carries",
            Self::Guessable => "the value is short or uniform enough to be guessed",
            Self::Mistyped => "the value begins as one that Keydesk made, but its checksum is wrong",
        })
    }
}

fn is_guessable(value: &[u8]) -> bool {
    let mut different = [false; 256];
    for byte in value {
        different[usize::from(*byte)] = true;
    }
    let different = different.iter().filter(|seen| **seen).count();
    value.len() < SHORTEST_VALUE || different < SHORTEST_VALUE / 3
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issued::{ISSUED_RANDOM_BYTES, issue_value};

    #[test]
    fn a_value_that_keydesk_makes_has_no_flaw() {
        let random =
            std::array::from_fn::<_, ISSUED_RANDOM_BYTES, _>(|at| u8::try_from(at).unwrap().wrapping_mul(83));
        assert_eq!(Flaw::all(issue_value(&random).as_bytes()), []);
    }

    #[test]
    fn what_people_choose_is_looked_at() {
        for (value, flaws) in [
            ("5up3rfluous-4nd-l0ng-enough", vec![]),
            ("abc123", vec![Flaw::Guessable]),
            ("aaaaaaaaaaaaaaaaaaaaaaaa", vec![Flaw::Guessable]),
            ("5up3rfluous-4nd-l0ng-enough\n", vec![Flaw::SpaceAround]),
            ("5up3rfluous-4nd\tl0ng-enough", vec![Flaw::Unsendable]),
            ("5up3rflüous-4nd-l0ng-enough", vec![Flaw::Unsendable]),
            ("keydesk_5up3rfluous-4nd-l0ng", vec![Flaw::Mistyped]),
        ] {
            assert_eq!(Flaw::all(value.as_bytes()), flaws, "{value:?}");
            let fatal = flaws.iter().any(|flaw| flaw.is_fatal());
            assert_eq!(fatal, value.contains(['\n', '\t', 'ü']), "{value:?}");
        }
    }

    #[test]
    fn no_flaw_says_the_value() {
        for flaw in Flaw::all("\u{fc}hunter2 ".as_bytes()) {
            assert!(!flaw.to_string().contains("hunter2"));
        }
    }
}
