//! See `fuzz/src/admin.rs`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| poolcounter_fuzz::admin::check(data));
