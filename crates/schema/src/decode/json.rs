//! JSON bodies.

use std::cell::RefCell;

use serde::de::DeserializeSeed as _;

use super::reader::{Notes, Reader};
use super::{DecodeError, Decoded};

/// Reads a JSON body.
///
/// # Errors
/// When the bytes are not UTF-8, not one JSON value, or nested too deeply.
pub fn json(bytes: &[u8]) -> Result<Decoded, DecodeError> {
    let text = std::str::from_utf8(bytes).map_err(|_| DecodeError::NotUtf8)?;
    let notes = RefCell::new(Notes::default());
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let read = Reader::new(&notes)
        .deserialize(&mut deserializer)
        .and_then(|value| deserializer.end().map(|()| value));
    let Notes {
        duplicates, too_deep, ..
    } = notes.into_inner();
    match read {
        Ok(value) => Ok(Decoded { value, duplicates }),
        Err(_) if too_deep => Err(DecodeError::TooDeep),
        Err(error) => Err(DecodeError::Json(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn repeated_keys_are_reported_where_they_stand_and_the_last_wins() {
        let read = json(br#"{"spec": {"a": 1, "l": [{"b": 1, "b": 2, "b": 3}], "a": 2}}"#).unwrap();
        assert_eq!(read.value, json!({"spec": {"a": 2, "l": [{"b": 3}]}}));
        assert_eq!(read.duplicates, ["spec.l[0].b", "spec.a"]);
    }

    #[test]
    fn bytes_that_are_not_utf8_are_refused() {
        assert!(matches!(json(b"{\"a\": \"\xff\"}"), Err(DecodeError::NotUtf8)));
    }

    #[test]
    fn a_depth_bomb_is_refused_and_the_deepest_allowed_is_read() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(json(nested(super::super::MAX_DEPTH).as_bytes()).is_ok());
        assert!(matches!(
            json(nested(super::super::MAX_DEPTH + 1).as_bytes()),
            Err(DecodeError::TooDeep)
        ));
        assert!(matches!(
            json("[".repeat(1_000_000).as_bytes()),
            Err(DecodeError::TooDeep)
        ));
        assert!(matches!(
            json("{\"a\":".repeat(1_000_000).as_bytes()),
            Err(DecodeError::TooDeep)
        ));
    }

    #[test]
    fn a_number_is_read_as_it_is_written() {
        for text in [
            "1.8446744079223368e+38",
            "0.1",
            "5e-324",
            "1.7976931348623157e+308",
        ] {
            let read = json(text.as_bytes()).unwrap();
            assert_eq!(read.value.to_string(), text);
        }
    }

    #[test]
    fn what_follows_the_value_is_refused() {
        assert!(matches!(json(b"{} {}"), Err(DecodeError::Json(_))));
        assert!(matches!(json(b""), Err(DecodeError::Json(_))));
        assert!(matches!(json(b"{\"a\": NaN}"), Err(DecodeError::Json(_))));
    }
}
