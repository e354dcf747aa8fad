use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use axum::extract::ConnectInfo;
use axum::response::IntoResponse as _;
use axum::routing::{any, get, post};
use bytes::Bytes;
use futures::{StreamExt as _, stream};
use http::{Method, StatusCode};
use http_body_util::BodyExt as _;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use keydesk_process::{Bounds, serve};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::*;

/// Lets those through who say `please`, as the holder of key 7, and takes note of what it was asked.
#[derive(Clone, Default)]
struct Gate {
    asked: Arc<Mutex<Vec<(String, String)>>>,
    closed: Arc<AtomicBool>,
}

impl Ask for Gate {
    async fn ask(&self, head: &Parts) -> Asked {
        assert!(head.extensions.get::<ConnectInfo<SocketAddr>>().is_some());
        let host = head.headers["host"].to_str().unwrap().to_owned();
        self.asked.lock().push((host, head.uri.to_string()));
        let says = |word| {
            head.headers
                .get("authorization")
                .is_some_and(|value| value == word)
        };
        let in_query = head.uri.query() == Some("key=please");
        if self.closed.load(Ordering::SeqCst) || !(says("please") || in_query) {
            return Asked::Refuse(StatusCode::UNAUTHORIZED.into_response());
        }
        Asked::Pass {
            set: vec![
                (HeaderName::from_static("x-key-id"), HeaderValue::from_static("7")),
                (HeaderName::from_static("x-two"), HeaderValue::from_static("1")),
                (HeaderName::from_static("x-two"), HeaderValue::from_static("2")),
            ],
            remove: vec![
                HeaderName::from_static("authorization"),
                HeaderName::from_static("x-plan"),
            ],
            uri: in_query.then(|| PathAndQuery::from_static("/echo")),
            answer: vec![(HeaderName::from_static("x-left"), HeaderValue::from_static("3"))],
        }
    }
}

struct Door {
    gate: Gate,
    address: SocketAddr,
    _stop: DropGuard,
}

async fn start(router: Router) -> (SocketAddr, DropGuard) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    let end = stop.clone().cancelled_owned();
    tokio::spawn(serve(router, listener, None, Bounds::default(), end));
    (address, stop.drop_guard())
}

impl Door {
    async fn before(upstream: SocketAddr) -> Self {
        let gate = Gate::default();
        let patience = Patience {
            connect: Duration::from_secs(1),
            answer: Duration::from_millis(300),
        };
        let upstream = upstream.to_string().parse().unwrap();
        let (address, stop) = start(FrontDoor::new(gate.clone(), upstream, patience).router()).await;
        Self {
            gate,
            address,
            _stop: stop,
        }
    }

    /// The answer to a request as it is written here, on a connection of its own.
    async fn hear(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut said = Vec::new();
        stream.read_to_end(&mut said).await.unwrap();
        String::from_utf8(said).unwrap()
    }

    async fn get(&self, path: &str) -> (StatusCode, Value) {
        let request = Request::get(format!("http://{}{path}", self.address));
        let request = request.header("authorization", "please").body(Body::empty());
        let answer = client().request(request.unwrap()).await.unwrap();
        let (head, body) = answer.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        (head.status, serde_json::from_slice(&body).unwrap_or_default())
    }
}

fn client() -> Client<HttpConnector, Body> {
    Client::builder(TokioExecutor::new()).build_http()
}

fn upstream() -> Router {
    Router::new()
        .route("/echo", any(echo))
        .route("/twice", post(twice))
        .route(
            "/moved",
            get(async || (StatusCode::FOUND, [("location", "/echo")])),
        )
        .route("/never", any(std::future::pending::<()>))
        .route("/odd", get(odd))
}

/// What came, as JSON.
async fn echo(request: Request) -> String {
    let (head, body) = request.into_parts();
    let headers: Vec<_> = head
        .headers
        .iter()
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
        .collect();
    let body = body.collect().await.unwrap().to_bytes();
    json!({
        "method": head.method.as_str(), "uri": head.uri.to_string(), "headers": headers,
        "body": String::from_utf8_lossy(&body),
    })
    .to_string()
}

/// Each piece as it comes, twice.
async fn twice(body: Body) -> Body {
    Body::from_stream(
        body.into_data_stream()
            .map(|piece| piece.map(|piece| piece.repeat(2))),
    )
}

async fn odd() -> impl axum::response::IntoResponse {
    let headers = [
        ("x-left", "100"),
        ("x-other", "1"),
        ("connection", "x-hop"),
        ("x-hop", "1"),
    ];
    (headers, "odd")
}

#[tokio::test]
async fn who_may_pass_arrives_with_what_the_gate_says_and_without_the_credential() {
    let (upstream, _stop) = start(upstream()).await;
    let door = Door::before(upstream).await;
    let said = door
        .hear(
            "GET /echo?a=%2f&b HTTP/1.1\r\nhost: api.example.com\r\nauthorization: please\r\nx-plan: admin\r\n\
             X_Key_Id: 1\r\nx-key-id: 1\r\nx-forwarded-for: 9.9.9.9\r\nx-mine: 1\r\nconnection: close\r\n\r\n",
        )
        .await;
    let (head, body) = said.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    assert!(head.contains("x-left: 3"), "{head}");
    let mut echoed: Value = serde_json::from_str(body).unwrap();
    let headers = echoed["headers"].as_array_mut().unwrap();
    headers.sort_by_key(ToString::to_string);
    let expected = json!({
        "method": "GET", "uri": "/echo?a=%2f&b", "body": "",
        "headers": [
            "host: api.example.com",
            "x-forwarded-for: 127.0.0.1",
            "x-forwarded-host: api.example.com",
            "x-forwarded-proto: http",
            "x-key-id: 7",
            "x-mine: 1",
            "x-two: 1",
            "x-two: 2",
        ],
    });
    assert_eq!(echoed, expected);
}

#[tokio::test]
async fn a_credential_in_the_query_does_not_arrive() {
    let (upstream, _stop) = start(upstream()).await;
    let door = Door::before(upstream).await;
    let (status, echoed) = door.get("/echo?key=please").await;
    assert_eq!((status, &echoed["uri"]), (StatusCode::OK, &json!("/echo")));
}

#[tokio::test]
async fn every_request_asks_again_also_on_an_open_connection() {
    let (upstream, _stop) = start(upstream()).await;
    let door = Door::before(upstream).await;
    let mut stream = TcpStream::connect(door.address).await.unwrap();
    let mut statuses = Vec::new();
    for closed in [false, true, false] {
        door.gate.closed.store(closed, Ordering::SeqCst);
        let request = "HEAD /echo HTTP/1.1\r\nhost: x\r\nauthorization: please\r\n\r\n";
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut said = Vec::new();
        while !said.ends_with(b"\r\n\r\n") {
            assert!(stream.read_buf(&mut said).await.unwrap() > 0);
        }
        statuses.push(String::from_utf8(said[9..12].to_vec()).unwrap());
    }
    assert_eq!(statuses, ["200", "401", "200"]);
    assert_eq!(door.gate.asked.lock().len(), 3);
}

#[tokio::test]
async fn bodies_stream_in_both_directions() {
    let (upstream, _stop) = start(upstream()).await;
    let door = Door::before(upstream).await;
    let (pieces, more) = tokio::sync::mpsc::channel::<Bytes>(1);
    let more = stream::unfold(more, |mut more| async {
        more.recv()
            .await
            .map(|piece| (Ok::<_, std::io::Error>(piece), more))
    });
    let request = Request::post(format!("http://{}/twice", door.address))
        .header("authorization", "please")
        .body(Body::from_stream(more))
        .unwrap();
    // The upstream answers while it is still being sent to.
    let mut answer = client().request(request).await.unwrap();
    for piece in ["a", "b"] {
        pieces.send(Bytes::from(piece)).await.unwrap();
        let frame = answer.body_mut().frame().await.unwrap().unwrap();
        assert_eq!(frame.into_data().unwrap(), piece.repeat(2));
    }
    drop(pieces);
    assert!(answer.body_mut().frame().await.is_none());
}

#[tokio::test]
async fn what_two_servers_could_read_in_two_ways_is_not_passed_on_as_it_came() {
    let (upstream, _stop) = start(upstream()).await;
    let door = Door::before(upstream).await;
    let both = "POST /echo HTTP/1.1\r\nhost: x\r\nauthorization: please\r\ncontent-length: 3\r\n\
                transfer-encoding: chunked\r\nconnection: close\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
    let said = door.hear(both).await;
    assert!(said.contains(r#""body":"hello""#), "{said}");
    assert!(!said.contains("content-length: 3"), "{said}");
    for odd in [
        "content-length: 5\r\ncontent-length: 6\r\n\r\nhello",
        "transfer-encoding: chunked, identity\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        "content-length: +5\r\n\r\nhello",
        "transfer-encoding : chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    ] {
        let said = door
            .hear(&format!(
                "POST /echo HTTP/1.1\r\nhost: x\r\nauthorization: please\r\n{odd}"
            ))
            .await;
        assert!(said.starts_with("HTTP/1.1 400 "), "{odd:?}: {said}");
    }
    assert_eq!(door.gate.asked.lock().len(), 1);
}

#[tokio::test]
async fn a_client_that_waits_for_100_continue_is_told_to() {
    let (upstream, _stop) = start(upstream()).await;
    let door = Door::before(upstream).await;
    let request = "POST /echo HTTP/1.1\r\nhost: x\r\nauthorization: please\r\nexpect: 100-continue\r\n\
                   content-length: 2\r\nconnection: close\r\n\r\n";
    let mut stream = TcpStream::connect(door.address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut said = Vec::new();
    while !said.ends_with(b"100 Continue\r\n\r\n") {
        assert!(stream.read_buf(&mut said).await.unwrap() > 0);
    }
    stream.write_all(b"hi").await.unwrap();
    stream.read_to_end(&mut said).await.unwrap();
    let said = String::from_utf8(said).unwrap();
    assert!(said.contains(r#""body":"hi""#), "{said}");
    assert!(said.contains("content-length: 2"), "{said}");

    let refused = door.hear(&request.replace("please", "no")).await;
    assert!(refused.starts_with("HTTP/1.1 401 "), "{refused}");
}

#[tokio::test]
async fn head_has_the_headers_of_get_and_redirects_are_the_callers() {
    let (upstream, _stop) = start(upstream()).await;
    let door = Door::before(upstream).await;
    let head = "HEAD /odd HTTP/1.1\r\nhost: x\r\nauthorization: please\r\nconnection: close\r\n\r\n";
    let said = door.hear(head).await;
    assert!(
        said.contains("content-length: 3\r\n") && said.ends_with("\r\n\r\n"),
        "{said}"
    );
    let said = door.hear(&head.replace("HEAD", "GET")).await;
    assert!(
        said.contains("x-left: 3\r\n") && said.contains("x-other: 1\r\n"),
        "{said}"
    );
    assert!(!said.contains("x-left: 100") && !said.contains("x-hop"), "{said}");
    assert!(said.ends_with("\r\n\r\nodd"), "{said}");
    assert_eq!(door.get("/moved").await.0, StatusCode::FOUND);
}

#[tokio::test]
async fn http2_and_http10_clients_are_served_as_well() {
    let (upstream, _stop) = start(upstream()).await;
    let door = Door::before(upstream).await;
    let client: Client<_, Body> = Client::builder(TokioExecutor::new())
        .http2_only(true)
        .build_http();
    let request = Request::builder()
        .method(Method::PUT)
        .uri(format!("http://{}/echo", door.address))
        .header("authorization", "please")
        .header("cookie", "a=1")
        .header("cookie", "b=2")
        .body(Body::from("hi"))
        .unwrap();
    let answer = client.request(request).await.unwrap();
    let echoed = answer.into_body().collect().await.unwrap().to_bytes();
    let echoed: Value = serde_json::from_slice(&echoed).unwrap();
    assert_eq!(echoed["body"], "hi");
    let headers = echoed["headers"].to_string();
    assert!(headers.contains("cookie: a=1; b=2"), "{headers}");
    assert!(headers.contains(&format!("host: {}", door.address)), "{headers}");

    let said = door
        .hear("GET /echo HTTP/1.0\r\nhost: x\r\nauthorization: please\r\n\r\n")
        .await;
    assert!(said.starts_with("HTTP/1.0 200 "), "{said}");
}

fn problem(said: &str) -> Value {
    let (head, body) = said.split_once("\r\n\r\n").unwrap();
    assert!(head.contains("content-type: application/problem+json"), "{head}");
    serde_json::from_str(body).unwrap()
}

#[tokio::test]
async fn upgrades_and_paths_of_ours_are_refused_without_asking() {
    let (upstream, _stop) = start(upstream()).await;
    let door = Door::before(upstream).await;
    let upgrade = "GET /echo HTTP/1.1\r\nhost: x\r\nauthorization: please\r\nconnection: upgrade, close\r\n\
                   upgrade: websocket\r\n\r\n";
    let refused = problem(&door.hear(upgrade).await);
    assert_eq!(
        (&refused["status"], &refused["code"]),
        (&json!(501), &json!("upgrade_not_supported"))
    );
    for path in ["/.keydesk/self", "/%2ekeydesk/self", "//.keydesk/"] {
        let (status, refused) = door.get(path).await;
        assert_eq!(
            (status, &refused["code"]),
            (StatusCode::NOT_FOUND, &json!("no_route")),
            "{path}"
        );
    }
    assert!(door.gate.asked.lock().is_empty());
}

#[tokio::test]
async fn an_upstream_that_is_not_there_or_does_not_answer_is_told_apart() {
    let nobody = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let (status, problem) = Door::before(nobody).await.get("/echo").await;
    assert_eq!(
        (status, &problem["code"]),
        (StatusCode::BAD_GATEWAY, &json!("upstream_unreachable"))
    );
    let (upstream, _stop) = start(upstream()).await;
    let (status, problem) = Door::before(upstream).await.get("/never").await;
    assert_eq!(
        (status, &problem["code"]),
        (StatusCode::GATEWAY_TIMEOUT, &json!("upstream_timeout"))
    );
}

#[tokio::test]
async fn an_upstream_that_breaks_off_or_switches_protocols_is_no_answer() {
    for answer in [
        "",
        "nonsense\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n",
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let served = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&served);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                let _ = stream.read(&mut [0; 4096]).await;
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        let (status, _) = Door::before(address).await.get("/echo").await;
        assert_eq!(status, StatusCode::BAD_GATEWAY, "{answer:?}");
        assert_eq!(
            served.load(Ordering::SeqCst),
            1,
            "what may have been done is not tried again"
        );
    }
}
