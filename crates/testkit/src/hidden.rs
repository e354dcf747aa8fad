//! Sees that a secret value is nowhere in a text, in none of the forms in which it could slip through.

use std::fmt::Write as _;

/// Ends the test if `text` holds one of `values`: as it is, in base64 (any alignment), or in hexadecimal digits.
/// The failure names the place and the line without the value.
pub fn assert_hidden(place: &str, text: &str, values: &[&str]) {
    for (number, line) in text.lines().enumerate() {
        for (index, value) in values.iter().enumerate() {
            for form in forms(value) {
                assert!(
                    !line.contains(&form),
                    "{place} shows secret value {index} in line {}: {}",
                    number + 1,
                    line.replace(&form, "(value)"),
                );
            }
        }
    }
}

/// The spellings of a value.
fn forms(value: &str) -> Vec<String> {
    let mut forms = vec![value.to_owned(), hexadecimal(value)];
    // A value inside a longer encoded text is cut at any of three places; the first and the last characters then
    // depend on the neighbours, so only what lies between is looked for.
    for skipped in 0..3 {
        let encoded = base64(&value.as_bytes()[skipped.min(value.len())..]);
        let sure = encoded.trim_end_matches('=');
        let sure = &sure[..sure.len().saturating_sub(1)];
        if sure.len() >= 6 {
            forms.push(sure.to_owned());
        }
    }
    forms
}

fn hexadecimal(value: &str) -> String {
    value.bytes().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Standard base64 with padding, as the `data` of a Secret is written.
#[must_use]
pub fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let group = chunk
            .iter()
            .fold(0_u32, |group, byte| group << 8 | u32::from(*byte))
            << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let digit = DIGITS[(group >> (18 - 6 * place) & 63) as usize];
            text.push(if place <= chunk.len() {
                char::from(digit)
            } else {
                '='
            });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{assert_hidden, base64};

    #[test]
    fn base64_is_the_standard_one() {
        let cases = [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foobar", "Zm9vYmFy"),
        ];
        for (plain, encoded) in cases {
            assert_eq!(base64(plain.as_bytes()), encoded);
        }
    }

    #[test]
    fn a_text_without_the_value_passes() {
        assert_hidden("log", "approved consumer-app/key\n", &["correct-horse-battery"]);
    }

    #[test]
    #[should_panic(expected = "log shows secret value 0 in line 2: stored (value)")]
    fn the_plain_value_is_found() {
        assert_hidden("log", "hello\nstored correct-horse", &["correct-horse"]);
    }

    #[test]
    #[should_panic(expected = "shows secret value 0")]
    fn the_encoded_value_is_found_at_any_alignment() {
        assert_hidden(
            "log",
            &base64(b"x{\"api_key\":\"correct-horse\"}"),
            &["correct-horse"],
        );
    }
}
