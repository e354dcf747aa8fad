//! Which addresses an outward fetch may connect to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// Ranges that reach this machine, its link, a cloud's metadata service, or nobody in particular.
///
/// Private ranges are not among them: specifications served inside the cluster are legitimate.
const REFUSED_V4: [Ipv4Net; 11] = [
    v4([0, 0, 0, 0], 8),          // "this network"; connects to this machine on many systems
    v4([127, 0, 0, 0], 8),        // loopback
    v4([169, 254, 0, 0], 16),     // link-local, with most clouds' metadata services
    v4([100, 100, 100, 200], 32), // metadata (Alibaba)
    v4([168, 63, 129, 16], 32),   // platform service (Azure)
    v4([192, 0, 0, 0], 24),       // protocol assignments, with a metadata service (Oracle)
    v4([192, 88, 99, 0], 24),     // 6to4 relays
    v4([192, 0, 2, 0], 24),       // documentation
    v4([224, 0, 0, 0], 4),        // multicast
    v4([240, 0, 0, 0], 4),        // reserved
    v4([255, 255, 255, 255], 32), // broadcast
];

/// As [`REFUSED_V4`]; forms that carry an IPv4 address are refused as such, whatever they carry.
const REFUSED_V6: [Ipv6Net; 13] = [
    v6([0, 0, 0, 0, 0, 0, 0, 0], 96), // unspecified, loopback, IPv4-compatible
    v6([0, 0, 0, 0, 0, 0xffff, 0, 0], 96), // IPv4-mapped
    v6([0, 0, 0, 0, 0xffff, 0, 0, 0], 96), // IPv4-translated
    v6([0x64, 0xff9b, 0, 0, 0, 0, 0, 0], 96), // NAT64
    v6([0x64, 0xff9b, 1, 0, 0, 0, 0, 0], 48), // NAT64, local use
    v6([0x100, 0, 0, 0, 0, 0, 0, 0], 64), // discard
    v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 32), // Teredo
    v6([0x2002, 0, 0, 0, 0, 0, 0, 0], 16), // 6to4
    v6([0xfd00, 0xec2, 0, 0, 0, 0, 0, 0], 32), // metadata (AWS)
    v6([0xfd20, 0xce, 0, 0, 0, 0, 0, 0], 32), // metadata (Google)
    v6([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10), // link-local
    v6([0xfec0, 0, 0, 0, 0, 0, 0, 0], 10), // site-local
    v6([0xff00, 0, 0, 0, 0, 0, 0, 0], 8), // multicast
];

const fn v4([a, b, c, d]: [u8; 4], length: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), length)
}

const fn v6(s: [u16; 8], length: u8) -> Ipv6Net {
    Ipv6Net::new_assert(
        Ipv6Addr::new(s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7]),
        length,
    )
}

/// Whether a fetch may connect to `address`. `allow` (the operator's `--fetch-allow`) opens ranges that are otherwise
/// refused; an address is compared as it is written, so `127.0.0.0/8` does not open `::ffff:127.0.0.1`.
#[must_use]
pub fn allowed(address: IpAddr, allow: &[IpNet]) -> bool {
    allow.iter().any(|range| range.contains(&address))
        || !match address {
            IpAddr::V4(address) => REFUSED_V4.iter().any(|range| range.contains(&address)),
            IpAddr::V6(address) => REFUSED_V6.iter().any(|range| range.contains(&address)),
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_this_machine_its_link_or_a_metadata_service_is_refused() {
        for address in [
            "0.0.0.0",
            "0.1.2.3",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "169.254.170.2",
            "100.100.100.200",
            "168.63.129.16",
            "192.0.0.192",
            "224.0.0.1",
            "239.255.255.250",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::7f00:1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:0:169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::1",
            "2001:0:7f00:1::1",
            "2002:7f00:1::1",
            "fd00:ec2::254",
            "fd20:ce::254",
            "fe80::1",
            "febf::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!allowed(address.parse().unwrap(), &[]), "{address}");
        }
    }

    #[test]
    fn public_and_private_addresses_are_allowed() {
        for address in [
            "1.1.1.1",
            "10.0.0.1",
            "172.16.0.1",
            "192.168.1.1",
            "100.64.0.1",
            "2606:4700::1111",
            "fd12::1",
        ] {
            assert!(allowed(address.parse().unwrap(), &[]), "{address}");
        }
    }

    #[test]
    fn the_operator_can_open_a_range_and_only_that() {
        let loopback = ["127.0.0.0/8".parse().unwrap()];
        assert!(allowed("127.0.0.1".parse().unwrap(), &loopback));
        assert!(!allowed("::1".parse().unwrap(), &loopback));
        assert!(!allowed("::ffff:127.0.0.1".parse().unwrap(), &loopback));
        assert!(!allowed("169.254.169.254".parse().unwrap(), &loopback));
    }
}
