//! What a status says of a fetch that failed.

use keydesk_api::condition::ProductReason;
use keydesk_process::chain;

use super::{error::FetchError, url::UrlError};

/// The reason and the message for an OpenAPI document that could not be had from `url`.
#[must_use]
pub(crate) fn of_openapi(url: &str, error: &FetchError) -> (ProductReason, String) {
    let (reason, message) = openapi_cause(url, error);
    (reason, message + outlook(error))
}

/// When it is tried again. Upstream says of every failure that it will not retry; we always do ([`Pace`](super::Pace)).
fn outlook(error: &FetchError) -> &'static str {
    if error.is_transient() {
        return ". It is tried again by itself";
    }
    match error {
        // It may have been had, and the rest of the product be what leaves it no room: then it is only refreshed.
        FetchError::TooLargeForObject => ". It is tried again at once when the product's spec changes",
        _ => ". It is tried again within half an hour, and at once when the product's spec changes",
    }
}

/// The message for an OpenAPI document that is there, and could not be fetched again from `url`.
#[must_use]
pub(crate) fn of_openapi_refresh(url: &str, error: &FetchError) -> String {
    let (_, cause) = openapi_cause(url, error);
    format!("OpenAPI spec was fetched, but may be outdated: {cause}. It is tried again by itself")
}

fn openapi_cause(url: &str, error: &FetchError) -> (ProductReason, String) {
    let text = chain(error);
    match error {
        FetchError::Url(
            UrlError::Parse(_)
            | UrlError::TooLong
            | UrlError::Characters
            | UrlError::UserInfo
            | UrlError::NoHost
            | UrlError::Downgrade,
        ) => (
            ProductReason::RequestCreationFailed,
            format!("failed to create HTTP request for OpenAPI spec: {text}"),
        ),
        FetchError::TooLarge(limit) => (
            ProductReason::SpecSizeTooLarge,
            format!("OpenAPI spec exceeds size limit ({limit} bytes)"),
        ),
        FetchError::TooLargeForObject => (
            ProductReason::SpecSizeTooLarge,
            format!("OpenAPI spec exceeds size limit: written as JSON it is {text}"),
        ),
        FetchError::ReadBody(_) | FetchError::Unpack(_) | FetchError::NotText => (
            ProductReason::ReadFailed,
            format!("failed to read OpenAPI spec response body: {text}"),
        ),
        // Any scheme makes a URL in the eyes of upstream, too.
        FetchError::Url(UrlError::Scheme(_) | UrlError::RedirectScheme)
        | FetchError::Redirect(_)
        | FetchError::Resolve { .. }
        | FetchError::AddressRefused { .. }
        | FetchError::Connect { .. }
        | FetchError::Tls { .. }
        | FetchError::NoTls(_)
        | FetchError::Exchange(_)
        | FetchError::RedirectNowhere
        | FetchError::TooManyRedirects(_)
        | FetchError::Status { .. }
        | FetchError::Deadline(_)
        | FetchError::Unusable(_) => (
            ProductReason::FetchFailed,
            format!("failed to fetch OpenAPI spec from {url}: {text}"),
        ),
    }
}

/// The message for a discovery document of `issuer` that could not be had.
#[must_use]
pub(crate) fn of_oidc(issuer: &str, error: &FetchError) -> String {
    format!(
        "Failed to fetch OIDC discovery from {issuer}: {}",
        oidc_cause(error)
    )
}

/// The message for a discovery document of `issuer` that was had once, and could not be fetched again.
#[must_use]
pub(crate) fn of_oidc_refresh(issuer: &str, error: &FetchError) -> String {
    let cause = oidc_cause(error);
    format!(
        "OIDC discovery fetched from {issuer}, but it may be outdated: {cause}. It is tried again by itself"
    )
}

fn oidc_cause(error: &FetchError) -> String {
    match error {
        FetchError::Url(_) => format!("failed to create request: {}", chain(error)),
        FetchError::Status { code, .. } => format!("unexpected status code: {code}"),
        FetchError::Unusable(_) => chain(error).to_string(),
        FetchError::Redirect(_)
        | FetchError::Resolve { .. }
        | FetchError::AddressRefused { .. }
        | FetchError::Connect { .. }
        | FetchError::Tls { .. }
        | FetchError::NoTls(_)
        | FetchError::Exchange(_)
        | FetchError::RedirectNowhere
        | FetchError::TooManyRedirects(_)
        | FetchError::TooLarge(_)
        | FetchError::TooLargeForObject
        | FetchError::ReadBody(_)
        | FetchError::Unpack(_)
        | FetchError::NotText
        | FetchError::Deadline(_) => format!("failed to fetch discovery document: {}", chain(error)),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn status(code: u16) -> FetchError {
        FetchError::Status {
            code,
            retry_after: None,
        }
    }

    #[test]
    fn a_status_keeps_the_words_that_people_know() {
        let url = "http://specs/pets.json";
        assert_eq!(
            of_openapi(url, &status(404)),
            (
                ProductReason::FetchFailed,
                "failed to fetch OpenAPI spec from http://specs/pets.json: unexpected status code 404. \
                 It is tried again within half an hour, and at once when the product's spec changes"
                    .to_owned()
            )
        );
        assert_eq!(
            of_openapi(url, &FetchError::TooLarge(512_000)).1,
            "OpenAPI spec exceeds size limit (512000 bytes). It is tried again within half an hour, and at once when the \
             product's spec changes"
        );
        assert_eq!(
            of_oidc("http://idp/t", &status(500)),
            "Failed to fetch OIDC discovery from http://idp/t: unexpected status code: 500"
        );
    }

    #[test]
    fn when_a_failure_is_tried_again_is_said_as_it_is() {
        let said = |error: &FetchError| of_openapi("http://specs", error).1;
        let ends = |error: &FetchError, outlook: &str| {
            let message = said(error);
            assert!(message.ends_with(outlook), "{message}");
            assert!(!message.contains("will not retry"), "{message}");
        };
        ends(&status(503), "503. It is tried again by itself");
        let pace = crate::fetch::Pace::default();
        assert_eq!(pace.after_failure(&status(404), 1, 0.0), Duration::from_mins(30));
        ends(
            &status(404),
            "within half an hour, and at once when the product's spec changes",
        );
        let refreshed_only = "hold. It is tried again at once when the product's spec changes";
        ends(&FetchError::TooLargeForObject, refreshed_only);
    }

    #[test]
    fn what_is_kept_is_said_to_be_old() {
        assert_eq!(
            of_openapi_refresh("http://specs", &status(404)),
            "OpenAPI spec was fetched, but may be outdated: failed to fetch OpenAPI spec from http://specs: unexpected status \
             code 404. It is tried again by itself"
        );
        assert_eq!(
            of_oidc_refresh("http://idp", &status(500)),
            "OIDC discovery fetched from http://idp, but it may be outdated: unexpected status code: 500. It is tried again \
             by itself"
        );
    }

    #[test]
    fn a_url_with_a_password_is_not_repeated() {
        let url = "ftp://user:secret@host/";
        let error = FetchError::Url(super::super::url::FetchUrl::parse(url).unwrap_err());
        let (reason, message) = of_openapi(url, &error);
        assert_eq!(reason, ProductReason::RequestCreationFailed);
        assert!(!message.contains("secret"), "{message}");
    }
}
