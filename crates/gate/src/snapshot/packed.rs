//! Texts that a million keys have each, kept small.

/// A few texts in one piece of memory, each after its length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Packed<const N: usize>(Box<[u8]>);

impl<const N: usize> Packed<N> {
    /// Puts texts together.
    pub(super) fn new(parts: [&str; N]) -> Self {
        let mut bytes = Vec::with_capacity(N + parts.iter().map(|part| part.len()).sum::<usize>());
        for part in parts {
            let mut length = part.len() as u64;
            while length >= 0x80 {
                bytes.push((length & 0x7f) as u8 | 0x80);
                length >>= 7;
            }
            bytes.push((length & 0x7f) as u8);
            bytes.extend_from_slice(part.as_bytes());
        }
        Self(bytes.into())
    }

    /// One of them.
    pub(super) fn get(&self, number: usize) -> &str {
        let mut rest = &*self.0;
        for _ in 0..number {
            rest = split(rest).1;
        }
        str::from_utf8(split(rest).0).unwrap_or_default()
    }
}

/// The first text, and what comes after it.
fn split(bytes: &[u8]) -> (&[u8], &[u8]) {
    let mut length = 0;
    let mut rest = bytes;
    for shift in (0..usize::BITS).step_by(7) {
        let Some((byte, others)) = rest.split_first() else {
            break;
        };
        rest = others;
        length |= usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            break;
        }
    }
    rest.split_at_checked(length).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::Packed;

    #[test]
    fn each_text_is_found_again() {
        let long = "x".repeat(20_000);
        let packed = Packed::new(["ä", "", &long, "xyz"]);
        assert_eq!(
            [0, 1, 2, 3, 4].map(|number| packed.get(number)),
            ["ä", "", &long, "xyz", ""]
        );
    }
}
