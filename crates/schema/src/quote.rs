//! Values as Go prints them: messages of a kube-apiserver carry Go's `%q`, `%v` and `json.Marshal`.

use std::fmt::Write as _;

use serde_json::{Number, Value};

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
                escape(&mut out, format_args!("\\u{:04x}", c as u32));
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

/// A value as Go's `json.Marshal` prints it: compact, keys sorted, `<`, `>`, `&` escaped, whole
/// floats without a fraction.
pub(crate) fn marshalled(value: &Value) -> String {
    let mut out = String::new();
    marshal(value, &mut out);
    out
}

fn marshal(value: &Value, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
        Value::Number(number) => out.push_str(&printed(number)),
        Value::String(text) => marshal_text(text, out),
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                marshal(item, out);
            }
            out.push(']');
        }
        Value::Object(fields) => {
            out.push('{');
            for (index, (name, field)) in fields.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                marshal_text(name, out);
                out.push(':');
                marshal(field, out);
            }
            out.push('}');
        }
    }
}

fn marshal_text(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => escape(out, format_args!("\\u{:04x}", c as u32)),
            c if (c as u32) < 0x20 => escape(out, format_args!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
}

/// A number as Go's `%v` prints it.
pub(crate) fn printed(number: &Number) -> String {
    match (number.as_i64(), number.as_u64(), number.as_f64()) {
        (Some(whole), _, _) => whole.to_string(),
        (_, Some(whole), _) => whole.to_string(),
        (_, _, Some(float)) => printed_float(float),
        (None, None, None) => number.to_string(),
    }
}

/// A float as Go's `%v` prints it: the shortest digits, with an exponent when it is far from one.
pub(crate) fn printed_float(float: f64) -> String {
    let size = float.abs();
    if size != 0.0 && !(1e-4..1e21).contains(&size) {
        let scientific = format!("{float:e}");
        if let Some((digits, exponent)) = scientific.split_once('e') {
            let (sign, exponent) = match exponent.strip_prefix('-') {
                Some(exponent) => ('-', exponent),
                None => ('+', exponent),
            };
            return format!("{digits}e{sign}{exponent:0>2}");
        }
    }
    float.to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{marshalled, printed_float, quoted};

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

    #[test]
    fn floats_are_printed_as_go_prints_them() {
        for (float, expected) in [
            (1.0, "1"),
            (0.5, "0.5"),
            (-2.5, "-2.5"),
            (1e21, "1e+21"),
            (1.5e-7, "1.5e-07"),
            (1e20, "100000000000000000000"),
        ] {
            assert_eq!(printed_float(float), expected);
        }
        assert_eq!(
            marshalled(&json!([1.0, 2, u64::MAX])),
            "[1,2,18446744073709551615]"
        );
    }
}
