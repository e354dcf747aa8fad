//! What a status says of a fetch that failed.

use keydesk_api::condition::ProductReason;
use keydesk_process::chain;

use super::error::FetchError;

/// The reason and the message for an OpenAPI document that could not be had from `url`.
#[must_use]
pub fn of_openapi(url: &str, error: &FetchError) -> (ProductReason, String) {
    let text = chain(error);
    let (failure, mut message) = match error {
        FetchError::Url(_) => (
            ProductReason::RequestCreationFailed,
            format!("failed to create HTTP request for OpenAPI spec: {text}"),
        ),
        FetchError::TooLarge(limit) => (
            ProductReason::SpecSizeTooLarge,
            format!("OpenAPI spec exceeds size limit ({limit} bytes)"),
        ),
        FetchError::ReadBody(_) | FetchError::Unpack(_) | FetchError::NotText => (
            ProductReason::ReadFailed,
            format!("failed to read OpenAPI spec response body: {text}"),
        ),
        FetchError::Resolve { .. }
        | FetchError::AddressRefused { .. }
        | FetchError::Connect { .. }
        | FetchError::Tls { .. }
        | FetchError::Exchange(_)
        | FetchError::RedirectNowhere
        | FetchError::TooManyRedirects(_)
        | FetchError::Status(_)
        | FetchError::Deadline(_)
        | FetchError::Unusable(_) => (
            ProductReason::FetchFailed,
            format!("failed to fetch OpenAPI spec from {url}: {text}"),
        ),
    };
    // Upstream says this of every failure; of those that we try again soon it would be false.
    message += if error.is_transient() {
        ". It is tried again by itself"
    } else {
        ". Controller will not retry; the spec needs to change"
    };
    (failure, message)
}

/// The message for a discovery document of `issuer` that could not be had.
#[must_use]
pub fn of_oidc(issuer: &str, error: &FetchError) -> String {
    let cause = match error {
        FetchError::Url(_) => format!("failed to create request: {}", chain(error)),
        FetchError::Status(status) => format!("unexpected status code: {status}"),
        FetchError::Unusable(_) => chain(error).to_string(),
        FetchError::Resolve { .. }
        | FetchError::AddressRefused { .. }
        | FetchError::Connect { .. }
        | FetchError::Tls { .. }
        | FetchError::Exchange(_)
        | FetchError::RedirectNowhere
        | FetchError::TooManyRedirects(_)
        | FetchError::TooLarge(_)
        | FetchError::ReadBody(_)
        | FetchError::Unpack(_)
        | FetchError::NotText
        | FetchError::Deadline(_) => format!("failed to fetch discovery document: {}", chain(error)),
    };
    format!("Failed to fetch OIDC discovery from {issuer}: {cause}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_keeps_the_words_that_people_know() {
        let url = "http://specs/pets.json";
        assert_eq!(
            of_openapi(url, &FetchError::Status(404)),
            (
                ProductReason::FetchFailed,
                "failed to fetch OpenAPI spec from http://specs/pets.json: unexpected status code 404. \
                 Controller will not retry; the spec needs to change"
                    .to_owned()
            )
        );
        assert_eq!(
            of_openapi(url, &FetchError::TooLarge(512_000)).1,
            "OpenAPI spec exceeds size limit (512000 bytes). Controller will not retry; the spec needs to change"
        );
        assert_eq!(
            of_oidc("http://idp/t", &FetchError::Status(500)),
            "Failed to fetch OIDC discovery from http://idp/t: unexpected status code: 500"
        );
    }

    #[test]
    fn a_failure_that_passes_by_itself_does_not_claim_otherwise() {
        let (reason, message) = of_openapi("http://specs", &FetchError::Status(503));
        assert_eq!(reason, ProductReason::FetchFailed);
        assert!(!message.contains("will not retry"), "{message}");
    }
}
