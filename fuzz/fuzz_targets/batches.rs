//! `batches` under cargo-fuzz.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| rollbook_fuzz::batches::run(bytes));
