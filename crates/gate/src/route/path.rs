//! The path of a call, in all the ways in which a proxy may read it.
//!
//! Proxies differ in what they make of a path before they choose a route: Envoy decodes unreserved characters and takes
//! away dot segments when told to, and may decode slashes or merge them; nginx, and what is written in Go, decode
//! everything. All of them decode once. Parameters of segments (`;a=b`) are left alone, as proxies do.

use std::borrow::Cow;

use crate::query::has_whole_escapes;

/// Bytes of the longest path that is read in several ways, and of the longest query beside it: reading a longer one in
/// every way would cost too much, and it is refused.
pub(super) const MOST_BYTES: usize = 4 * 1024;

/// The readings of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Readings<'a> {
    /// All read it alike.
    One(&'a str),
    /// As it was sent, and as else it may be read; no two are the same.
    Several(Vec<String>),
}

impl Readings<'_> {
    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        let (one, several) = match self {
            Self::One(path) => (Some(*path), &[][..]),
            Self::Several(paths) => (None, &paths[..]),
        };
        one.into_iter().chain(several.iter().map(String::as_str))
    }
}

/// The readings of a path that is given without its query. Nothing if it is malformed.
pub(super) fn readings(path: &str) -> Option<Readings<'_>> {
    if is_plain(path) {
        return Some(Readings::One(path));
    }
    if !is_sound(path) || path.len() > MOST_BYTES {
        return None;
    }
    let mut texts = Vec::new();
    for escapes in [Escapes::Kept, Escapes::Unreserved, Escapes::Segment] {
        for decodes_slashes in [false, true] {
            let decoded = decode(path, escapes, decodes_slashes);
            let slashed = decoded.replace('\\', "/");
            push_new(decoded.into_owned(), &mut texts);
            push_new(slashed, &mut texts);
        }
    }
    let mut paths = Vec::new();
    for text in texts {
        read_structure(text, &mut paths);
    }
    Some(Readings::Several(paths))
}

/// Whether a path can be that of a rule: sound, and of one structure, as Gateway API demands.
pub(super) fn is_of_a_rule(path: &str) -> bool {
    is_sound(path) && !has_structure(path) && !escapes(path).any(|byte| byte == b'/')
}

/// Whether there is only one way to read the path: the case of nearly all calls.
fn is_plain(path: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_graphic() && !b"%\\#?".contains(&byte);
    path.starts_with('/') && path.bytes().all(is_plain) && !has_structure(path)
}

/// Whether the path is one that a client may send at all.
fn is_sound(path: &str) -> bool {
    let is_sound = |byte: u8| byte.is_ascii_graphic() && !b"#?".contains(&byte);
    path.starts_with('/')
        && path.bytes().all(is_sound)
        && has_whole_escapes(path.as_bytes())
        && !escapes(path).any(|byte| byte == 0)
}

/// Whether a path has dot segments, or empty ones before its end.
fn has_structure(path: &str) -> bool {
    let bytes = path.as_bytes();
    let slashes = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'/');
    slashes.map(|(at, _)| &bytes[at + 1..]).any(|rest| {
        let rest = match rest {
            [b'/', ..] => return true,
            [b'.', b'.', rest @ ..] | [b'.', rest @ ..] => rest,
            _ => return false,
        };
        matches!(rest, [] | [b'/', ..])
    })
}

/// Which escapes a proxy decodes, apart from those of slashes.
#[derive(Clone, Copy)]
enum Escapes {
    Kept,
    /// Those of characters that mean the same with and without (RFC 3986 §2.3).
    Unreserved,
    /// Those of all characters that can stand in a segment unescaped, and so in the path of a rule.
    Segment,
}

impl Escapes {
    fn decode(self, byte: u8) -> bool {
        let is_unreserved = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        match self {
            Self::Kept => false,
            Self::Unreserved => is_unreserved,
            Self::Segment => is_unreserved || b"!$&'()*+,;=:@".contains(&byte),
        }
    }
}

fn decode(path: &str, escapes: Escapes, decodes_slashes: bool) -> Cow<'_, str> {
    let mut pieces = path.split('%');
    let first = pieces.next().unwrap_or_default();
    let mut decoded = String::new();
    for piece in pieces {
        if decoded.is_empty() {
            decoded.reserve(path.len());
            decoded.push_str(first);
        }
        match escaped(piece) {
            Some(byte) if escapes.decode(byte) || (decodes_slashes && b"/\\".contains(&byte)) => {
                decoded.push(char::from(byte));
                decoded.push_str(&piece[2..]);
            }
            _ => {
                decoded.push('%');
                decoded.push_str(piece);
            }
        }
    }
    if decoded.is_empty() {
        return Cow::Borrowed(path);
    }
    Cow::Owned(decoded)
}

/// The bytes that are escaped in a path.
fn escapes(path: &str) -> impl Iterator<Item = u8> {
    path.split('%').skip(1).filter_map(escaped)
}

/// The byte of an escape, given what follows its `%`.
fn escaped(rest: &str) -> Option<u8> {
    u8::from_str_radix(rest.get(..2)?, 16).ok()
}

/// Adds a path with and without its dot segments and its empty ones, taken away in both orders.
fn read_structure(path: String, paths: &mut Vec<String>) {
    let others = has_structure(&path).then(|| {
        let (undotted, merged) = (without_dots(&path), merge_slashes(&path));
        [merge_slashes(&undotted), without_dots(&merged), undotted, merged]
    });
    push_new(path, paths);
    for other in others.into_iter().flatten() {
        push_new(other, paths);
    }
}

fn push_new(path: String, paths: &mut Vec<String>) {
    if !paths.contains(&path) {
        paths.push(path);
    }
}

/// The path without dot segments (RFC 3986 §5.2.4).
fn without_dots(path: &str) -> String {
    let mut kept = Vec::new();
    let mut ends_in_slash = false;
    for segment in path.split('/').skip(1) {
        ends_in_slash = matches!(segment, "." | "..");
        match segment {
            "." => {}
            ".." => drop(kept.pop()),
            _ => kept.push(segment),
        }
    }
    if ends_in_slash {
        kept.push("");
    }
    format!("/{}", kept.join("/"))
}

/// The path with one slash in place of several.
fn merge_slashes(path: &str) -> String {
    let mut merged = String::with_capacity(path.len());
    for c in path.chars() {
        if c != '/' || !merged.ends_with('/') {
            merged.push(c);
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_path_has_one_reading() {
        for path in [
            "/",
            "/a",
            "/a/b/",
            "/.well-known/x",
            "/a.b/..c/...",
            "/a;x=../b",
            "/a:b@c!$&'()*+,=~",
        ] {
            assert_eq!(readings(path), Some(Readings::One(path)));
        }
    }

    #[test]
    fn a_path_that_can_be_read_in_several_ways_is() {
        for (path, others) in [
            ("/a/../b", &["/b"][..]),
            ("/a/./b", &["/a/b"]),
            ("/a/..", &["/"]),
            ("/a/.", &["/a/"]),
            ("/../b", &["/b"]),
            ("/a//b", &["/a/b"]),
            ("/a//../b", &["/b", "/a/../b", "/a/b"]),
            ("/a/%2e%2E/b", &["/a/../b", "/b"]),
            ("/a/.%2e/b", &["/b"]),
            ("/a%2fb", &["/a/b"]),
            ("/a%2F..%2fb", &["/a/../b", "/b"]),
            ("/a/%2e%2e%2fb", &["/a/../b", "/b", "/a/..%2fb", "/a/%2e%2e/b"]),
            ("/a%5cb", &["/a\\b", "/a/b"]),
            ("/a\\..\\b", &["/a/../b", "/b"]),
            ("/%61dmin", &["/admin"]),
            ("/items%3Abatch", &["/items:batch"]),
        ] {
            let Some(Readings::Several(paths)) = readings(path) else {
                panic!("{path} has several readings");
            };
            assert_eq!(paths[0], path, "the first is the path as it was sent");
            for other in others {
                assert!(
                    paths.iter().any(|path| path == other),
                    "{path} may be {other}: {paths:?}"
                );
            }
        }
    }

    #[test]
    fn escapes_are_decoded_once_and_only_where_a_rule_could_tell() {
        let several = |path: &str| Some(Readings::Several(vec![path.to_owned()]));
        for path in ["/my%20file", "/%252e%252e/a", "/%c3%a9", "/a%3fb", "/a%0ab"] {
            assert_eq!(readings(path), several(path));
        }
    }

    #[test]
    fn a_malformed_path_has_no_reading() {
        for path in [
            "",
            "*",
            "a",
            "http://a/b",
            "\\a",
            "/%",
            "/%2",
            "/%zz",
            "/%+1",
            "/a%00",
            "/a\0",
            "/a\n",
            "/a b",
            "/é",
            "/a#b",
            "/a?b",
        ] {
            assert_eq!(readings(path), None, "{path:?}");
        }
        let long = "/a".repeat(MOST_BYTES);
        assert!(readings(&long).is_some(), "a long path is no trouble");
        assert_eq!(readings(&format!("{long}/../b")), None);
    }
}
