//! See `fuzz/src/conversation`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| poolcounter_fuzz::conversation::check(data));
