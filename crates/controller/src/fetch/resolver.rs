//! From a host to its addresses.

use std::{io, net::IpAddr};

use futures::future::BoxFuture;
use tokio::net::lookup_host;

/// Says which addresses a host has at the moment.
///
/// A fetch asks once for each connection and goes to an address of that answer; what a later answer would be is of no
/// consequence.
pub trait Resolver: Send + Sync {
    /// The addresses of `host`, a name.
    fn resolve<'a>(&'a self, host: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>>;
}

/// The system's: `/etc/hosts`, then DNS.
pub(super) struct SystemResolver;

impl Resolver for SystemResolver {
    fn resolve<'a>(&'a self, host: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
        Box::pin(async move {
            let found = lookup_host((host, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}
