//! IPv6 addresses that stand for an IPv4 address.

use std::net::{Ipv4Addr, Ipv6Addr};

/// The IPv4 address to which something on the way may turn `address`, if it is of such a form.
pub(super) fn carried(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let last = v4(&address, 6);
    match address.segments() {
        // Unspecified and loopback, which are no IPv4-compatible addresses.
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => None,
        // 6to4 (RFC 3056).
        [0x2002, ..] => Some(v4(&address, 1)),
        // Teredo (RFC 4380): the client's address is written inverted.
        [0x2001, 0, ..] => Some(Ipv4Addr::from_bits(!last.to_bits())),
        // IPv4-compatible and IPv4-mapped (RFC 4291 §2.5.5), IPv4-translated (RFC 2765), NAT64 (RFC 6052; of the prefix for
        // local use, RFC 8215, its form of 96 bits), ISATAP (RFC 5214).
        [0, 0, 0, 0, 0, 0 | 0xffff, _, _]
        | [0, 0, 0, 0, 0xffff, 0, _, _]
        | [0x64, 0xff9b, 0, 0, 0, 0, _, _]
        | [0x64, 0xff9b, 1, ..]
        | [_, _, _, _, 0 | 0x200, 0x5efe, _, _] => Some(last),
        _ => None,
    }
}

/// The two segments from `at`.
fn v4(address: &Ipv6Addr, at: usize) -> Ipv4Addr {
    let octets = address.octets();
    let [a, b, c, d] = [0, 1, 2, 3].map(|n| octets[2 * at + n]);
    Ipv4Addr::new(a, b, c, d)
}
