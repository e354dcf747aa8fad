//! Names and addresses.

use std::net::IpAddr;

use super::code::is_hex;

pub(super) fn is_cidr(text: &str) -> bool {
    let Some((address, length)) = text.split_once('/') else {
        return false;
    };
    let Ok(address) = address.parse::<IpAddr>() else {
        return false;
    };
    let max = if address.is_ipv4() { 32 } else { 128 };
    length.bytes().all(|byte| byte.is_ascii_digit()) && length.parse::<u8>().is_ok_and(|length| length <= max)
}

/// An address, or a name and an address in angle brackets.
pub(super) fn is_email(text: &str) -> bool {
    let text = text.trim();
    let address = match text.strip_suffix('>') {
        Some(front) => match front.rsplit_once('<') {
            Some((_, address)) => address,
            None => return false,
        },
        None => text,
    };
    let Some((local, domain)) = address.rsplit_once('@') else {
        return false;
    };
    let is_atom = |text: &str| {
        !text.is_empty()
            && text.split('.').all(|part| {
                !part.is_empty()
                    && part.chars().all(|c| {
                        !c.is_ascii() || c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c)
                    })
            })
    };
    let is_quoted = local.len() > 2 && local.starts_with('"') && local.ends_with('"');
    (is_atom(local) || is_quoted) && is_atom(domain)
}

pub(super) fn is_hostname(text: &str) -> bool {
    let is_symbol = |c: char| !c.is_ascii() || c.is_ascii_alphanumeric();
    let is_part = |part: &str| {
        (1..=63).contains(&part.len())
            && part.starts_with(is_symbol)
            && part.ends_with(is_symbol)
            && part.chars().all(|c| is_symbol(c) || c == '-')
    };
    let top_level_is_fine = match text.rsplit_once('.') {
        Some((_, top)) => top.chars().count() >= 2 && top.chars().all(char::is_alphabetic),
        None => true,
    };
    text.len() <= 255 && text.split('.').all(is_part) && top_level_is_fine
}

pub(super) fn is_label(text: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    !text.is_empty()
        && text.bytes().all(|byte| is_inner(byte) || byte == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// Leading zeros are let pass, and mean nothing.
pub(super) fn is_ipv4(text: &str) -> bool {
    let is_byte = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()) && part.parse::<u8>().is_ok()
    };
    text.split('.').count() == 4 && text.split('.').all(is_byte)
}

pub(super) fn is_mac(text: &str) -> bool {
    let pairs = |separator: char| {
        matches!(text.split(separator).count(), 6 | 8 | 20)
            && text.split(separator).all(|pair| pair.len() == 2 && is_hex(pair))
    };
    let dotted = matches!(text.split('.').count(), 3 | 4 | 10)
        && text.split('.').all(|group| group.len() == 4 && is_hex(group));
    pairs(':') || pairs('-') || dotted
}

/// What can stand in the first line of an HTTP request: an absolute URL or an absolute path.
pub(super) fn is_request_uri(text: &str) -> bool {
    let has_scheme = text.split_once(':').is_some_and(|(scheme, rest)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
            && !rest.is_empty()
    });
    (has_scheme || text.starts_with('/')) && !text.chars().any(|c| c.is_control() || c == ' ')
}
