//! A client that hears of a kind only what a test lets through: whoever watches acts on what it has heard, and a test wants
//! to see how, while it has not heard the rest.

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use futures::{Stream, StreamExt as _, stream};
use http::Request;
use kube::Client;
use tokio::sync::watch;
use tower::{BoxError, service_fn};

use crate::Kind;

/// How much of a kind is heard. What is held back is heard later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hears {
    /// Everything.
    All,
    /// So many more events.
    Next(usize),
}

/// Decides what is heard of one kind.
#[derive(Clone, Debug)]
pub struct News(watch::Sender<Hears>);

impl News {
    /// The client, whose watches of a kind tell what the news let through; everything, as yet.
    #[must_use]
    pub fn of(kind: Kind, client: &Client) -> (Self, Client) {
        let news = Self(watch::Sender::new(Hears::All));
        let (ours, client) = (news.clone(), client.clone());
        let namespace = client.default_namespace().to_owned();
        let service = service_fn(move |request: Request<kube::client::Body>| {
            let (news, client) = (ours.clone(), client.clone());
            let uri = request.uri();
            let watches = uri.query().is_some_and(|query| query.contains("watch=true"));
            let is_held = watches && uri.path().ends_with(&format!("/{}", kind.plural));
            async move {
                let answer = client.send(request).await?;
                Ok::<_, BoxError>(answer.map(|body| {
                    let body = Body::new(body);
                    if is_held {
                        Body::from_stream(news.held(body.into_data_stream()))
                    } else {
                        body
                    }
                }))
            }
        });
        (news, Client::new(service, namespace))
    }

    /// Has it hear this from now on.
    pub fn let_through(&self, hears: Hears) {
        self.0.send_replace(hears);
    }

    /// The events, a line each, as they are let through.
    fn held(
        self,
        pieces: impl Stream<Item = Result<Bytes, axum::Error>> + Send + 'static,
    ) -> impl Stream<Item = Result<Bytes, BoxError>> + Send + 'static {
        let state = (self, Box::pin(pieces), BytesMut::new());
        stream::unfold(state, async |(news, mut pieces, mut waiting)| {
            loop {
                if let Some(end) = waiting.iter().position(|byte| *byte == b'\n') {
                    let event = waiting.split_to(end + 1).freeze();
                    news.may_tell(&event).await;
                    return Some((Ok(event), (news, pieces, waiting)));
                }
                match pieces.next().await? {
                    Ok(piece) => waiting.extend_from_slice(&piece),
                    Err(error) => return Some((Err(error.into()), (news, pieces, waiting))),
                }
            }
        })
    }

    /// Waits until an event may be told.
    async fn may_tell(&self, event: &[u8]) {
        let bookmark = br#""type":"BOOKMARK""#;
        if event.windows(bookmark.len()).any(|part| part == bookmark) {
            return;
        }
        let mut hears = self.0.subscribe();
        // It cannot fail: the sender is ours.
        let _ = hears.wait_for(|hears| *hears != Hears::Next(0)).await;
        self.0.send_modify(|hears| {
            if let Hears::Next(more) = hears {
                *more = more.saturating_sub(1);
            }
        });
    }
}
