//! How long a limit looks back: a length of time, as policies write it.

use std::fmt;
use std::time::Duration;

use thiserror::Error;

/// The units of a window with their milliseconds, longest first: the order in which they are printed.
const UNITS: [(&str, u64); 4] = [("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// How many numbers with a unit a window may be written in.
const MOST_PARTS: usize = 4;

/// The length of a window, in whole milliseconds and never zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Window(u64);

/// Why a text is not a window.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ParseWindowError {
    /// It is not written as one.
    #[error(
        "the window {text:?} is not one to four numbers of at most five digits, each with a unit of h, m, s or ms, \
         such as 24h or 1h30m"
    )]
    Malformed {
        /// What was written.
        text: String,
    },
    /// A window without length would limit nothing.
    #[error("the window {text:?} has no length: make it at least 1ms")]
    ZeroLength {
        /// What was written.
        text: String,
    },
}

impl Window {
    /// `daily` of a plan: 24 hours.
    pub const DAY: Self = Self::hours(24);
    /// `weekly` of a plan: 168 hours.
    pub const WEEK: Self = Self::hours(168);
    /// `monthly` of a plan: 730 hours, the twelfth part of a year.
    pub const MONTH: Self = Self::hours(730);
    /// `yearly` of a plan: 8760 hours, 365 days.
    pub const YEAR: Self = Self::hours(8760);

    const fn hours(hours: u64) -> Self {
        Self(hours * 3_600_000)
    }

    /// A window of so many milliseconds; none of zero.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Option<Self> {
        if millis == 0 { None } else { Some(Self(millis)) }
    }

    /// Reads the window of a `custom` limit, `^([0-9]{1,5}(h|m|s|ms)){1,4}$` (`spec/gate.md` §2).
    ///
    /// # Errors
    /// If the text is anything else, or adds up to nothing.
    pub fn parse(text: &str) -> Result<Self, ParseWindowError> {
        let malformed = || ParseWindowError::Malformed {
            text: text.to_owned(),
        };
        let (mut millis, mut rest) = part(text).ok_or_else(malformed)?;
        for _ in 1..MOST_PARTS {
            if rest.is_empty() {
                break;
            }
            let (more, after) = part(rest).ok_or_else(malformed)?;
            millis += more;
            rest = after;
        }
        if !rest.is_empty() {
            return Err(malformed());
        }
        Self::from_millis(millis).ok_or_else(|| ParseWindowError::ZeroLength {
            text: text.to_owned(),
        })
    }

    /// Its length in milliseconds.
    #[must_use]
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// Its length.
    #[must_use]
    pub const fn length(self) -> Duration {
        Duration::from_millis(self.0)
    }
}

/// Reads one number with its unit: its milliseconds, and what follows.
fn part(text: &str) -> Option<(u64, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    if !(1..=5).contains(&digits) {
        return None;
    }
    let (number, rest) = text.split_at(digits);
    // From the end, because `ms` begins as `m` does.
    let (unit, after) = UNITS
        .iter()
        .rev()
        .find_map(|(name, unit)| Some((unit, rest.strip_prefix(name)?)))?;
    Some((number.parse::<u64>().ok()? * unit, after))
}

impl fmt::Display for Window {
    /// As policies write it, in the fewest parts: `24h`, `1h30m`, `500ms`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0;
        for (name, unit) in UNITS {
            if rest >= unit {
                write!(f, "{}{name}", rest / unit)?;
                rest %= unit;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_read_as_policies_write_it() {
        for (text, millis, printed) in [
            ("24h", 86_400_000, "24h"),
            ("1h30m", 5_400_000, "1h30m"),
            ("90m", 5_400_000, "1h30m"),
            ("500ms", 500, "500ms"),
            ("00010s", 10_000, "10s"),
            ("5m5s5ms", 305_005, "5m5s5ms"),
            ("1h1h1h1h", 14_400_000, "4h"),
            ("0h1ms", 1, "1ms"),
        ] {
            let window = Window::parse(text).unwrap();
            assert_eq!(
                (window.as_millis(), window.to_string().as_str()),
                (millis, printed)
            );
        }
    }

    #[test]
    fn what_is_no_window_is_refused() {
        for text in [
            "",
            "h",
            "24",
            "24d",
            "24H",
            "1.5h",
            "-1h",
            " 1h",
            "1h ",
            "100000s",
            "1h1m1s1ms1h",
            "1µs",
            "1hm",
            "٣h",
        ] {
            let refused = Window::parse(text);
            assert!(
                matches!(refused, Err(ParseWindowError::Malformed { .. })),
                "{text:?} gave {refused:?}"
            );
        }
    }

    #[test]
    fn a_window_without_length_is_refused_and_the_error_says_so() {
        for text in ["0s", "0h0m0s0ms", "00000h"] {
            let refused = Window::parse(text).unwrap_err();
            assert_eq!(
                refused.to_string(),
                format!("the window {text:?} has no length: make it at least 1ms")
            );
        }
        assert_eq!(Window::from_millis(0), None);
    }

    #[test]
    fn the_windows_of_plans_print_in_hours() {
        let printed =
            [Window::DAY, Window::WEEK, Window::MONTH, Window::YEAR].map(|window| window.to_string());
        assert_eq!(printed, ["24h", "168h", "730h", "8760h"]);
    }
}
