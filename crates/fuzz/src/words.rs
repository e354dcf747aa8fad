//! Small texts in annotations, policies and Secrets: what is read is written as it was, or as it is read again.

use std::time::Duration;

use jiff::Timestamp;
use keydesk_api::rfc3339;
use keydesk_core::{Terms, Uid, Window, value_form};

const HOURS_THAT_ARE_READ: Duration = Duration::from_hours(100_000);

pub(crate) fn read(data: &[u8]) {
    // Any bytes can be the value of a key.
    let _ = value_form(data);
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    assert_eq!(Uid::new(text).to_string(), text);
    if let Ok(window) = Window::parse(text) {
        // Of hours only five digits are read; several windows of so many are printed as one.
        let printed = window.to_string();
        let again = Window::parse(&printed);
        assert!(again.is_ok_and(|again| again == window) || window.length() >= HOURS_THAT_ARE_READ);
    }
    if let Ok(moment) = text.parse::<Timestamp>() {
        let printed = rfc3339(moment);
        let again: Timestamp = printed.parse().expect("what we print we can read");
        assert_eq!(rfc3339(again), printed);
    }
    if let Ok(terms) = Terms::parse(text) {
        let again = Terms::parse(&terms.to_json()).expect("what we record we can read");
        assert_eq!(again, terms);
        assert!(terms.covers(&terms));
    }
}
