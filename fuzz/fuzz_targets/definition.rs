#![no_main]

use keydesk_fuzz::{begin, targets};

libfuzzer_sys::fuzz_target!(init: begin(), |data: &[u8]| targets::definition(data));
