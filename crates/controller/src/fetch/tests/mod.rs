//! The fetcher and the documents against servers that say exactly these bytes.

mod documents;
mod fetching;

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
use parking_lot::Mutex;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

use super::*;

const LIMIT: u64 = 1000;

/// A server on loopback that counts its requests and answers the n-th with `answer(n)`; an answer that is not closed
/// by the other side stays open.
struct Server {
    address: SocketAddr,
    requests: Arc<AtomicUsize>,
    last: Arc<Mutex<String>>,
    _task: tokio_util::task::AbortOnDropHandle<()>,
}

async fn server(answer: impl Fn(usize) -> Vec<u8> + Send + Sync + 'static) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let requests = Arc::new(AtomicUsize::new(0));
    let last = Arc::new(Mutex::new(String::new()));
    let (count, answer, kept) = (requests.clone(), Arc::new(answer), last.clone());
    let task = tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (count, answer, kept) = (count.clone(), answer.clone(), kept.clone());
            tokio::spawn(async move {
                let mut request = Vec::new();
                while !request.ends_with(b"\r\n\r\n") {
                    let mut byte = [0];
                    if stream.read_exact(&mut byte).await.is_err() {
                        return;
                    }
                    request.push(byte[0]);
                }
                *kept.lock() = String::from_utf8_lossy(&request).into_owned();
                let answer = answer(count.fetch_add(1, Ordering::SeqCst));
                let _ = stream.write_all(&answer).await;
                let _ = stream.read_u8().await;
            });
        }
    });
    Server {
        address,
        requests,
        last,
        _task: tokio_util::task::AbortOnDropHandle::new(task),
    }
}

impl Server {
    fn url(&self) -> String {
        format!("http://{}/spec", self.address)
    }

    fn last_request(&self) -> String {
        self.last.lock().clone()
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

fn loopback() -> Reach {
    Reach {
        allow: vec!["127.0.0.0/8".parse().unwrap()],
        ..Reach::default()
    }
}

fn fetcher() -> Fetcher {
    Fetcher::new(loopback()).with_deadline(Duration::from_secs(2))
}

async fn fetch_from(fetcher: Fetcher, url: &str, limit: u64) -> Result<String, FetchError> {
    match fetcher.fetch(url, limit, None).await? {
        Fetched::Document { text, .. } => Ok(text),
        Fetched::Unchanged => panic!("nothing was fetched before"),
    }
}

async fn fetch(answer: Vec<u8>) -> Result<String, FetchError> {
    let server = server(move |_| answer.clone()).await;
    fetch_from(fetcher(), &server.url(), LIMIT).await
}
