//! Bodies of many requests at once: nobody takes the room of all others, and whoever finds none is told when to come back.

use std::net::SocketAddr;
use std::time::Duration;

use keydesk_apiserver::{ApiServer, Tokens, User};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::cluster::{embedded, send, soon};
use crate::sockets::tls;

/// The largest body that is read.
const LARGEST: usize = 3 << 20;
/// How many of those one user may have under way.
const SHARE: usize = 4;

/// A server on a socket, and how to get there.
struct Site {
    server: ApiServer,
    address: SocketAddr,
    connector: TlsConnector,
    _stop: tokio::sync::oneshot::Sender<()>,
}

impl Site {
    async fn open() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let member = |name: &str| User::named(name).in_group("system:masters");
        let people = ["greedy", "other"].map(|name| (name, member(name)));
        let server = ApiServer::builder()
            .tokens(Tokens::new(people))
            .build()
            .await
            .unwrap();
        let (config, connector) = tls();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let serving = server.clone();
        tokio::spawn(async move {
            let end = async { drop(stopped.await) };
            serving.serve_tls(listener, config, end).await;
        });
        Self {
            server,
            address,
            connector,
            _stop: stop,
        }
    }

    /// Begins to create a ConfigMap on a connection of its own; of the body nothing is sent yet.
    async fn begin(&self, who: &str, length: usize) -> TlsStream<TcpStream> {
        let stream = TcpStream::connect(self.address).await.unwrap();
        let mut stream = self
            .connector
            .connect("localhost".try_into().unwrap(), stream)
            .await
            .unwrap();
        let head = format!(
            "POST /api/v1/namespaces/default/configmaps HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {who}\r\n\
             content-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        stream
    }

    /// Creates a small ConfigMap.
    async fn create(&self, who: &str, name: &str) -> (String, Value) {
        let body = json!({"metadata": {"name": name}}).to_string();
        let mut stream = self.begin(who, body.len()).await;
        stream.write_all(body.as_bytes()).await.unwrap();
        heard(stream).await
    }
}

/// The answer, head and body, once all is sent.
async fn heard(mut stream: TlsStream<TcpStream>) -> (String, Value) {
    // Whoever is refused may not be listened to any more.
    let _ = stream.flush().await;
    let mut bytes = Vec::new();
    // Whoever closes without a word of TLS has closed all the same.
    let _ = stream.read_to_end(&mut bytes).await;
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").expect("an answer");
    (head.to_owned(), serde_json::from_str(body).unwrap())
}

/// A ConfigMap of exactly that length, most of which is white space.
fn padded(name: &str, length: usize) -> String {
    let mut body = json!({"metadata": {"name": name}}).to_string();
    body.push_str(&" ".repeat(length - body.len()));
    body
}

#[tokio::test]
async fn who_has_all_their_bodies_under_way_is_told_to_come_back_and_others_are_served() {
    let site = Site::open().await;
    let mut uploads = Vec::new();
    for number in 0..SHARE {
        let mut stream = site.begin("greedy", LARGEST).await;
        let body = padded(&format!("large-{number}"), LARGEST);
        // All but the last byte.
        stream.write_all(&body.as_bytes()[..LARGEST - 1]).await.unwrap();
        stream.flush().await.unwrap();
        uploads.push(stream);
    }
    let mut tries = 0;
    let (head, refused) = soon("the room is taken", async || {
        tries += 1;
        let (head, answer) = site.create("greedy", &format!("small-{tries}")).await;
        head.starts_with("HTTP/1.1 429 ").then_some((head, answer))
    })
    .await;
    assert!(head.contains("\r\nretry-after: 1"), "{head}");
    assert_eq!(
        (
            &refused["kind"],
            &refused["reason"],
            &refused["details"]["retryAfterSeconds"]
        ),
        (&json!("Status"), &json!("TooManyRequests"), &json!(1)),
        "{refused}"
    );

    let (head, _) = site.create("other", "theirs").await;
    assert!(head.starts_with("HTTP/1.1 201 "), "{head}");
    let inside = embedded(&site.server);
    let path = "/api/v1/namespaces/default/configmaps";
    let body = json!({"metadata": {"name": "inside"}}).to_string();
    assert_eq!(send(&inside, "POST", path, body).await.0, 201);
    let refused = format!("{path}/small-{tries}");
    assert_eq!(
        send(&inside, "GET", &refused, "").await.0,
        404,
        "nothing came of it"
    );

    // Room is given back by whoever is answered, and by whoever goes away.
    for (number, mut stream) in uploads.into_iter().enumerate() {
        if number % 2 == 0 {
            stream.write_all(b" ").await.unwrap();
            let (head, answer) = heard(stream).await;
            assert!(head.starts_with("HTTP/1.1 201 "), "{head} {answer}");
        }
    }
    let room = async || {
        let mut stream = site.begin("greedy", LARGEST).await;
        let body = padded("again", LARGEST);
        let _ = stream.write_all(body.as_bytes()).await;
        let (head, _) = heard(stream).await;
        (!head.starts_with("HTTP/1.1 429 ")).then_some(head)
    };
    let head = soon("there is room again", room).await;
    assert!(head.starts_with("HTTP/1.1 201 "), "{head}");
}

#[tokio::test]
async fn of_many_at_once_each_is_either_done_or_told_to_come_back() {
    const CLIENTS: usize = 24;
    let site = Site::open().await;
    let uploads = (0..CLIENTS).map(|number| {
        let site = &site;
        async move {
            for tries in 1..600 {
                let mut stream = site.begin("greedy", LARGEST).await;
                let body = padded(&format!("c{number}"), LARGEST);
                let _ = stream.write_all(body.as_bytes()).await;
                let (head, answer) = heard(stream).await;
                if head.starts_with("HTTP/1.1 201 ") {
                    return tries;
                }
                assert!(head.starts_with("HTTP/1.1 429 "), "{head} {answer}");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            panic!("there was no room for a minute")
        }
    });
    let tries = futures::future::join_all(uploads).await;
    assert_eq!(tries.len(), CLIENTS);
    let path = "/api/v1/namespaces/default/configmaps";
    let (_, list) = send(&embedded(&site.server), "GET", path, "").await;
    assert_eq!(list["items"].as_array().unwrap().len(), CLIENTS);
}
