//! The names of a key's enforcement secrets where one does not do.
//!
//! ```text
//!   STEM                     the first one: upstream's name
//!   STEM.1f2e3d4c            takes the place of another one under the same value
//!   STEM.previous            for the value that is being rotated out
//!   STEM.previous.1f2e3d4c   takes the place of that
//! ```
//!
//! Authorino knows a Secret by its name and keeps what it read of it for as long as the value is the same
//! (`spec/controller.md` §5.4), so what changes beside the value needs a name that was never used. A stem ends in a dash
//! and a digest, so that no end of these can be part of it.

use std::borrow::Cow;

use super::{NAME_MAX, cut, digest};

const PREVIOUS: &str = ".previous";

/// Hexadecimal digits that tell successors apart.
const DIGITS: usize = 8;

/// Longest stem, in bytes, that leaves room for every end.
const STEM_MAX: usize = NAME_MAX - PREVIOUS.len() - ".".len() - DIGITS;

/// What the names of all enforcement secrets of a key have in common, from any of them: the first one's name, unless it
/// is so long that nothing could be added.
#[must_use]
pub fn enforcement_stem(name: &str) -> Cow<'_, str> {
    let (stem, _) = split(name);
    if stem.len() <= STEM_MAX {
        Cow::Borrowed(stem)
    } else {
        Cow::Owned(cut(stem, &format!("-{}", digest("", stem, 16)), STEM_MAX))
    }
}

/// Name of the enforcement secret for the value that is being rotated out, from that of any other of the key.
#[must_use]
pub fn previous_secret_name(name: &str) -> String {
    format!("{}{PREVIOUS}", enforcement_stem(name))
}

/// Name of the enforcement secret that takes the place of the one of this name and UID, and of no other ever.
#[must_use]
pub fn successor_secret_name(name: &str, uid: &str) -> String {
    let stem = enforcement_stem(name);
    let role = if is_previous_secret(name) { PREVIOUS } else { "" };
    format!("{stem}{role}.{}", digest("", uid, DIGITS))
}

/// Whether an enforcement secret of this name is for a value that is being rotated out.
#[must_use]
pub fn is_previous_secret(name: &str) -> bool {
    split(name).1
}

/// The stem, and whether the name is that of a previous value.
fn split(name: &str) -> (&str, bool) {
    let is_digits = |end: &str| end.len() == DIGITS && end.bytes().all(|byte| byte.is_ascii_hexdigit());
    let name = match name.rsplit_once('.') {
        Some((rest, end)) if is_digits(end) => rest,
        Some(_) | None => name,
    };
    name.strip_suffix(PREVIOUS)
        .map_or((name, false), |stem| (stem, true))
}

#[cfg(test)]
mod tests {
    use super::super::enforcement_secret_name;
    use super::*;

    fn family(first: &str) -> Vec<String> {
        let previous = previous_secret_name(first);
        let next = successor_secret_name(first, "uid-1");
        let after = successor_secret_name(&next, "uid-2");
        let previous_next = successor_secret_name(&previous, "uid-3");
        vec![first.to_owned(), previous, next, after, previous_next]
    }

    #[test]
    fn every_name_leads_back_to_one_stem() {
        let namespace = "n".repeat(63);
        let names = [
            "gamestore-apikey".to_owned(),
            "a.previous".to_owned(),
            "a.12345678".to_owned(),
            "k".repeat(149),
            "k".repeat(165),
            "k".repeat(170),
            format!("{}.previous", "k.".repeat(100)),
            "k".repeat(253),
        ];
        let mut all = Vec::new();
        for name in names {
            let first = enforcement_secret_name(&namespace, &name);
            let stem = enforcement_stem(&first).into_owned();
            assert_eq!(enforcement_stem(&stem), stem);
            for name in family(&first) {
                assert_eq!(enforcement_stem(&name), stem, "{name}");
                assert!(name.len() <= NAME_MAX, "{name}");
                all.push(name);
            }
        }
        let count = all.len();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), count, "no two are the same");
    }

    #[test]
    fn names_say_what_they_are_for() {
        let first = enforcement_secret_name("consumer-app", "gamestore-apikey");
        assert_eq!(
            previous_secret_name(&first),
            "devportal-consumer-app-gamestore-apikey-8dee3e06.previous"
        );
        let said: Vec<_> = family(&first)
            .iter()
            .map(|name| is_previous_secret(name))
            .collect();
        assert_eq!(said, [false, true, false, false, true]);
        assert!(!is_previous_secret(&enforcement_secret_name("a", "b.previous")));
    }
}
