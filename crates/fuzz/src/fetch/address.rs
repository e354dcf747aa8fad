//! Addresses that a fetch may connect to: two bytes of flags and ranges, then an address.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use keydesk_controller::fetch::{Opening, PrivateRanges, Reach};

pub(crate) fn judge(data: &[u8]) {
    let Some((&[flags, length], address)) = data.split_first_chunk::<2>() else {
        return;
    };
    let Ok(octets) = <[u8; 16]>::try_from(address) else {
        return;
    };
    let address = Ipv6Addr::from(octets);
    let mut reach = Reach {
        allow: Vec::new(),
        private: if flags & 1 == 0 {
            PrivateRanges::Allow
        } else {
            PrivateRanges::Deny
        },
    };
    check(&reach, address);
    if flags & 2 == 0 {
        return;
    }
    // Ranges that an operator opens, as wide as they may be, open nothing that is carried in them.
    reach
        .allow
        .extend(IpNet::new(IpAddr::V6(address), length % 129).map(|range| Opening::from(range.trunc())));
    carriers(&reach, v4(&address));
}

fn check(reach: &Reach, address: Ipv6Addr) {
    let inner = v4(&address);
    carriers(reach, inner);
    let refused = inner.is_loopback()
        || inner.is_link_local()
        || inner.is_multicast()
        || inner.is_broadcast()
        || inner.is_unspecified()
        || inner.is_documentation()
        || (reach.private == PrivateRanges::Deny && inner.is_private());
    assert!(!(refused && allows(reach, inner)), "{inner} is refused");
    let refused = address.is_loopback()
        || address.is_multicast()
        || address.is_unspecified()
        || address.is_unicast_link_local()
        || (reach.private == PrivateRanges::Deny && address.is_unique_local());
    assert!(!(refused && allows(reach, address)), "{address} is refused");
}

/// No form that carries an address reaches further than the address itself.
fn carriers(reach: &Reach, inner: Ipv4Addr) {
    if allows(reach, inner) {
        return;
    }
    let [a, b, c, d] = inner.octets();
    let (high, low) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
    for carrier in [
        inner.to_ipv6_mapped(),
        inner.to_ipv6_compatible(),
        Ipv6Addr::new(0x2002, high, low, 0, 0, 0, 0, 1),
        Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, high, low),
        Ipv6Addr::new(0x64, 0xff9b, 1, 0, 0, 0, high, low),
        Ipv6Addr::new(0x2001, 0, 0x4136, 0xe378, 0x8000, 0x63bf, !high, !low),
        Ipv6Addr::new(0x2a00, 1, 2, 3, 0x200, 0x5efe, high, low),
    ] {
        // Those two are no such forms, but addresses of their own.
        let own = carrier.is_loopback() || carrier.is_unspecified();
        assert!(own || !allows(reach, carrier), "{carrier} leads to {inner}");
    }
}

fn allows(reach: &Reach, address: impl Into<IpAddr>) -> bool {
    reach.allows((address.into(), 80).into())
}

fn v4(address: &Ipv6Addr) -> Ipv4Addr {
    let [.., a, b, c, d] = address.octets();
    Ipv4Addr::new(a, b, c, d)
}
