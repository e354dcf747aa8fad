//! Texts that a million keys have each, kept small.

/// A few texts in one piece of memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Packed<const N: usize> {
    text: Box<str>,
    ends: [u32; N],
}

impl<const N: usize> Packed<N> {
    /// Puts texts together. What is beyond 4 GiB of them is not kept.
    pub(super) fn new(parts: [&str; N]) -> Self {
        let mut end = 0_u32;
        let ends = parts.map(|part| {
            let longer = u32::try_from(part.len())
                .ok()
                .and_then(|length| end.checked_add(length));
            end = longer.unwrap_or(end);
            end
        });
        Self {
            text: parts.concat().into(),
            ends,
        }
    }

    /// One of them.
    pub(super) fn get(&self, number: usize) -> &str {
        let end = |number: usize| self.ends.get(number).map_or(0, |end| *end as usize);
        let begin = number.checked_sub(1).map_or(0, end);
        self.text.get(begin..end(number)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::Packed;

    #[test]
    fn each_text_is_found_again() {
        let packed = Packed::new(["ä", "", "xyz"]);
        assert_eq!(
            [0, 1, 2, 3].map(|number| packed.get(number)),
            ["ä", "", "xyz", ""]
        );
    }
}
