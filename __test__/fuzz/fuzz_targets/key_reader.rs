#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| duo_provision_fuzz::key_reader::run(data));
