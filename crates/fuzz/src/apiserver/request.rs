//! Any request: `POST /path?query`, a header a line, an empty line, the body.
//!
//! The server finds words for everything, and never those for an accident of its own; and whoever has no token learns
//! nothing.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use keydesk_apiserver::User;

use super::cluster::{self, Answer, TOKEN};
use crate::runtime::block_on;

pub(crate) fn answer(data: &[u8]) {
    let Some((method, uri, headers, body)) = parse(data) else {
        return;
    };
    block_on(async {
        let server = cluster::server().await;
        let knows = headers.values().any(|value| {
            let value = value.as_bytes();
            value.windows(TOKEN.len()).any(|part| part == TOKEN.as_bytes())
        });
        if !knows {
            let unknown = cluster::ask_unknown(&server, method.clone(), uri.clone(), headers.clone()).await;
            assert_eq!(unknown.status, StatusCode::UNAUTHORIZED, "{}", unknown.text());
        }
        let admin = server.as_user(User::admin());
        let reads = matches!(method, Method::GET | Method::HEAD);
        let answer = cluster::ask(&admin, method, uri, headers, body).await;
        sound(&answer);
        if !reads && answer.status.is_success() {
            cluster::forget();
        }
    });
}

/// Whether it is an answer that a client can use.
fn sound(answer: &Answer) {
    assert!(!answer.status.is_server_error(), "{}", answer.text());
    let media = answer.headers.get(header::CONTENT_TYPE);
    let is_json = media.is_some_and(|media| media == "application/json");
    let is_packed = answer.headers.contains_key(header::CONTENT_ENCODING);
    if !is_json || is_packed || answer.body.is_empty() {
        return;
    }
    let body = answer.json().expect("it says that it is JSON");
    if body["kind"] == "Status" && !answer.status.is_success() {
        assert_eq!(body["code"], answer.status.as_u16());
        assert!(body["message"].is_string(), "a refusal says why");
    }
}

fn parse(data: &[u8]) -> Option<(Method, Uri, HeaderMap, Bytes)> {
    let end = data.windows(2).position(|two| two == b"\n\n");
    let (head, body) = match end {
        Some(end) => (&data[..end], &data[end + 2..]),
        None => (data, &[][..]),
    };
    let head = std::str::from_utf8(head).ok()?;
    let (line, rest) = head.split_once('\n').unwrap_or((head, ""));
    let (method, uri) = line.split_once(' ')?;
    let headers = rest.lines().filter_map(|line| {
        let (name, value) = line.split_once(':')?;
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        Some((name, HeaderValue::from_str(value.trim()).ok()?))
    });
    Some((
        Method::from_bytes(method.as_bytes()).ok()?,
        uri.parse().ok()?,
        headers.collect(),
        Bytes::copy_from_slice(body),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the server answers to a seed.
    fn status(seed: &str) -> u16 {
        let path = format!("{}/seeds/request/{seed}", env!("CARGO_MANIFEST_DIR"));
        let (method, uri, headers, body) = parse(&std::fs::read(path).unwrap()).unwrap();
        cluster::forget();
        block_on(async {
            let admin = cluster::server().await.as_user(User::admin());
            cluster::ask(&admin, method, uri, headers, body)
                .await
                .status
                .as_u16()
        })
    }

    #[test]
    fn the_seeds_ask_for_what_is_done() {
        for (seed, expected) in [
            ("get", 200),
            ("list", 200),
            ("create", 201),
            ("yaml", 201),
            ("merge", 200),
            ("json-patch", 200),
            ("strategic", 200),
            ("update", 200),
            ("delete", 409),
            ("collection", 200),
            ("review", 201),
            ("token", 201),
            ("openapi", 200),
            ("discovery", 200),
            ("watch", 200),
            ("definition", 201),
            ("role", 201),
            ("event", 201),
        ] {
            assert_eq!(status(seed), expected, "{seed}");
        }
    }
}
