//! How large a value is, for what expressions do with it.

use serde_json::Value;

/// Bytes of text that are as much work to copy as one value.
const TEXT_PER_VALUE: u64 = 64;
/// Bytes that one value, or so many bytes of text, may take when the engine prints it: each byte may be escaped, and a
/// number may have three hundred digits.
const PRINTED_PER_VALUE: u64 = 512;

/// An upper bound on a value's size. Parts of a value are no larger than it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Size {
    /// The most items that a list or map in it has: bounds how often a loop runs.
    pub(crate) items: u64,
    /// Its values, and its bytes of text in units of a value: what a copy of it costs.
    pub(crate) weight: u64,
    /// The bytes of its longest text.
    pub(crate) text: u64,
    /// Whether there may be an optional in it: the engine copies what it selects from one.
    pub(crate) may_be_optional: bool,
}

impl Size {
    /// A truth value, a number, a time, or a number as text.
    pub(crate) const SCALAR: Self = Self {
        items: 0,
        weight: 1,
        text: 32,
        may_be_optional: false,
    };

    /// What callers and calls seldom go beyond.
    pub(crate) const USUAL: Self = Self {
        items: 64,
        weight: 512,
        text: 2_048,
        may_be_optional: false,
    };

    /// Whether each measure is at most that of `other`.
    pub(crate) fn is_within(self, other: Self) -> bool {
        self.or(other) == other
    }

    pub(crate) fn of_text(bytes: u64) -> Self {
        Self {
            weight: 1 + bytes / TEXT_PER_VALUE,
            text: bytes,
            ..Self::SCALAR
        }
    }

    pub(crate) fn of(value: &Value) -> Self {
        match value {
            Value::Null | Value::Bool(_) | Value::Number(_) => Self::SCALAR,
            Value::String(text) => Self::of_text(text.len() as u64),
            Value::Array(items) => Self::holding(items.len(), items.iter().map(Self::of)),
            Value::Object(fields) => Self::holding(
                fields.len(),
                fields
                    .iter()
                    .map(|(name, field)| Self::of_text(name.len() as u64).and(Self::of(field))),
            ),
        }
    }

    /// A list or map of so many items.
    pub(crate) fn holding(items: usize, parts: impl Iterator<Item = Self>) -> Self {
        let empty = Self {
            items: items as u64,
            text: 0,
            ..Self::SCALAR
        };
        parts.fold(empty, Self::and)
    }

    /// Both values side by side in a third.
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            weight: self.weight.saturating_add(other.weight),
            ..self.or(other)
        }
    }

    /// One value or the other.
    pub(crate) fn or(self, other: Self) -> Self {
        Self {
            items: self.items.max(other.items),
            weight: self.weight.max(other.weight),
            text: self.text.max(other.text),
            may_be_optional: self.may_be_optional || other.may_be_optional,
        }
    }

    /// One value behind the other in one text or list.
    pub(crate) fn then(self, other: Self) -> Self {
        Self {
            items: self.items.saturating_add(other.items),
            weight: self.weight.saturating_add(other.weight),
            text: self.text.saturating_add(other.text),
            may_be_optional: self.may_be_optional || other.may_be_optional,
        }
    }

    /// The bytes of all its texts.
    pub(crate) fn all_text(self) -> u64 {
        self.weight.saturating_mul(TEXT_PER_VALUE)
    }

    /// The bytes of all that is in it when it is printed.
    pub(crate) fn printed(self) -> u64 {
        self.weight.saturating_mul(PRINTED_PER_VALUE)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Size;

    #[test]
    fn a_value_is_as_large_as_its_parts_together_and_as_wide_as_the_widest() {
        let size = Size::of(&json!({"a": [1, 2, 3], "b": "x".repeat(640)}));
        assert_eq!(size.items, 3);
        assert_eq!(size.text, 640);
        // The map, two keys, the list, three numbers, one text of 640 bytes.
        assert_eq!(size.weight, 1 + 2 + 1 + 3 + 11);
    }
}
