use proptest::prelude::{Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};

use ipnet::IpNet;

use super::*;

fn reach(allow: &[&str]) -> Reach {
    Reach {
        allow: allow.iter().map(|range| range.parse().unwrap()).collect(),
        ..Reach::default()
    }
}

fn at(address: IpAddr) -> SocketAddr {
    (address, 80).into()
}

fn allows(reach: &Reach, address: &str) -> bool {
    reach.allows(at(address.parse().unwrap()))
}

#[test]
fn an_address_of_this_machine_its_link_a_metadata_service_or_nobody_is_refused() {
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
        "192.0.2.1",
        "192.88.99.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.7",
        "203.0.113.7",
        "224.0.0.1",
        "239.255.255.250",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::7f00:1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:1.1.1.1",
        "::ffff:0:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::1",
        "100::1",
        "100:0:0:1::1",
        "2001:0:7f00:1::1",
        "2001:2::1",
        "2001:10::1",
        "2001:20::1",
        "2001:db8::1",
        "2002:7f00:1::1",
        "2606:4700::5efe:127.0.0.1",
        "2606:4700::200:5efe:a9fe:a9fe",
        "3fff::1",
        "4000::1",
        "5f00::1",
        "fd00:ec2::254",
        "fd20:ce::254",
        "fe00::1",
        "fe80::1",
        "febf::1",
        "fec0::1",
        "ff02::1",
    ] {
        assert!(!allows(&Reach::default(), address), "{address}");
    }
}

#[test]
fn private_addresses_are_the_operators_choice() {
    let public = [
        "1.1.1.1",
        "100.63.255.255",
        "172.32.0.1",
        "192.0.1.1",
        "2606:4700::1111",
        "2a00:1450::1",
    ];
    let private = [
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "100.127.255.254",
        "fc00::1",
        "fd12::1",
    ];
    let denied = Reach {
        private: PrivateRanges::Deny,
        ..reach(&["10.7.0.0/16"])
    };
    for address in public {
        assert!(
            allows(&Reach::default(), address) && allows(&denied, address),
            "{address}"
        );
    }
    for address in private {
        assert!(
            allows(&Reach::default(), address) && !allows(&denied, address),
            "{address}"
        );
    }
    assert!(allows(&denied, "10.7.1.1"), "named by --fetch-allow");
}

#[test]
fn the_operator_can_open_a_range_and_only_that() {
    let loopback = reach(&["127.0.0.0/8"]);
    assert!(allows(&loopback, "127.0.0.1"));
    assert!(!allows(&loopback, "::1"));
    assert!(!allows(&loopback, "::ffff:127.0.0.1"));
    assert!(!allows(&loopback, "169.254.169.254"));
    assert!(allows(&reach(&["::1/128"]), "::1"));
}

#[test]
fn the_operator_can_open_one_port_and_only_that() {
    let door = reach(&["127.0.0.1/32:8000"]);
    let allows = |reach: &Reach, to: &str| reach.allows(to.parse().unwrap());
    assert!(allows(&door, "127.0.0.1:8000"));
    for beside in [
        "127.0.0.1:7999",
        "127.0.0.1:80",
        "127.0.0.2:8000",
        "[::1]:8000",
        "[::ffff:127.0.0.1]:8000",
    ] {
        assert!(!allows(&door, beside), "{beside}");
    }
    let translated = reach(&["[64:ff9b::/96]:443", "127.0.0.1/32:80"]);
    assert!(allows(&translated, "[64:ff9b::1.1.1.1]:443"));
    assert!(!allows(&translated, "[64:ff9b::1.1.1.1]:80"));
    assert!(
        !allows(&translated, "[64:ff9b::127.0.0.1]:443"),
        "what it carries is open at another port"
    );
}

#[test]
fn what_a_nat64_reaches_is_judged_by_what_it_carries() {
    let nat64 = reach(&["64:ff9b::/96"]);
    assert!(allows(&nat64, "64:ff9b::1.1.1.1"));
    assert!(allows(&nat64, "64:ff9b::10.0.0.1"));
    assert!(!allows(&nat64, "64:ff9b::127.0.0.1"));
    assert!(!allows(&nat64, "64:ff9b::169.254.169.254"));
}

#[test]
fn allow_and_deny_are_the_words_for_private_ranges() {
    for word in ["allow", "deny"] {
        assert_eq!(word.parse::<PrivateRanges>().unwrap().to_string(), word);
    }
    assert!("Deny".parse::<PrivateRanges>().is_err());
}

/// Addresses, with those near the bounds of ranges as likely as all others.
fn addresses_v4() -> impl Strategy<Value = Ipv4Addr> {
    let ranges = || REFUSED_V4.into_iter().chain(PRIVATE_V4).collect::<Vec<_>>();
    let near =
        (any::<proptest::sample::Index>(), -2_i64..=2, any::<bool>()).prop_map(move |(index, step, end)| {
            let range = *index.get(&ranges());
            let bound = if end { range.broadcast() } else { range.network() };
            let bits = (i64::from(bound.to_bits()) + step).clamp(0, i64::from(u32::MAX));
            Ipv4Addr::from_bits(u32::try_from(bits).unwrap())
        });
    prop_oneof![any::<u32>().prop_map(Ipv4Addr::from_bits), near]
}

/// Every form of IPv6 that stands for `address`.
fn forms(address: Ipv4Addr, noise: u64) -> [Ipv6Addr; 9] {
    let (v4, noise) = (u128::from(address.to_bits()), u128::from(noise));
    let (sixth, above) = (noise & 0xffff, noise >> 16);
    [
        v4,
        0xffff << 32 | v4,
        0xffff << 48 | v4,
        0x64_ff9b << 96 | v4,
        0x64_ff9b << 96 | 1 << 80 | sixth << 32 | v4,
        0x2002 << 112 | v4 << 80 | above,
        0x2001_0000 << 96 | above << 48 | sixth << 32 | (!v4 & 0xffff_ffff),
        0x2a00 << 112 | above << 64 | 0x5efe << 32 | v4,
        0x2a00 << 112 | above << 64 | 0x0200_5efe << 32 | v4,
    ]
    .map(Ipv6Addr::from_bits)
}

proptest! {
    /// The standard library's words for an address, which know nothing of our tables.
    #[test]
    fn nothing_special_is_reached(address in addresses_v4()) {
        let special = address.is_unspecified()
            || address.is_loopback()
            || address.is_link_local()
            || address.is_multicast()
            || address.is_broadcast()
            || address.is_documentation();
        let public = Reach { private: PrivateRanges::Deny, ..Reach::default() };
        if special {
            prop_assert!(!Reach::default().allows(at(address.into())));
        }
        if special || address.is_private() {
            prop_assert!(!public.allows(at(address.into())));
        }
    }

    #[test]
    fn no_form_reaches_more_than_the_address_that_it_carries(address in addresses_v4(), noise in any::<u64>()) {
        let everything = reach(&["::/0"]);
        for form in forms(address, noise) {
            if form.is_loopback() || form.is_unspecified() {
                continue;
            }
            prop_assert_eq!(carried(form), Some(address), "{}", form);
            prop_assert_eq!(everything.allows(at(form.into())), everything.allows(at(address.into())), "{}", form);
        }
    }

    #[test]
    fn no_form_is_reached_unless_it_is_opened_itself(address in addresses_v4(), noise in any::<u64>()) {
        let every_v4 = reach(&["0.0.0.0/0"]);
        // An ISATAP address is one of an ordinary network: it is judged by what it carries alone.
        for form in &forms(address, noise)[..7] {
            prop_assert!(!every_v4.allows(at((*form).into())), "{}", form);
        }
    }

    #[test]
    fn what_is_allowed_in_v6_is_global_or_private(bits in any::<u128>(), within in any::<bool>()) {
        let address = Ipv6Addr::from_bits(if within { bits >> 3 | 1 << 125 } else { bits });
        if Reach::default().allows(at(address.into())) {
            prop_assert!(!address.is_loopback() && !address.is_multicast() && !address.is_unicast_link_local());
            prop_assert!(address.segments()[0] >> 13 == 1 || address.is_unique_local());
        }
    }

    #[test]
    fn opening_a_range_closes_nothing_and_denying_opens_nothing(bits in any::<u128>(), v4 in addresses_v4(), length in 0_u8..=32) {
        let range = Ipv4Net::new(v4, length).unwrap().trunc();
        let opened = Reach { allow: vec![IpNet::from(range).into()], ..Reach::default() };
        let public = Reach { private: PrivateRanges::Deny, ..Reach::default() };
        for address in [IpAddr::V4(v4), IpAddr::V6(Ipv6Addr::from_bits(bits))] {
            let by_default = Reach::default().allows(at(address));
            prop_assert!(opened.allows(at(address)) || !by_default);
            prop_assert!(by_default || !public.allows(at(address)));
        }
        prop_assert!(opened.allows(at(v4.into())));
    }
}
