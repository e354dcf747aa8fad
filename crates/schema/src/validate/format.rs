//! The `format`s that a kube-apiserver checks; others it ignores.

use std::net::{IpAddr, Ipv6Addr};

use jiff::civil::Date;

use crate::node::Type;

/// A format that is checked, of one type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Format {
    /// As the schema spells it.
    name: String,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Int32,
    Int64,
    Float,
    Double,
    BsonObjectId,
    Byte,
    Cidr,
    CreditCard,
    Date,
    DateTime,
    Duration,
    Email,
    HexColor,
    Hostname,
    Ipv4,
    Ipv6,
    Isbn,
    Isbn10,
    Isbn13,
    LongName,
    Mac,
    Password,
    RgbColor,
    ShortName,
    Ssn,
    Uri,
    Uuid,
    Uuid3,
    Uuid4,
    Uuid5,
}

impl Format {
    /// The format, if it is one that is checked for values of these types.
    pub(crate) fn parse(name: &str, types: &[Type]) -> Option<Self> {
        let kind = match types {
            [Type::Integer] => match name {
                "int32" => Kind::Int32,
                "int64" => Kind::Int64,
                _ => return None,
            },
            [Type::Number] => match name {
                "float" => Kind::Float,
                "double" => Kind::Double,
                _ => return None,
            },
            [Type::String] | [] | [_, _, ..] => Kind::of_text(&name.replace('-', ""))?,
            [Type::Array | Type::Boolean | Type::Object] => return None,
        };
        Some(Self {
            name: name.to_owned(),
            kind,
        })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn is_date_time(&self) -> bool {
        self.kind == Kind::DateTime
    }

    pub(crate) fn is_date(&self) -> bool {
        self.kind == Kind::Date
    }

    pub(crate) fn is_duration(&self) -> bool {
        self.kind == Kind::Duration
    }

    pub(crate) fn admits_whole(&self, number: i64) -> bool {
        self.kind != Kind::Int32 || i32::try_from(number).is_ok()
    }

    pub(crate) fn admits_float(&self, number: f64) -> bool {
        self.kind != Kind::Float || number.abs() <= f64::from(f32::MAX)
    }

    /// Whether a text has the format.
    pub(crate) fn admits_text(&self, text: &str) -> bool {
        match self.kind {
            Kind::Int32 | Kind::Int64 | Kind::Float | Kind::Double | Kind::Password => true,
            Kind::BsonObjectId => text.len() == 24 && is_hex(text),
            Kind::Byte => is_base64(text),
            Kind::Cidr => is_cidr(text),
            Kind::CreditCard => is_credit_card(text),
            Kind::Date => is_date(text),
            Kind::DateTime => is_date_time(text),
            Kind::Duration => is_duration(text),
            Kind::Email => is_email(text),
            Kind::HexColor => is_hex_color(text),
            Kind::Hostname => is_hostname(text),
            Kind::Ipv4 => is_ipv4(text),
            Kind::Ipv6 => text.parse::<Ipv6Addr>().is_ok(),
            Kind::Isbn => is_isbn10(text) || is_isbn13(text),
            Kind::Isbn10 => is_isbn10(text),
            Kind::Isbn13 => is_isbn13(text),
            Kind::LongName => text.len() <= 253 && text.split('.').all(is_label),
            Kind::Mac => is_mac(text),
            Kind::RgbColor => is_rgb_color(text),
            Kind::ShortName => text.len() <= 63 && is_label(text),
            Kind::Ssn => is_ssn(text),
            Kind::Uri => is_request_uri(text),
            Kind::Uuid => is_uuid(text, None),
            Kind::Uuid3 => is_uuid(text, Some('3')),
            Kind::Uuid4 => is_uuid(text, Some('4')),
            Kind::Uuid5 => is_uuid(text, Some('5')),
        }
    }
}

impl Kind {
    /// Names count without their dashes.
    fn of_text(name: &str) -> Option<Self> {
        Some(match name {
            "bsonobjectid" => Self::BsonObjectId,
            "byte" => Self::Byte,
            "cidr" => Self::Cidr,
            "creditcard" => Self::CreditCard,
            "date" => Self::Date,
            "datetime" => Self::DateTime,
            "duration" => Self::Duration,
            "email" => Self::Email,
            "hexcolor" => Self::HexColor,
            "hostname" => Self::Hostname,
            "ipv4" => Self::Ipv4,
            "ipv6" => Self::Ipv6,
            "isbn" => Self::Isbn,
            "isbn10" => Self::Isbn10,
            "isbn13" => Self::Isbn13,
            "k8slongname" => Self::LongName,
            "k8sshortname" => Self::ShortName,
            "mac" => Self::Mac,
            "password" => Self::Password,
            "rgbcolor" => Self::RgbColor,
            "ssn" => Self::Ssn,
            "uri" => Self::Uri,
            "uuid" => Self::Uuid,
            "uuid3" => Self::Uuid3,
            "uuid4" => Self::Uuid4,
            "uuid5" => Self::Uuid5,
            _ => return None,
        })
    }
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_base64(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    !text.is_empty()
        && text.len() % 4 == 0
        && text.len() - body.len() <= 2
        && body
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/')
}

fn is_cidr(text: &str) -> bool {
    let Some((address, length)) = text.split_once('/') else {
        return false;
    };
    let Ok(address) = address.parse::<IpAddr>() else {
        return false;
    };
    let max = if address.is_ipv4() { 32 } else { 128 };
    length.bytes().all(|byte| byte.is_ascii_digit()) && length.parse::<u8>().is_ok_and(|length| length <= max)
}

fn is_credit_card(text: &str) -> bool {
    let digits: Vec<u32> = text.chars().filter_map(|c| c.to_digit(10)).collect();
    let doubled = |digit: u32| if digit > 4 { digit * 2 - 9 } else { digit * 2 };
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(index, &digit)| if index % 2 == 1 { doubled(digit) } else { digit })
        .sum();
    (13..=16).contains(&digits.len()) && sum % 10 == 0
}

fn is_date(text: &str) -> bool {
    text.len() == 10 && text.is_ascii() && text.parse::<Date>().is_ok()
}

/// `2006-01-02T15:04:05`, an optional fraction, and `Z` or an offset; seconds up to 59.
fn is_date_time(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let Some((date, time)) = lower.split_once('t') else {
        return false;
    };
    let (clock, zone) = match time.find(['z', '+', '-']) {
        Some(index) => time.split_at(index),
        None => return false,
    };
    let (seconds, fraction) = clock
        .split_once('.')
        .map_or((clock, "0"), |(seconds, fraction)| (seconds, fraction));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let pairs = |text: &str, count: usize| {
        text.split(':').count() == count && text.split(':').all(|pair| pair.len() == 2 && digits(pair))
    };
    let in_range = || {
        let mut parts = seconds.split(':');
        parts.next() <= Some("23") && parts.all(|part| part <= "59")
    };
    is_date(date)
        && pairs(seconds, 3)
        && in_range()
        && digits(fraction)
        && (zone == "z" || pairs(&zone[1..], 2))
}

/// Go's `1h30m`, or numbers with a unit's name somewhere in the text (`5 minutes`).
fn is_duration(text: &str) -> bool {
    is_go_duration(text) || is_worded_duration(text)
}

fn is_go_duration(text: &str) -> bool {
    let mut rest = text.strip_prefix(['+', '-']).unwrap_or(text);
    if rest == "0" {
        return true;
    }
    if rest.is_empty() {
        return false;
    }
    while !rest.is_empty() {
        let number = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(rest.len());
        let (digits, after) = rest.split_at(number);
        let unit = after
            .find(|c: char| c.is_ascii_digit() || c == '.')
            .unwrap_or(after.len());
        let (name, next) = after.split_at(unit);
        let known = matches!(name, "ns" | "us" | "µs" | "μs" | "ms" | "s" | "m" | "h");
        let has_digit = digits.bytes().any(|byte| byte.is_ascii_digit());
        if !known || !has_digit || digits.matches('.').count() > 1 {
            return false;
        }
        rest = next;
    }
    true
}

fn is_worded_duration(text: &str) -> bool {
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let after = rest[start..]
            .trim_start_matches(|c: char| c.is_ascii_digit())
            .trim_start();
        let unit: String = after
            .chars()
            .take_while(|c| c.is_ascii_alphabetic() || *c == 'µ')
            .collect::<String>()
            .to_lowercase();
        let exact = matches!(
            unit.as_str(),
            "ns" | "us" | "µs" | "ms" | "s" | "m" | "h" | "d" | "w" | "wk" | "hr" | "min"
        );
        let worded = ["nano", "micro", "milli", "sec", "minute", "hour", "day", "week"];
        if exact || worded.iter().any(|word| unit.starts_with(word)) {
            return true;
        }
        rest = after;
    }
    false
}

/// An address, or a name and an address in angle brackets.
fn is_email(text: &str) -> bool {
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

fn is_hex_color(text: &str) -> bool {
    let digits = text.strip_prefix('#').unwrap_or(text);
    matches!(digits.len(), 3 | 6) && is_hex(digits)
}

fn is_hostname(text: &str) -> bool {
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

/// Leading zeros are let pass, and mean nothing.
fn is_ipv4(text: &str) -> bool {
    let is_byte = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()) && part.parse::<u8>().is_ok()
    };
    text.split('.').count() == 4 && text.split('.').all(is_byte)
}

fn is_isbn10(text: &str) -> bool {
    let text = text.replace(['-', ' '], "");
    let mut sum = 0;
    for (index, c) in (1..).zip(text.chars()) {
        match c.to_digit(10) {
            Some(digit) => sum += index * digit,
            None if index == 10 && c == 'X' => sum += 100,
            None => return false,
        }
    }
    text.len() == 10 && sum % 11 == 0
}

fn is_isbn13(text: &str) -> bool {
    let text = text.replace(['-', ' '], "");
    let mut sum = 0;
    for (index, c) in text.chars().enumerate() {
        let Some(digit) = c.to_digit(10) else { return false };
        sum += if index % 2 == 0 { digit } else { 3 * digit };
    }
    text.len() == 13 && sum % 10 == 0
}

fn is_label(text: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    !text.is_empty()
        && text.bytes().all(|byte| is_inner(byte) || byte == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

fn is_mac(text: &str) -> bool {
    let pairs = |separator: char| {
        matches!(text.split(separator).count(), 6 | 8 | 20)
            && text.split(separator).all(|pair| pair.len() == 2 && is_hex(pair))
    };
    let dotted = matches!(text.split('.').count(), 3 | 4 | 10)
        && text.split('.').all(|group| group.len() == 4 && is_hex(group));
    pairs(':') || pairs('-') || dotted
}

fn is_rgb_color(text: &str) -> bool {
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

fn is_ssn(text: &str) -> bool {
    let digits = text.replace(['-', ' '], "");
    digits.len() == 9 && digits.bytes().all(|byte| byte.is_ascii_digit()) && (9..=11).contains(&text.len())
}

/// What can stand in the first line of an HTTP request: an absolute URL or an absolute path.
fn is_request_uri(text: &str) -> bool {
    let has_scheme = text.split_once(':').is_some_and(|(scheme, rest)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
            && !rest.is_empty()
    });
    (has_scheme || text.starts_with('/')) && !text.chars().any(|c| c.is_control() || c == ' ')
}

fn is_uuid(text: &str, version: Option<char>) -> bool {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, valid: &[&str], invalid: &[&str]) {
        let format = Format::parse(name, &[Type::String]).unwrap();
        for text in valid {
            assert!(format.admits_text(text), "{text:?} should be a {name}");
        }
        for text in invalid {
            assert!(!format.admits_text(text), "{text:?} should not be a {name}");
        }
    }

    #[test]
    fn formats_admit_what_a_kube_apiserver_admits() {
        check(
            "date-time",
            &[
                "2025-01-02T03:04:05Z",
                "2025-01-02t03:04:05.123z",
                "2025-01-02T03:04:05+01:00",
            ],
            &[
                "",
                "2025-01-02",
                "2025-13-02T03:04:05Z",
                "2025-01-02T24:04:05Z",
                "2025-01-02T03:04:05",
                "tomorrow",
            ],
        );
        check("date", &["2024-02-29"], &["2025-02-29", "2025-1-2", ""]);
        check(
            "duration",
            &["1h30m", "5 minutes", "0", "1.5s", "2 weeks"],
            &["", "h", "five minutes", "1 x"],
        );
        check(
            "email",
            &["a@b.c", "Ann <a@b.c>"],
            &["", "a", "a@", "@b", "a b@c"],
        );
        check("ipv4", &["10.0.0.1"], &["10.0.0", "::1"]);
        check("ipv6", &["::1"], &["10.0.0.1"]);
        check(
            "cidr",
            &["10.0.0.0/8", "::/0"],
            &["10.0.0.0", "10.0.0.0/33", "10.0.0.0/+8"],
        );
        check("mac", &["00:00:5e:00:53:01", "0000.5e00.5301"], &["00:00", ""]);
        check(
            "uuid",
            &[
                "123e4567-e89b-12d3-a456-426614174000",
                "123E4567e89b12d3a456426614174000",
            ],
            &["123", ""],
        );
        check(
            "uuid4",
            &["123e4567-e89b-42d3-a456-426614174000"],
            &["123e4567-e89b-12d3-a456-426614174000"],
        );
        check("byte", &["aGk="], &["", "a", "a==="]);
        check(
            "hostname",
            &["example.com", "a"],
            &["", "-a", "a..b", "exa_mple.com"],
        );
        check("uri", &["https://a/b", "/a"], &["", "a", "http://a b"]);
        check("isbn", &["0321751043", "978-0321751041"], &["0321751044"]);
        check("creditcard", &["4111 1111 1111 1111"], &["4111 1111 1111 1112"]);
        check("hexcolor", &["#fff", "aabbcc"], &["#ffff"]);
        check("rgbcolor", &["rgb(1, 2,255)"], &["rgb(1,2,256)", "rgb(1,2)"]);
        check("ssn", &["123-45-6789"], &["123-45-678"]);
        check("k8s-short-name", &["a-b"], &["A", "a.b", "-a"]);
        check("k8s-long-name", &["a.b-c"], &["a..b"]);
        check("bsonobjectid", &["507f1f77bcf86cd799439011"], &["507f"]);
        check("password", &[""], &[]);
    }

    #[test]
    fn other_formats_are_ignored() {
        assert_eq!(Format::parse("colour", &[Type::String]), None);
        assert_eq!(Format::parse("date", &[Type::Integer]), None);
        assert_eq!(Format::parse("int32", &[Type::String]), None);
    }
}
