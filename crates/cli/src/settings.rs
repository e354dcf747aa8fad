//! What comes from the environment, under upstream's names.

/// Upstream's default for the largest OpenAPI document, in bytes.
const DEFAULT_SPEC_SIZE: u64 = 512_000;

/// No object of an API server may be larger than 1.5 MiB, and text grows when it is written as JSON.
const MAX_SPEC_SIZE: u64 = 1 << 20;

/// The largest OpenAPI document to take, in bytes, from `OPENAPI_SPEC_MAX_SIZE`. What makes no sense there is logged and
/// the default taken, as upstream does.
pub(crate) fn openapi_spec_max_size() -> u64 {
    match std::env::var("OPENAPI_SPEC_MAX_SIZE") {
        Ok(text) => parse_spec_size(&text),
        Err(_) => DEFAULT_SPEC_SIZE,
    }
}

fn parse_spec_size(text: &str) -> u64 {
    match text.parse::<i64>().ok().and_then(|size| u64::try_from(size).ok()) {
        None | Some(0) => {
            tracing::error!(
                "OPENAPI_SPEC_MAX_SIZE is {text:?}, not a number of bytes: {DEFAULT_SPEC_SIZE} is used"
            );
            DEFAULT_SPEC_SIZE
        }
        Some(size) if size > MAX_SPEC_SIZE => {
            tracing::warn!(
                "OPENAPI_SPEC_MAX_SIZE is {size}, more than an object can hold: {MAX_SPEC_SIZE} is used"
            );
            MAX_SPEC_SIZE
        }
        Some(size) => size,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s046_nonsense_is_the_default_and_too_much_is_the_most_that_works() {
        for (text, size) in [
            ("1000", 1000),
            ("abc", DEFAULT_SPEC_SIZE),
            ("0", DEFAULT_SPEC_SIZE),
            ("-5", DEFAULT_SPEC_SIZE),
            ("", DEFAULT_SPEC_SIZE),
            ("99999999999999999999", DEFAULT_SPEC_SIZE),
            ("5000000", MAX_SPEC_SIZE),
        ] {
            assert_eq!(parse_spec_size(text), size, "{text:?}");
        }
    }
}
