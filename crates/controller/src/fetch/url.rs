//! A URL that we are prepared to fetch, as far as its text alone can tell.

use url::Url;

use super::host::Host;

/// No longer URL is fetched.
const MAX_LENGTH: usize = 2048;

/// Why a URL is not fetched. It never repeats the URL: that may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// Not a URL at all.
    #[error("invalid URL: {0}")]
    Parse(#[source] url::ParseError),
    /// Too long.
    #[error("invalid URL: longer than {MAX_LENGTH} bytes")]
    TooLong,
    /// Control characters, spaces or line breaks, which parsers silently drop.
    #[error("invalid URL: contains spaces or control characters")]
    Characters,
    /// A scheme that is not fetched.
    #[error("unsupported protocol scheme {0:?}: use http or https")]
    Scheme(String),
    /// The same in a redirect: what it leads to is nobody's business.
    #[error("leads to a protocol scheme other than http and https")]
    RedirectScheme,
    /// A user name or password in it.
    #[error("invalid URL: must not contain a user name or password")]
    UserInfo,
    /// No host.
    #[error("invalid URL: no host")]
    NoHost,
    /// A redirect that gives up the protection of the URL before it.
    #[error("leads from https to http")]
    Downgrade,
}

impl From<url::ParseError> for UrlError {
    fn from(error: url::ParseError) -> Self {
        Self::Parse(error)
    }
}

/// A fetchable URL: http or https, with a host, without credentials and fragment, of bounded length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FetchUrl {
    url: Url,
    /// Nobody of ours wrote it down.
    is_redirect: bool,
}

impl FetchUrl {
    pub(super) fn parse(raw: &str) -> Result<Self, UrlError> {
        check_text(raw)?;
        Self::check(Url::parse(raw)?, false)
    }

    /// Where a redirect to `location` leads. Never from https to http: whoever sits on the way could then say what the
    /// document is, although its author chose a protected URL.
    pub(super) fn redirect(&self, location: &str) -> Result<Self, UrlError> {
        check_text(location)?;
        let next = Self::check(self.url.join(location)?, true)?;
        if self.is_https() && !next.is_https() {
            return Err(UrlError::Downgrade);
        }
        Ok(next)
    }

    fn check(mut url: Url, is_redirect: bool) -> Result<Self, UrlError> {
        // First: only this refusal never tells the URL.
        if !url.username().is_empty() || url.password().is_some() {
            return Err(UrlError::UserInfo);
        }
        if !matches!(url.scheme(), "http" | "https") {
            return Err(if is_redirect {
                UrlError::RedirectScheme
            } else {
                UrlError::Scheme(url.scheme().to_owned())
            });
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err(UrlError::NoHost);
        }
        url.set_fragment(None);
        Ok(Self { url, is_redirect })
    }

    pub(super) fn is_https(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// The host as it goes into a `ServerName` and to the resolver: IPv6 addresses without brackets.
    pub(super) fn host(&self) -> &str {
        self.url
            .host_str()
            .unwrap_or_default()
            .trim_start_matches('[')
            .trim_end_matches(']')
    }

    /// The same, for whoever is told of it.
    pub(super) fn told_host(&self) -> Host {
        let name = self.host().to_owned();
        if self.is_redirect {
            Host::Redirected(name)
        } else {
            Host::Asked(name)
        }
    }

    pub(super) fn port(&self) -> u16 {
        self.url
            .port_or_known_default()
            .unwrap_or(if self.is_https() { 443 } else { 80 })
    }

    /// The `Host` header: with the port only where it is not the scheme's own.
    pub(super) fn authority(&self) -> &str {
        self.url.authority()
    }

    /// The request target.
    pub(super) fn target(&self) -> &str {
        &self.url[url::Position::BeforePath..url::Position::AfterQuery]
    }
}

fn check_text(raw: &str) -> Result<(), UrlError> {
    if raw.len() > MAX_LENGTH {
        return Err(UrlError::TooLong);
    }
    if raw.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(UrlError::Characters);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_taken_apart_for_the_wire() {
        let url = FetchUrl::parse("https://api.example.com:8443/v1/spec.json?x=1#part").unwrap();
        assert_eq!((url.host(), url.port()), ("api.example.com", 8443));
        assert_eq!(
            (url.authority(), url.target()),
            ("api.example.com:8443", "/v1/spec.json?x=1")
        );
        let url = FetchUrl::parse("http://[fd12::1]").unwrap();
        assert_eq!((url.host(), url.port(), url.target()), ("fd12::1", 80, "/"));
        assert_eq!(url.authority(), "[fd12::1]");
    }

    #[test]
    fn hostile_urls_are_refused_by_their_text() {
        for (raw, error) in [
            ("file:///etc/passwd", UrlError::Scheme("file".into())),
            ("gopher://example.com/", UrlError::Scheme("gopher".into())),
            ("javascript:alert(1)", UrlError::Scheme("javascript".into())),
            ("http://user@example.com/", UrlError::UserInfo),
            ("http://user:secret@example.com/", UrlError::UserInfo),
            ("http://:secret@example.com/", UrlError::UserInfo),
            ("ftp://user:secret@example.com/", UrlError::UserInfo),
            ("http://exam\tple.com/", UrlError::Characters),
            ("http://example.com/\r\nx-evil: 1", UrlError::Characters),
            (" http://example.com/", UrlError::Characters),
            ("http://", UrlError::Parse(url::ParseError::EmptyHost)),
            (
                "http://example.com:99999/",
                UrlError::Parse(url::ParseError::InvalidPort),
            ),
            (
                "/relative",
                UrlError::Parse(url::ParseError::RelativeUrlWithoutBase),
            ),
            ("", UrlError::Parse(url::ParseError::RelativeUrlWithoutBase)),
        ] {
            assert_eq!(FetchUrl::parse(raw).unwrap_err(), error, "{raw:?}");
        }
        assert_eq!(
            FetchUrl::parse(&format!("http://x/{}", "a".repeat(3000))).unwrap_err(),
            UrlError::TooLong
        );
    }

    #[test]
    fn other_spellings_of_an_address_become_the_address() {
        for raw in [
            "http://0x7f.1/",
            "http://2130706433/",
            "http://127.1/",
            "http://0177.0.0.1/",
            "http://127。0。0。1/",
        ] {
            assert_eq!(FetchUrl::parse(raw).unwrap().host(), "127.0.0.1", "{raw}");
        }
    }

    #[test]
    fn a_redirect_is_judged_like_a_url() {
        let url = FetchUrl::parse("https://example.com/a/b").unwrap();
        assert_eq!(url.redirect("../c").unwrap().target(), "/c");
        assert_eq!(url.redirect("//other.example/").unwrap().host(), "other.example");
        assert_eq!(
            url.redirect("file:///etc/passwd").unwrap_err(),
            UrlError::RedirectScheme
        );
        assert_eq!(
            url.redirect("https://a:b@example.com/").unwrap_err(),
            UrlError::UserInfo
        );
        assert_eq!(
            url.redirect("http://example.com/a/b").unwrap_err(),
            UrlError::Downgrade
        );
        let plain = FetchUrl::parse("http://example.com/a/b").unwrap();
        assert!(plain.redirect("https://example.com/").unwrap().is_https());
    }
}
