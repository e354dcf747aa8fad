//! One fetch.

use std::{
    sync::Arc,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

use super::super::*;
use super::{LIMIT, fetch, fetch_from, fetcher, gzip, ok, redirect, server};

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
    let result = fetch_from(fetcher(), &server.url(), 100_000).await;
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
            matches!(error, FetchError::Status { code, .. } if code == status),
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
        let result = fetch_from(fetcher, &server.url(), LIMIT).await;
        assert!(matches!(result, Err(FetchError::Deadline(_))), "{result:?}");
    }
}

#[tokio::test]
async fn https_is_never_spoken_without_tls() {
    let plain = server(|_| ok("", b"plain")).await;
    let url = plain.url().replace("http:", "https:");
    let fetcher = fetcher().with_deadline(Duration::from_millis(500));
    let result = fetch_from(fetcher, &url, LIMIT).await;
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
    assert_eq!(fetch_from(fetcher(), &three.url(), LIMIT).await.unwrap(), "there");
    let four = server(hops(4)).await;
    let result = fetch_from(fetcher(), &four.url(), LIMIT).await;
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
            matches!(result, Err(FetchError::Redirect(_))),
            "{location}: {result:?}"
        );
    }
}

#[tokio::test]
async fn where_a_redirect_leads_is_for_the_operator_alone() {
    let unused = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    for (location, hidden, says, detail) in [
        (
            "gopher://127.0.0.1/",
            "gopher",
            "a protocol scheme other than",
            None,
        ),
        (
            "http://hidden.invalid/",
            "hidden",
            "failed to resolve the host of a redirect",
            Some("hidden.invalid"),
        ),
        (
            "http://169.254.169.254/",
            "169.254",
            "the host of a redirect has an address that is not fetched from",
            Some("169.254.169.254"),
        ),
        (
            &format!("http://{unused}/"),
            "127.0.0.1",
            "failed to connect to the host of a redirect",
            Some("127.0.0.1"),
        ),
    ] {
        let error = fetch(redirect(location)).await.unwrap_err();
        let told = keydesk_process::chain(&error).to_string();
        assert!(
            told.contains(says) && !told.contains(hidden),
            "{location}: {told}"
        );
        let for_operator = error.detail();
        assert_eq!(
            for_operator.is_some(),
            detail.is_some(),
            "{location}: {for_operator:?}"
        );
        assert!(
            for_operator
                .unwrap_or_default()
                .contains(detail.unwrap_or_default())
        );
    }
}

#[tokio::test]
async fn a_head_is_bounded() {
    let long = format!(
        "HTTP/1.1 200 OK\r\nx: {}\r\ncontent-length: 0\r\n\r\n",
        "x".repeat(1_000_000)
    );
    let many = format!(
        "HTTP/1.1 200 OK\r\n{}content-length: 0\r\n\r\n",
        "x: y\r\n".repeat(200)
    );
    for head in [long, many] {
        let result = fetch(head.into()).await;
        assert!(matches!(result, Err(FetchError::Exchange(_))), "{result:?}");
    }
}

#[tokio::test]
async fn a_document_is_asked_for_again_with_its_validators() {
    let server = server(|n| match n {
        0 => ok("etag: \"one\"\r\n", b"one"),
        1 => b"HTTP/1.1 304 Not Modified\r\netag: \"one\"\r\n\r\n".to_vec(),
        _ => ok("", b"two"),
    })
    .await;
    let (fetcher, url) = (fetcher(), server.url());
    let first = fetcher.fetch(&url, LIMIT, None).await.unwrap();
    let Fetched::Document { text, validators } = first else {
        panic!("{first:?}")
    };
    assert_eq!(text, "one");
    let second = fetcher.fetch(&url, LIMIT, validators.as_ref()).await.unwrap();
    assert!(matches!(second, Fetched::Unchanged));
    assert!(server.last_request().contains("if-none-match: \"one\"\r\n"));
    let third = fetcher.fetch(&url, LIMIT, validators.as_ref()).await.unwrap();
    assert!(matches!(third, Fetched::Document { text, validators: None } if text == "two"));
}

#[tokio::test]
async fn nothing_unchanged_was_asked_for_without_validators() {
    let result = fetch(b"HTTP/1.1 304 Not Modified\r\n\r\n".to_vec()).await;
    assert!(
        matches!(result, Err(FetchError::Status { code: 304, .. })),
        "{result:?}"
    );
}

#[tokio::test]
async fn a_server_says_how_long_it_wants_to_be_left_alone() {
    let error = fetch(b"HTTP/1.1 429 X\r\nretry-after: 7\r\ncontent-length: 0\r\n\r\n".to_vec())
        .await
        .unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
}

#[tokio::test]
async fn a_body_without_end_is_read_no_further_than_the_limit() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let sent = Arc::new(AtomicU64::new(0));
    let count = sent.clone();
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0; 1024];
        let _ = stream.read(&mut request).await.unwrap();
        let mut next = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
        while stream.write_all(&next).await.is_ok() {
            count.fetch_add(next.len() as u64, Ordering::SeqCst);
            next = vec![b'x'; 64 * 1024];
        }
    });
    let result = fetch_from(fetcher(), &url, 100_000).await;
    assert!(matches!(result, Err(FetchError::TooLarge(100_000))), "{result:?}");
    server.await.unwrap();
    // What the system's buffers took on the way was sent, but never read.
    let sent = sent.load(Ordering::SeqCst);
    assert!(sent < 16 << 20, "{sent} bytes were sent");
}
