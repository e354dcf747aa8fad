//! What is unwise about the value of a key, told without telling anything of the value itself.
//!
//! None of it stops a key: whoever chose the value may know better. It is said where the consumer looks for it.

/// One thing that is unwise about a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Flaw {
    /// White space before or behind it; `echo` without `-n` leaves a line break. No header carries that.
    SpaceAround,
    /// White space within it.
    SpaceWithin,
    /// Control characters or others beyond ASCII, which headers do not carry either, or not reliably.
    Unprintable,
    /// So short, or so uniform, that it could be guessed.
    Weak,
}

impl Flaw {
    const ALL: [Self; 4] = [
        Self::SpaceAround,
        Self::SpaceWithin,
        Self::Unprintable,
        Self::Weak,
    ];

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// Everything that is unwise about one value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Flaws(u8);

impl Flaws {
    /// One after the other.
    pub(crate) fn iter(self) -> impl Iterator<Item = Flaw> {
        Flaw::ALL.into_iter().filter(move |flaw| self.has(*flaw))
    }

    /// Whether this is one of them.
    pub(crate) const fn has(self, flaw: Flaw) -> bool {
        self.0 & flaw.bit() != 0
    }

    /// Those of them that are not among `others`.
    pub(crate) const fn beyond(self, others: Self) -> Self {
        Self(self.0 & !others.0)
    }

    fn with(self, flaw: Flaw, applies: bool) -> Self {
        Self(self.0 | if applies { flaw.bit() } else { 0 })
    }
}

/// Fewer bytes than this are weak whatever they are.
const SHORTEST: usize = 16;

/// Bits that a value must have, by how often each of its bytes occurs in it. A guess from above: a sentence from a book
/// passes. What this finds, though, is weak.
const LEAST_BITS: f64 = 56.0;

/// Looks a value over. An empty one has no flaws: it is none.
pub(crate) fn flaws(value: &[u8]) -> Flaws {
    if value.is_empty() {
        return Flaws::default();
    }
    let core = value.trim_ascii();
    let printable = |byte: &u8| byte.is_ascii_graphic() || byte.is_ascii_whitespace();
    Flaws::default()
        .with(Flaw::SpaceAround, core.len() != value.len())
        .with(Flaw::SpaceWithin, core.iter().any(u8::is_ascii_whitespace))
        .with(Flaw::Unprintable, !value.iter().all(printable))
        .with(Flaw::Weak, core.len() < SHORTEST || bits(core) < LEAST_BITS)
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

    fn found(value: &[u8]) -> Vec<Flaw> {
        flaws(value).iter().collect()
    }

    #[test]
    fn a_generated_value_has_no_flaws() {
        for value in [
            &b"kd_3vPz0QmTn8sKXw2yLr6cB1hFeJdA9uGi"[..],
            b"5f4dcc3b5aa765d61d8327deb882cf99",
            b"0b6cb4a4-7f3d-4c5e-9d3f-2a1b7c8d9e0f",
        ] {
            assert_eq!(found(value), [], "{}", String::from_utf8_lossy(value));
        }
    }

    #[test]
    fn a_line_break_at_the_end_is_found() {
        assert_eq!(
            found(b"kd_3vPz0QmTn8sKXw2yLr6cB1hFeJdA9uGi\n"),
            [Flaw::SpaceAround]
        );
        assert_eq!(
            found(b" kd_3vPz0QmTn8sKXw2yLr6cB1hFeJdA9uGi"),
            [Flaw::SpaceAround]
        );
    }

    #[test]
    fn what_headers_do_not_carry_is_found() {
        assert_eq!(
            found(b"kd_3vPz0QmTn8 sKXw2yLr6cB1hFeJdA9uGi"),
            [Flaw::SpaceWithin]
        );
        assert_eq!(
            found(b"kd_3vPz0QmTn8\0sKXw2yLr6cB1hFeJdA9uGi"),
            [Flaw::Unprintable]
        );
        assert_eq!(
            found("kd_3vPz0QmTn8ßKXw2yLr6cB1hFeJdA9uGi".as_bytes()),
            [Flaw::Unprintable]
        );
    }

    #[test]
    fn the_short_and_the_uniform_are_weak() {
        for value in [
            &b"abc123"[..],
            b"0123456789abcde",
            b"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            b"passwordpassword",
        ] {
            assert!(flaws(value).has(Flaw::Weak), "{}", String::from_utf8_lossy(value));
        }
        // Space around it makes it no better.
        assert!(flaws(b"abc123              \n").has(Flaw::Weak));
    }

    #[test]
    fn only_what_is_new_is_beyond() {
        let (both, one) = (flaws(b"abc123\n"), flaws(b"abc123"));
        assert_eq!(both.beyond(one).iter().collect::<Vec<_>>(), [Flaw::SpaceAround]);
        assert_eq!(one.beyond(both), Flaws::default());
        assert_eq!(flaws(b""), Flaws::default());
    }
}
