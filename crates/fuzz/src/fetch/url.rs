//! URLs that owners type: what is refused by its text is never looked up, and what is looked up is the host that
//! everybody else reads in it.

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use futures::FutureExt as _;
use futures::future::BoxFuture;
use keydesk_controller::fetch::{FetchError, Fetcher, PrivateRanges, Reach, Resolver};
use url::{Host, Url};

use crate::runtime::block_on;

/// Takes note of who was looked up, and says of everybody that they are here.
#[derive(Default)]
struct Book(Mutex<Vec<String>>);

impl Resolver for Book {
    fn resolve<'a>(&'a self, host: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(host.to_owned());
        async { Ok(vec![IpAddr::V4(Ipv4Addr::LOCALHOST)]) }.boxed()
    }
}

fn reach() -> Reach {
    Reach {
        allow: Vec::new(),
        private: PrivateRanges::Deny,
    }
}

static BOOK: LazyLock<Arc<Book>> = LazyLock::new(Arc::default);
static FETCHER: LazyLock<Fetcher> = LazyLock::new(|| {
    let book: Arc<dyn Resolver> = BOOK.clone();
    Fetcher::new(reach()).with_resolver(book)
});

pub(crate) fn fetch(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let parsed = Url::parse(text).ok();
    let host = parsed.as_ref().and_then(Url::host);
    let address = match &host {
        Some(Host::Ipv4(address)) => Some(IpAddr::V4(*address)),
        Some(Host::Ipv6(address)) => Some(IpAddr::V6(*address)),
        Some(Host::Domain(_)) | None => None,
    };
    // It would be connected to.
    if address.is_some_and(|address| reach().allows((address, 80).into())) {
        return;
    }
    let fetched = block_on(FETCHER.fetch(text, 1, None));
    let asked = std::mem::take(&mut *BOOK.0.lock().unwrap_or_else(PoisonError::into_inner));
    match fetched {
        Err(error @ FetchError::Url(_)) => {
            assert!(
                asked.is_empty(),
                "{asked:?} was looked up for a URL that is refused"
            );
            let password = parsed
                .as_ref()
                .and_then(Url::password)
                .filter(|text| text.len() > 8);
            let told = error.to_string();
            assert!(password.is_none_or(|password| !told.contains(password)), "{told}");
        }
        Err(FetchError::AddressRefused { .. }) => {
            let url = parsed.expect("it is a URL");
            assert!(matches!(url.scheme(), "http" | "https") && url.username().is_empty());
            match url.host().expect("it has a host") {
                Host::Domain(name) => assert_eq!(asked, [name]),
                Host::Ipv4(_) | Host::Ipv6(_) => assert!(asked.is_empty(), "an address is no name"),
            }
        }
        other => unreachable!("nothing can be connected to: {other:?}"),
    }
}
