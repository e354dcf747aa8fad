//! What exactly a decision is about. Approving a key approves its terms, not whatever the key asks for later.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::NamespacedName;

/// The terms of one key. The Secret is not part of them: a new value changes nothing that was agreed.
///
/// Fields are in alphabetical order, so that [`Terms::to_json`] is canonical.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Terms {
    /// The latest moment at which the key may still be in force; `None` is without end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// The namespace of the `APIKey`.
    pub namespace: String,
    /// The product that the key opens.
    pub product: NamespacedName,
    /// The scopes that the key carries.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub scopes: BTreeSet<String>,
    /// The plan tier under which calls are counted.
    pub tier: String,
    /// Who uses the key.
    pub user_id: String,
}

/// Why a text is not terms.
#[derive(Debug, Error)]
#[error("failed to read terms, expected JSON with product, tier, namespace and userId")]
pub struct ParseTermsError(#[source] serde_json::Error);

impl Terms {
    /// Longer ones, as [`Terms::bytes`] counts, are asked for in vain: they are put on record several times, in annotations,
    /// of which an object has 256 KiB in all.
    pub const MOST_BYTES: usize = 4096;

    /// How long what a consumer writes of them is: tier, user and scopes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let scopes = self.scopes.iter().map(String::len).sum::<usize>();
        self.tier.len() + self.user_id.len() + scopes
    }

    /// Reads terms as [`Terms::to_json`] writes them. Space and the order of fields do not matter; unknown fields do.
    ///
    /// # Errors
    /// If the text is no JSON, lacks a field or has one that terms do not know.
    pub fn parse(json: &str) -> Result<Self, ParseTermsError> {
        serde_json::from_str(json).map_err(ParseTermsError)
    }

    /// The canonical form: one line, fields and scopes in alphabetical order, equal bytes for equal terms.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Strings, sets and timestamps always serialise: the empty text is unreachable, and `parse` refuses it.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Whether approving these terms approves `asked` too. Asking for an earlier end is always free; any other
    /// difference, a cheaper tier included, is for the owner to decide.
    #[must_use]
    pub fn covers(&self, asked: &Self) -> bool {
        self.same_but_for_expiry(asked)
            && match (self.expires_at, asked.expires_at) {
                (None, _) => true,
                (Some(_), None) => false,
                (Some(bound), Some(wish)) => wish <= bound,
            }
    }

    /// Whether a decision on these terms says anything about `asked`: the same product and the same holder's
    /// namespace. A decision about another product counts for nothing here.
    #[must_use]
    pub fn concerns(&self, asked: &Self) -> bool {
        self.product == asked.product && self.namespace == asked.namespace
    }

    /// When a key under these approved terms ends that asks for `asked`: the earlier of both.
    #[must_use]
    pub fn end(&self, asked: &Self) -> Option<Timestamp> {
        match (self.expires_at, asked.expires_at) {
            (Some(bound), Some(wish)) => Some(bound.min(wish)),
            (bound, wish) => bound.or(wish),
        }
    }

    fn same_but_for_expiry(&self, other: &Self) -> bool {
        let Self {
            expires_at: _,
            namespace,
            product,
            scopes,
            tier,
            user_id,
        } = self;
        *namespace == other.namespace
            && *product == other.product
            && *scopes == other.scopes
            && *tier == other.tier
            && *user_id == other.user_id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(tier: &str, expires_at: Option<&str>) -> Terms {
        Terms {
            expires_at: expires_at.map(|at| at.parse().unwrap()),
            namespace: "consumer-app".into(),
            product: NamespacedName::new("gamestore", "gamestore-api"),
            scopes: BTreeSet::new(),
            tier: tier.into(),
            user_id: "user-12345".into(),
        }
    }

    #[test]
    fn their_canonical_form_is_one_sorted_line() {
        let mut terms = terms("gold", Some("2027-01-01T00:00:00Z"));
        terms.scopes = ["write", "read"].map(String::from).into();
        let json = terms.to_json();
        assert_eq!(
            json,
            r#"{"expiresAt":"2027-01-01T00:00:00Z","namespace":"consumer-app","product":{"name":"gamestore-api","namespace":"gamestore"},"scopes":["read","write"],"tier":"gold","userId":"user-12345"}"#
        );
        assert_eq!(Terms::parse(&json).unwrap(), terms);
    }

    #[test]
    fn unknown_fields_and_half_terms_are_refused() {
        assert!(Terms::parse(r#"{"tier":"gold"}"#).is_err());
        assert!(Terms::parse(&terms("gold", None).to_json().replace("\"tier\"", "\"tire\"")).is_err());
        assert!(Terms::parse("").is_err());
    }

    #[test]
    fn an_earlier_end_is_covered_a_later_one_is_not() {
        let week = terms("gold", Some("2027-01-08T00:00:00Z"));
        assert!(week.covers(&terms("gold", Some("2027-01-01T00:00:00Z"))));
        assert!(week.covers(&week));
        assert!(!week.covers(&terms("gold", Some("2027-04-01T00:00:00Z"))));
        assert!(!week.covers(&terms("gold", None)));
        assert!(terms("gold", None).covers(&week));
    }

    #[test]
    fn another_tier_user_product_or_scope_is_not_covered() {
        let approved = terms("gold", None);
        assert!(!approved.covers(&terms("bronze", None)));
        assert!(!approved.covers(&Terms {
            user_id: "eve".into(),
            ..approved.clone()
        }));
        assert!(!approved.covers(&Terms {
            scopes: ["admin".to_owned()].into(),
            ..approved.clone()
        }));
        let other = Terms {
            product: NamespacedName::new("gamestore", "vault"),
            ..approved.clone()
        };
        assert!(!approved.covers(&other));
        assert!(!approved.concerns(&other));
    }

    #[test]
    fn a_key_ends_at_the_earlier_of_bound_and_wish() {
        let (early, late) = (Some("2027-01-01T00:00:00Z"), Some("2027-04-01T00:00:00Z"));
        assert_eq!(
            terms("gold", late).end(&terms("gold", early)),
            early.map(|at| at.parse().unwrap())
        );
        assert_eq!(
            terms("gold", early).end(&terms("gold", late)),
            early.map(|at| at.parse().unwrap())
        );
        assert_eq!(
            terms("gold", early).end(&terms("gold", None)),
            early.map(|at| at.parse().unwrap())
        );
        assert_eq!(terms("gold", None).end(&terms("gold", None)), None);
    }
}
