//! Bearer tokens of the people, made once and kept.

use std::{collections::BTreeMap, fmt};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};

use super::directory::{DataDir, DirectoryError};

const FILE: &str = "tokens.json";

/// Each person's token. Debug shows whose, and none of them.
pub(crate) struct Tokens(BTreeMap<String, String>);

/// Why there are no tokens.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TokensError {
    /// The file is not as we wrote it.
    #[error("failed to read the tokens in tokens.json")]
    // serde's words may quote the file, hence a token: they are not kept.
    Parse,
    #[error(transparent)]
    Directory(#[from] DirectoryError),
}

impl Tokens {
    /// The tokens of `names`; those that are missing are made and kept.
    pub(crate) fn load(
        home: &DataDir,
        names: impl IntoIterator<Item = &'static str>,
    ) -> Result<Self, TokensError> {
        let mut tokens: BTreeMap<String, String> = match home.read(FILE)? {
            Some(text) => serde_json::from_str(&text).map_err(|_| TokensError::Parse)?,
            None => BTreeMap::new(),
        };
        let mut made = false;
        for name in names {
            tokens.entry(name.to_owned()).or_insert_with(|| {
                made = true;
                mint()
            });
        }
        if made {
            home.write(
                FILE,
                &serde_json::to_string_pretty(&tokens).map_err(|_| TokensError::Parse)?,
            )?;
        }
        Ok(Self(tokens))
    }

    /// The token of somebody that [`Self::load`] was asked for.
    pub(crate) fn of(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// 256 random bits, with a prefix by which scanners find a token that got lost.
fn mint() -> String {
    format!(
        "keydesk-local-{}",
        BASE64_URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_made_once_kept_and_not_shown() {
        let directory = tempfile::tempdir().unwrap();
        let home = DataDir::open(directory.path()).unwrap();
        let first = Tokens::load(&home, ["admin"]).unwrap();
        let second = Tokens::load(&home, ["admin", "owner"]).unwrap();
        assert_eq!(first.of("admin"), second.of("admin"));
        assert_ne!(second.of("admin"), second.of("owner"));
        assert!(first.of("admin").len() > 50);
        assert!(!format!("{second:?}").contains(second.of("owner")));
    }

    #[test]
    fn a_damaged_file_is_told_without_its_contents() {
        let directory = tempfile::tempdir().unwrap();
        let home = DataDir::open(directory.path()).unwrap();
        home.write(FILE, r#"{"admin": ["hunter2"]}"#).unwrap();
        let error = Tokens::load(&home, ["admin"]).unwrap_err();
        assert!(!keydesk_process::chain(&error).to_string().contains("hunter2"));
    }
}
