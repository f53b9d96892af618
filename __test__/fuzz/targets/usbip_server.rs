//! Fuzzes our USB/IP server with what a client may send: the start of a connection, then commands, each of which is
//! carried out on a virtual Duo.

use std::time::Duration;

use duo_provision::simulator::duo::transfer::{Outcome, Request};
use duo_provision::simulator::usbip::wire::{
    BUSID_SIZE, Command, HEADER_SIZE, MAX_TRANSFER, Submit, parse_busid, parse_command, parse_operation,
    submit_reply, unlink_reply,
};
use duo_provision::simulator::{DeviceKey, Duo, DuoOptions, Generation};

use super::tape::Tape;

/// Reads an operation, a bus id, and as many commands as there are.
pub fn run(bytes: &[u8]) {
    let mut tape = Tape::new(bytes);
    if let Some(head) = bytes.first_chunk() {
        assert!(parse_operation(*head).is_err() || (head[0] == 1 && head[2] == 0x80));
    }
    if let Some(busid) = bytes.first_chunk::<BUSID_SIZE>()
        && let Ok(text) = parse_busid(busid)
    {
        assert!(text.len() < BUSID_SIZE && busid.starts_with(text.as_bytes()) && busid[text.len()] == 0);
    }
    let generation = Generation::ALL[usize::from(tape.u8() % 4)];
    let mut duo = None;
    let mut now = Duration::ZERO;
    while let Ok(header) = <&[u8; HEADER_SIZE]>::try_from(tape.take(HEADER_SIZE)) {
        let Ok(command) = parse_command(header) else { return };
        let word = |at: usize| u32::from_be_bytes([0, 1, 2, 3].map(|n| header[at + n]));
        match command {
            Command::Unlink { sequence, victim } => {
                assert_eq!((word(0), sequence, victim), (2, word(4), word(20)));
                assert_eq!(unlink_reply(sequence, 0).len(), HEADER_SIZE);
            }
            Command::Submit(submit) => {
                assert_eq!((word(0), submit.sequence, submit.length), (1, word(4), word(24) as usize));
                assert!(submit.length <= MAX_TRANSFER && submit.endpoint <= 15 && submit.data.is_empty());
                let data = if submit.is_in { &[] } else { tape.take(submit.length) };
                let duo = duo.get_or_insert_with(|| plugged(generation));
                carry_out(duo, now, &submit, data);
                now += Duration::from_millis(u64::from(tape.u8()));
            }
        }
    }
}

fn plugged(generation: Generation) -> Duo {
    let key = || DeviceKey { slot: [0xA5; 1216].into(), spki: [0x30; 162] };
    Duo::new(DuoOptions::new(generation, [0x30; 12]), Box::new(key))
}

/// The answer is as long as its header says. (A device may send more than it was asked for; the bus reports babble.)
fn carry_out(duo: &mut Duo, now: Duration, submit: &Submit, data: &[u8]) {
    let (setup, length) = submit.setup;
    let transfer = duo.transfer(now, &Request { setup, length, data });
    if let Outcome::Data(bytes) = transfer.outcome {
        assert!(bytes.len() <= usize::from(length), "without a fault it never babbles");
        let reply = submit_reply(submit.sequence, 0, bytes.len(), &bytes);
        assert_eq!(reply.len(), HEADER_SIZE + bytes.len());
        assert_eq!(reply[24..28], u32::try_from(bytes.len()).expect("short").to_be_bytes());
    }
}
