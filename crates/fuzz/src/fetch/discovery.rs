//! The discovery document of an issuer, which is in the first line.

use keydesk_controller::fetch::oidc;
use serde_json::Value;

pub(crate) fn read(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let (issuer, document) = text.split_once('\n').unwrap_or((text, ""));
    assert!(oidc::discovery_url(issuer).ends_with("/.well-known/openid-configuration"));
    match oidc::token_endpoint(issuer, document) {
        Ok(endpoint) => {
            let document: Value = serde_json::from_str(document).expect("it was read");
            assert_eq!(document["token_endpoint"], endpoint);
            assert!(!endpoint.is_empty());
            let slashless = |text: &str| text.strip_suffix('/').unwrap_or(text).to_owned();
            let named = document["issuer"].as_str();
            assert!(named.is_none_or(|named| slashless(named) == slashless(issuer)));
        }
        // It stands in a status: of bounded length, in one line.
        Err(error) => {
            let text = error.to_string();
            assert!(text.len() <= 4096, "{} bytes", text.len());
            assert!(!text.chars().any(char::is_control), "{text:?}");
        }
    }
}
