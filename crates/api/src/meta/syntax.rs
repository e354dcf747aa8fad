//! What the API server takes as a label (Kubernetes, "Labels and Selectors") and as the name of an object ("Object Names and
//! IDs").

use super::{LABEL_MAX, NAME_MAX};

/// Whether a label can have this name: at most 63 characters, behind an optional DNS subdomain and `/`.
#[must_use]
pub fn is_label_name(name: &str) -> bool {
    let (prefix, name) = match name.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, name),
    };
    !name.is_empty() && is_label_value(name) && prefix.is_none_or(is_object_name)
}

/// Whether a label can have this value: none at all, or at most 63 characters.
#[must_use]
pub fn is_label_value(value: &str) -> bool {
    let may_be_in = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    value.len() <= LABEL_MAX
        && value.bytes().all(|byte| may_be_in(&byte))
        && has_ends(value, |byte| byte.is_ascii_alphanumeric())
}

/// Whether an object of ours, or one that ours refer to, can have this name: a DNS subdomain (RFC 1123). Such a name is one
/// segment of a path, whoever wrote it.
#[must_use]
pub fn is_object_name(name: &str) -> bool {
    let is_end = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let is_part = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| is_end(byte) || byte == b'-') && has_ends(part, is_end)
    };
    name.len() <= NAME_MAX && name.split('.').all(is_part)
}

/// Whether what is there begins and ends with such a character.
fn has_ends(text: &str, is_end: impl Fn(u8) -> bool) -> bool {
    let ends = [text.bytes().next(), text.bytes().next_back()];
    ends.into_iter().flatten().all(is_end)
}

#[cfg(test)]
mod tests {
    use super::{is_label_name, is_label_value, is_object_name};

    #[test]
    fn a_name_is_qualified_by_a_domain_or_by_nothing() {
        let (prefix, name) = (format!("{}.{}", "p".repeat(126), "p".repeat(126)), "n".repeat(63));
        let longest = format!("{prefix}/{name}");
        for fine in ["app", "A.b_c-9", "example.com/app", "9/9", &longest] {
            assert!(is_label_name(fine), "{fine:?}");
        }
        let (long_prefix, long_name) = (format!("p{prefix}/a"), format!("{name}n"));
        for bad in [
            "",
            "not a key!",
            "-a",
            "a-",
            "/a",
            "a/",
            "a/b/c",
            "Example.com/a",
            "a..b/c",
            "a_b/c",
            "-a.b/c",
            "ä",
            &long_prefix,
            &long_name,
        ] {
            assert!(!is_label_name(bad), "{bad:?}");
        }
    }

    #[test]
    fn the_name_of_an_object_is_one_segment_of_a_path() {
        let longest = "a".repeat(253);
        for fine in ["a", "9", "my-key.v1", &longest] {
            assert!(is_object_name(fine), "{fine:?}");
        }
        let long = format!("{longest}a");
        for bad in [
            "", ".", "..", "a..b", ".a", "a.", "-a", "a-", "A", "a_b", "a/b", "a?b", "a?x=", "?x=", "a#",
            "a%2fb", "a b", "a\n", "ä", &long,
        ] {
            assert!(!is_object_name(bad), "{bad:?}");
        }
    }

    #[test]
    fn a_value_may_be_empty_and_has_no_prefix() {
        let longest = "v".repeat(63);
        for fine in ["", "true", "A.b_c-9", &longest] {
            assert!(is_label_value(fine), "{fine:?}");
        }
        let long = format!("{longest}v");
        for bad in ["not a label!", "example.com/a", ".a", "a_", "ß", " ", &long] {
            assert!(!is_label_value(bad), "{bad:?}");
        }
    }
}
