//! What every target holds for: its seeds, and what is shorter and longer than they are.

use keydesk_fuzz::TARGETS;

use crate::{names_in, root};

/// Every target, each seed as it is and cut off in the middle.
#[test]
fn every_target_holds_for_its_seeds() {
    for target in TARGETS {
        let folder = format!("crates/fuzz/seeds/{}", target.name);
        let seeds = names_in(&folder);
        assert!(seeds.len() > 1, "{} has seeds", target.name);
        for seed in seeds {
            let seed = root().join(&folder).join(seed);
            let data = std::fs::read(&seed).unwrap();
            assert!(data.len() <= 8 << 10, "{} is small", seed.display());
            // Only shown if one of them does not hold.
            println!("{}", seed.display());
            (target.run)(&data);
            (target.run)(&data[..data.len() / 2]);
        }
    }
}

#[test]
fn every_target_holds_for_nothing_and_for_what_is_no_text() {
    for target in TARGETS {
        println!("{}", target.name);
        for data in [
            &b""[..],
            b"\0",
            b"\n",
            b"\n\n\n\n",
            b" ",
            b"\xff\xfe\n\xff",
            &[b'a'; 4096],
        ] {
            (target.run)(data);
        }
    }
}
