//! See `fuzz/src/table`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| poolcounter_fuzz::table::check(data));
