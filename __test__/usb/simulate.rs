//! Starts virtual Duos behind a USB/IP server, for tests on a real USB stack; runs until it is killed, or
//! until its standard input is closed where `--until-eof` is given.
//!
//! `simulate [--duos N] [--generation r3|r4|r5|r6] [--usbip PORT] [--until-eof]`

use std::io::{Read, Write};
use std::sync::Arc;

use duo_provision::simulator::{
    DeviceKey, Duo, DuoOptions, Generation, Hub, KeyMaker, RealClock, UsbIpServer,
};
use sha2::{Digest, Sha256};

const KEYS: &str = include_str!("../fixtures/device-keys.jsonl");

struct Arguments {
    duos: u8,
    generation: Generation,
    port: u16,
    until_eof: bool,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments = arguments()?;
    let hub = Hub::new(Arc::new(RealClock::new()));
    let mut lines = String::new();
    for n in 0..arguments.duos {
        let id = [0x30, 0x00, 0x1b, 0x00, 0x0c, 0x47, 0x35, 0x33, 0x30, 0x30, 0x00, n + 1];
        let duo = Duo::new(DuoOptions::new(arguments.generation, id), key_maker(n));
        let device_id = duo.device_id();
        let fingerprint = hex(&Sha256::digest(&duo.dct(1250, 162)));
        let path = hub.plug(duo);
        lines += &format!("duo {path} id {device_id} fingerprint {fingerprint}\n");
    }
    let server = UsbIpServer::start(hub, arguments.port)?;
    print!("usbip {}\n{lines}", server.address());
    println!("virtual Duos; after a leave each boots, and returns to DFU mode as if its buttons were held");
    std::io::stdout().flush()?;
    if arguments.until_eof {
        std::io::stdin().read_to_end(&mut Vec::new())?;
        server.stop();
        return Ok(());
    }
    loop {
        std::thread::park();
    }
}

fn arguments() -> Result<Arguments, String> {
    let mut found = Arguments { duos: 1, generation: Generation::R6, port: 0, until_eof: false };
    let mut rest = std::env::args().skip(1);
    while let Some(name) = rest.next() {
        let mut value = || rest.next().ok_or(format!("{name} needs a value"));
        let number = |v: String| v.parse::<u16>().map_err(|e| format!("{v}: {e}"));
        match name.as_str() {
            "--duos" => {
                found.duos = u8::try_from(number(value()?)?)
                    .ok()
                    .filter(|n| (1..=100).contains(n))
                    .ok_or("--duos takes 1 to 100")?;
            }
            "--generation" => found.generation = value()?.parse()?,
            "--usbip" => found.port = number(value()?)?,
            "--until-eof" => found.until_eof = true,
            other => return Err(format!("unknown option {other}")),
        }
    }
    Ok(found)
}

/// Hands out the test keys, each Duo from a place of its own.
fn key_maker(n: u8) -> KeyMaker {
    let keys: Vec<DeviceKey> = KEYS.lines().filter_map(key).collect();
    let mut next = usize::from(n) * 7;
    Box::new(move || {
        next += 1;
        keys[(next - 1) % keys.len()].clone()
    })
}

fn key(line: &str) -> Option<DeviceKey> {
    let line: serde_json::Value = serde_json::from_str(line).ok()?;
    let device = unhex(line["device"].as_str()?)?;
    let mut slot = zeroize::Zeroizing::new([0xff; 1216]);
    slot.get_mut(..device.len())?.copy_from_slice(&device);
    Some(DeviceKey { slot, spki: unhex(line["spki"].as_str()?)?.try_into().ok()? })
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    (0..text.len()).step_by(2).map(|i| u8::from_str_radix(text.get(i..i + 2)?, 16).ok()).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
