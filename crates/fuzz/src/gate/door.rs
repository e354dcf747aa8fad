//! The head of a request at the front door: what is asked about is what would be passed on, and nothing of it belongs to
//! the connection, to another proxy or to us.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::LazyLock;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::response::IntoResponse as _;
use http::request::Parts;
use http::{Method, Request, StatusCode, Uri};
use keydesk_gate::front_door::{Ask, Asked, FrontDoor, Patience};
use tower::ServiceExt as _;

use super::proxy::PROXIES;
use super::written::Written;
use crate::runtime::block_on;

/// Looks at what it is asked about, and lets nobody through.
struct Watchman;

/// What belongs to the connection, or is for the server before us to say.
const OF_THE_CONNECTION: [&str; 11] = [
    "connection",
    "content-length",
    "expect",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// What only a proxy may say, also where `_` stands for `-`: some servers cannot tell them apart.
const OF_PROXIES: [&str; 5] = [
    "forwarded",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-real-ip",
];

/// What the watchman answers.
const LOOKED_AT: StatusCode = StatusCode::IM_A_TEAPOT;

impl Ask for Watchman {
    async fn ask(&self, head: &Parts) -> Asked {
        assert_eq!(head.headers.get_all("host").iter().count(), 1);
        assert!(head.headers.get_all("cookie").iter().count() <= 1);
        for name in head.headers.keys() {
            let spelled = name.as_str().replace('_', "-");
            let is_kept =
                OF_THE_CONNECTION.contains(&name.as_str()) || OF_PROXIES.contains(&spelled.as_str());
            assert!(!is_kept, "{name} is passed on");
        }
        let path = head.uri.path();
        assert!(path.starts_with('/'));
        for proxy in PROXIES {
            let read = proxy.read(path);
            let mut segments = read
                .split(|byte| matches!(byte, b'/' | b'\\'))
                .filter(|segment| !segment.is_empty());
            let first = segments.next().unwrap_or_default();
            assert!(!first.eq_ignore_ascii_case(b".keydesk"), "{path:?} is ours");
        }
        Asked::Refuse(LOOKED_AT.into_response())
    }
}

static DOOR: LazyLock<Router> = LazyLock::new(|| {
    let patience = Patience {
        connect: Duration::ZERO,
        answer: Duration::ZERO,
    };
    let upstream = "127.0.0.1:9".parse().expect("an address");
    FrontDoor::new(Watchman, upstream, patience).router()
});

pub(crate) fn pass(data: &[u8]) {
    let Some(mut call) = Written::parse(data) else {
        return;
    };
    let (Ok(method), Ok(uri)) = (
        Method::from_bytes(call.method.as_bytes()),
        call.target.parse::<Uri>(),
    ) else {
        return;
    };
    // The host stands in the first line to be as near as in the other targets; `-` is none.
    if call.host != "-" {
        let Ok(host) = call.host.parse() else {
            return;
        };
        call.headers.append(http::header::HOST, host);
    }
    let mut request = Request::new(Body::empty());
    *request.method_mut() = method;
    *request.uri_mut() = uri;
    *request.headers_mut() = call.headers;
    let peer = SocketAddr::from((Ipv4Addr::LOCALHOST, 1));
    request.extensions_mut().insert(ConnectInfo(peer));
    let answer = block_on(DOOR.clone().oneshot(request)).expect("a router always answers");
    let status = answer.status();
    assert!(
        status == LOOKED_AT || status.is_client_error() || status == StatusCode::NOT_IMPLEMENTED,
        "{status}"
    );
}
