//! What is asked for beyond what was approved: as phrases for people, as the message of a condition, and read back from
//! that by who may not read the decision.

use std::str::Chars;

use jiff::Timestamp;
use keydesk_core::Terms;

use super::words::end;

/// What terms can differ in. The tier comes first: readers of a message look for it there.
const ASPECTS: [&str; 6] = [TIER, "user", EXPIRY, "scopes", "product", "namespace"];
const TIER: &str = "plan tier";
const EXPIRY: &str = "expiry";

/// How a message begins.
const ASKS_FOR: &str = "Asks for ";

/// What stands between what is asked for and what was approved.
const INSTEAD_OF: &str = " instead of ";

/// What stands between one aspect and the next.
const BETWEEN: &str = ", ";

/// What is asked for beyond what was approved, one phrase for each aspect.
#[must_use]
pub fn changes(approved: &Terms, asked: &Terms) -> Vec<String> {
    let or_none = |value: String| {
        if value.is_empty() {
            "none".to_owned()
        } else {
            value
        }
    };
    differing(approved, asked)
        .map(|(aspect, approved, asked)| {
            let (approved, asked) = (or_none(approved), or_none(asked));
            format!("{aspect} {asked}{INSTEAD_OF}{approved}")
        })
        .collect()
}

/// The same as the message of a condition, which tells who may read nothing else of a decision what was decided.
#[must_use]
pub fn difference(approved: &Terms, asked: &Terms) -> String {
    let differing: Vec<_> = differing(approved, asked)
        .map(|(aspect, approved, asked)| format!("{aspect} {asked:?}{INSTEAD_OF}{approved:?}"))
        .collect();
    format!(
        "{ASKS_FOR}{}; what was approved stays in force until the owner decides",
        differing.join(BETWEEN)
    )
}

/// The tier in force by the message of a [`difference`] of what is asked for with the tier `asked`. None where it is no such
/// message, or one about another tier: an older one.
#[must_use]
pub fn tier_in_force(message: &str, asked: &str) -> Option<String> {
    in_force(message, TIER, asked)
}

/// The end in force by the message of a [`difference`] of what is asked for with the end `asked`, and within that whether
/// there is any. None where it is no such message, or one about another end: an older one.
#[must_use]
pub fn end_in_force(message: &str, asked: Option<Timestamp>) -> Option<Option<Timestamp>> {
    let said = in_force(message, EXPIRY, &end(asked))?;
    if said == end(None) {
        return Some(None);
    }
    said.parse().ok().map(Some)
}

/// What is in force of an aspect of which `asked` is asked for: that itself, where the message speaks of others alone.
fn in_force(message: &str, aspect: &str, asked: &str) -> Option<String> {
    let mut said = message.strip_prefix(ASKS_FOR)?;
    loop {
        let (named, rest) = ASPECTS.into_iter().find_map(|named| {
            let rest = said.strip_prefix(named)?.strip_prefix(' ')?;
            Some((named, rest))
        })?;
        let (wish, rest) = unquoted(rest)?;
        let (approved, rest) = unquoted(rest.strip_prefix(INSTEAD_OF)?)?;
        if named == aspect {
            return (wish == asked).then_some(approved);
        }
        match rest.strip_prefix(BETWEEN) {
            Some(rest) => said = rest,
            None => return Some(asked.to_owned()),
        }
    }
}

/// The aspects in which terms differ: what was approved, and what is asked for. An earlier end is none: it needs nobody's
/// consent.
fn differing(approved: &Terms, asked: &Terms) -> impl Iterator<Item = (&'static str, String, String)> {
    let end_in_force = if approved.end(asked) == asked.expires_at {
        asked.expires_at
    } else {
        approved.expires_at
    };
    let values = |terms: &Terms, expires_at| {
        let scopes: Vec<&str> = terms.scopes.iter().map(String::as_str).collect();
        [
            terms.tier.clone(),
            terms.user_id.clone(),
            end(expires_at),
            scopes.join(" "),
            terms.product.to_string(),
            terms.namespace.clone(),
        ]
    };
    let (approved, asked) = (values(approved, end_in_force), values(asked, asked.expires_at));
    ASPECTS
        .into_iter()
        .zip(approved)
        .zip(asked)
        .map(|((aspect, approved), asked)| (aspect, approved, asked))
        .filter(|(_, approved, asked)| approved != asked)
}

/// The text that `{:?}` wrote here, and what follows.
fn unquoted(text: &str) -> Option<(String, &str)> {
    let mut rest = text.strip_prefix('"')?.chars();
    let mut value = String::new();
    loop {
        match rest.next()? {
            '"' => return Some((value, rest.as_str())),
            '\\' => value.push(escaped(&mut rest)?),
            c => value.push(c),
        }
    }
}

/// The character behind a backslash.
fn escaped(rest: &mut Chars<'_>) -> Option<char> {
    Some(match rest.next()? {
        't' => '\t',
        'r' => '\r',
        'n' => '\n',
        '0' => '\0',
        'u' => {
            let (code, behind) = rest.as_str().strip_prefix('{')?.split_once('}')?;
            *rest = behind.chars();
            char::from_u32(u32::from_str_radix(code, 16).ok()?)?
        }
        c @ ('"' | '\\' | '\'') => c,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use keydesk_core::NamespacedName;
    use proptest::collection::btree_set;
    use proptest::option;
    use proptest::prelude::{Strategy, any, prop_assert_eq, prop_oneof, proptest};

    use super::*;

    /// Plain ones, which meet often, and any.
    fn text() -> impl Strategy<Value = String> {
        prop_oneof!["[ab]", ".*", any::<String>()]
    }

    fn terms() -> impl Strategy<Value = Terms> {
        let end = option::of((0..4_i64).prop_map(|second| Timestamp::from_second(second).unwrap()));
        let scopes = btree_set("[a-c]", 0..3);
        (text(), text(), end, scopes, text(), text()).prop_map(
            |(tier, user_id, expires_at, scopes, product, namespace)| Terms {
                expires_at,
                product: NamespacedName::new(namespace.as_str(), product),
                namespace,
                scopes,
                tier,
                user_id,
            },
        )
    }

    proptest! {
        #[test]
        fn the_tier_in_force_is_read_back_as_it_was_written(approved in terms(), asked in terms()) {
            let read = tier_in_force(&difference(&approved, &asked), &asked.tier);
            let is_change = !changes(&approved, &asked).is_empty();
            prop_assert_eq!(read, is_change.then_some(approved.tier));
        }

        #[test]
        fn the_end_in_force_is_read_back_as_it_was_written(approved in terms(), asked in terms()) {
            let read = end_in_force(&difference(&approved, &asked), asked.expires_at);
            let is_change = !changes(&approved, &asked).is_empty();
            prop_assert_eq!(read, is_change.then_some(approved.end(&asked)));
        }

        #[test]
        fn terms_differ_where_approved_ones_do_not_cover_them(approved in terms(), asked in terms()) {
            prop_assert_eq!(changes(&approved, &asked).is_empty(), approved.covers(&asked));
        }

        #[test]
        fn no_message_is_too_odd_to_be_read(message in text(), tail in text(), asked in text()) {
            let _ = tier_in_force(&message, &asked);
            for aspect in ASPECTS {
                let message = format!("Asks for {aspect} {asked:?} instead of {tail}");
                let _ = (tier_in_force(&message, &asked), end_in_force(&message, None));
            }
        }
    }

    fn asked() -> Terms {
        Terms {
            expires_at: Some(Timestamp::from_second(86_400).unwrap()),
            namespace: "app".to_owned(),
            product: NamespacedName::new("gamestore", "games"),
            scopes: ["read".to_owned(), "write".to_owned()].into(),
            tier: "gold".to_owned(),
            user_id: "ada".to_owned(),
        }
    }

    #[test]
    fn the_words_of_a_condition_are_those_that_clusters_have() {
        let approved = Terms {
            expires_at: Some(Timestamp::UNIX_EPOCH),
            scopes: BTreeSet::new(),
            tier: "bron\"ze".to_owned(),
            user_id: "bob".to_owned(),
            ..asked()
        };
        let message = difference(&approved, &asked());
        assert_eq!(
            message,
            "Asks for plan tier \"gold\" instead of \"bron\\\"ze\", user \"ada\" instead of \"bob\", expiry \
             \"1970-01-02T00:00:00Z\" instead of \"1970-01-01T00:00:00Z\", scopes \"read write\" instead of \"\"; what was \
             approved stays in force until the owner decides"
        );
        assert_eq!(tier_in_force(&message, "gold").as_deref(), Some("bron\"ze"));
        assert_eq!(
            end_in_force(&message, asked().expires_at),
            Some(Some(Timestamp::UNIX_EPOCH))
        );
        assert_eq!(
            changes(&approved, &asked()).last().map(String::as_str),
            Some("scopes read write instead of none")
        );
    }

    #[test]
    fn a_message_that_does_not_say_it_is_not_guessed_from() {
        for message in [
            "",
            "something else",
            "Asks for",
            "Asks for usefulness",
            "Asks for plan tier \"silver\" instead of \"bronze\"",
            "Asks for plan tier \"gold\" instead of \"bron",
            "Asks for plan tier \"gold\" instead of \"bron\\q\"",
            "Asks for plan tier \"gold\" instead of \"bron\\u{110000}\"",
        ] {
            assert_eq!(tier_in_force(message, "gold"), None, "{message}");
        }
        for message in [
            "something else",
            "Asks for expiry \"2027-01-01T00:00:00Z\" instead of \"2026-01-01T00:00:00Z\"; what",
            "Asks for expiry \"never\" instead of \"some day\"; what",
            "Asks for plan tier \"gold\" instead of \"bronze\", expiry \"never\" instead of \"2026-",
        ] {
            assert_eq!(end_in_force(message, None), None, "{message}");
        }
        let scopes = "Asks for scopes \"a\" instead of \"\"; what was approved stays";
        assert_eq!(tier_in_force(scopes, "gold").as_deref(), Some("gold"));
    }
}
