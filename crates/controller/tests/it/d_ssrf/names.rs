//! Names that somebody hostile may have made.

use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::future::BoxFuture;
use keydesk_controller::fetch::Resolver;
use parking_lot::Mutex;

use super::OUTSIDE;

/// Names with fixed addresses.
pub(super) struct Zone(HashMap<&'static str, IpAddr>);

impl Zone {
    pub(super) fn hostile() -> Self {
        let names = [
            ("localhost", "127.0.0.1"),
            ("localhost.", "::1"),
            ("loopback.example", "127.0.0.1"),
            ("metadata.google.internal", "169.254.169.254"),
            ("six.example", "::1"),
            ("mapped.example", "::ffff:127.0.0.1"),
            ("unspecified.example", "0.0.0.0"),
            ("public.example", OUTSIDE),
        ];
        Self(
            names
                .map(|(name, address)| (name, address.parse().unwrap()))
                .into(),
        )
    }
}

impl Resolver for Zone {
    fn resolve<'a>(&'a self, host: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
        let found = self.0.get(host).copied();
        Box::pin(async move {
            let found = found.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
            Ok(vec![found])
        })
    }
}

/// A name that has other addresses each time; the last ones for ever.
pub(super) struct Rebinding {
    answers: Mutex<Vec<Vec<IpAddr>>>,
    pub(super) asked: AtomicUsize,
}

impl Rebinding {
    pub(super) fn new(answers: &[&[&str]]) -> Arc<Self> {
        let parse = |answer: &&[&str]| answer.iter().map(|address| address.parse().unwrap()).collect();
        Arc::new(Self {
            answers: Mutex::new(answers.iter().rev().map(parse).collect()),
            asked: AtomicUsize::new(0),
        })
    }
}

impl Resolver for Rebinding {
    fn resolve<'a>(&'a self, _host: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let mut answers = self.answers.lock();
        let next = if answers.len() > 1 {
            answers.pop()
        } else {
            answers.last().cloned()
        };
        Box::pin(async move { Ok(next.unwrap_or_default()) })
    }
}
