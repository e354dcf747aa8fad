//! The `format`s that a kube-apiserver checks; others it ignores.

mod code;
mod network;
mod time;

use std::net::Ipv6Addr;

use self::code::{
    is_base64, is_credit_card, is_hex, is_hex_color, is_isbn10, is_isbn13, is_rgb_color, is_ssn, is_uuid,
};
use self::network::{is_cidr, is_email, is_hostname, is_ipv4, is_label, is_mac, is_request_uri};
use self::time::{is_date, is_date_time, is_duration};
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
