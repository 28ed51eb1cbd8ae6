//! See `fuzz/src/recording`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| poolcounter_fuzz::recording::check(data));
