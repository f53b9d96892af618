//! Fixtures, a small DER writer for the tests only, and a generator of fixed randomness.

use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::LazyLock;

use duo_provision::keys::{Number, PrivateKey, SLOT_LEN};
use rand_core::{TryCryptoRng, TryRng};
use serde::Deserialize;
use sha2::{Digest, Sha256};

/// A line of `device-keys.jsonl`, decoded.
pub struct Vector {
    pub device: Vec<u8>,
    pub minimal: Vec<u8>,
    pub canonical: bool,
    pub minimal_misread: bool,
    pub spki: Vec<u8>,
    pub fingerprint: String,
    /// Read from `device`, once: checking primes takes 10 ms without optimisation.
    pub key: PrivateKey,
}

pub static VECTORS: LazyLock<Vec<Vector>> = LazyLock::new(|| {
    #[derive(Deserialize)]
    struct Line {
        device: String,
        minimal: String,
        canonical: bool,
        minimal_misread: bool,
        spki: String,
        fingerprint: String,
    }
    let text = String::from_utf8(fixture("device-keys.jsonl")).expect("UTF-8");
    let line = |line: &str| {
        let line: Line = serde_json::from_str(line).expect("JSON");
        let device = unhex(&line.device);
        Vector {
            key: PrivateKey::read(&device).expect("vectors are sound").key,
            device,
            minimal: unhex(&line.minimal),
            canonical: line.canonical,
            minimal_misread: line.minimal_misread,
            spki: unhex(&line.spki),
            fingerprint: line.fingerprint,
        }
    };
    text.lines().map(line).collect()
});

pub fn fixture(name: &str) -> Vec<u8> {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "__test__", "fixtures", name].iter().collect();
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A file of `fixtures/keys`.
pub fn key_file(name: &str) -> Vec<u8> {
    fixture(&format!("keys/{name}"))
}

pub fn unhex(text: &str) -> Vec<u8> {
    let pairs = text.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).expect("ASCII"));
    pairs.map(|pair| u8::from_str_radix(pair, 16).expect("hex")).collect()
}

pub fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|d| char::from_digit(d.into(), 16))
        .collect()
}

/// `bytes` at the start of a slot, followed by `fill`.
pub fn in_slot(bytes: &[u8], fill: u8) -> [u8; SLOT_LEN] {
    let mut slot = [fill; SLOT_LEN];
    slot[..bytes.len()].copy_from_slice(bytes);
    slot
}

/// A DER element with a length of two octets.
pub fn element(tag: u8, contents: &[u8]) -> Vec<u8> {
    let [high, low] = u16::try_from(contents.len()).expect("short").to_be_bytes();
    [&[tag, 0x82, high, low], contents].concat()
}

/// An `RSAPrivateKey` of these magnitudes (n, e, d, p, q, dP, dQ, qInv), whether they are valid or not.
pub fn pkcs1(numbers: &[Vec<u8>]) -> Vec<u8> {
    let mut contents = vec![0x02, 0x01, 0x00];
    for number in numbers {
        contents.extend(element(0x02, &[&[0], number.as_slice()].concat()));
    }
    element(0x30, &contents)
}

/// The magnitudes of a key, in the order of `RSAPrivateKey`, e included.
pub fn magnitudes(key: &PrivateKey) -> Vec<Vec<u8>> {
    let mut numbers: Vec<_> = Number::ALL.iter().map(|number| key.number(*number).to_vec()).collect();
    numbers.insert(1, vec![1, 0, 1]);
    numbers
}

/// Randomness that is the same in every run: SHA-256 of a seed and a counter. For tests only.
pub struct Seeded {
    seed: u64,
    counter: u64,
}

impl Seeded {
    pub fn new(seed: u64) -> Self {
        Self { seed, counter: 0 }
    }

    fn block(&mut self) -> [u8; 32] {
        self.counter += 1;
        Sha256::digest([self.seed.to_be_bytes(), self.counter.to_be_bytes()].concat()).into()
    }
}

impl TryRng for Seeded {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let block = self.block();
        Ok(u32::from_be_bytes([block[0], block[1], block[2], block[3]]))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(u64::from(self.try_next_u32()?) << 32 | u64::from(self.try_next_u32()?))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        for chunk in out.chunks_mut(32) {
            chunk.copy_from_slice(&self.block()[..chunk.len()]);
        }
        Ok(())
    }
}

impl TryCryptoRng for Seeded {}
