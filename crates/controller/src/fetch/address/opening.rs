//! What an operator opens: a range of addresses, at every port or at one.

use std::{fmt, net::SocketAddr, num::NonZeroU16, str::FromStr};

use ipnet::{AddrParseError, IpNet};

/// A range that may be fetched from although it is otherwise refused. Written `10.0.0.0/8`, `fd12::/64`; with a port
/// `127.0.0.1/32:8000`, `[::1/128]:8000`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opening {
    range: IpNet,
    /// The only port of these addresses that is open; otherwise every one is.
    port: Option<u16>,
}

/// Not an [`Opening`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write a range such as 10.0.0.0/8 or fd12::/64, or one port of it: 10.0.0.0/8:443, [fd12::/64]:443")]
pub struct ParseOpening;

impl Opening {
    /// Whether this opens the port of the address.
    #[must_use]
    pub fn contains(&self, to: SocketAddr) -> bool {
        self.range.contains(&to.ip()) && self.port.is_none_or(|port| port == to.port())
    }
}

impl From<IpNet> for Opening {
    fn from(range: IpNet) -> Self {
        Self { range, port: None }
    }
}

/// This address and port, and no other.
impl From<SocketAddr> for Opening {
    fn from(at: SocketAddr) -> Self {
        Self {
            range: at.ip().into(),
            port: Some(at.port()),
        }
    }
}

impl fmt::Display for Opening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.range, self.port) {
            (range, None) => write!(f, "{range}"),
            (IpNet::V4(range), Some(port)) => write!(f, "{range}:{port}"),
            (IpNet::V6(range), Some(port)) => write!(f, "[{range}]:{port}"),
        }
    }
}

impl FromStr for Opening {
    type Err = ParseOpening;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(range) = text.parse::<IpNet>() {
            return Ok(range.into());
        }
        let (range, port) = text.rsplit_once(':').ok_or(ParseOpening)?;
        let inner = range.strip_prefix('[').and_then(|range| range.strip_suffix(']'));
        let range = match inner {
            Some(range) => range.parse().map(IpNet::V6),
            None => range.parse().map(IpNet::V4),
        };
        let port: NonZeroU16 = port.parse().map_err(|_| ParseOpening)?;
        Ok(Self {
            range: range.map_err(|_: AddrParseError| ParseOpening)?,
            port: Some(port.get()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_written_with_or_without_a_port() {
        for text in ["10.0.0.0/8", "127.0.0.1/32:8000", "fd12::/64", "[::1/128]:8000"] {
            assert_eq!(text.parse::<Opening>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_neither_is_refused() {
        for text in [
            "",
            "everything",
            "127.0.0.1",
            "127.0.0.1:8000",
            "127.0.0.1/32:0",
            "127.0.0.1/32:",
            "127.0.0.1/32:http",
            "127.0.0.1/32:65536",
            "127.0.0.1/33:8000",
            "[127.0.0.1/32]:8000",
            "::1/128:8000",
            "[::1/128]",
            "[::1]/128:8000",
            "localhost:8000",
        ] {
            assert_eq!(text.parse::<Opening>(), Err(ParseOpening), "{text:?}");
        }
    }

    #[test]
    fn one_port_opens_no_other_and_a_range_without_a_port_opens_all() {
        let contains = |opening: &str, to: &str| {
            let opening: Opening = opening.parse().unwrap();
            opening.contains(to.parse().unwrap())
        };
        for (opening, open, beside) in [
            ("127.0.0.1/32:8000", "127.0.0.1:8000", "127.0.0.1:8001"),
            ("127.0.0.1/32:8000", "127.0.0.1:8000", "127.0.0.2:8000"),
            ("[::1/128]:8000", "[::1]:8000", "[::1]:80"),
            ("10.0.0.0/8", "10.1.2.3:1", "11.0.0.1:1"),
            ("10.0.0.0/8", "10.1.2.3:65535", "9.255.255.255:65535"),
        ] {
            assert!(contains(opening, open), "{opening} {open}");
            assert!(!contains(opening, beside), "{opening} {beside}");
        }
        let at: SocketAddr = "127.0.0.1:8000".parse().unwrap();
        assert_eq!(Opening::from(at).to_string(), "127.0.0.1/32:8000");
    }
}
