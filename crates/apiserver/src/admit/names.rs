//! Names of objects.

use rand::RngExt as _;

use crate::resource::NameFormat;
use crate::select::subdomain_problem;

/// No vowels, nothing that looks alike: a generated name says nothing by chance.
const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
const SUFFIX: usize = 5;
const MAX_LABEL: usize = 63;

/// `base` with a random end.
pub(crate) fn generated(base: &str) -> String {
    let mut name: String = base.chars().take(MAX_LABEL - SUFFIX).collect();
    let mut random = rand::rng();
    name.extend((0..SUFFIX).map(|_| char::from(LETTERS[random.random_range(0..LETTERS.len())])));
    name
}

/// What is wrong with a name, if anything. Of a `prefix` more is to come.
pub(super) fn problem(format: NameFormat, name: &str, prefix: bool) -> Option<String> {
    let name = if prefix {
        name.strip_suffix('-').unwrap_or(name)
    } else {
        name
    };
    match format {
        NameFormat::Subdomain => subdomain_problem(name),
        NameFormat::Label => label_problem(name, |byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()).then(|| {
            too_long(name).unwrap_or_else(|| {
                "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start \
                 and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is \
                 '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
                    .into()
            })
        }),
        NameFormat::Label1035 => label_problem(name, |byte| byte.is_ascii_lowercase()).then(|| {
            too_long(name).unwrap_or_else(|| {
                "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic \
                 character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for \
                 validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"
                    .into()
            })
        }),
        NameFormat::PathSegment => match name {
            "." => Some("may not be '.'".into()),
            ".." => Some("may not be '..'".into()),
            _ if name.contains('/') => Some("may not contain '/'".into()),
            _ if name.contains('%') => Some("may not contain '%'".into()),
            _ => None,
        },
    }
}

fn too_long(name: &str) -> Option<String> {
    (name.len() > MAX_LABEL).then(|| format!("must be no more than {MAX_LABEL} bytes"))
}

fn label_problem(name: &str, first: impl Fn(u8) -> bool) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    name.len() > MAX_LABEL
        || !name.bytes().next().is_some_and(first)
        || !name.bytes().next_back().is_some_and(inner)
        || !name.bytes().all(|byte| inner(byte) || byte == b'-')
}
