//! Bearer tokens, known by their digest only.

use std::fmt;

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::caller::User;

/// The group of everybody who authenticated.
const AUTHENTICATED: &str = "system:authenticated";

/// Which token is whose. Holds digests, never tokens, and shows neither.
#[derive(Clone, Default)]
pub struct Tokens {
    holders: Vec<([u8; 32], User)>,
}

impl Tokens {
    /// These tokens; every holder is in `system:authenticated`. An empty token is nobody's.
    pub fn new<T: AsRef<str>>(tokens: impl IntoIterator<Item = (T, User)>) -> Self {
        let holders = tokens
            .into_iter()
            .filter(|(token, _)| !token.as_ref().is_empty())
            .map(|(token, mut user)| {
                if !user.groups.iter().any(|group| group == AUTHENTICATED) {
                    user.groups.push(AUTHENTICATED.to_owned());
                }
                (digest(token.as_ref()), user)
            })
            .collect();
        Self { holders }
    }

    /// The holder of a token. Takes the same time whichever token it is, and whether or not there is one.
    #[must_use]
    pub fn holder(&self, token: &str) -> Option<&User> {
        let digest = digest(token);
        let mut found = None;
        for (known, user) in &self.holders {
            if bool::from(known.ct_eq(&digest)) {
                found = Some(user);
            }
        }
        found
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tokens({})", self.holders.len())
    }
}

fn digest(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_names_its_holder_and_nothing_else_does() {
        let tokens = Tokens::new([("ada-token", User::named("ada")), ("", User::admin())]);
        assert_eq!(tokens.holder("ada-token"), Some(&User::named("ada")));
        assert_eq!(tokens.holder("ada-toke"), None);
        assert_eq!(tokens.holder(""), None);
        assert_eq!(format!("{tokens:?}"), "Tokens(1)");
    }
}
