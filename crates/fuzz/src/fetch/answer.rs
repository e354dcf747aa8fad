//! The answer of a server that may be hostile, byte by byte as it comes over a connection.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::LazyLock;
use std::time::Duration;

use ipnet::IpNet;
use keydesk_controller::fetch::{Fetched, Fetcher, PrivateRanges, Reach};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::runtime::block_on;

/// Bytes of the largest document, as sent and as unpacked.
const LIMIT: u64 = 1 << 10;

static FETCHER: LazyLock<Fetcher> = LazyLock::new(|| {
    let here = IpNet::from(IpAddr::V4(Ipv4Addr::LOCALHOST));
    let reach = Reach {
        allow: vec![here.into()],
        private: PrivateRanges::Deny,
    };
    Fetcher::new(reach).with_deadline(Duration::from_secs(5))
});

pub(crate) fn read(data: &[u8]) {
    // Redirects lead anywhere.
    if data.windows(8).any(|word| word.eq_ignore_ascii_case(b"location")) {
        return;
    }
    let fetched = block_on(async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.expect("a free port");
        let address = listener.local_addr().expect("it has one");
        let url = format!("http://{address}/");
        let serve = async {
            let Ok((mut stream, _)) = listener.accept().await else {
                return;
            };
            let mut question = [0; 1024];
            // Who does not listen to the end is not answered to the end.
            if stream.read(&mut question).await.is_ok() {
                let _ = stream.write_all(data).await;
            }
        };
        let (fetched, ()) = tokio::join!(FETCHER.fetch(&url, LIMIT, None), serve);
        fetched
    });
    match fetched {
        Ok(Fetched::Document { text, .. }) => assert!(text.len() as u64 <= LIMIT),
        Ok(Fetched::Unchanged) => unreachable!("no document was fetched before"),
        Err(error) => {
            // It stands in a status.
            let told = error.to_string();
            assert!(
                told.len() <= 256 && !told.chars().any(char::is_control),
                "{told:?}"
            );
            assert!(error.retry_after().is_none() || error.to_string().contains("status code"));
        }
    }
}
