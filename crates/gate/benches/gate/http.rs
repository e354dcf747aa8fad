//! `POST /v1/verify` beside a handler that does nothing, over HTTP/1.1 with keep-alive.

use std::net::SocketAddr;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use axum::body::Bytes;
use axum::routing::post;
use axum::{Json, Router};
use http::StatusCode;
use keydesk_gate::reviewer::Reviewer;
use keydesk_gate::{Gate, Http};
use kube::Client;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::cluster::{CALLERS, Key, OWNER, PRODUCT, spread};
use crate::traffic::{Comparison, Server, compare};

/// Connections, each with one request at a time.
const CONNECTIONS: usize = 32;

/// What was measured.
pub(crate) struct Verify {
    /// Beside a handler that does not look at the request's body.
    pub(crate) hits: Comparison,
    /// Beside one that reads it.
    pub(crate) beside_reader: Comparison,
    /// Keys that nobody has, beside the handler that does not look at the body.
    pub(crate) misses: Comparison,
    /// Every key of the gate in turn, beside the same handler.
    pub(crate) all: Comparison,
    /// How often the cluster was asked who asks.
    pub(crate) reviews: usize,
}

/// Loads a gate with so many keys.
pub(crate) async fn run(gate: Arc<Gate>, keys: usize) -> Result<Verify> {
    let reviews = Arc::default();
    let http = Http::new(gate, Arc::default(), Reviewer::new(cluster(&reviews)), Vec::new());
    let gate = Server::start(http.router()).await?;
    let ignores = Server::start(Router::new().route("/v1/verify", post(async || StatusCode::OK))).await?;
    let reads = Router::new().route("/v1/verify", post(async |_: Bytes| StatusCode::OK));
    let reads = Server::start(reads).await?;

    let questions = |numbers: Vec<usize>, value: fn(Key) -> String| -> Arc<[Vec<u8>]> {
        numbers
            .into_iter()
            .map(|number| question(&value(Key(number))))
            .collect()
    };
    let hits = questions(spread(keys, CALLERS), Key::value);
    let misses = questions(spread(keys, CALLERS), Key::wrong_value);
    let all = questions(spread(keys, keys), Key::value);
    let (mut stream, mut heard) = (TcpStream::connect(gate.address).await?, Vec::new());
    let answer = ask(&mut stream, &hits[0], &mut heard).await?;
    ensure!(
        answer.contains("\"valid\":true"),
        "a key of the measurement is refused"
    );

    let under = |address, questions: &Arc<[Vec<u8>]>| {
        let questions = Arc::clone(questions);
        async move |time| load(address, &questions, time).await
    };
    Ok(Verify {
        hits: compare(under(ignores.address, &hits), under(gate.address, &hits)).await?,
        beside_reader: compare(under(reads.address, &hits), under(gate.address, &hits)).await?,
        misses: compare(under(ignores.address, &misses), under(gate.address, &misses)).await?,
        all: compare(under(ignores.address, &all), under(gate.address, &all)).await?,
        reviews: reviews.load(Ordering::Relaxed),
    })
}

/// A cluster that knows everybody and allows everything, and counts how often it is asked.
fn cluster(reviews: &Arc<AtomicUsize>) -> Client {
    let reviews = Arc::clone(reviews);
    let answer = async move |Json(mut review): Json<Value>| {
        reviews.fetch_add(1, Ordering::Relaxed);
        review["status"] = if review["kind"] == "TokenReview" {
            json!({"authenticated": true, "user": {"username": "checkout"}})
        } else {
            json!({"allowed": true})
        };
        Json(review)
    };
    Client::new(Router::new().fallback(answer), "default")
}

fn question(value: &str) -> Vec<u8> {
    let body = json!({"namespace": OWNER, "product": PRODUCT, "key": value}).to_string();
    format!(
        "POST /v1/verify HTTP/1.1\r\nhost: gate.example.com\r\nuser-agent: checkout/1.0\r\naccept: application/json\r\n\
         authorization: Bearer a-token-of-a-program-that-may-verify\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// Asks over all connections for this time, over each its own part of the questions over and over, and says how long
/// each answer took.
async fn load(address: SocketAddr, questions: &Arc<[Vec<u8>]>, time: Duration) -> Result<Vec<Duration>> {
    let end = Instant::now() + time;
    let share = questions.len() / CONNECTIONS;
    let mut connections = JoinSet::new();
    for number in 0..CONNECTIONS {
        let part = share * number..share * (number + 1);
        connections.spawn(keep_asking(address, Arc::clone(questions), part, end));
    }
    let mut times = Vec::new();
    while let Some(asked) = connections.join_next().await {
        times.extend(asked??);
    }
    Ok(times)
}

async fn keep_asking(
    address: SocketAddr,
    questions: Arc<[Vec<u8>]>,
    part: Range<usize>,
    end: Instant,
) -> Result<Vec<Duration>> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut heard = Vec::with_capacity(4 << 10);
    let mut times = Vec::new();
    for question in questions[part].iter().cycle() {
        let began = Instant::now();
        if began >= end {
            break;
        }
        ask(&mut stream, question, &mut heard).await?;
        times.push(began.elapsed());
    }
    Ok(times)
}

/// One question and its answer, which must be a 200. Reads no more of it than it must.
async fn ask<'a>(stream: &mut TcpStream, question: &[u8], heard: &'a mut Vec<u8>) -> Result<&'a str> {
    stream.write_all(question).await?;
    heard.clear();
    loop {
        ensure!(
            stream.read_buf(heard).await? > 0,
            "the server ended the connection"
        );
        if let Some(whole) = whole(heard)?
            && heard.len() >= whole
        {
            break;
        }
    }
    ensure!(heard.starts_with(b"HTTP/1.1 200 "), "an answer is not 200");
    Ok(std::str::from_utf8(heard)?)
}

/// The length of the answer, once its head is there.
fn whole(heard: &[u8]) -> Result<Option<usize>> {
    let Some(end) = heard.windows(4).position(|bytes| bytes == b"\r\n\r\n") else {
        return Ok(None);
    };
    let text = std::str::from_utf8(&heard[..end])?;
    let length = text
        .split("\r\n")
        .find_map(|line| line.strip_prefix("content-length: "))
        .context("an answer has no length")?;
    Ok(Some(end + 4 + length.parse::<usize>()?))
}
