//! Tests `--no-backup`: if a write is not atomic, one more option is needed.

use duo_provision::error::{Code, Error, KeyState};
use duo_provision::simulator::Generation;
use duo_provision::workflow::{
    DctRestoreOptions, ResetOptions, RestoreOptions, ServerKeySetOptions, WriteOptions,
};

use crate::workflow::bench::{Asker, Bench, NEW, key};
use crate::workflow::dct_bench::{fields, whole};

/// Every command that writes, without a backup.
fn write(bench: &Bench, command: &str, accepts_key_loss: bool) -> Result<(), Error> {
    let image = bench.image("image.bin", true);
    match command {
        "restore" => {
            let options = RestoreOptions {
                write: WriteOptions { no_backup: true, accepts_key_loss, ..WriteOptions::default() },
                ..bench.new_key()
            };
            bench.restore(&options).map(drop)
        }
        "reset" => {
            let options = ResetOptions {
                write: WriteOptions { no_backup: true, accepts_key_loss, ..WriteOptions::default() },
                ..ResetOptions::default()
            };
            bench.reset(&options).map(drop)
        }
        "server-key" => {
            let options = ServerKeySetOptions {
                write: WriteOptions { no_backup: true, accepts_key_loss, ..WriteOptions::default() },
                ..ServerKeySetOptions::default()
            };
            bench.set_server(&options).map(drop)
        }
        _ => {
            let what = if command == "fields" { fields(&image, "claim-code") } else { whole(&image) };
            let options = DctRestoreOptions {
                write: WriteOptions { no_backup: true, accepts_key_loss, ..what.write },
                ..what
            };
            bench.restore_dct(&options).map(drop)
        }
    }
}

#[test]
fn a_write_that_is_not_atomic_needs_more_than_no_backup() {
    for generation in Generation::ALL {
        for command in ["restore", "reset", "server-key", "fields", "whole"] {
            let bench = Bench::new(generation);
            let ended = write(&bench, command, false);
            if generation == Generation::R6 {
                ended.unwrap();
                continue;
            }
            let error = ended.unwrap_err();
            assert_eq!((error.code(), bench.writes()), (Code::InvalidArgument, 0), "{generation} {command}");
            assert_eq!(error.key_state(), Some(KeyState::Unchanged));
            let hint = error.hint_text().unwrap();
            assert!(hint.contains("--i-accept-that-the-key-may-be-lost"), "{hint}");
            assert!(error.message().contains("in place, so a power cut can leave neither"), "{error}");
            write(&bench, command, true).unwrap();
            assert!(bench.writes() > 0 && bench.archived().is_empty(), "{generation} {command}");
        }
    }
}

#[test]
fn with_a_backup_nothing_more_has_to_be_typed() {
    let bench = Bench::new(Generation::R4);
    bench.restore_asking(&Asker::new(), &bench.new_key()).unwrap();
    assert_eq!(bench.slot(), key(NEW));
}
