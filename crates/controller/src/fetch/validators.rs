//! What lets a server say that a document is still the one that we have (RFC 9110 §13).

use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{ETAG, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED},
};

use super::url::FetchUrl;

/// Bytes of a validator that is remembered; a longer one would only cost memory.
const MAX_LENGTH: usize = 512;

/// The validators of a document, and the URL that it came from in the end. Another server does not get to see them.
#[derive(Debug, Clone)]
pub struct Validators {
    url: FetchUrl,
    etag: Option<HeaderValue>,
    last_modified: Option<HeaderValue>,
}

impl Validators {
    /// Those that came with a document; `None` if its server gave none.
    pub(super) fn of(url: &FetchUrl, headers: &HeaderMap) -> Option<Self> {
        let value = |name: HeaderName| {
            headers
                .get(name)
                .filter(|value| value.len() <= MAX_LENGTH)
                .cloned()
        };
        let (etag, last_modified) = (value(ETAG), value(LAST_MODIFIED));
        (etag.is_some() || last_modified.is_some()).then(|| Self {
            url: url.clone(),
            etag,
            last_modified,
        })
    }

    /// The headers that make a request for `url` conditional, for the URL that these are of.
    pub(super) fn headers_for(&self, url: &FetchUrl) -> HeaderMap {
        let mut headers = HeaderMap::new();
        if *url != self.url {
            return headers;
        }
        let values = [
            (IF_NONE_MATCH, &self.etag),
            (IF_MODIFIED_SINCE, &self.last_modified),
        ];
        for (name, value) in values {
            if let Some(value) = value {
                headers.insert(name, value.clone());
            }
        }
        headers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(raw: &str) -> FetchUrl {
        FetchUrl::parse(raw).unwrap()
    }

    #[test]
    fn validators_go_back_to_where_they_came_from_and_nowhere_else() {
        let headers = HeaderMap::from_iter([
            (ETAG, HeaderValue::from_static("W/\"7\"")),
            (
                LAST_MODIFIED,
                HeaderValue::from_static("Wed, 21 Oct 2015 07:28:00 GMT"),
            ),
        ]);
        let validators = Validators::of(&url("http://specs/a"), &headers).unwrap();
        let conditions = validators.headers_for(&url("http://specs/a"));
        assert_eq!(conditions[IF_NONE_MATCH], "W/\"7\"");
        assert_eq!(conditions[IF_MODIFIED_SINCE], "Wed, 21 Oct 2015 07:28:00 GMT");
        assert!(validators.headers_for(&url("http://specs/b")).is_empty());
        assert!(validators.headers_for(&url("http://elsewhere/a")).is_empty());
    }

    #[test]
    fn without_a_validator_of_reasonable_length_there_are_none() {
        assert!(Validators::of(&url("http://specs/"), &HeaderMap::new()).is_none());
        let long = HeaderValue::from_str(&"e".repeat(MAX_LENGTH + 1)).unwrap();
        assert!(Validators::of(&url("http://specs/"), &HeaderMap::from_iter([(ETAG, long)])).is_none());
    }
}
