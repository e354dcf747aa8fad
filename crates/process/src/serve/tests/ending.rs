//! What becomes of those who are connected when the end comes.

use super::*;

#[tokio::test]
async fn what_is_under_way_is_finished_before_the_end() {
    let server = Server::start(Bounds::default()).await;
    let (mut asking, mut idle) = (server.connect().await, server.connect().await);
    idle.write_all(GET.as_bytes()).await.unwrap();
    answer(&mut idle, "well").await;
    asking
        .write_all(b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    let (mut sender, _connection) = server.http2().await;
    let slow = tokio::spawn(sender.send_request(request("/slow", Body::empty())));
    sleep(MOMENT).await;

    server.stop.cancel();
    assert_eq!(rest(&mut idle).await, "");
    assert!(!server.serving.is_finished(), "two still wait for their answers");
    assert!(
        TcpStream::connect(server.address).await.is_err(),
        "nobody new is let in"
    );
    assert!(rest(&mut asking).await.ends_with("at last"));
    let slow = slow.await.unwrap().unwrap().into_body().collect().await.unwrap();
    assert_eq!(slow.to_bytes(), "at last");
    timeout(AGES, server.serving).await.expect("the end").unwrap();
}

#[tokio::test]
async fn in_the_end_only_whole_requests_are_waited_for() {
    for bounds in [
        Bounds::default(),
        Bounds {
            request_timeout: None,
            ..Bounds::default()
        },
    ] {
        let server = Server::start(bounds).await;
        let half_a_body = "POST /upload HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\nabc";
        let mut unfinished = Vec::new();
        for words in [
            "",
            "GET / HT",
            "GET / HTTP/1.1\r\nhost: x\r\n",
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            half_a_body,
        ] {
            let mut stream = server.connect().await;
            stream.write_all(words.as_bytes()).await.unwrap();
            unfinished.push((words, stream));
        }
        let mut again = server.connect().await;
        again.write_all(GET.as_bytes()).await.unwrap();
        answer(&mut again, "well").await;
        again.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
        unfinished.push(("half of a second request", again));
        let mut whole = server.connect().await;
        whole
            .write_all(b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n")
            .await
            .unwrap();
        sleep(MOMENT).await;

        let since = Instant::now();
        server.stop.cancel();
        assert!(rest(&mut whole).await.ends_with("at last"));
        timeout(AGES, server.serving).await.expect("the end").unwrap();
        let took = since.elapsed();
        assert!(took < Duration::from_secs(3), "{took:?}");
        for (words, mut stream) in unfinished {
            let heard = rest(&mut stream).await;
            let told = heard.starts_with("HTTP/1.1 408 ");
            assert_eq!(told, words == half_a_body, "{words:?}: {heard:?}");
        }
    }
}

#[tokio::test]
async fn in_the_end_nobody_waits_for_a_handshake() {
    #[derive(Debug)]
    struct Nameless;
    impl ResolvesServerCert for Nameless {
        fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
            None
        }
    }
    let tls = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(Nameless));
    let server = Server::start_with(Some(tls), Bounds::default()).await;
    let (mut silent, mut half) = (server.connect().await, server.connect().await);
    half.write_all(&[22, 3, 1]).await.unwrap();
    sleep(MOMENT).await;

    let since = Instant::now();
    server.stop.cancel();
    timeout(AGES, server.serving).await.expect("the end").unwrap();
    assert!(since.elapsed() < Duration::from_secs(1), "{:?}", since.elapsed());
    for stream in [&mut silent, &mut half] {
        assert_eq!(rest(stream).await, "");
    }
}

#[tokio::test]
async fn what_takes_too_long_is_cut_at_the_end() {
    let bounds = Bounds {
        drain: MOMENT,
        ..Bounds::default()
    };
    let server = Server::start(bounds).await;
    let mut stream = server.connect().await;
    stream
        .write_all(b"GET /never HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    sleep(MOMENT).await;
    server.stop.cancel();
    timeout(AGES, server.serving).await.expect("the end").unwrap();
    assert_eq!(rest(&mut stream).await, "");
}

#[tokio::test]
async fn whoever_is_answered_while_the_server_leaves_is_sent_away_and_newcomers_are_served() {
    let server = Server::start(Bounds::default()).await;
    let mut kept = server.connect().await;
    kept.write_all(GET.as_bytes()).await.unwrap();
    answer(&mut kept, "well").await;
    let (mut sender, _connection) = server.http2().await;

    server.leaving.cancel();
    kept.write_all(GET.as_bytes()).await.unwrap();
    for heard in [rest(&mut kept).await, server.heard(GET).await] {
        assert!(heard.starts_with("HTTP/1.1 200 "), "{heard}");
        assert!(heard.contains("\r\nconnection: close\r\n"), "{heard}");
        assert!(heard.ends_with("well"), "{heard}");
    }
    for _ in 0..2 {
        let answer = sender.send_request(request("/", Body::empty())).await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        assert!(answer.headers().get("connection").is_none());
    }
    assert!(!server.serving.is_finished());
}
