//! Heads of requests and answers, and what a proxy has to do to them: pure functions.

use std::net::SocketAddr;

use axum::extract::ConnectInfo;
use http::header::{CONNECTION, CONTENT_LENGTH, COOKIE, EXPECT, HOST, TRANSFER_ENCODING, UPGRADE};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Version, response};
use percent_encoding::percent_decode_str;

use super::refusal::Refusal;

/// Headers that belong to one connection, beside those that `Connection` names (RFC 9110, section 7.6.1), and those that
/// proxies and their neighbours have for each other.
const OF_THE_CONNECTION: [&str; 9] = [
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// The first segment of the paths that are ours.
const RESERVED: &str = ".keydesk";

/// Makes a head what the upstream will see of it, or says why it can see none of it.
pub(super) fn accept(head: &mut Parts) -> Result<(), Refusal> {
    if head.method == Method::CONNECT || !head.uri.path().starts_with('/') {
        return Err(Refusal::Malformed);
    }
    let host = host(head)?;
    if asks_for_another_protocol(&head.headers) {
        return Err(Refusal::Upgrade);
    }
    if is_reserved(head.uri.path()) {
        return Err(Refusal::NoRoute);
    }
    remove_of_the_connection(&mut head.headers);
    // Who answers 100 is the server before us. How long the body is says the body itself.
    head.headers.remove(EXPECT);
    head.headers.remove(CONTENT_LENGTH);
    remove_named(&mut head.headers, is_forwarded);
    head.headers.insert(HOST, host);
    join_cookies(&mut head.headers);
    Ok(())
}

/// Says on whose behalf, to which host and over what the request came.
pub(super) fn forward(head: &mut Parts) {
    if let Some(ConnectInfo(peer)) = head.extensions.get::<ConnectInfo<SocketAddr>>()
        && let Ok(address) = HeaderValue::try_from(peer.ip().to_canonical().to_string())
    {
        head.headers.insert("x-forwarded-for", address);
    }
    if let Some(host) = head.headers.get(HOST).cloned() {
        head.headers.insert("x-forwarded-host", host);
    }
    head.headers
        .insert("x-forwarded-proto", HeaderValue::from_static("http"));
}

/// Makes the head of the upstream's answer one of ours.
pub(super) fn give_back(head: &mut response::Parts) {
    if head.headers.contains_key(TRANSFER_ENCODING) {
        // RFC 9112, section 6.3: it says nothing then.
        head.headers.remove(CONTENT_LENGTH);
    }
    remove_of_the_connection(&mut head.headers);
    head.version = Version::default();
    head.extensions.clear();
}

/// Removes what came under `names`, or under what some servers take for them.
pub(super) fn remove<'a>(headers: &mut HeaderMap, names: impl Iterator<Item = &'a HeaderName>) {
    let names: Vec<_> = names.map(HeaderName::as_str).collect();
    remove_named(headers, |name| names.contains(&name));
}

/// The one host that the request is for. Where several places name it, they must agree: others may look at another place.
fn host(head: &Parts) -> Result<HeaderValue, Refusal> {
    let mut named = head.headers.get_all(HOST).iter();
    let (header, more) = (named.next(), named.next());
    let authority = head.uri.authority();
    let host = match (authority, header) {
        (None, Some(header)) => header.clone(),
        (Some(authority), None) => {
            HeaderValue::try_from(authority.as_str()).map_err(|_| Refusal::Malformed)?
        }
        (Some(authority), Some(header))
            if authority
                .as_str()
                .as_bytes()
                .eq_ignore_ascii_case(header.as_bytes()) =>
        {
            header.clone()
        }
        _ => return Err(Refusal::Malformed),
    };
    if more.is_some() || host.is_empty() {
        return Err(Refusal::Malformed);
    }
    Ok(host)
}

/// Any protocol but a newer HTTP, which a server is free not to speak (RFC 9110, section 7.8).
fn asks_for_another_protocol(headers: &HeaderMap) -> bool {
    let protocols = headers
        .get_all(UPGRADE)
        .iter()
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    protocols
        .map(<[u8]>::trim_ascii)
        .any(|protocol| !protocol.is_empty() && !protocol.eq_ignore_ascii_case(b"h2c"))
}

/// However it is written: the upstream may read it otherwise than we do. What `..` leads back to depends on what else is
/// taken for a slash, so in a path that has one no segment may be ours.
fn is_reserved(path: &str) -> bool {
    let decoded = percent_decode_str(path).decode_utf8_lossy();
    let is_ours = |segment: &str| segment.eq_ignore_ascii_case(RESERVED);
    let mut segments = decoded
        .split(['/', '\\'])
        .filter(|segment| !matches!(*segment, "" | "."));
    if segments.clone().any(|segment| segment == "..") {
        segments.any(is_ours)
    } else {
        segments.next().is_some_and(is_ours)
    }
}

fn remove_of_the_connection(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(CONNECTION)
        .iter()
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .filter_map(|name| HeaderName::from_bytes(name.trim_ascii()).ok())
        .collect();
    for name in named {
        headers.remove(name);
    }
    for name in OF_THE_CONNECTION {
        headers.remove(name);
    }
}

/// What only a proxy that the upstream trusts may say: RFC 7239, and what was there before it.
fn is_forwarded(name: &str) -> bool {
    name.starts_with("x-forwarded-") || name == "forwarded" || name == "x-real-ip"
}

/// Removes headers by name; `_` counts as `-`, since servers that hand headers on as variables cannot tell them apart.
fn remove_named(headers: &mut HeaderMap, is_unwanted: impl Fn(&str) -> bool) {
    let unwanted: Vec<HeaderName> = headers
        .keys()
        .filter(|name| match name.as_str() {
            name if name.contains('_') => is_unwanted(&name.replace('_', "-")) || is_unwanted(name),
            name => is_unwanted(name),
        })
        .cloned()
        .collect();
    for name in unwanted {
        headers.remove(name);
    }
}

/// HTTP/2 may send cookies in pieces, which HTTP/1.1 does not know (RFC 9113, section 8.2.3).
fn join_cookies(headers: &mut HeaderMap) {
    let pieces: Vec<&[u8]> = headers
        .get_all(COOKIE)
        .iter()
        .map(HeaderValue::as_bytes)
        .collect();
    if pieces.len() > 1
        && let Ok(whole) = HeaderValue::from_bytes(&pieces.join(&b"; "[..]))
    {
        headers.insert(COOKIE, whole);
    }
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn accepted(uri: &str, headers: &[(&str, &str)]) -> Result<Vec<String>, Refusal> {
        let mut request = Request::builder().uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (mut head, ()) = request.body(()).unwrap().into_parts();
        accept(&mut head)?;
        let headers = head.headers.iter();
        let mut lines: Vec<_> = headers
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .collect();
        lines.sort();
        Ok(lines)
    }

    #[test]
    fn what_belongs_to_the_connection_stays_there() {
        let headers = [
            ("host", "x"),
            ("connection", "close, X-Hop"),
            ("x-hop", "1"),
            ("te", "trailers"),
            ("trailer", "x-sum"),
            ("keep-alive", "timeout=5"),
            ("proxy-authorization", "Basic eDp5"),
            ("upgrade", "h2c"),
            ("transfer-encoding", "chunked"),
            ("content-length", "3"),
            ("expect", "100-continue"),
            ("x-end", "1"),
        ];
        assert_eq!(accepted("/", &headers).unwrap(), ["host: x", "x-end: 1"]);
    }

    #[test]
    fn a_host_that_connection_names_is_still_the_host() {
        let headers = [("host", "x"), ("connection", "host")];
        assert_eq!(accepted("/", &headers).unwrap(), ["host: x"]);
    }

    #[test]
    fn nobody_forwards_to_us() {
        let headers = [
            ("host", "x"),
            ("x-forwarded-for", "1.1.1.1"),
            ("X_Forwarded_For", "1.1.1.1"),
            ("x-forwarded-prefix", "/a"),
            ("forwarded", "for=1.1.1.1"),
            ("x-real-ip", "1.1.1.1"),
        ];
        assert_eq!(accepted("/", &headers).unwrap(), ["host: x"]);
    }

    #[test]
    fn there_is_one_host_wherever_it_is_named() {
        assert_eq!(accepted("http://x:80/a", &[]).unwrap(), ["host: x:80"]);
        assert_eq!(accepted("http://x/a", &[("host", "X")]).unwrap(), ["host: X"]);
        for (uri, headers) in [
            ("/", &[][..]),
            ("/", &[("host", "")]),
            ("/", &[("host", "x"), ("host", "x")]),
            ("http://y/", &[("host", "x")]),
            ("*", &[("host", "x")]),
        ] {
            assert_eq!(
                accepted(uri, headers),
                Err(Refusal::Malformed),
                "{uri} {headers:?}"
            );
        }
    }

    #[test]
    fn other_protocols_are_refused_and_newer_ones_ignored() {
        let with = |protocol| accepted("/", &[("host", "x"), ("upgrade", protocol)]);
        assert_eq!(with("websocket"), Err(Refusal::Upgrade));
        assert_eq!(with("h2c, WebSocket"), Err(Refusal::Upgrade));
        assert_eq!(with("H2C").unwrap(), ["host: x"]);
    }

    #[test]
    fn our_paths_are_ours_however_they_are_written() {
        for path in [
            "/.keydesk",
            "/.keydesk/",
            "/.keydesk/self",
            "//.keydesk/self",
            "/%2ekeydesk/self",
            "/.KeyDesk/self",
            "/a/../.keydesk/self",
            "/a/%2e%2e%2f.keydesk%2fself",
            "/a%2fb/../.keydesk/self",
            "/a%5Cb/%2e%2e/.keydesk",
            "/a\\b/../.keydesk/self",
            "/./.keydesk/x?y",
        ] {
            assert_eq!(accepted(path, &[("host", "x")]), Err(Refusal::NoRoute), "{path}");
        }
        for path in ["/", "/keydesk", "/.keydesks", "/a/.keydesk", "/?/.keydesk/"] {
            assert!(accepted(path, &[("host", "x")]).is_ok(), "{path}");
        }
    }

    #[test]
    fn cookies_in_pieces_are_joined() {
        let headers = [("host", "x"), ("cookie", "a=1"), ("cookie", "b=2")];
        assert_eq!(accepted("/", &headers).unwrap(), ["cookie: a=1; b=2", "host: x"]);
    }

    #[test]
    fn lookalikes_of_removed_headers_are_removed() {
        let mut headers = HeaderMap::new();
        for name in ["x-plan", "x_plan", "x_other", "x-plans"] {
            headers.insert(name, HeaderValue::from_static("admin"));
        }
        remove(&mut headers, [HeaderName::from_static("x-plan")].iter());
        let mut left: Vec<_> = headers.keys().map(HeaderName::as_str).collect();
        left.sort_unstable();
        assert_eq!(left, ["x-plans", "x_other"]);
    }
}
