//! The fetcher against servers that say exactly these bytes.

use std::{
    io::Write as _,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use flate2::{Compression, write::GzEncoder};
use ipnet::IpNet;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
    sync::mpsc,
};

use super::*;
use crate::queue::Backoff;

const LIMIT: u64 = 1000;

/// A server on loopback that counts its requests and answers the n-th with `answer(n)`; an answer that is not closed
/// by the other side stays open.
struct Server {
    address: SocketAddr,
    requests: Arc<AtomicUsize>,
    _task: tokio_util::task::AbortOnDropHandle<()>,
}

async fn server(answer: impl Fn(usize) -> Vec<u8> + Send + Sync + 'static) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let requests = Arc::new(AtomicUsize::new(0));
    let (count, answer) = (requests.clone(), Arc::new(answer));
    let task = tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (count, answer) = (count.clone(), answer.clone());
            tokio::spawn(async move {
                let mut request = Vec::new();
                while !request.ends_with(b"\r\n\r\n") {
                    let mut byte = [0];
                    if stream.read_exact(&mut byte).await.is_err() {
                        return;
                    }
                    request.push(byte[0]);
                }
                let answer = answer(count.fetch_add(1, Ordering::SeqCst));
                let _ = stream.write_all(&answer).await;
                let _ = stream.read_u8().await;
            });
        }
    });
    Server {
        address,
        requests,
        _task: tokio_util::task::AbortOnDropHandle::new(task),
    }
}

impl Server {
    fn url(&self) -> String {
        format!("http://{}/spec", self.address)
    }

    fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

fn ok(headers: &str, body: &[u8]) -> Vec<u8> {
    let mut answer = format!(
        "HTTP/1.1 200 OK\r\n{headers}content-length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    answer.extend_from_slice(body);
    answer
}

fn redirect(location: &str) -> Vec<u8> {
    format!("HTTP/1.1 302 Found\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n").into_bytes()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn loopback() -> Vec<IpNet> {
    vec!["127.0.0.0/8".parse().unwrap()]
}

fn fetcher() -> Fetcher {
    Fetcher::new(&loopback()).with_deadline(Duration::from_secs(2))
}

async fn fetch(answer: Vec<u8>) -> Result<String, FetchError> {
    let server = server(move |_| answer.clone()).await;
    fetcher().fetch(&server.url(), LIMIT).await
}

#[tokio::test]
async fn a_document_arrives_byte_for_byte_plain_or_packed() {
    let text = "{\"openapi\": \"3.1.0\"}\r\n\u{e4}\u{2713}\n";
    assert_eq!(fetch(ok("", text.as_bytes())).await.unwrap(), text);
    assert_eq!(
        fetch(ok("content-encoding: gzip\r\n", &gzip(text.as_bytes())))
            .await
            .unwrap(),
        text
    );
    let chunked =
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n".to_vec();
    assert_eq!(fetch(chunked).await.unwrap(), "abcd");
}

#[tokio::test]
async fn exactly_the_limit_is_fine_and_one_byte_more_is_not() {
    let (fits, over) = (vec![b'x'; 1000], vec![b'x'; 1001]);
    assert_eq!(fetch(ok("", &fits)).await.unwrap().len(), 1000);
    assert_eq!(
        fetch(ok("content-encoding: gzip\r\n", &gzip(&fits)))
            .await
            .unwrap()
            .len(),
        1000
    );
    let until_close = [b"HTTP/1.1 200 OK\r\n\r\n".to_vec(), over.clone()].concat();
    for answer in [
        ok("", &over),
        ok("content-encoding: gzip\r\n", &gzip(&over)),
        until_close,
    ] {
        assert!(matches!(fetch(answer).await, Err(FetchError::TooLarge(LIMIT))));
    }
}

#[tokio::test]
async fn a_bomb_stops_where_it_passes_the_limit() {
    let bomb = gzip(&vec![0; 50_000_000]);
    let server = server(move |_| ok("content-encoding: gzip\r\n", &bomb)).await;
    let result = fetcher().fetch(&server.url(), 100_000).await;
    assert!(matches!(result, Err(FetchError::TooLarge(100_000))), "{result:?}");
}

#[tokio::test]
async fn a_body_that_cannot_be_read_is_refused() {
    let result = fetch(ok("", &[0xff, 0xfe])).await;
    assert!(matches!(result, Err(FetchError::NotText)), "{result:?}");
    let result = fetch(ok("content-encoding: br\r\n", b"x")).await;
    assert!(matches!(result, Err(FetchError::Unpack(_))), "{result:?}");
    let result = fetch(ok("content-encoding: gzip\r\n", b"this is not gzip")).await;
    assert!(matches!(result, Err(FetchError::Unpack(_))), "{result:?}");
    let cut = gzip(b"some text that is cut off");
    let result = fetch(ok("content-encoding: gzip\r\n", &cut[..cut.len() - 6])).await;
    assert!(matches!(result, Err(FetchError::Unpack(_))), "{result:?}");
    let result = fetch(b"SSH-2.0-OpenSSH_9.9\r\n".to_vec()).await;
    assert!(matches!(result, Err(FetchError::Exchange(_))), "{result:?}");
}

#[tokio::test]
async fn other_answers_than_200_are_failures_and_some_of_them_pass() {
    for (status, transient) in [
        (204, false),
        (404, false),
        (408, true),
        (429, true),
        (500, true),
        (503, true),
    ] {
        let error = fetch(format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\n\r\n").into())
            .await
            .unwrap_err();
        assert!(
            matches!(error, FetchError::Status(code) if code == status),
            "{error}"
        );
        assert_eq!(error.is_transient(), transient, "{status}");
    }
}

#[tokio::test]
async fn a_server_that_never_finishes_costs_no_more_than_the_deadline() {
    for answer in ["", "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nab"] {
        let server = server(move |_| answer.into()).await;
        let fetcher = fetcher().with_deadline(Duration::from_millis(50));
        let result = fetcher.fetch(&server.url(), LIMIT).await;
        assert!(matches!(result, Err(FetchError::Deadline(_))), "{result:?}");
    }
}

#[tokio::test]
async fn https_is_never_spoken_without_tls() {
    let plain = server(|_| ok("", b"plain")).await;
    let url = plain.url().replace("http:", "https:");
    let result = fetcher()
        .with_deadline(Duration::from_millis(500))
        .fetch(&url, LIMIT)
        .await;
    assert!(
        matches!(result, Err(FetchError::Tls { .. } | FetchError::Deadline(_))),
        "{result:?}"
    );
    assert_eq!(plain.requests(), 0);
}

#[tokio::test]
async fn three_redirects_are_followed_and_a_fourth_is_not() {
    let hops = |hops: usize| {
        move |n| {
            if n < hops {
                redirect("/next")
            } else {
                ok("", b"there")
            }
        }
    };
    let three = server(hops(3)).await;
    assert_eq!(fetcher().fetch(&three.url(), LIMIT).await.unwrap(), "there");
    let four = server(hops(4)).await;
    let result = fetcher().fetch(&four.url(), LIMIT).await;
    assert!(
        matches!(result, Err(FetchError::TooManyRedirects(3))),
        "{result:?}"
    );
}

#[tokio::test]
async fn a_redirect_reaches_nothing_that_its_url_would_not() {
    for location in [
        "http://169.254.169.254/latest/meta-data",
        "http://[::1]:1/",
        "http://0.0.0.0/",
    ] {
        let result = fetch(redirect(location)).await;
        assert!(
            matches!(result, Err(FetchError::AddressRefused { .. })),
            "{location}: {result:?}"
        );
    }
    for location in ["file:///etc/passwd", "http://a:b@127.0.0.1/"] {
        let result = fetch(redirect(location)).await;
        assert!(
            matches!(result, Err(FetchError::Url(_))),
            "{location}: {result:?}"
        );
    }
}

#[tokio::test]
async fn nothing_on_this_machine_is_reached_under_any_name() {
    let server = server(|_| ok("", b"secret")).await;
    let port = server.address.port();
    for host in [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "0.0.0.0",
        "0",
        "localhost",
        "LOCALHOST.",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "169.254.169.254",
        "[fd00:ec2::254]",
    ] {
        let result = Fetcher::new(&[])
            .fetch(&format!("http://{host}:{port}/"), LIMIT)
            .await;
        let error = result.expect_err(host);
        // A resolver that does not know a name is as good a refusal.
        let refused = matches!(
            error,
            FetchError::AddressRefused { .. } | FetchError::Resolve { .. }
        );
        assert!(refused, "{host}: {error:?}");
    }
    assert_eq!(server.requests(), 0);
}

fn pace() -> Pace {
    let transient = Backoff {
        start: Duration::from_millis(2),
        cap: Duration::from_millis(4),
    };
    Pace {
        transient,
        permanent: Duration::from_hours(1),
    }
}

fn wanted(url: String, generation: i64) -> Wanted {
    Wanted {
        purpose: Purpose::OpenApi,
        url,
        limit: LIMIT,
        generation,
    }
}

fn documents() -> (Documents<&'static str>, mpsc::UnboundedReceiver<&'static str>) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let news = move |owner| {
        // A test that has seen enough has dropped the receiver.
        let _ = sender.send(owner);
    };
    (Documents::new(fetcher(), pace(), news), receiver)
}

#[tokio::test]
async fn a_document_is_fetched_once_and_again_only_for_a_new_generation() {
    let server = server(|n| ok("", format!("version {n}").as_bytes())).await;
    let (documents, mut news) = documents();
    let first = wanted(server.url(), 1);
    assert!(documents.look(&"pets", &first).is_none());
    assert!(
        documents.look(&"pets", &first).is_none(),
        "still under way, and not asked for twice"
    );
    assert_eq!(news.recv().await, Some("pets"));
    for _ in 0..3 {
        assert_eq!(
            &*documents.look(&"pets", &first).unwrap().result.unwrap(),
            "version 0"
        );
    }
    let second = wanted(server.url(), 2);
    assert!(documents.look(&"pets", &second).is_none());
    assert_eq!(news.recv().await, Some("pets"));
    assert_eq!(
        &*documents.look(&"pets", &second).unwrap().result.unwrap(),
        "version 1"
    );
    assert_eq!(server.requests(), 2);
}

#[tokio::test]
async fn a_failure_that_passes_is_tried_again_and_told_only_when_it_changes() {
    let unavailable = b"HTTP/1.1 503 X\r\ncontent-length: 0\r\n\r\n".to_vec();
    let server = server(move |n| {
        if n < 5 {
            unavailable.clone()
        } else {
            ok("", b"back")
        }
    })
    .await;
    let (documents, mut news) = documents();
    let wanted = wanted(server.url(), 1);
    assert!(documents.look(&"pets", &wanted).is_none());
    assert_eq!(news.recv().await, Some("pets"));
    assert_eq!(news.recv().await, Some("pets"));
    assert_eq!(
        &*documents.look(&"pets", &wanted).unwrap().result.unwrap(),
        "back"
    );
    assert_eq!(server.requests(), 6);
    assert!(
        news.try_recv().is_err(),
        "five equal failures are one piece of news"
    );
}

#[tokio::test]
async fn a_useless_discovery_document_is_a_failure() {
    let server = server(|_| ok("", b"{}")).await;
    let (documents, mut news) = documents();
    let issuer = format!("http://{}", server.address);
    let wanted = Wanted {
        purpose: Purpose::Oidc {
            issuer: issuer.clone(),
        },
        url: server.url(),
        limit: LIMIT,
        generation: 0,
    };
    assert!(documents.look(&"pets", &wanted).is_none());
    assert_eq!(news.recv().await, Some("pets"));
    let error = documents.look(&"pets", &wanted).unwrap().result.unwrap_err();
    assert_eq!(
        failure::of_oidc(&issuer, &error),
        format!(
            "Failed to fetch OIDC discovery from {issuer}: token_endpoint not found in discovery document"
        )
    );
    assert!(!error.is_transient());
}

#[tokio::test]
async fn a_forgotten_document_is_no_longer_tried() {
    let server = server(|_| b"HTTP/1.1 503 X\r\ncontent-length: 0\r\n\r\n".to_vec()).await;
    let (documents, mut news) = documents();
    documents.look(&"pets", &wanted(server.url(), 1));
    assert_eq!(news.recv().await, Some("pets"));
    documents.forget_openapi(&"pets");
    drop(documents);
    assert_eq!(news.recv().await, None, "the task ended and let go of the queue");
}
