//! See `fuzz/src/c_api`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| poolcounter_fuzz::c_api::check(data));
