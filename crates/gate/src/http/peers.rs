//! Whose word about a call counts. Who may say what a call looks like may also try keys of others' calls.

use std::net::{IpAddr, SocketAddr};

use axum::extract::ConnectInfo;
use http::Extensions;
use ipnet::IpNet;

/// The networks whose hosts may say what a call looked like.
#[derive(Debug)]
pub(crate) struct Peers(Vec<IpNet>);

impl Peers {
    /// These networks.
    pub(crate) fn new(trusted: Vec<IpNet>) -> Self {
        Self(trusted)
    }

    /// Whether the other end of the connection is one of them.
    pub(super) fn trust(&self, request: &Extensions) -> bool {
        let peer = request.get::<ConnectInfo<SocketAddr>>();
        peer.is_some_and(|ConnectInfo(peer)| self.include(peer.ip()))
    }

    fn include(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv4_address_in_ipv6_dress_is_itself() {
        let peers = Peers::new(vec!["127.0.0.0/8".parse().unwrap()]);
        assert!(peers.include("127.0.0.1".parse().unwrap()));
        assert!(peers.include("::ffff:127.0.0.1".parse().unwrap()));
        assert!(!peers.include("10.0.0.1".parse().unwrap()));
        assert!(!peers.include("::1".parse().unwrap()));
    }
}
