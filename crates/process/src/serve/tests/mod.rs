mod ending;

use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::routing::{get, post};
use bytes::Bytes;
use futures::{StreamExt as _, future::ready, stream};
use http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

use super::*;

const GET: &str = "GET / HTTP/1.1\r\nhost: x\r\n\r\n";
const MOMENT: Duration = Duration::from_millis(150);
const AGES: Duration = Duration::from_secs(20);

struct Server {
    address: SocketAddr,
    leaving: CancellationToken,
    stop: CancellationToken,
    serving: JoinHandle<()>,
}

impl Server {
    async fn start(bounds: Bounds) -> Self {
        Self::start_with(None, bounds).await
    }

    async fn start_with(tls: Option<ServerConfig>, bounds: Bounds) -> Self {
        let router = Router::new()
            .route("/", get(async || "well"))
            .route("/slow", get(slow))
            .route("/never", get(std::future::pending::<()>))
            .route("/upload", post(async |body: Bytes| body.len().to_string()))
            .route("/refused", post(async || StatusCode::UNAUTHORIZED))
            .route("/who", get(who));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (leaving, stop) = (CancellationToken::new(), CancellationToken::new());
        let router = parting(router, leaving.clone());
        let serving = tokio::spawn(serve(
            router,
            listener,
            tls,
            bounds,
            stop.clone().cancelled_owned(),
        ));
        Self {
            address,
            leaving,
            stop,
            serving,
        }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// What is heard, to the end, by a client that says `words` and waits.
    async fn heard(&self, words: impl AsRef<[u8]>) -> String {
        let mut stream = self.connect().await;
        // Who refuses does not listen to the end.
        let _ = stream.write_all(words.as_ref()).await;
        rest(&mut stream).await
    }

    async fn http2(&self) -> (http2::SendRequest<Body>, JoinHandle<hyper::Result<()>>) {
        let stream = TokioIo::new(self.connect().await);
        let (sender, connection) = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .handshake(stream)
            .await
            .unwrap();
        (sender, tokio::spawn(connection))
    }
}

async fn slow() -> &'static str {
    sleep(3 * MOMENT).await;
    "at last"
}

async fn who(ConnectInfo(peer): ConnectInfo<SocketAddr>) -> String {
    peer.to_string()
}

/// Everything until the other side makes an end.
async fn rest(stream: &mut TcpStream) -> String {
    let mut heard = Vec::new();
    // A reset is an end as well.
    let _ = timeout(AGES, stream.read_to_end(&mut heard))
        .await
        .expect("an end");
    String::from_utf8_lossy(&heard).into_owned()
}

/// One answer with a body that ends in `end`, on a connection that stays open.
async fn answer(stream: &mut TcpStream, end: &str) {
    let mut heard = Vec::new();
    while !heard.ends_with(end.as_bytes()) {
        let read = timeout(AGES, stream.read_buf(&mut heard));
        assert!(
            read.await.expect("an answer").unwrap() > 0,
            "{}",
            String::from_utf8_lossy(&heard)
        );
    }
}

fn hurried() -> Bounds {
    Bounds {
        header_timeout: MOMENT,
        request_timeout: Some(MOMENT),
        idle: Some(2 * MOMENT),
        ..Bounds::default()
    }
}

/// A body of which nothing comes after the first frame.
fn stuck(first: &'static str) -> Body {
    let first = stream::once(ready(Ok::<_, std::io::Error>(first)));
    Body::from_stream(first.chain(stream::pending()))
}

#[tokio::test]
async fn a_connection_that_asks_nothing_is_closed() {
    let server = Server::start(hurried()).await;
    for nothing in [
        "",
        "PRI * HTTP/2.0",
        "GET / HT",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ] {
        let heard = server.heard(nothing).await;
        assert!(!heard.contains("HTTP/1.1"), "{nothing:?}: {heard:?}");
    }
}

#[tokio::test]
async fn headers_that_trickle_in_are_not_waited_for() {
    let server = Server::start(hurried()).await;
    for already_known in [false, true] {
        let mut stream = server.connect().await;
        if already_known {
            stream.write_all(GET.as_bytes()).await.unwrap();
            answer(&mut stream, "well").await;
        }
        stream.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
        let begun = Instant::now();
        while stream.write_all(b"x-a: 1\r\n").await.is_ok() {
            assert!(begun.elapsed() < AGES, "still listened to");
            sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(rest(&mut stream).await, "");
    }
}

#[tokio::test]
async fn a_body_that_trickles_in_is_answered_408_and_the_connection_ends() {
    let server = Server::start(hurried()).await;
    let length = "POST /upload HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nabc";
    let chunks = "POST /upload HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n";
    for half in [length, chunks] {
        let heard = server.heard(half).await;
        assert!(heard.starts_with("HTTP/1.1 408 "), "{heard}");
        assert!(heard.contains("connection: close"), "{heard}");
    }
}

#[tokio::test]
async fn a_body_that_comes_in_time_is_read_whole() {
    let server = Server::start(hurried()).await;
    let mut stream = server.connect().await;
    let head = "POST /upload HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 6\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    answer(&mut stream, "100 Continue\r\n\r\n").await;
    stream.write_all(b"abc").await.unwrap();
    sleep(Duration::from_millis(20)).await;
    stream.write_all(b"def").await.unwrap();
    answer(&mut stream, "\r\n\r\n6").await;
}

#[tokio::test]
async fn headers_that_are_too_large_or_too_many_are_answered_431_and_hurt_nobody() {
    let server = Server::start(Bounds::default()).await;
    let large = format!(
        "GET / HTTP/1.1\r\nhost: x\r\nx-a: {}\r\n\r\n",
        "a".repeat(1 << 20)
    );
    let many = format!("GET / HTTP/1.1\r\nhost: x\r\n{}\r\n", "x-a: 1\r\n".repeat(10_000));
    for head in [large, many] {
        let heard = server.heard(head).await;
        assert!(heard.starts_with("HTTP/1.1 431 "), "{heard}");
    }
    let mut stream = server.connect().await;
    stream.write_all(GET.as_bytes()).await.unwrap();
    answer(&mut stream, "well").await;
}

#[tokio::test]
async fn malformed_headers_are_answered_400() {
    let server = Server::start(Bounds::default()).await;
    for head in [
        "GET / HTTP/1.1\r\nhost: x\r\nx-a: a\0b\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: x\r\nx a: b\r\n\r\n",
        "GET /\0 HTTP/1.1\r\nhost: x\r\n\r\n",
        "GET / HTTP/9.9\r\nhost: x\r\n\r\n",
        "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
    ] {
        let heard = server.heard(head).await;
        assert!(heard.starts_with("HTTP/1.1 400 "), "{head:?}: {heard}");
    }
}

#[tokio::test]
async fn a_refusal_is_heard_even_by_who_is_still_sending() {
    let server = Server::start(Bounds::default()).await;
    let mut upload = b"POST /refused HTTP/1.1\r\nhost: x\r\ncontent-length: 4194304\r\n\r\n".to_vec();
    upload.resize(upload.len() + (4 << 20), b'a');
    let mut stream = server.connect().await;
    stream.write_all(&upload).await.expect("everything is taken");
    let refused = rest(&mut stream).await;
    assert!(refused.starts_with("HTTP/1.1 401 "), "{refused}");

    let waits = "POST /refused HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 5\r\n\r\n";
    let since = Instant::now();
    let refused = server.heard(waits).await;
    assert!(refused.starts_with("HTTP/1.1 401 "), "{refused}");
    assert!(
        since.elapsed() < Duration::from_secs(5),
        "nobody waits for what was announced"
    );
}

#[tokio::test]
async fn an_idle_connection_is_closed_but_not_one_that_waits_for_its_answer() {
    let server = Server::start(hurried()).await;
    let mut stream = server.connect().await;
    stream
        .write_all(b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    answer(&mut stream, "at last").await;
    let since = Instant::now();
    assert_eq!(rest(&mut stream).await, "");
    assert!(since.elapsed() > MOMENT, "{:?}", since.elapsed());

    let (mut sender, connection) = server.http2().await;
    let slow = sender.send_request(request("/slow", Body::empty()));
    assert_eq!(slow.await.unwrap().status(), 200);
    let ended = timeout(AGES, connection).await.expect("an end").unwrap();
    assert!(ended.is_ok(), "a farewell, not a break: {ended:?}");
}

fn request(path: &str, body: Body) -> Request<Body> {
    let method = if path == "/upload" { "POST" } else { "GET" };
    Request::builder()
        .method(method)
        .uri(format!("http://x{path}"))
        .body(body)
        .unwrap()
}

#[tokio::test]
async fn http2_needs_no_tls_and_has_the_same_bounds() {
    let server = Server::start(hurried()).await;
    let (mut sender, _connection) = server.http2().await;

    let peer = sender.send_request(request("/who", Body::empty())).await.unwrap();
    let peer = peer.into_body().collect().await.unwrap().to_bytes();
    assert!(peer.starts_with(b"127.0.0.1:"), "{peer:?}");

    let mut large = request("/", Body::empty());
    let value = "a".repeat(100 << 10).parse().unwrap();
    large.headers_mut().insert("x-a", value);
    let refused = sender.send_request(large).await.unwrap();
    assert_eq!(refused.status(), 431);

    // A refusal is heard even by who is still sending, which takes the room of several windows.
    let mut upload = request("/refused", Body::from(vec![b'a'; 4 << 20]));
    *upload.method_mut() = http::Method::POST;
    let (head, refused) = sender.send_request(upload).await.unwrap().into_parts();
    assert_eq!(head.status, 401);
    refused.collect().await.expect("the end of the answer");

    let first = stuck("abc");
    let late = sender.send_request(request("/upload", first)).await.unwrap();
    assert_eq!(late.status(), 408);

    let fine = sender
        .send_request(request("/upload", Body::from("abc")))
        .await
        .unwrap();
    assert_eq!(fine.status(), 200);
}

#[tokio::test]
async fn http2_is_not_spoken_where_it_is_unwanted() {
    let bounds = Bounds {
        http2: false,
        ..Bounds::default()
    };
    let server = Server::start(bounds).await;
    let heard = server.heard("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
    assert_eq!(heard, "", "its settings would come first");
    let mut stream = server.connect().await;
    stream.write_all(GET.as_bytes()).await.unwrap();
    answer(&mut stream, "well").await;
}

#[tokio::test]
async fn who_comes_when_all_places_are_taken_waits() {
    let bounds = Bounds {
        connections: 2,
        ..Bounds::default()
    };
    let server = Server::start(bounds).await;
    let (mut first, mut second, mut third) = (
        server.connect().await,
        server.connect().await,
        server.connect().await,
    );
    for stream in [&mut first, &mut second] {
        stream.write_all(GET.as_bytes()).await.unwrap();
        answer(stream, "well").await;
    }
    third.write_all(GET.as_bytes()).await.unwrap();
    let mut byte = [0];
    assert!(
        timeout(MOMENT, third.peek(&mut byte)).await.is_err(),
        "no place yet"
    );
    drop(first);
    answer(&mut third, "well").await;
}

#[tokio::test]
async fn no_more_requests_are_under_way_on_a_connection_than_are_allowed() {
    let bounds = Bounds {
        streams: 2,
        ..Bounds::default()
    };
    let server = Server::start(bounds).await;
    let (sender, _connection) = server.http2().await;
    // The server's settings have come when an answer has.
    let first = sender.clone().send_request(request("/", Body::empty()));
    assert_eq!(first.await.unwrap().status(), 200);
    let answered = Arc::new(AtomicUsize::new(0));
    for _ in 0..4 {
        let (mut sender, answered) = (sender.clone(), Arc::clone(&answered));
        tokio::spawn(async move {
            sender
                .send_request(request("/slow", Body::empty()))
                .await
                .unwrap();
            answered.fetch_add(1, Ordering::SeqCst);
        });
    }
    sleep(4 * MOMENT).await;
    assert_eq!(answered.load(Ordering::SeqCst), 2);
}
