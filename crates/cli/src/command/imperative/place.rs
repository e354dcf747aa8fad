//! Names as people type them, and others that they may have meant.

use keydesk_api::meta::{NAME_MAX, is_object_name};
use keydesk_core::NamespacedName;
use strsim::levenshtein;

use crate::exit::Failure;

/// Names that are offered instead of one that does not exist.
const MOST_SIMILAR: usize = 5;

/// Characters by which a name is told that is too long to be told.
const BEGINNING: usize = 30;

/// A text that names no object.
#[derive(Debug, thiserror::Error)]
enum PlaceError {
    #[error("{text:?} is no name of an object")]
    Parse { text: String },
    #[error(
        "{beginning:?}… is too long to be a name of an object: it has {length} characters, and {NAME_MAX} is the most"
    )]
    Fit { beginning: String, length: usize },
}

impl PlaceError {
    fn of(text: &str) -> Self {
        let too_long = text.split('/').find(|name| name.len() > NAME_MAX);
        match too_long {
            Some(name) => Self::Fit {
                beginning: name.chars().take(BEGINNING).collect(),
                length: name.chars().count(),
            },
            None => Self::Parse {
                text: text.to_owned(),
            },
        }
    }
}

/// Reads `NAMESPACE/NAME`, or `NAME` in a namespace that is known otherwise.
pub(in crate::command) fn place(text: &str, namespace: &str) -> Result<NamespacedName, Failure> {
    let (namespace, name) = text.split_once('/').unwrap_or((namespace, text));
    if is_object_name(namespace) && is_object_name(name) {
        return Ok(NamespacedName::new(namespace, name));
    }
    Err(Failure::fixable(
        &PlaceError::of(text),
        "write NAMESPACE/NAME, or NAME with -n NAMESPACE; names are of small letters, digits, dashes and dots",
    ))
}

/// A person, by the name under which others know them.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("say who that is, or leave the flag out: then it is who the cluster takes you for")]
pub(super) struct NameNobody;

/// Reads the name of a person.
pub(super) fn somebody(text: &str) -> Result<String, NameNobody> {
    let name = text.trim();
    if name.is_empty() {
        return Err(NameNobody);
    }
    Ok(name.to_owned())
}

/// The names that are most like the wanted one, as words.
pub(crate) fn similar(wanted: &str, mut names: Vec<String>) -> String {
    names.sort_by_cached_key(|name| (levenshtein(wanted, name), name.clone()));
    let rest = names.len().saturating_sub(MOST_SIMILAR);
    names.truncate(MOST_SIMILAR);
    let more = if rest > 0 {
        format!(", and {rest} more")
    } else {
        String::new()
    };
    format!("{}{more}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_come_with_its_namespace() {
        let read = |text| place(text, "consumer-app").map(|place| place.to_string()).ok();
        assert_eq!(read("my-key").as_deref(), Some("consumer-app/my-key"));
        assert_eq!(read("other-app/my.key").as_deref(), Some("other-app/my.key"));
        for text in [
            "", "/", "a/", "/b", "a/b/c", "My-Key", "-a", "a?b", "../a", "a..b", "a b",
        ] {
            assert_eq!(read(text), None, "{text:?}");
        }
    }

    #[test]
    fn nobody_is_no_person() {
        assert_eq!(somebody("ada").as_deref(), Ok("ada"));
        for text in ["", " ", "\t"] {
            assert_eq!(somebody(text), Err(NameNobody));
        }
    }

    #[test]
    fn a_name_that_is_too_long_is_said_to_be_just_that() {
        let told = place(&format!("app/{}", "a".repeat(300)), "app")
            .unwrap_err()
            .to_string();
        assert!(
            told.starts_with(
                "error: \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"… is too long to be a name of an object: it has 300 characters"
            ),
            "{told}"
        );
    }

    #[test]
    fn the_most_similar_names_come_first() {
        let names = ["toystore-api", "gamestore-api", "bookstore-api"]
            .map(str::to_owned)
            .to_vec();
        assert_eq!(
            similar("gamestor-api", names),
            "gamestore-api, bookstore-api, toystore-api"
        );
        let many = (0..7).map(|number| format!("key-{number}")).collect();
        assert_eq!(
            similar("key-3", many),
            "key-3, key-0, key-1, key-2, key-4, and 2 more"
        );
    }
}
