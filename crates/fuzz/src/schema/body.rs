//! Bodies: bytes → JSON values, of bounded depth, written as JSON or as YAML.

use keydesk_schema::decode::{self, DecodeError, MAX_DEPTH};
use serde_json::Value;

pub(crate) fn read(data: &[u8]) {
    let read = decode::json(data);
    match (&read, serde_json::from_slice::<Value>(data)) {
        (Ok(read), Ok(value)) => assert_eq!(read.value, value, "serde_json reads another value"),
        (Ok(read), Err(error)) => {
            // Its own bound lies at 128 levels, ours below.
            assert!(
                decode::depth(&read.value) > MAX_DEPTH,
                "serde_json reads none: {error}"
            );
        }
        (Err(error), Ok(value)) => {
            assert!(
                matches!(error, DecodeError::TooDeep) && decode::depth(&value) > MAX_DEPTH,
                "serde_json reads it: {error}"
            );
        }
        (Err(_), Err(_)) => {}
    }
    if let Ok(read) = read {
        assert!(decode::depth(&read.value) <= MAX_DEPTH);
        let written = read.value.to_string();
        let again = decode::json(written.as_bytes()).expect("what we write we can read");
        assert_eq!((again.value, again.duplicates.len()), (read.value, 0));
    }
    if let Ok(read) = decode::yaml(data) {
        assert!(decode::depth(&read.value) <= MAX_DEPTH);
        let written = read.value.to_string();
        let again = decode::json(written.as_bytes()).expect("what YAML says JSON can say");
        assert_eq!((again.value, again.duplicates.len()), (read.value, 0));
    }
}
