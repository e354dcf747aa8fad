//! What we read of an OpenID Connect discovery document.

use serde_json::Value;

/// Why a discovery document is of no use.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// Not JSON.
    #[error("failed to decode discovery document")]
    Decode(#[source] serde_json::Error),
    /// It names no token endpoint.
    #[error("token_endpoint not found in discovery document")]
    NoTokenEndpoint,
    /// It speaks for another issuer, so whoever serves it cannot vouch for this one. Which one is for the operator alone.
    #[error("discovery document names another issuer")]
    OtherIssuer(String),
}

/// Where the discovery document of `issuer` is.
#[must_use]
pub fn discovery_url(issuer: &str) -> String {
    format!("{}/.well-known/openid-configuration", without_slash(issuer))
}

/// The token endpoint that `document` names for `issuer`. A document that names no issuer is taken as upstream takes it.
///
/// # Errors
/// When the document cannot be used.
pub fn token_endpoint(issuer: &str, document: &str) -> Result<String, DocumentError> {
    // By hand rather than into a struct: serde's complaint about a wrong type quotes the value, and this text may come
    // from a place that the reader of the status must not see.
    let document: Value = serde_json::from_str(document).map_err(DocumentError::Decode)?;
    let text = |field| document.get(field).and_then(Value::as_str);
    if let Some(named) = text("issuer").filter(|named| without_slash(named) != without_slash(issuer)) {
        return Err(DocumentError::OtherIssuer(named.chars().take(200).collect()));
    }
    let endpoint = text("token_endpoint").filter(|endpoint| !endpoint.is_empty());
    endpoint.map(str::to_owned).ok_or(DocumentError::NoTokenEndpoint)
}

fn without_slash(issuer: &str) -> &str {
    issuer.strip_suffix('/').unwrap_or(issuer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_endpoint_is_found_with_and_without_a_closing_slash() {
        let document = r#"{"issuer": "http://idp/t/", "token_endpoint": "http://idp/t/token", "x": []}"#;
        for issuer in ["http://idp/t", "http://idp/t/"] {
            assert_eq!(
                discovery_url(issuer),
                "http://idp/t/.well-known/openid-configuration"
            );
            assert_eq!(token_endpoint(issuer, document).unwrap(), "http://idp/t/token");
        }
    }

    #[test]
    fn a_useless_document_says_why() {
        for (document, why) in [
            ("<html>", "failed to decode discovery document"),
            ("[]", "token_endpoint not found in discovery document"),
            (
                r#"{"token_endpoint": 7}"#,
                "token_endpoint not found in discovery document",
            ),
            ("{}", "token_endpoint not found in discovery document"),
            (
                r#"{"token_endpoint": ""}"#,
                "token_endpoint not found in discovery document",
            ),
            (
                r#"{"issuer": "http://evil", "token_endpoint": "http://evil/t"}"#,
                "discovery document names another issuer",
            ),
        ] {
            let error = token_endpoint("http://idp/t", document).unwrap_err();
            assert!(error.to_string().starts_with(why), "{document}: {error}");
            assert!(!error.to_string().contains("evil"), "{error}");
        }
    }
}
