//! The workflows that write other fields than the key alone: `server-key set`, and `dct restore` of two fields.

use duo_provision::error::{Code, Error};
use duo_provision::simulator::Generation;
use duo_provision::workflow::{DctRestoreOptions, ServerKeySetOptions};
use serde_json::{Value, json};

use super::workflow::{TIMEOUT, Workflow};
use crate::workflow::bench::{Asker, Bench, NEW, OLD, key, within};
use crate::workflow::dct_bench::{field, own_cloud};
use crate::workflow::typed;

/// What a Duo holds at 2082 if nobody has written to it.
fn untouched_server() -> Vec<u8> {
    let options = crate::virtual_duo::options(Generation::R6);
    field(&options.server_key, &options.server_address, [0xff; 2])
}

/// Puts bytes into the field up to its end, so that a write that stops before the end is noticed.
fn mark_the_tail(bench: &Bench) {
    bench.duo(|duo| duo.set_dct(2082 + 700, &[0x5a; 68]));
}

/// `server-key set` with an address after the key.
pub struct ServerKeySet;

impl Workflow for ServerKeySet {
    fn name(&self) -> &'static str {
        "server-key-set"
    }

    fn set_up(&self, bench: &Bench) {
        mark_the_tail(bench);
        bench.file("server.der", &own_cloud());
    }

    fn asked(&self, bench: &Bench) -> Option<(&'static str, Value)> {
        let file = bench.folder.path().join("server.der");
        Some(("server-key set", json!({ "file": file, "archive": bench.archive() })))
    }

    fn run(&self, bench: &Bench, asker: &Asker) -> Result<(), Error> {
        let options = ServerKeySetOptions {
            write: within(TIMEOUT),
            file: Some(bench.folder.path().join("server.der")),
            ..ServerKeySetOptions::default()
        };
        bench.set_server_asking(asker, &options).map(drop)
    }

    fn field(&self) -> (usize, usize) {
        (2082, 768)
    }

    fn is_new(&self, field: &[u8]) -> Option<bool> {
        Some(field == own_cloud())
    }

    fn keepsake(&self, bench: &Bench) -> Vec<u8> {
        bench.duo(|duo| duo.first_dct(0, 8423))
    }

    fn finish(&self, bench: &Bench, command: &str) -> Result<(), Error> {
        bench.set_server(&typed::server_key_set(command)).map(drop)
    }

    fn go_back(&self, bench: &Bench, command: &str) -> Result<(), Error> {
        bench.restore_dct(&typed::dct_restore_fields(command)).map(drop)
    }

    fn is_untouched(&self, field: &[u8]) -> bool {
        field == untouched_server()
    }

    fn word_for_a_key(&self, code: Code) -> Code {
        match code {
            Code::FieldWrong => Code::KeyWrong,
            Code::FieldStateUnknown => Code::KeyStateUnknown,
            Code::KeyWrong | Code::KeyStateUnknown => Code::Internal,
            code => code,
        }
    }
}

/// `dct restore --fields server-public-key,device-private-key`: the server key first, then the key.
pub struct DctRestore;

/// The offsets of the two fields in the range that covers both.
const KEY: std::ops::Range<usize> = 0..1216;
const SERVER: std::ops::Range<usize> = 2048..2816;

impl Workflow for DctRestore {
    fn name(&self) -> &'static str {
        "dct-restore"
    }

    fn set_up(&self, bench: &Bench) {
        mark_the_tail(bench);
        let mut dump = bench.duo(|duo| duo.dct(0, 8423));
        dump[34..1250].copy_from_slice(key(NEW));
        dump[2082..2850].copy_from_slice(&own_cloud());
        bench.file("dump.bin", &dump);
    }

    fn asked(&self, bench: &Bench) -> Option<(&'static str, Value)> {
        let (file, fields) =
            (bench.folder.path().join("dump.bin"), ["server-public-key", "device-private-key"]);
        Some(("dct restore", json!({ "file": file, "fields": fields, "archive": bench.archive() })))
    }

    fn run(&self, bench: &Bench, asker: &Asker) -> Result<(), Error> {
        let options = DctRestoreOptions {
            write: within(TIMEOUT),
            file: bench.folder.path().join("dump.bin"),
            fields: vec!["device-private-key".into(), "server-public-key".into()],
            ..DctRestoreOptions::default()
        };
        bench.restore_dct_asking(asker, &options).map(drop)
    }

    /// From the key to the end of the server key.
    fn field(&self) -> (usize, usize) {
        (34, 2816)
    }

    fn is_new(&self, field: &[u8]) -> Option<bool> {
        Some(field.get(KEY) == Some(key(NEW)) && field.get(SERVER) == Some(&own_cloud()))
    }

    fn keepsake(&self, bench: &Bench) -> Vec<u8> {
        bench.duo(|duo| duo.first_dct(0, 8423))
    }

    fn finish(&self, bench: &Bench, command: &str) -> Result<(), Error> {
        bench.restore_dct(&typed::dct_restore_fields(command)).map(drop)
    }

    fn go_back(&self, bench: &Bench, command: &str) -> Result<(), Error> {
        self.finish(bench, command)
    }

    fn is_untouched(&self, field: &[u8]) -> bool {
        (1..8).any(|made| field[KEY] == *key(OLD + made)) && field[SERVER] == untouched_server()
    }

    /// The firmware may rewrite the public key, which lies between the two.
    fn is_same(&self, one: &[u8], other: &[u8]) -> bool {
        one[KEY] == other[KEY] && one[SERVER] == other[SERVER]
    }

    /// The server key may already be new, or wrong if the error says so.
    fn is_unchanged(&self, old: &[u8], now: &[u8]) -> bool {
        old[KEY] == now[KEY]
    }

    fn word_for_a_key(&self, code: Code) -> Code {
        match code {
            Code::FieldWrong => Code::KeyWrong,
            Code::FieldStateUnknown => Code::KeyStateUnknown,
            code => code,
        }
    }

    fn writes_several(&self) -> bool {
        true
    }
}
