#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| duo_provision_fuzz::given_file::run(data));
