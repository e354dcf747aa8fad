//! Which addresses an outward fetch may connect to.

mod carried;
mod opening;
#[cfg(test)]
mod tests;

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    str::FromStr,
};

use ipnet::{Ipv4Net, Ipv6Net};

use self::carried::carried;
pub use self::opening::{Opening, ParseOpening};

/// Ranges that reach this machine, its link, a cloud's metadata service, or nobody in particular: those that the IANA
/// registry of special-purpose addresses does not call globally reachable, except the private ones, and the platform
/// services that clouds put among others.
const REFUSED_V4: [Ipv4Net; 13] = [
    v4([0, 0, 0, 0], 8),          // "this network"; connects to this machine on many systems
    v4([127, 0, 0, 0], 8),        // loopback
    v4([169, 254, 0, 0], 16),     // link-local, with most clouds' metadata services
    v4([100, 100, 100, 200], 32), // metadata (Alibaba)
    v4([168, 63, 129, 16], 32),   // platform service (Azure)
    v4([192, 0, 0, 0], 24),       // protocol assignments, with a metadata service (Oracle)
    v4([192, 0, 2, 0], 24),       // documentation
    v4([192, 88, 99, 0], 24),     // 6to4 relays
    v4([198, 18, 0, 0], 15),      // benchmarks
    v4([198, 51, 100, 0], 24),    // documentation
    v4([203, 0, 113, 0], 24),     // documentation
    v4([224, 0, 0, 0], 4),        // multicast
    v4([240, 0, 0, 0], 4),        // reserved, and broadcast
];

/// What of IPv6 is used at all: global unicast. Everything else but [`PRIVATE_V6`] is refused: loopback, link-local,
/// multicast, the forms that carry an IPv4 address in front of `2000::/3`, and what nobody has assigned yet.
const GLOBAL_V6: Ipv6Net = v6([0x2000, 0, 0, 0, 0, 0, 0, 0], 3);

/// As [`REFUSED_V4`], within [`GLOBAL_V6`] and [`PRIVATE_V6`]. Forms that carry an IPv4 address are refused as such,
/// whatever they carry.
const REFUSED_V6: [Ipv6Net; 6] = [
    v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 23), // protocol assignments: Teredo, benchmarks, identifiers that are no addresses
    v6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32), // documentation
    v6([0x2002, 0, 0, 0, 0, 0, 0, 0], 16), // 6to4
    v6([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20), // documentation
    v6([0xfd00, 0xec2, 0, 0, 0, 0, 0, 0], 32), // metadata (AWS)
    v6([0xfd20, 0xce, 0, 0, 0, 0, 0, 0], 32), // metadata (Google)
];

/// The networks of organisations (RFC 1918) and of carriers, which clusters use as well (RFC 6598).
const PRIVATE_V4: [Ipv4Net; 4] = [
    v4([10, 0, 0, 0], 8),
    v4([100, 64, 0, 0], 10),
    v4([172, 16, 0, 0], 12),
    v4([192, 168, 0, 0], 16),
];

/// Unique local addresses (RFC 4193).
const PRIVATE_V6: Ipv6Net = v6([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7);

const fn v4([a, b, c, d]: [u8; 4], length: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), length)
}

const fn v6(s: [u16; 8], length: u8) -> Ipv6Net {
    Ipv6Net::new_assert(
        Ipv6Addr::new(s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7]),
        length,
    )
}

/// Whether private ranges may be fetched from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PrivateRanges {
    /// Documents that are served within the cluster or the company are legitimate.
    #[default]
    Allow,
    /// Only what is public, and what [`Reach::allow`] names.
    Deny,
}

impl fmt::Display for PrivateRanges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
        })
    }
}

impl FromStr for PrivateRanges {
    type Err = &'static str;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        match word {
            "allow" => Ok(Self::Allow),
            "deny" => Ok(Self::Deny),
            _ => Err("write allow or deny"),
        }
    }
}

/// How far outward fetches reach: the operator's choice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// What is open although it is otherwise refused.
    pub allow: Vec<Opening>,
    /// Whether private ranges are open.
    pub private: PrivateRanges,
}

impl Reach {
    /// Whether a fetch may connect `to` this address and port.
    ///
    /// An address is judged as it is written, so `127.0.0.0/8` among [`Reach::allow`] does not open `::ffff:127.0.0.1`. One
    /// that carries an IPv4 address must be opened itself, and what it carries must be allowed too: `64:ff9b::/96` opens
    /// what a NAT64 reaches, but not the metadata service behind it.
    #[must_use]
    pub fn allows(&self, to: SocketAddr) -> bool {
        let open = self.allow.iter().any(|opening| opening.contains(to));
        match to.ip() {
            IpAddr::V4(address) => open || self.reaches_v4(address),
            IpAddr::V6(address) => {
                (open || self.reaches_v6(address))
                    && carried(address).is_none_or(|carried| self.allows((carried, to.port()).into()))
            }
        }
    }

    fn reaches_v4(&self, address: Ipv4Addr) -> bool {
        !within(&REFUSED_V4, address)
            && (self.private == PrivateRanges::Allow || !within(&PRIVATE_V4, address))
    }

    fn reaches_v6(&self, address: Ipv6Addr) -> bool {
        let known = GLOBAL_V6.contains(&address)
            || (self.private == PrivateRanges::Allow && PRIVATE_V6.contains(&address));
        known && !REFUSED_V6.iter().any(|range| range.contains(&address))
    }
}

fn within(ranges: &[Ipv4Net], address: Ipv4Addr) -> bool {
    ranges.iter().any(|range| range.contains(&address))
}
