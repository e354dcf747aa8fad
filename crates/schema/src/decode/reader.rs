//! Builds a value from any serde deserializer, keeping track of where it is.

use std::cell::RefCell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::map::Entry;
use serde_json::{Map, Number, Value};

use super::MAX_DEPTH;
use crate::place::Place;

/// Repeated keys reported at most.
const MAX_DUPLICATES: usize = 100;
/// Repetitions looked at; the rest of a body that repeats itself on purpose is not news.
const MAX_REPETITIONS: usize = 1_000;

/// What was noticed on the way, besides the value.
#[derive(Debug, Default)]
pub(super) struct Notes {
    pub(super) duplicates: Vec<String>,
    repetitions: usize,
    pub(super) too_deep: bool,
}

/// Reads the value at one place.
pub(super) struct Reader<'a> {
    place: Place<'a>,
    depth: usize,
    notes: &'a RefCell<Notes>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(notes: &'a RefCell<Notes>) -> Self {
        Self {
            place: Place::Root,
            depth: 0,
            notes,
        }
    }

    /// The depth of what this container holds, or an error when that is too deep.
    fn descend<E: Error>(&self) -> Result<usize, E> {
        if self.depth < MAX_DEPTH {
            return Ok(self.depth + 1);
        }
        self.notes.borrow_mut().too_deep = true;
        Err(E::custom("nested too deeply"))
    }

    fn note_duplicate(&self, key: &str) {
        let mut notes = self.notes.borrow_mut();
        notes.repetitions += 1;
        if notes.repetitions > MAX_REPETITIONS {
            return;
        }
        let path = self.place.field(key).to_string();
        if notes.duplicates.len() < MAX_DUPLICATES && !notes.duplicates.contains(&path) {
            notes.duplicates.push(path);
        }
    }
}

impl<'de> DeserializeSeed<'de> for Reader<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reader<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value that JSON has")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        self.deserialize(deserializer)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        let number = Number::from_f64(value).ok_or_else(|| E::custom("JSON has no such number"))?;
        Ok(Value::Number(number))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let depth = self.descend()?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(Reader {
            place: self.place.item(list.len()),
            depth,
            notes: self.notes,
        })? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let depth = self.descend()?;
        let mut object = Map::new();
        while let Some(key) = entries.next_key_seed(Key)? {
            let value = entries.next_value_seed(Reader {
                place: self.place.field(&key),
                depth,
                notes: self.notes,
            })?;
            match object.entry(key) {
                Entry::Vacant(place) => {
                    place.insert(value);
                }
                Entry::Occupied(mut place) => {
                    self.note_duplicate(place.key());
                    place.insert(value);
                }
            }
        }
        Ok(Value::Object(object))
    }
}

/// A key: JSON has strings only, YAML's other scalars become the text that spells them.
struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Visitor<'_> for Key {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text as key")
    }

    fn visit_bool<E: Error>(self, key: bool) -> Result<String, E> {
        Ok(key.to_string())
    }

    fn visit_i64<E: Error>(self, key: i64) -> Result<String, E> {
        Ok(key.to_string())
    }

    fn visit_u64<E: Error>(self, key: u64) -> Result<String, E> {
        Ok(key.to_string())
    }

    fn visit_f64<E: Error>(self, key: f64) -> Result<String, E> {
        Ok(key.to_string())
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<String, E> {
        Ok(key.to_owned())
    }

    fn visit_string<E: Error>(self, key: String) -> Result<String, E> {
        Ok(key)
    }
}
