//! Tests that private keys appear in no output: no event, no plan, no error in any form, under any fault.

use std::error::Error as _;
use std::fmt::Write as _;
use std::path::Path;

use duo_provision::error::Error;
use duo_provision::simulator::Generation;
use duo_provision::simulator::faults::{Fault, Kind};
use duo_provision::workflow::{
    BackupOptions, ResetOptions, RestoreOptions, WriteOptions, backup, reset, restore,
};

use crate::common::canary::Canaries;
use crate::workflow::bench::{Asker, Bench, NEW, OLD, key};

/// The private numbers of a key in the device's form: INTEGERs with lengths of one or two bytes (X.690 §8.3), without
/// the first three, which are version, modulus and public exponent.
fn private_numbers(slot: &[u8]) -> Vec<&[u8]> {
    let mut rest = &slot[4..];
    let mut numbers = Vec::new();
    while numbers.len() < 9 {
        let (length, head) = if rest[1] == 0x81 { (rest[2], 3) } else { (rest[1], 2) };
        let (number, behind) = rest[head..].split_at(length.into());
        numbers.push(number);
        rest = behind;
    }
    numbers.split_off(3)
}

/// The keys that the bench's Duo has or gets, and those that it makes.
fn canaries() -> Canaries {
    let mut canaries = Canaries::default();
    for nth in [OLD, OLD + 1, NEW] {
        for (number, name) in private_numbers(key(nth)).into_iter().zip(["d", "p", "q", "dP", "dQ", "qInv"]) {
            canaries.add(&format!("{name} of key {nth}"), number);
        }
    }
    canaries
}

/// An error in every form that can be shown, with its causes.
fn shown(error: &Error) -> String {
    let mut text = format!("{error}\n{error:?}\n{error:#?}\n{:?}\n{:?}\n", error.hint_text(), error.device());
    let mut cause = error.source();
    while let Some(error) = cause {
        let _ = writeln!(text, "{error}\n{error:?}\n{error:#?}");
        cause = error.source();
    }
    text
}

/// All output while `work` runs on a Duo with this fault.
fn said(
    generation: Generation,
    fault: Option<&Fault>,
    work: impl FnOnce(&Bench, &Asker) -> Result<String, Error>,
) -> String {
    let bench = Bench::new(generation);
    if let Some(fault) = fault {
        bench.arm(fault.clone());
    }
    let asker = Asker::new();
    let outcome = work(&bench, &asker).unwrap_or_else(|error| shown(&error));
    let told = format!("{outcome}\n{}", asker.told());
    let mut names = bench.archived();
    names.retain(|name| Path::new(name).extension() != Some("der".as_ref()));
    names.iter().fold(told, |mut told, name| {
        let _ = writeln!(told, "{name}");
        told + &std::fs::read_to_string(bench.archive().join(name)).unwrap_or_default()
    })
}

fn archive(bench: &Bench) -> String {
    bench.archive().to_str().unwrap().to_owned()
}

/// Backup, restore and reset with one fault, or none.
fn everything(generation: Generation, fault: Option<&Fault>) -> [String; 3] {
    let timeout = Some(5);
    [
        said(generation, fault, |bench, asker| {
            let options =
                BackupOptions { timeout, archive: Some(archive(bench)), ..BackupOptions::default() };
            bench.run(asker, |context| backup(context, &options)).map(|done| format!("{done:?}"))
        }),
        said(generation, fault, |bench, asker| {
            let options = RestoreOptions {
                write: WriteOptions { timeout, archive: Some(archive(bench)), ..WriteOptions::default() },
                leave: true,
                ..bench.new_key()
            };
            bench.run(asker, |context| restore(context, &options)).map(|done| format!("{done:?}"))
        }),
        said(generation, fault, |bench, asker| {
            let options = ResetOptions {
                write: WriteOptions { timeout, archive: Some(archive(bench)), ..WriteOptions::default() },
                ..ResetOptions::default()
            };
            bench.run(asker, |context| reset(context, &options)).map(|done| format!("{done:?}"))
        }),
    ]
}

/// One fault of each kind during reading, writing and leaving; other tests check their other effects.
fn faults() -> impl Iterator<Item = Fault> {
    let kinds =
        Kind::catalogue().into_iter().filter(|kind| !matches!(kind, Kind::State(state) if *state != 10));
    kinds.flat_map(|kind| {
        let once = [4, 9, 16].map(|nth| Fault::once(kind.clone(), nth));
        once.into_iter().chain([Fault::from(kind, 6)])
    })
}

#[test]
fn under_no_fault_is_a_key_in_what_is_said() {
    let canaries = canaries();
    let faults = faults().map(|fault| (Generation::R6, Some(fault)));
    let mut cases = 0;
    for (generation, fault) in [(Generation::R4, None), (Generation::R6, None)].into_iter().chain(faults) {
        for text in everything(generation, fault.as_ref()) {
            if let Some(found) = canaries.find(text.as_bytes()) {
                panic!("{generation} {fault:?}: {found}\n{text}");
            }
            cases += 1;
        }
    }
    println!("{cases} cases");
    assert!(cases > 100, "{cases}");
}

#[test]
fn a_key_in_what_is_said_would_be_found() {
    for nth in [OLD, OLD + 1, NEW] {
        let text = format!("read {:?}", key(nth));
        assert!(canaries().find(text.as_bytes()).is_some_and(|found| found.contains(&format!("key {nth}"))));
        let public = format!("read {:?}", &key(nth)[..147]);
        assert_eq!(canaries().find(public.as_bytes()), None, "what is public may be said");
    }
}
