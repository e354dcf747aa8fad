//! Many callers at once, over both protocols.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use keydesk_testkit::Address;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::ask::{Call, Way};
use crate::key::Key;
use crate::objects::gold;
use crate::running::Running;
use crate::stage::Stage;

const LIMIT: usize = 1_000;
const REPEATS: usize = 50;
/// Most over HTTP, whose client costs the test less.
const HTTP_CLIENTS: usize = 56;
const GRPC_CLIENTS: usize = 8;
/// Enough that every repeat has refusals.
const CALLS: usize = 100;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn c12_a_thousand_are_a_thousand_whoever_asks_at_once() {
    let stage = Stage::with_plans(&gold(&json!({ "daily": LIMIT }))).await;
    let keys: Vec<_> = (0..REPEATS)
        .map(|repeat| Key::new(&format!("ada-{repeat}")))
        .collect();
    for key in &keys {
        stage.grant(key).await;
    }
    let gate = stage.gate().await;
    for key in &keys {
        assert_eq!(crowd(&gate, &Call::with(key)).await, LIMIT, "{}", key.name);
    }
    let last = keys.last().unwrap();
    let said = gate.ask(&Call::with(last)).await;
    assert_eq!(
        (said.status, said.header("x-ratelimit-remaining")),
        (429, Some("0"))
    );
    let there = stage.admin.get(&Address::of(&last.object())).await;
    assert!(there.is_ok(), "nobody took the key away meanwhile");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn c13_of_two_windows_neither_is_exceeded_by_a_crowd() {
    let limits = json!({ "daily": 900, "custom": [{ "limit": 700, "window": "1h" }] });
    let stage = Stage::with_plans(&gold(&limits)).await;
    let key = Key::new("ada");
    stage.grant(&key).await;
    let gate = stage.gate().await;
    assert_eq!(crowd(&gate, &Call::with(&key)).await, 700);
    let left = gate.about(&key).await.problem()["limits"].clone();
    assert_eq!(
        (&left[0]["remaining"], &left[1]["remaining"]),
        (&json!(0), &json!(200))
    );
}

/// How many of all calls pass.
async fn crowd(gate: &Running, call: &Call) -> usize {
    let admitted = Arc::new(AtomicUsize::new(0));
    let mut clients = JoinSet::new();
    for _ in 0..HTTP_CLIENTS {
        let stream = TcpStream::connect(gate.http).await.unwrap();
        let (call, admitted) = (call.clone(), Arc::clone(&admitted));
        clients.spawn(async move {
            admitted.fetch_add(pipelined(stream, &call).await, Ordering::Relaxed);
        });
    }
    for _ in 0..GRPC_CLIENTS {
        let (asking, call, admitted) = (gate.asking.clone(), call.clone(), Arc::clone(&admitted));
        clients.spawn(async move {
            for _ in 0..CALLS {
                let passes = asking.ask(Way::Grpc, &call).await.status == 200;
                admitted.fetch_add(usize::from(passes), Ordering::Relaxed);
            }
        });
    }
    clients.join_all().await;
    admitted.load(Ordering::Relaxed)
}

/// Asks about a call again and again over one connection, without waiting for the answers.
async fn pipelined(mut stream: TcpStream, call: &Call) -> usize {
    let lines = call.headers.iter();
    let lines: Vec<_> = lines
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect();
    let question = format!(
        "GET /v1/forward-auth HTTP/1.1\r\nHost: gate\r\nX-Forwarded-Method: {}\r\nX-Forwarded-Host: {}\r\n\
         X-Forwarded-Uri: {}\r\n{}\r\n",
        call.method,
        call.host,
        call.target,
        lines.concat()
    );
    stream.write_all(question.repeat(CALLS).as_bytes()).await.unwrap();
    let mut heard = Vec::new();
    let mut statuses = Vec::new();
    while statuses.len() < CALLS {
        assert_ne!(stream.read_buf(&mut heard).await.unwrap(), 0, "the gate hung up");
        let text = String::from_utf8_lossy(&heard);
        let mut rest = &*text;
        while let Some((_, answer)) = rest.split_once("HTTP/1.1 ")
            && let Some((status, later)) = answer.split_at_checked(3)
        {
            statuses.push(status.to_owned());
            rest = later;
        }
        // What comes later may be the beginning of a status line.
        heard = rest.as_bytes().to_vec();
    }
    assert!(
        statuses.iter().all(|status| ["200", "429"].contains(&&**status)),
        "{statuses:?}"
    );
    statuses.iter().filter(|status| *status == "200").count()
}
