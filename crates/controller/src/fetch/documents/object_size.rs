//! How much of an object a document takes.

/// What of an object a document may take, in bytes: etcd takes requests of at most 1.5 MiB, and a product has more to say
/// than its document.
const MAX: u64 = 5 << 18;

/// Whether an object of the API server can hold `document`.
pub(super) fn fits(document: &str) -> bool {
    json_size(document) <= MAX
}

/// The length of `text` as a JSON string in the way in which API servers write it: Go escapes some characters of HTML too.
fn json_size(text: &str) -> u64 {
    let size = |character| match character {
        '"' | '\\' | '\n' | '\r' | '\t' => 2,
        '\0'..='\u{1f}' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => 6,
        _ => character.len_utf8() as u64,
    };
    2 + text.chars().map(size).sum::<u64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_grows_when_it_is_written_as_json() {
        for (text, size) in [("", 2), ("ä", 4), ("\"\\\n", 8), ("<&>\u{1}\u{2028}", 32)] {
            assert_eq!(json_size(text), size, "{text:?}");
        }
    }

    #[test]
    fn a_document_that_grows_too_much_does_not_fit() {
        let (most, half) = (usize::try_from(MAX).unwrap(), 512_000);
        assert!(fits(&"x".repeat(most - 2)) && !fits(&"x".repeat(most - 1)));
        assert!(fits(&"\"".repeat(half)) && !fits(&"<".repeat(half)));
    }
}
