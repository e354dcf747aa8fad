//! Addresses as upstream's flags write them: `:8081` for every address of the machine, `0` for none.

use std::{
    net::{Ipv6Addr, SocketAddr},
    str::FromStr,
};

/// Where to listen, if at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Listen(Option<SocketAddr>);

/// Not an address.
#[derive(Debug, thiserror::Error)]
#[error("write HOST:PORT with a numeric host, :PORT for every address, or 0 for none")]
pub(super) struct ParseListen;

impl Listen {
    pub(super) fn socket(self) -> Option<SocketAddr> {
        self.0
    }

    pub(super) fn is_off(self) -> bool {
        self.0.is_none()
    }
}

impl FromStr for Listen {
    type Err = ParseListen;

    fn from_str(text: &str) -> Result<Self, ParseListen> {
        if matches!(text, "0" | "") {
            return Ok(Self(None));
        }
        let address = match text.strip_prefix(':') {
            Some(port) => SocketAddr::from((Ipv6Addr::UNSPECIFIED, port.parse().map_err(|_| ParseListen)?)),
            None => text.parse().map_err(|_| ParseListen)?,
        };
        Ok(Self(Some(address)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_upstream_reads_them() {
        for (text, address) in [
            ("0", None),
            (":8081", Some("[::]:8081")),
            ("127.0.0.1:9", Some("127.0.0.1:9")),
            ("[::1]:9", Some("[::1]:9")),
        ] {
            let expected = address.map(|address| address.parse().unwrap());
            assert_eq!(text.parse::<Listen>().unwrap().socket(), expected, "{text}");
        }
        for text in ["8081", ":", "host", ":99999"] {
            assert!(text.parse::<Listen>().is_err(), "{text}");
        }
    }
}
