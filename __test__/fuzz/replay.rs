//! Runs the fuzz targets with the stable toolchain: every input in `corpus/`, then a fixed number of mutations of them,
//! the same in every run.
//!
//! `DUO_PROVISION_FUZZ_SEED=N` chooses other mutations. An input that fails is written to a file that the message
//! names; copy it to the corpus from there.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};

mod mutate;
mod targets;

use mutate::Mutator;

use crate::common::sample;

/// The seed of an ordinary run.
const SEED: u64 = 0x0D00_5EED;

/// One test per target: its function, and the number of mutations, of which an ordinary run tries a tenth.
macro_rules! replay {
    ($($target:ident: $rounds:literal,)*) => {
        $(#[test]
        fn $target() {
            replay(stringify!($target), targets::$target::run, $rounds);
        })*

        #[test]
        fn every_corpus_has_its_target() {
            let known = [$(stringify!($target)),*];
            for folder in std::fs::read_dir(corpus("")).unwrap() {
                let name = folder.unwrap().file_name();
                assert!(known.iter().any(|target| name == *target), "{name:?}");
            }
        }
    };
}

replay! {
    dct_dump: 500,
    descriptors: 20_000,
    given_file: 2_000,
    http_reply: 20_000,
    journal: 5_000,
    key_reader: 1_000,
    machines: 2_000,
    manifest: 10_000,
    memory_map: 5_000,
    session: 300,
    usbip_client: 20_000,
    usbip_server: 1_000,
}

fn replay(name: &str, target: fn(&[u8]), rounds: usize) {
    let kept = kept(name);
    for (file, input) in &kept {
        attempt(target, input, &format!("{name}: {}", file.display()));
    }
    let seed = seed();
    let tried = if sample::is_all() { rounds } else { rounds / 10 };
    let mut mutator = Mutator::new(seed, kept.into_iter().map(|(_, input)| input).collect());
    for round in 0..tried {
        attempt(target, mutator.next_input(), &format!("{name}: mutation {round} of seed {seed}"));
    }
    sample::say("the mutated inputs", tried, rounds);
}

/// Runs a target; on a failure says which input failed and where it is.
fn attempt(target: fn(&[u8]), input: &[u8], what: &str) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| target(input))) {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("fuzz-{}", std::process::id()));
        let written = std::fs::write(&path, input).map(|()| path.display().to_string());
        eprintln!("{what} fails; the input: {}", written.unwrap_or_else(|error| error.to_string()));
        resume_unwind(panic);
    }
}

fn seed() -> u64 {
    match std::env::var("DUO_PROVISION_FUZZ_SEED") {
        Ok(text) => text.parse().expect("DUO_PROVISION_FUZZ_SEED is a number"),
        Err(_) => SEED,
    }
}

/// The inputs in the corpus of a target, by name.
fn kept(name: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = std::fs::read_dir(corpus(name)).expect("every target has a corpus");
    let mut files: Vec<PathBuf> = folder.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty(), "{name} has inputs");
    files.into_iter().map(|path| (path.clone(), std::fs::read(path).unwrap())).collect()
}

fn corpus(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("__test__/fuzz/corpus").join(name)
}
