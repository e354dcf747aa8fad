//! Who calls, for the API behind and for the caller.

use std::borrow::Cow;

use http::{HeaderName, HeaderValue};
use jiff::Timestamp;
use keydesk_api::rfc3339;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use crate::headers::Headers;
use crate::snapshot::{Holder, Tier};

const KEY_ID: HeaderName = HeaderName::from_static("x-key-id");
const PLAN: HeaderName = HeaderName::from_static("x-plan");
const CONSUMER: HeaderName = HeaderName::from_static("x-consumer");
const PRODUCT: HeaderName = HeaderName::from_static("x-product");
const API_KEY_ID: HeaderName = HeaderName::from_static("x-api-key-id");
const EXPIRES_AT: HeaderName = HeaderName::from_static("x-api-key-expires-at");

/// The headers by which the API behind knows its caller. What a caller sends under these names never gets there.
pub(crate) const IDENTITY: [HeaderName; 4] = [KEY_ID, PLAN, CONSUMER, PRODUCT];

/// The headers by which an authenticated caller learns about the key.
pub(crate) const FOR_CALLERS: [HeaderName; 2] = [API_KEY_ID, EXPIRES_AT];

/// What people write, in a header: everything that is not a visible ASCII character is escaped, and `%` too.
const ESCAPED: &AsciiSet = &CONTROLS.add(b' ').add(b'%').add(b'"');

/// For the API behind.
pub(super) fn for_api(holder: &Holder, tier: Option<&Tier>) -> Vec<(HeaderName, HeaderValue)> {
    let (namespace, user_id) = holder.consumer();
    let mut headers = Vec::with_capacity(IDENTITY.len());
    headers.push((KEY_ID, text(&holder.key_id().to_string())));
    headers.push((CONSUMER, text(&format!("{namespace}/{user_id}"))));
    headers.extend(tier.map(|tier| (PLAN, text(&tier.name))));
    headers.extend(
        holder
            .product()
            .map(|product| (PRODUCT, text(&product.to_string()))),
    );
    headers
}

/// The headers of a call that a server which hands headers on as variables cannot tell from [`IDENTITY`]: `x_plan` for
/// `x-plan`. Sorted.
pub(super) fn imitations(headers: &(impl Headers + ?Sized)) -> Vec<String> {
    let names = headers.names().filter(|name| name.contains('_'));
    let names = names.filter(|name| {
        let plain = name.replace('_', "-");
        IDENTITY
            .iter()
            .any(|name| name.as_str().eq_ignore_ascii_case(&plain))
    });
    let mut names: Vec<_> = names.map(str::to_owned).collect();
    names.sort_unstable();
    names
}

/// For the caller.
pub(super) fn for_caller(holder: &Holder) -> Vec<(HeaderName, HeaderValue)> {
    vec![
        (API_KEY_ID, text(&holder.key_id().to_string())),
        (EXPIRES_AT, text(&moment(holder.ends_at()))),
    ]
}

/// A moment that may never come.
pub(crate) fn moment(moment: Option<Timestamp>) -> String {
    moment.map_or_else(|| "never".to_owned(), rfc3339)
}

fn text(text: &str) -> HeaderValue {
    // Borrowed where there is nothing to escape.
    let escaped: Cow<'_, str> = utf8_percent_encode(text, ESCAPED).into();
    HeaderValue::from_str(&escaped).unwrap_or(HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_cannot_leave_its_header() {
        assert_eq!(text("team/ada"), "team/ada");
        assert_eq!(text("a\r\nx-plan: gold"), "a%0D%0Ax-plan:%20gold");
        assert_eq!(text("Ядро 100%"), "%D0%AF%D0%B4%D1%80%D0%BE%20100%25");
    }
}
