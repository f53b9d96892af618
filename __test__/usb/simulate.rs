//! Starts virtual Duos behind a USB/IP server, for the lane on a real USB stack; runs until it is killed, or
//! with `--until-eof` until its standard input is closed.
//!
//! `simulate [--duos N] [--generation r3|r4|r5|r6] [--usbip PORT] [--until-eof]`

use std::io::{Read, Write};
use std::sync::Arc;

use duo_provision::simulator::{Generation, Lab};
use duo_provision::usb::clock::SystemClock;

struct Arguments {
    duos: u32,
    generation: Generation,
    port: u16,
    until_eof: bool,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments = arguments()?;
    let clock = Arc::new(SystemClock::new());
    let lab = Lab::start(arguments.duos, arguments.generation, arguments.port, clock)?;
    println!("usbip {}", lab.address());
    for duo in lab.duos() {
        let fingerprint = duo.fingerprint.unwrap_or_else(|| "none".to_owned());
        println!("duo {} id {} fingerprint {fingerprint}", duo.path, duo.device_id);
    }
    println!("virtual Duos; after a leave each boots, and returns to DFU mode as if its buttons were held");
    std::io::stdout().flush()?;
    if arguments.until_eof {
        std::io::stdin().read_to_end(&mut Vec::new())?;
        lab.stop();
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
        match name.as_str() {
            "--duos" => found.duos = number(&value()?)?,
            "--generation" => found.generation = value()?.parse()?,
            "--usbip" => found.port = number(&value()?)?,
            "--until-eof" => found.until_eof = true,
            other => return Err(format!("unknown option {other}")),
        }
    }
    Ok(found)
}

fn number<T: std::str::FromStr<Err = std::num::ParseIntError>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|e| format!("{text}: {e}"))
}
