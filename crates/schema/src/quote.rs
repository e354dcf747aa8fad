//! Values as Go prints them: messages of a kube-apiserver carry Go's `%q`, `%v` and `json.Marshal`.

use std::fmt::Write as _;

use serde_json::Value;

/// A string as Go's `%q` prints it.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{b}' => out.push_str("\\v"),
            c if (c as u32) < 0x20 || c == '\u{7f}' => escape(&mut out, format_args!("\\x{:02x}", c as u32)),
            c if is_unprintable(c) && (c as u32) < 0x1_0000 => {
                escape(&mut out, format_args!("\\u{:04x}", c as u32))
            }
            c if is_unprintable(c) => escape(&mut out, format_args!("\\U{:08x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

fn escape(out: &mut String, escaped: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = out.write_fmt(escaped);
}

/// Controls, separators other than the plain space, and format characters: what Go's
/// `strconv.IsPrint` refuses, as far as people meet it.
fn is_unprintable(c: char) -> bool {
    c.is_control()
        || (c.is_whitespace() && c != ' ')
        || matches!(c as u32, 0xad | 0x200b..=0x200f | 0x202a..=0x202e | 0x2060..=0x206f | 0xfeff | 0xfff9..=0xfffb | 0xe000..=0xf8ff)
}

/// A value as Go's `json.Marshal` prints it: compact, keys sorted, `<`, `>`, `&` escaped.
pub(crate) fn marshalled(value: &Value) -> String {
    let compact = value.to_string();
    let mut out = String::with_capacity(compact.len());
    for c in compact.chars() {
        // These five can stand only inside strings of a JSON text.
        match c {
            '<' => out.push_str("\\u003c"),
            '>' => out.push_str("\\u003e"),
            '&' => out.push_str("\\u0026"),
            '\u{2028}' => out.push_str("\\u2028"),
            '\u{2029}' => out.push_str("\\u2029"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{marshalled, quoted};

    #[test]
    fn strings_are_quoted_as_go_quotes_them() {
        assert_eq!(
            quoted("plain \"x\" \\ é\n\u{0}\u{7f}\u{200b}"),
            r#""plain \"x\" \\ é\n\x00\x7f\u200b""#
        );
    }

    #[test]
    fn json_is_escaped_as_go_escapes_it() {
        assert_eq!(
            marshalled(&json!({"b": "<a&b>", "a": 1})),
            r#"{"a":1,"b":"\u003ca\u0026b\u003e"}"#
        );
    }
}
