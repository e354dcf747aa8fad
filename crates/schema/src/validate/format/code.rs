//! Numbers and codes of all sorts.

pub(super) fn is_base64(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    !text.is_empty()
        && text.len().is_multiple_of(4)
        && text.len() - body.len() <= 2
        && body
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/')
}

pub(super) fn is_credit_card(text: &str) -> bool {
    let digits: Vec<u32> = text.chars().filter_map(|c| c.to_digit(10)).collect();
    let doubled = |digit: u32| if digit > 4 { digit * 2 - 9 } else { digit * 2 };
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(index, &digit)| if index % 2 == 1 { doubled(digit) } else { digit })
        .sum();
    (13..=16).contains(&digits.len()) && sum.is_multiple_of(10)
}

pub(super) fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

pub(super) fn is_hex_color(text: &str) -> bool {
    let digits = text.strip_prefix('#').unwrap_or(text);
    matches!(digits.len(), 3 | 6) && is_hex(digits)
}

pub(super) fn is_isbn10(text: &str) -> bool {
    let text = text.replace(['-', ' '], "");
    if text.len() != 10 {
        return false;
    }
    let mut sum = 0;
    for (index, c) in (1..).zip(text.chars()) {
        match c.to_digit(10) {
            Some(digit) => sum += index * digit,
            None if index == 10 && c == 'X' => sum += 100,
            None => return false,
        }
    }
    sum % 11 == 0
}

pub(super) fn is_isbn13(text: &str) -> bool {
    let text = text.replace(['-', ' '], "");
    let mut sum = 0;
    for (index, c) in text.chars().enumerate() {
        let Some(digit) = c.to_digit(10) else { return false };
        sum += if index % 2 == 0 { digit } else { 3 * digit };
    }
    text.len() == 13 && sum % 10 == 0
}

pub(super) fn is_rgb_color(text: &str) -> bool {
    let Some(inner) = text
        .trim()
        .strip_prefix("rgb(")
        .and_then(|rest| rest.strip_suffix(')'))
    else {
        return false;
    };
    let parts: Vec<&str> = inner.split(',').map(str::trim).collect();
    let is_byte = |part: &&str| part.bytes().all(|byte| byte.is_ascii_digit()) && part.parse::<u8>().is_ok();
    parts.len() == 3 && parts.iter().all(is_byte)
}

pub(super) fn is_ssn(text: &str) -> bool {
    let digits = text.replace(['-', ' '], "");
    digits.len() == 9 && digits.bytes().all(|byte| byte.is_ascii_digit()) && (9..=11).contains(&text.len())
}

pub(super) fn is_uuid(text: &str, version: Option<char>) -> bool {
    let digits = text.replace('-', "");
    let dashes_between_groups = text.is_ascii() && {
        let mut position = 0;
        text.chars().all(|c| {
            position += usize::from(c != '-');
            c != '-' || matches!(position, 8 | 12 | 16 | 20)
        }) && !text.contains("--")
    };
    let version_fits = version.is_none_or(|version| digits.chars().nth(12) == Some(version));
    let variant_fits =
        !matches!(version, Some('4' | '5')) || digits.chars().nth(16).is_some_and(|c| "89abAB".contains(c));
    digits.len() == 32 && is_hex(&digits) && dashes_between_groups && version_fits && variant_fits
}
