#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| llmobs_fuzz::spans(data));
