//! Documents in the background: fetched once, tried again, refreshed.

use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc;

use super::super::*;
use super::{LIMIT, fetcher, ok, server};
use crate::queue::Backoff;

fn pace() -> Pace {
    let transient = Backoff {
        start: Duration::from_millis(2),
        cap: Duration::from_millis(4),
    };
    Pace {
        transient,
        permanent: Duration::from_hours(1),
        refresh: Duration::ZERO,
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

type News = mpsc::UnboundedReceiver<&'static str>;

fn documents() -> (Documents<&'static str>, News) {
    documents_at(pace())
}

fn documents_at(pace: Pace) -> (Documents<&'static str>, News) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let news = move |owner| {
        // A test that has seen enough has dropped the receiver.
        let _ = sender.send(owner);
    };
    (Documents::new(fetcher(), pace, |owner| *owner, news), receiver)
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

/// What an owner whose status has a document from `since` gets to hear, once there is news.
async fn heard(
    documents: &Documents<&'static str>,
    news: &mut News,
    wanted: &Wanted,
    since: Timestamp,
) -> Kept {
    assert_eq!(news.recv().await, Some("pets"));
    let holding = Holding {
        since,
        is_stale: false,
    };
    documents.keep(&"pets", wanted, holding, |_, at| at == since)
}

#[tokio::test]
async fn a_document_that_the_status_holds_is_refreshed_and_outlives_failures() {
    let server = server(|n| match n {
        0 => ok("etag: \"one\"\r\n", b"one"),
        1 | 4 => b"HTTP/1.1 304 X\r\n\r\n".to_vec(),
        2 | 3 => b"HTTP/1.1 500 X\r\ncontent-length: 0\r\n\r\n".to_vec(),
        _ => ok("etag: \"two\"\r\n", b"two"),
    })
    .await;
    let (documents, mut news) = documents_at(Pace {
        refresh: Duration::from_secs(1),
        ..pace()
    });
    let wanted = wanted(server.url(), 1);
    assert!(documents.look(&"pets", &wanted).is_none());
    assert_eq!(news.recv().await, Some("pets"));
    let since = documents.look(&"pets", &wanted).unwrap().at;
    let holding = Holding {
        since,
        is_stale: false,
    };
    let kept = documents.keep(&"pets", &wanted, holding, |document, _| document == "one");
    assert!(matches!(kept, Kept::Fresh), "{kept:?}");

    let kept = heard(&documents, &mut news, &wanted, since).await;
    let Kept::News(Outcome {
        result: Err(error), ..
    }) = &kept
    else {
        panic!("{kept:?}")
    };
    assert!(matches!(**error, FetchError::Status { code: 500, .. }), "{error}");
    let kept = heard(&documents, &mut news, &wanted, since).await;
    assert!(matches!(kept, Kept::Fresh), "{kept:?}");
    let kept = heard(&documents, &mut news, &wanted, since).await;
    let Kept::News(Outcome {
        result: Ok(document),
        at,
    }) = kept
    else {
        panic!("{kept:?}")
    };
    assert_eq!(&*document, "two");
    assert!(at > since, "told apart by their seconds");
}

#[tokio::test]
async fn a_restart_fetches_nothing_that_the_status_holds_and_is_not_due() {
    let server = server(|_| ok("", b"one")).await;
    let (documents, mut news) = documents_at(Pace {
        refresh: Duration::from_hours(1),
        ..pace()
    });
    let wanted = wanted(server.url(), 1);
    let holding = |is_stale| Holding {
        since: Timestamp::now(),
        is_stale,
    };
    let kept = documents.keep(&"pets", &wanted, holding(false), |_, _| true);
    assert!(matches!(kept, Kept::Unknown), "{kept:?}");
    assert!(
        tokio::time::timeout(Duration::from_millis(50), news.recv())
            .await
            .is_err()
    );
    assert_eq!(server.requests(), 0);

    documents.forget_openapi(&"pets");
    documents.keep(&"pets", &wanted, holding(true), |_, _| true);
    assert_eq!(
        news.recv().await,
        Some("pets"),
        "one that was stale is fetched soon"
    );
}
