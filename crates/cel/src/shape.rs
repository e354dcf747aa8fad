//! How large a value is, and its parts.

use std::collections::BTreeMap;
use std::rc::Rc;

use kube_cel::cel::Value;
use kube_cel::cel::objects::Key;

use crate::size::Size;

/// Fields beyond which a map is taken to be a map rather than an object whose fields have sizes of their own.
const MAX_FIELDS: usize = 64;
/// The same for all the maps at one place.
const MAX_FIELDS_TOGETHER: usize = 256;

/// An upper bound on the size of a value, and of its parts as far as they are known.
#[derive(Clone, Debug, Default)]
pub struct Shape {
    pub(crate) size: Size,
    /// The items that it has itself: how often a loop over it runs.
    pub(crate) length: u64,
    /// Without them a part may be as large as the whole.
    pub(crate) parts: Option<Rc<Parts>>,
}

/// What is in a list or a map.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parts {
    /// Any item of a list.
    pub(crate) item: Shape,
    /// Any key of a map.
    pub(crate) key: Size,
    /// Any value of a map.
    pub(crate) value: Size,
    /// Values of a map, by their keys.
    pub(crate) fields: BTreeMap<String, Shape>,
    /// Whether there may be other values, or other sizes of these.
    pub(crate) is_open: bool,
}

impl Shape {
    /// The shape of a value.
    #[must_use]
    pub fn of(value: &Value) -> Self {
        let mut shape = Self::default();
        shape.absorb(value);
        shape
    }

    /// The same in an optional.
    #[must_use]
    pub fn optional(mut self) -> Self {
        self.size.may_be_optional = true;
        self
    }

    /// What a copy costs, in steps.
    #[must_use]
    pub fn weight(&self) -> u64 {
        self.size.weight
    }

    /// A value of which nothing is known but its size.
    pub(crate) fn flat(size: Size) -> Self {
        Self {
            size,
            length: size.items,
            parts: None,
        }
    }

    /// A list of so many items like this one.
    pub(crate) fn list(size: Size, length: u64, item: Self) -> Self {
        let parts = Parts {
            item,
            ..Parts::default()
        };
        Self {
            size,
            length,
            parts: Some(Rc::new(parts)),
        }
    }

    /// One value or the other.
    pub(crate) fn or(self, other: Self) -> Self {
        let parts = match (self.parts, other.parts) {
            (Some(left), Some(right)) if Rc::ptr_eq(&left, &right) => Some(left),
            // What is empty has no parts.
            (parts, _) if other.size.items == 0 => parts,
            (_, parts) if self.size.items == 0 => parts,
            _ => None,
        };
        Self {
            size: self.size.or(other.size),
            length: self.length.max(other.length),
            parts,
        }
    }

    /// Whether it bounds everything that `other` bounds, as far as can be told at once.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        let has_parts = match (&self.parts, &other.parts) {
            (None, _) => true,
            (Some(left), Some(right)) => Rc::ptr_eq(left, right),
            (Some(_), None) => other.size.items == 0,
        };
        has_parts && other.size.is_within(self.size) && other.length <= self.length
    }

    /// What a loop over it sees.
    pub(crate) fn item(&self) -> Self {
        match &self.parts {
            None => Self::flat(self.size),
            Some(parts) => parts.item.clone().or(Self::flat(parts.key)),
        }
    }

    /// The value at an index or key, which may be known.
    pub(crate) fn at(&self, key: Option<&str>) -> Self {
        let Some(parts) = &self.parts else {
            return Self::flat(self.size);
        };
        match key {
            Some(key) if !parts.is_open => parts.fields.get(key).cloned().unwrap_or_default(),
            _ => parts.item.clone().or(Self::flat(parts.value)),
        }
    }

    /// Makes it bound this value too. Gives the size of the value.
    fn absorb(&mut self, value: &Value) -> Size {
        let size = match value {
            Value::String(text) => Size::of_text(text.len() as u64),
            Value::Bytes(bytes) => Size::of_text(bytes.len() as u64),
            Value::List(items) => {
                self.length = self.length.max(items.len() as u64);
                let parts = Rc::make_mut(self.parts.get_or_insert_default());
                Size::holding(items.len(), items.iter().map(|item| parts.item.absorb(item)))
            }
            Value::Map(map) => {
                self.length = self.length.max(map.map.len() as u64);
                let parts = Rc::make_mut(self.parts.get_or_insert_default());
                let has_fields = map.map.len() <= MAX_FIELDS;
                let entries = map.map.iter().map(|(key, value)| {
                    let (key_size, size) = parts.absorb_entry(key, value, has_fields);
                    parts.key = parts.key.or(key_size);
                    parts.value = parts.value.or(size);
                    key_size.and(size)
                });
                Size::holding(map.map.len(), entries)
            }
            _ => Size::SCALAR,
        };
        self.size = self.size.or(size);
        size
    }
}

impl Parts {
    fn absorb_entry(&mut self, key: &Key, value: &Value, has_fields: bool) -> (Size, Size) {
        let Key::String(name) = key else {
            self.is_open = true;
            return (Size::SCALAR, Shape::default().absorb(value));
        };
        let text = Size::of_text(name.len() as u64);
        // It has a place of its own in the map besides.
        let key_size = Size {
            weight: text.weight + 1,
            ..text
        };
        if let Some(field) = self.fields.get_mut(name.as_str()) {
            return (key_size, field.absorb(value));
        }
        if !has_fields || self.fields.len() >= MAX_FIELDS_TOGETHER {
            self.is_open = true;
            return (key_size, Shape::default().absorb(value));
        }
        let field = self.fields.entry(name.to_string()).or_default();
        (key_size, field.absorb(value))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Shape;
    use crate::value::convert;

    #[test]
    fn a_field_is_as_large_as_the_largest_of_its_name() {
        let text = |bytes: usize| "x".repeat(bytes);
        let rows = json!({"rows": [{"a": text(640), "b": 1}, {"a": "", "b": text(64)}], "n": 1});
        let shape = Shape::of(&convert(&rows));
        let rows = shape.at(Some("rows"));
        assert_eq!((rows.length, shape.length), (2, 2));
        let row = rows.item();
        assert_eq!(row.at(Some("a")).size.text, 640);
        assert_eq!(row.at(Some("b")).size.text, 64);
        assert_eq!(row.at(None).size.text, 640);
        assert_eq!(shape.at(Some("n")).size.weight, 1);
    }

    #[test]
    fn what_is_left_out_of_a_large_map_is_still_bounded() {
        let large: serde_json::Map<_, _> = (0..100)
            .map(|index| (format!("k{index}"), json!("y".repeat(index))))
            .collect();
        let rows = json!([{"k9": "short"}, large, {"k9": 1}]);
        let row = Shape::of(&convert(&rows)).item();
        assert_eq!(row.at(Some("k9")).size.text, 99);
        assert_eq!(row.item().size.text, 3);
    }
}
