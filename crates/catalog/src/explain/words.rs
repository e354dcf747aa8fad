//! Words for limits, for ends, and for where a key goes.

use jiff::Timestamp;
use keydesk_api::meta::annotation;
use keydesk_api::{Credentials, Limits, rfc3339};

/// What an owner does about a selector that finds no key.
pub(super) const SELECT: &str = "let the AuthPolicy select by labels that a key can have";

/// What an owner does about a product that names an entry which its policy does not have.
pub(super) fn mend_entry() -> String {
    format!("mend the annotation {} of the product", annotation::AUTH_ENTRY)
}

/// How many calls limits allow.
#[must_use]
pub fn allowance(written: &Limits) -> String {
    match crate::limits(written) {
        Err(error) => format!("limits that nobody can count by: {error}"),
        Ok(limits) if limits.is_unlimited() => "without limit".to_owned(),
        Ok(limits) => {
            let each = limits
                .as_slice()
                .iter()
                .map(|limit| format!("{} calls in {}", limit.max, limit.window));
            each.collect::<Vec<_>>().join(", ")
        }
    }
}

/// When something ends.
pub(super) fn end(end: Option<Timestamp>) -> String {
    end.map_or_else(|| "never".to_owned(), rfc3339)
}

/// How a call carries a key.
#[must_use]
pub fn carried(credentials: &Credentials) -> String {
    let Credentials {
        authorization_header,
        custom_header,
        query_string,
        cookie,
    } = credentials;
    if let Some(header) = custom_header {
        format!("header `{}: …`", header.name)
    } else if let Some(parameter) = query_string {
        format!("query parameter `{}=…`", parameter.name)
    } else if let Some(cookie) = cookie {
        format!("cookie `{}=…`", cookie.name)
    } else {
        let prefix = authorization_header
            .as_ref()
            .and_then(|header| header.prefix.as_deref())
            .filter(|prefix| !prefix.is_empty())
            .unwrap_or("Bearer");
        format!("header `Authorization: {prefix} …`")
    }
}
