//! The server on a socket: tokens, TLS, and its end.

use std::sync::Arc;
use std::time::Duration;

use http::Request;
use keydesk_apiserver::{ApiServer, Tokens, User};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;
use tower::ServiceExt as _;

async fn server() -> ApiServer {
    let tokens = Tokens::new([
        ("secret-token", User::admin()),
        ("other-token", User::named("nobody")),
    ]);
    ApiServer::builder().tokens(tokens).build().await.unwrap()
}

async fn status(server: &ApiServer, authorization: Option<&str>) -> u16 {
    let mut request = Request::get("/api/v1/namespaces");
    if let Some(authorization) = authorization {
        request = request.header("authorization", authorization);
    }
    let answer = server
        .router()
        .oneshot(request.body(axum::body::Body::empty()).unwrap())
        .await
        .unwrap();
    answer.status().as_u16()
}

#[tokio::test]
async fn over_a_socket_only_a_known_token_is_somebody() {
    let server = server().await;
    assert_eq!(status(&server, None).await, 401);
    assert_eq!(status(&server, Some("Bearer wrong")).await, 401);
    assert_eq!(status(&server, Some("Basic secret-token")).await, 401);
    assert_eq!(status(&server, Some("Bearer other-token")).await, 403);
    assert_eq!(status(&server, Some("Bearer secret-token")).await, 200);
}

#[tokio::test]
async fn over_a_socket_nobody_can_say_who_they_are() {
    let server = server().await;
    let mut request = Request::get("/api/v1/namespaces")
        .body(axum::body::Body::empty())
        .unwrap();
    request.extensions_mut().insert(User::admin());
    assert_eq!(server.router().oneshot(request).await.unwrap().status(), 401);
}

pub(crate) fn tls() -> (rustls::ServerConfig, TlsConnector) {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".into()]).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let certificate = made.cert.der().clone();
    let server = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .unwrap();
    let mut roots = rustls::RootCertStore::empty();
    roots.add(certificate).unwrap();
    let client = rustls::ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    (server, TlsConnector::from(Arc::new(client)))
}

#[tokio::test]
async fn a_watch_over_tls_ends_with_the_server() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (config, connector) = tls();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = server().await;
    let serving = tokio::spawn(async move {
        server
            .serve_tls(listener, config, async { drop(stopped.await) })
            .await;
        server.shutdown().await;
    });

    let stream = TcpStream::connect(address).await.unwrap();
    let mut stream = connector
        .connect("localhost".try_into().unwrap(), stream)
        .await
        .unwrap();
    let request =
        "GET /api/v1/namespaces?watch=true HTTP/1.1\r\nhost: x\r\nauthorization: Bearer secret-token\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut seen = Vec::new();
    while !String::from_utf8_lossy(&seen).contains("\"kube-system\"") {
        let mut buffer = [0; 4096];
        let read = stream.read(&mut buffer).await.unwrap();
        assert!(read > 0, "{}", String::from_utf8_lossy(&seen));
        seen.extend_from_slice(&buffer[..read]);
    }
    stop.send(()).unwrap();
    tokio::time::timeout(Duration::from_secs(3), serving)
        .await
        .expect("the server ends")
        .unwrap();
}
