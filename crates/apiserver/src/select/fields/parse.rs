//! The query grammar of field selectors: `a=b,c==d,e!=f`, with `\` before `\`, `,` and `=` in values.

use super::FieldError;

/// Every comparison: field, value, whether they must be equal.
pub(super) fn terms(selector: &str) -> Result<Vec<(String, String, bool)>, FieldError> {
    split(selector)
        .into_iter()
        .filter(|term| !term.is_empty())
        .map(|term| {
            let (label, value, equal) = operator(term).ok_or_else(|| FieldError::Malformed {
                selector: selector.to_owned(),
                term: term.to_owned(),
            })?;
            Ok((label.to_owned(), unescape(value)?, equal))
        })
        .collect()
}

/// At commas that no backslash protects.
fn split(selector: &str) -> Vec<&str> {
    let mut terms = Vec::new();
    let (mut start, mut escaped) = (0, false);
    for (position, byte) in selector.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b',' => {
                terms.push(&selector[start..position]);
                start = position + 1;
            }
            _ => {}
        }
    }
    terms.push(&selector[start..]);
    terms
}

/// The first operator of a term. A lone exclamation mark belongs to the name.
fn operator(term: &str) -> Option<(&str, &str, bool)> {
    term.match_indices(['=', '!']).find_map(|(position, _)| {
        let (label, rest) = term.split_at(position);
        [("!=", false), ("==", true), ("=", true)]
            .into_iter()
            .find_map(|(sign, equal)| rest.strip_prefix(sign).map(|value| (label, value, equal)))
    })
}

fn unescape(value: &str) -> Result<String, FieldError> {
    let mut plain = String::with_capacity(value.len());
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some(c @ ('\\' | ',' | '=')) => plain.push(c),
                Some(c) => return Err(FieldError::Escape(format!("\\{c}"))),
                None => return Err(FieldError::Escape("\\".into())),
            },
            // Bare signs cannot stand in a value.
            ',' | '=' => return Err(FieldError::Escape(value.to_owned())),
            c => plain.push(c),
        }
    }
    Ok(plain)
}
