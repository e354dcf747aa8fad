#![no_main]

libfuzzer_sys::fuzz_target!(init: keydesk_fuzz::begin(), |data: &[u8]| keydesk_fuzz::run("words", data));
