//! See `fuzz/src/hand_over`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| poolcounter_fuzz::hand_over::check(data));
