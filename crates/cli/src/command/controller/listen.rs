//! Addresses as upstream's flags write them: `:8081` for every address of the machine, `0` for none.

use keydesk_process::{ListenError, bind};
use tokio::net::TcpListener;

use std::{
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    str::FromStr,
};

/// Where to listen, if at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Listen {
    Off,
    /// Every address of the machine.
    Everywhere(u16),
    At(SocketAddr),
}

/// Not an address.
#[derive(Debug, thiserror::Error)]
#[error("write HOST:PORT with a numeric host, :PORT for every address, or 0 for none")]
pub(super) struct ParseListen;

impl Listen {
    /// The addresses of which the first that can be had is meant.
    fn candidates(self) -> Vec<SocketAddr> {
        match self {
            Self::Off => Vec::new(),
            // The first one takes IPv4 along; the second is for machines without IPv6.
            Self::Everywhere(port) => {
                vec![
                    SocketAddr::from((Ipv6Addr::UNSPECIFIED, port)),
                    SocketAddr::from((Ipv4Addr::UNSPECIFIED, port)),
                ]
            }
            Self::At(address) => vec![address],
        }
    }
}

/// Listens where `flag` says, if anywhere.
pub(super) async fn listen(flag: &'static str, wanted: Listen) -> Result<Option<TcpListener>, ListenError> {
    let mut refused = None;
    for address in wanted.candidates() {
        match bind(flag, address).await {
            Ok(listener) => return Ok(Some(listener)),
            Err(error @ ListenError::InUse { .. }) => return Err(error),
            Err(error @ ListenError::Bind { .. }) => refused = Some(error),
        }
    }
    refused.map_or(Ok(None), Err)
}

impl FromStr for Listen {
    type Err = ParseListen;

    fn from_str(text: &str) -> Result<Self, ParseListen> {
        if matches!(text, "0" | "") {
            return Ok(Self::Off);
        }
        match text.strip_prefix(':') {
            Some(port) => port.parse().map(Self::Everywhere).map_err(|_| ParseListen),
            None => text.parse().map(Self::At).map_err(|_| ParseListen),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_upstream_reads_them() {
        for (text, listen) in [
            ("0", Listen::Off),
            (":8081", Listen::Everywhere(8081)),
            ("127.0.0.1:9", Listen::At("127.0.0.1:9".parse().unwrap())),
            ("[::1]:9", Listen::At("[::1]:9".parse().unwrap())),
        ] {
            assert_eq!(text.parse::<Listen>().unwrap(), listen, "{text}");
        }
        for text in ["8081", ":", "host", ":99999"] {
            assert!(text.parse::<Listen>().is_err(), "{text}");
        }
    }
}
