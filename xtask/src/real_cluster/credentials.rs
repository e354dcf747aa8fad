//! Who may speak to the real cluster: a token for each person of the demo, and the kubeconfig that holds them.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

/// Everybody's name, which is the name of their context too, and their group. The first is the current context.
const PEOPLE: [(&str, &str); 6] = [
    ("admin", "system:masters"),
    ("platform", "platform"),
    ("owner", "api-owners"),
    ("other-owner", "api-owners"),
    ("consumer", "developers"),
    ("other-consumer", "developers"),
];

/// The files that the processes of a cluster are started with.
pub(super) struct Credentials {
    /// An admin's kubeconfig.
    pub(super) kubeconfig: PathBuf,
    /// The API server's table of tokens.
    pub(super) tokens: PathBuf,
    /// The key that tokens of service accounts are signed with.
    pub(super) signing_key: PathBuf,
    /// The key that they are verified with.
    pub(super) verifying_key: PathBuf,
    /// Where the API server puts the certificate that it makes for itself.
    pub(super) certificates: PathBuf,
}

impl Credentials {
    /// Writes them into `directory`, for an API server on loopback at `port`.
    pub(super) fn write(directory: &Path, port: u16) -> Result<Self> {
        let files = Self {
            kubeconfig: directory.join("kubeconfig"),
            tokens: directory.join("tokens.csv"),
            signing_key: directory.join("service-account.key"),
            verifying_key: directory.join("service-account.pub"),
            certificates: directory.join("certificates"),
        };
        let key = rcgen::KeyPair::generate().context("failed to make a key")?;
        fs::write(&files.signing_key, key.serialize_pem())?;
        fs::write(&files.verifying_key, key.public_key_pem())?;
        fs::write(&files.tokens, tokens())?;
        // JSON is YAML.
        fs::write(
            &files.kubeconfig,
            kubeconfig(&files.certificates, port).to_string(),
        )?;
        Ok(files)
    }
}

/// One line for each person: token, name, uid, groups. The tokens are guessable: the cluster is on loopback and empty.
fn tokens() -> String {
    let lines: Vec<_> = PEOPLE
        .iter()
        .map(|(name, group)| format!("{name}-token,{name},{name},\"{group}\""))
        .collect();
    lines.join("\n")
}

fn kubeconfig(certificates: &Path, port: u16) -> Value {
    let contexts: Vec<_> = PEOPLE
        .iter()
        .map(|(name, _)| json!({"name": name, "context": {"cluster": "real", "user": name}}))
        .collect();
    let users: Vec<_> = PEOPLE
        .iter()
        .map(|(name, _)| json!({"name": name, "user": {"token": format!("{name}-token")}}))
        .collect();
    json!({
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": PEOPLE[0].0,
        "clusters": [{"name": "real", "cluster": {
            "server": format!("https://127.0.0.1:{port}"),
            // The API server's own certificate comes with its issuer in the same file.
            "certificate-authority": certificates.join("apiserver.crt"),
        }}],
        "contexts": contexts,
        "users": users,
    })
}
