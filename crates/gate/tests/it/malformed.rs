//! What no decent client sends: refused, without a panic, and without the key in any log.

use std::time::{Duration, Instant};

use envoy_types::ext_authz::v3::pb::CheckRequest;
use envoy_types::pb::envoy::config::core::v3::{HeaderMap as RawHeaders, HeaderValue as RawHeader};
use envoy_types::pb::envoy::service::auth::v3::AttributeContext;
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::ask::{Call, HOST, Way, said};
use crate::key::Key;
use crate::running::Running;
use crate::stage::Stage;

/// A gate that knows one key without limits.
async fn gate() -> (Stage, Running, Key) {
    let stage = Stage::unlimited().await;
    let key = Key::new("ada");
    stage.grant(&key).await;
    let gate = stage.gate().await;
    (stage, gate, key)
}

/// What a gate answers to bytes: its status, and whether it still answers others.
async fn status_of(gate: &Running, bytes: &[u8]) -> u16 {
    let mut stream = TcpStream::connect(gate.http).await.unwrap();
    // It may hang up before it has heard all.
    let _ = stream.write_all(bytes).await;
    let mut heard = Vec::new();
    let read = stream.read_to_end(&mut heard);
    let _ = tokio::time::timeout(Duration::from_secs(5), read)
        .await
        .expect("an answer in time");
    let text = String::from_utf8_lossy(&heard);
    let status = text.strip_prefix("HTTP/1.1 ").and_then(|text| text.get(..3));
    status
        .unwrap_or_else(|| panic!("no answer but {text:?}"))
        .parse()
        .unwrap()
}

/// A question as Traefik asks it, with these lines among its headers.
fn question(lines: &[u8]) -> Vec<u8> {
    let mut question = format!(
        "GET /v1/forward-auth HTTP/1.1\r\nHost: gate\r\nConnection: close\r\nX-Forwarded-Method: GET\r\n\
         X-Forwarded-Host: {HOST}\r\nX-Forwarded-Uri: /api/games\r\n"
    )
    .into_bytes();
    question.extend(lines);
    question.extend(b"\r\n");
    question
}

fn authorization(value: &[u8]) -> Vec<u8> {
    [b"Authorization: APIKEY ", value, b"\r\n"].concat()
}

#[tokio::test]
async fn c24_keys_that_are_none_are_wrong_keys_however_long_or_odd() {
    let (_stage, gate, key) = gate().await;
    let long = "k".repeat(59_000);
    let escapes: Vec<u8> = [b"\x80\xff\xfe ", key.value.as_bytes()].concat();
    for (value, status) in [
        (key.value.as_bytes(), 200),
        (long.as_bytes(), 401),
        (escapes.as_slice(), 401),
        (b"", 401),
        ("ключ-€".as_bytes(), 401),
        // Not even a header.
        (b"a\0b", 400),
        (&b"k".repeat(1 << 20), 431),
    ] {
        let shown = String::from_utf8_lossy(&value[..value.len().min(20)]).into_owned();
        assert_eq!(
            status_of(&gate, &question(&authorization(value))).await,
            status,
            "{shown:?}"
        );
    }
    let many = "X-Filler: 1\r\n".repeat(10_000);
    assert_eq!(status_of(&gate, &question(many.as_bytes())).await, 431);
    let good = authorization(key.value.as_bytes());
    assert_eq!(
        status_of(&gate, &question(&good)).await,
        200,
        "it goes on with others"
    );
}

#[tokio::test]
async fn c24_envoys_questions_are_refused_alike() {
    let (_stage, gate, key) = gate().await;
    let long = Call::get("/api/games").presenting(&"k".repeat(59_000));
    let empty = Call::get("/api/games").presenting("");
    let nul = Call::get("/api/games").presenting(&format!("{}\0", key.value));
    for call in [long, empty, nul] {
        let said = gate.asking.ask(Way::Grpc, &call).await;
        assert_eq!((said.status, said.code), (401, Some(16)));
    }
    let mut many = Call::with(&key);
    for number in 0..20_000 {
        many = many.header(&format!("x-filler-{number}"), "1");
    }
    let refused = gate.asking.check(many.attributes()).await.unwrap_err();
    assert_eq!(refused.code(), tonic::Code::InvalidArgument);
    let huge = Call::get("/api/games").presenting(&"k".repeat(1 << 20));
    let refused = gate.asking.check(huge.attributes()).await.unwrap_err();
    assert_eq!(refused.code(), tonic::Code::InvalidArgument);
    keydesk_testkit::hidden::assert_hidden("the refusal", refused.message(), &[&"k".repeat(1 << 10)]);
}

#[tokio::test]
async fn c24_raw_headers_count_as_the_others_do_and_bytes_that_are_no_text_are_no_key() {
    let (_stage, gate, key) = gate().await;
    for (value, status) in [
        (format!("APIKEY {}", key.value).into_bytes(), 200),
        (b"APIKEY \xff\xfe".to_vec(), 401),
    ] {
        let mut question = Call::get("/api/games").attributes();
        let request = question.attributes.as_mut().unwrap().request.as_mut().unwrap();
        let http = request.http.as_mut().unwrap();
        http.header_map = Some(RawHeaders {
            headers: vec![RawHeader {
                key: "Authorization".to_owned(),
                raw_value: value,
                ..RawHeader::default()
            }],
        });
        assert_eq!(said(gate.asking.check(question).await.unwrap()).status, status);
    }
}

#[tokio::test]
async fn c24_a_question_that_describes_no_call_is_an_invalid_argument() {
    let (_stage, gate, key) = gate().await;
    let without_request = CheckRequest {
        attributes: Some(AttributeContext::default()),
    };
    let mut without_http = Call::with(&key).attributes();
    without_http
        .attributes
        .as_mut()
        .unwrap()
        .request
        .as_mut()
        .unwrap()
        .http = None;
    for question in [CheckRequest::default(), without_request, without_http] {
        let said = said(gate.asking.check(question).await.unwrap());
        assert_eq!(
            (said.status, said.code, said.why().as_str()),
            (400, Some(3), "bad_request")
        );
    }
    let nothing = Call {
        host: String::new(),
        method: String::new(),
        target: String::new(),
        headers: Vec::new(),
    };
    let said = gate.asking.ask(Way::Grpc, &nothing).await;
    assert_eq!((said.status, said.code), (400, Some(3)));
}

#[tokio::test]
async fn c24_bytes_that_are_no_protobuf_are_an_invalid_argument() {
    let (_stage, gate, key) = gate().await;
    let client = Client::builder(TokioExecutor::new())
        .http2_only(true)
        .build_http::<Full<bytes::Bytes>>();
    let uri = format!("http://{}/envoy.service.auth.v3.Authorization/Check", gate.grpc);
    for (what, message) in [
        ("no field", vec![0xff; 64]),
        ("a length beyond the end", vec![0x0a, 0x7f, 0x01]),
        ("text", key.value.as_bytes().to_vec()),
    ] {
        let mut framed = vec![0];
        framed.extend(u32::try_from(message.len()).unwrap().to_be_bytes());
        framed.extend(message);
        let request = http::Request::post(&uri)
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            .body(Full::new(framed.into()))
            .unwrap();
        let answer = client.request(request).await.unwrap();
        let (head, body) = answer.into_parts();
        let trailers = body
            .collect()
            .await
            .unwrap()
            .trailers()
            .cloned()
            .unwrap_or_default();
        let status = head.headers.get("grpc-status").or(trailers.get("grpc-status"));
        assert_eq!(status.map(|status| status.to_str().unwrap()), Some("3"), "{what}");
    }
    assert_eq!(
        gate.asking.ask(Way::Grpc, &Call::with(&key)).await.status,
        200,
        "it goes on with others"
    );
}

#[tokio::test]
async fn c24_who_sends_a_byte_now_and_then_holds_up_nobody_and_is_cut_off() {
    let (_stage, gate, key) = gate().await;
    let mut slow = Vec::new();
    for _ in 0..20 {
        let mut stream = TcpStream::connect(gate.http).await.unwrap();
        stream
            .write_all(b"GET /v1/forward-auth HTTP/1.1\r\nHost: g")
            .await
            .unwrap();
        slow.push(stream);
    }
    let begin = Instant::now();
    let mut open = slow.len();
    while open > 0 {
        assert!(
            begin.elapsed() < Duration::from_secs(10),
            "{open} are still there"
        );
        assert_eq!(gate.status(&Call::with(&key)).await, 200);
        open = 0;
        for stream in &mut slow {
            let mut byte = [0];
            let alive = stream.write_all(b"a").await.is_ok();
            let quiet = tokio::time::timeout(Duration::from_millis(1), stream.read(&mut byte))
                .await
                .is_err();
            open += usize::from(alive && quiet);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
