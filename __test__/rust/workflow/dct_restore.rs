//! Tests `dct restore`: which fields are written, to which Duo, and how far it got if it was cut short.

use std::fs;
use std::path::{Path, PathBuf};

use duo_provision::error::{Code, KeyState, exit};
use duo_provision::journal::OperationKind;
use duo_provision::keys::PrivateKey;
use duo_provision::simulator::faults::{Fault, Kind};
use duo_provision::simulator::{DuoOptions, Generation};
use duo_provision::workflow::{Action, DctRestoreOptions, Evidence, Phase, RestoreOptions};

use crate::virtual_duo::device_id;
use crate::workflow::bench::{Asker, Bench, NEW, OLD, id, key, names, two, writing_to};
use crate::workflow::dct_bench::{fields, is_dump, own_cloud};
use crate::workflow::typed;

impl Bench {
    /// A changed dump of this Duo, without a manifest.
    fn dump(&self, change: impl FnOnce(&mut [u8])) -> PathBuf {
        let mut dump = self.duo(|duo| duo.dct(0, 8423));
        change(&mut dump);
        self.file("dump.bin", &dump)
    }
}

fn new_key_and_server(dump: &mut [u8]) {
    dump[34..1250].copy_from_slice(key(NEW));
    dump[2082..2850].copy_from_slice(&own_cloud());
}

const BOTH: &str = "device-private-key,server-public-key";

#[test]
fn fields_are_written_one_by_one_the_key_last_and_nothing_beside_them() {
    for generation in [Generation::R4, Generation::R6] {
        let bench = Bench::new(generation);
        let dump = bench.dump(|dump| {
            new_key_and_server(dump);
            dump[1858..1890].fill(b'x');
        });
        let around =
            |bench: &Bench| bench.duo(|duo| (duo.dct(0, 34), duo.dct(1250, 832), duo.dct(2850, 768)));
        let before = around(&bench);
        let asker = Asker::new();
        let done = bench.restore_dct_asking(&asker, &fields(&dump, BOTH)).unwrap();
        assert!(bench.slot() == key(NEW) && bench.duo(|duo| duo.dct(2082, 768)) == own_cloud());
        assert!(around(&bench) == before, "no other field is touched");
        assert_eq!(bench.writes(), 2, "one block each");
        let names: Vec<(&str, bool)> = done.fields.iter().map(|f| (f.name.as_str(), f.written)).collect();
        assert_eq!(names, [("server-public-key", true), ("device-private-key", true)]);
        let plan = asker.plan();
        assert_eq!((plan.action, plan.new), (Action::RestoreDct, done.fingerprint));
        assert_eq!(plan.changes.len(), 2);
        assert!(fs::read(done.backup.unwrap()).unwrap().len() == 8423);
    }
}

#[test]
fn every_kind_of_dump_gives_its_fields() {
    let bench = Bench::new(Generation::R6);
    let before = bench.duo(|duo| duo.dct(2082, 768));
    let section = bench.saved("section.bin", false).path;
    let whole = bench.saved("whole.bin", true).path;
    let from_key = bench.file("from-key.bin", &bench.duo(|duo| duo.dct(34, 16_350)));
    for dump in [section, whole, from_key] {
        bench.duo(|duo| duo.set_dct(2082, &own_cloud()));
        bench.restore_dct(&fields(&dump, "server-public-key")).unwrap();
        assert!(bench.duo(|duo| duo.dct(2082, 768)) == before, "{}", dump.display());
    }
}

#[test]
fn a_key_goes_through_the_gates_of_restore() {
    let bench = Bench::new(Generation::R6);
    let minimal = PrivateKey::read(key(NEW)).unwrap().key.to_pkcs8_der().unwrap();
    let dump = bench.dump(|dump| dump[34..34 + minimal.len()].copy_from_slice(&minimal));
    bench.restore_dct(&fields(&dump, "device-private-key")).unwrap();
    assert!(bench.slot() == key(NEW), "in the form that the firmware reads");
    for (byte, code) in [(0x00, Code::KeyUnrecognized), (0xff, Code::KeyUnrecognized)] {
        let dump = bench.dump(|dump| dump[34..1250].fill(byte));
        let error = bench.restore_dct(&fields(&dump, "device-private-key")).unwrap_err();
        assert_eq!(error.code(), code, "{error}");
    }
    assert_eq!(bench.writes(), 1);
}

#[test]
fn the_dumps_own_device_id_says_whose_key_it_is() {
    let bench = Bench::with(two(Generation::R6));
    let here = DctRestoreOptions {
        write: writing_to(duo_provision::workflow::Target::parse(Some(&id(1)), None).unwrap()),
        ..DctRestoreOptions::default()
    };
    let at = |file: &Path, names: &str| DctRestoreOptions {
        write: writing_to(here.write.target.clone()),
        ..fields(file, names)
    };
    let own = bench.dump(new_key_and_server);
    assert_eq!(bench.restore_dct(&at(&own, BOTH)).unwrap().evidence, Some(Evidence::Dump));
    let other = bench.duo_at(1, |duo| duo.dct(0, 8423));
    let other = bench.file("other.bin", &other);
    let writes = bench.writes();
    for name in ["device-private-key", "device-public-key", "claim-code", "ip-config"] {
        let error = bench.restore_dct(&at(&other, name)).unwrap_err();
        assert_eq!(
            (error.code(), error.key_state()),
            (Code::KeyOfOtherDevice, Some(KeyState::Unchanged)),
            "{name}"
        );
    }
    assert_eq!(bench.writes(), writes);
    bench.restore_dct(&at(&other, "server-public-key")).unwrap();
    let allowed = DctRestoreOptions { allow_other_device: true, ..at(&other, "device-private-key") };
    assert_eq!(bench.restore_dct(&allowed).unwrap().evidence, Some(Evidence::AllowedOtherDevice));
    let id = DctRestoreOptions { allow_other_device: true, ..at(&other, "device-id") };
    assert_eq!(
        bench.restore_dct(&id).unwrap_err().code(),
        Code::InvalidArgument,
        "never, whatever was allowed"
    );
}

#[test]
fn a_device_id_is_restored_where_it_is_the_duos_own() {
    let bench = Bench::new(Generation::R6);
    let dump = bench.dump(|_| {});
    bench.duo(|duo| duo.set_dct(3618, &[0x11; 12]));
    bench.restore_dct(&fields(&dump, "device-id")).unwrap();
    assert!(bench.duo(|duo| duo.dct(3618, 12)) == device_id(1));
}

#[test]
fn what_must_not_be_written_one_by_one_is_refused_with_the_reason() {
    let cases = [
        (Generation::R6, "system-flags", "bootloader"),
        (Generation::R6, "version", "layout"),
        (Generation::R6, "flash-modules", "external flash"),
        (Generation::R4, "device-id", "reserved"),
        (Generation::R4, "country-code", "reserved"),
        (Generation::R6, "no-such-field", "no field"),
    ];
    for (generation, name, why) in cases {
        let bench = Bench::new(generation);
        let dump = bench.dump(new_key_and_server);
        let names = format!("server-public-key,{name}");
        let error = bench.restore_dct(&fields(&dump, &names)).unwrap_err();
        assert_eq!(
            (error.code(), error.code().exit_code()),
            (Code::InvalidArgument, exit::USAGE),
            "{name}: {error}"
        );
        assert!(error.message().contains(why), "{error}");
        assert!(error.hint_text().is_some() && bench.writes() == 0, "not even the field that may be");
    }
}

#[test]
fn without_fields_it_says_which_there_are() {
    let bench = Bench::new(Generation::R6);
    let dump = bench.dump(|_| {});
    let error =
        bench.restore_dct(&DctRestoreOptions { file: dump, ..DctRestoreOptions::default() }).unwrap_err();
    assert_eq!(error.code(), Code::InvalidArgument);
    assert!(
        error.message().contains("device-private-key, ") && error.message().contains("server-public-key")
    );
    assert!(!error.message().contains("system-flags"), "{error}");
}

#[test]
fn a_dump_that_cannot_be_one_is_refused() {
    let bench = Bench::new(Generation::R6);
    let two_old = {
        let mut whole = fs::read(bench.saved("whole.bin", true).path).unwrap();
        // `write_incomplete` of both copies.
        (whole[8], whole[16_392]) = (1, 1);
        whole
    };
    let from_key = bench.duo(|duo| duo.dct(34, 16_350));
    let cases: [(&str, Vec<u8>, &str); 4] = [
        ("a key", key(NEW).to_vec(), "server-public-key"),
        ("zeros", vec![0; 8423], "server-public-key"),
        ("no current copy", two_old, "server-public-key"),
        ("without the field", from_key[..].to_vec(), "version"),
    ];
    for (name, bytes, field) in cases {
        let error = bench.restore_dct(&fields(&bench.file("bad.bin", &bytes), field)).unwrap_err();
        let expected = if field == "version" { Code::InvalidArgument } else { Code::DumpUnusable };
        assert_eq!(error.code(), expected, "{name}: {error}");
        assert!(error.hint_text().is_some() && bench.writes() == 0);
    }
}

#[test]
fn a_dump_of_the_other_generation_is_refused() {
    let old = Bench::new(Generation::R4);
    let dump = old.saved("r4.bin", false).path;
    let bench = Bench::new(Generation::R6);
    let error = bench.restore_dct(&fields(&dump, "server-public-key")).unwrap_err();
    assert_eq!((error.code(), bench.writes()), (Code::DumpUnusable, 0), "{error}");
    let whole = fs::read(bench.saved("r6.bin", true).path).unwrap();
    // Without the manifest, the sequence number shows it.
    let error = old.restore_dct(&fields(&old.file("whole.bin", &whole), "server-public-key")).unwrap_err();
    assert_eq!((error.code(), old.writes()), (Code::DumpUnusable, 0), "{error}");
    let asker = Asker::new();
    let unknown = old.dump(|_| {});
    old.restore_dct_asking(&asker, &fields(&unknown, "server-public-key")).unwrap();
    assert!(asker.notes().contains("nothing says of which bootloader"), "{}", asker.notes());
}

#[test]
fn a_dump_that_its_manifest_does_not_describe_is_refused() {
    let bench = Bench::new(Generation::R6);
    let saved = bench.saved("saved.bin", false).path;
    let mut bytes = fs::read(&saved).unwrap();
    new_key_and_server(&mut bytes);
    fs::write(&saved, bytes).unwrap();
    assert_eq!(bench.restore_dct(&fields(&saved, BOTH)).unwrap_err().code(), Code::ManifestMismatch);
    assert_eq!(bench.writes(), 0);
}

#[test]
fn what_is_there_already_is_left_alone_and_said() {
    let bench = Bench::new(Generation::R6);
    let dump = bench.dump(|dump| dump[34..1250].copy_from_slice(key(NEW)));
    let asker = Asker::new();
    let done = bench.restore_dct_asking(&asker, &fields(&dump, BOTH)).unwrap();
    assert!(asker.notes().contains("server-public-key is as it is in the dump already"), "{}", asker.notes());
    assert_eq!(bench.writes(), 1);
    assert!(!done.fields[0].written && done.fields[1].written);
    assert_eq!(asker.plan().changes.len(), 1);
    let again = bench.restore_dct(&fields(&dump, BOTH)).unwrap();
    assert!(again.backup.is_none() && again.fields.iter().all(|field| !field.written));
    assert!(bench.status().unwrap().in_flight.is_empty());
}

#[test]
fn a_failure_between_two_fields_says_which_are_done_and_the_same_command_goes_on() {
    let bench = Bench::new(Generation::R6);
    let options = fields(&bench.dump(new_key_and_server), BOTH);
    // Armed when the second write begins.
    let (hub, path, seen) =
        (bench.hub.clone(), bench.paths[0].clone(), std::sync::atomic::AtomicUsize::new(0));
    let asker = Asker::listening(move |event, _| {
        let write = *event == duo_provision::workflow::Event::Phase(Phase::Write);
        if write && seen.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 1 {
            hub.with_duo(&path, |duo, _| duo.faults().arm(Fault::once(Kind::WriteFails, 1)));
        }
    });
    let error = bench.restore_dct_asking(&asker, &options).unwrap_err();
    assert_eq!((error.code(), error.key_state()), (Code::WriteFailed, Some(KeyState::Unchanged)), "{error}");
    assert!(
        error.message().contains("in place: server-public-key; not written: device-private-key"),
        "{error}"
    );
    assert!(bench.slot() == key(OLD) && bench.duo(|duo| duo.dct(2082, 768)) == own_cloud());
    bench.restore_dct(&options).unwrap();
    assert!(bench.slot() == key(NEW));
    assert_eq!(names(&bench.archive()).iter().filter(|name| is_dump(name)).count(), 2);
}

#[test]
fn stopped_between_two_fields_it_says_how_far_it_came() {
    let bench = Bench::new(Generation::R6);
    let options = fields(&bench.dump(new_key_and_server), BOTH);
    let error = bench.restore_dct_asking(&Asker::stopping_at(Phase::Verify), &options).unwrap_err();
    assert_eq!(error.code(), Code::Interrupted);
    assert!(
        error.message().contains("in place: server-public-key; not written: device-private-key"),
        "{error}"
    );
    assert_eq!((bench.writes(), bench.slot() == key(OLD)), (1, true));
}

#[test]
fn status_knows_how_far_it_came_and_what_to_type() {
    let bench = Bench::new(Generation::R6);
    let options = fields(&bench.dump(new_key_and_server), BOTH);
    bench.arm(Fault::once(Kind::WriteHalf(400), 1));
    let error = bench.restore_dct(&options).unwrap_err();
    assert_eq!(error.code(), Code::FieldWrong, "{error}");
    let report = bench.status().unwrap().in_flight.remove(0);
    assert_eq!((report.operation, report.key_state), (OperationKind::DctRestore, Some(KeyState::Unchanged)));
    assert!(report.meaning.contains("a field of the Duo's DCT"), "{}", report.meaning);
    let commands: Vec<&str> = report.next.iter().map(|next| next.command.as_str()).collect();
    assert!(commands[0].starts_with("duo-provision dct show"), "{commands:?}");
    bench.clear_faults();
    // One of the two fields is not enough.
    bench.restore(&RestoreOptions { file: bench.key_file(NEW), ..bench.new_key() }).unwrap();
    assert_eq!(bench.status().unwrap().in_flight.len(), 1);
    bench.restore_dct(&typed::dct_restore_fields(commands[1])).unwrap();
    assert!(bench.status().unwrap().in_flight.is_empty());
    bench.restore_dct(&typed::dct_restore_fields(commands[2])).unwrap();
    assert!(bench.slot() == key(OLD));
}

#[test]
fn a_slot_that_held_no_key_is_not_brought_back() {
    let bench = Bench::new(Generation::R6);
    let options = fields(&bench.dump(new_key_and_server), BOTH);
    bench.set_slot(&[0; 1216]);
    bench.arm(Fault::once(Kind::WriteHalf(400), 1));
    let error = bench.restore_dct(&options).unwrap_err();
    let (_, back) = error.hint_text().unwrap().split_once("; ").unwrap();
    assert!(
        back.contains("--fields server-public-key ") || back.ends_with("--fields server-public-key"),
        "{back}"
    );
    bench.clear_faults();
    bench.restore_dct(&typed::dct_restore_fields(back)).unwrap();
}

#[test]
fn on_r4_the_word_of_the_dump_is_not_the_duos() {
    // The bytes at 3618 are reserved on an r4 and say nothing over USB.
    let bench = Bench::with([DuoOptions { ..crate::virtual_duo::options(Generation::R4) }]);
    let dump = bench.dump(new_key_and_server);
    let done = bench.restore_dct(&fields(&dump, BOTH)).unwrap();
    assert!(matches!(done.evidence, Some(Evidence::None | Evidence::PublicKeySlot)), "{:?}", done.evidence);
}

/// A dump can be read in two ways: the command does not guess which key to restore.
#[test]
fn fields_of_a_dump_that_is_read_both_ways_are_not_restored() {
    let bench = Bench::new(Generation::R6);
    bench.duo(|duo| duo.set_dct_cut_short(34, key(NEW)));
    let cut = bench.file("cut.bin", &bench.area());
    let error = bench.restore_dct(&fields(&cut, "device-private-key")).unwrap_err();
    assert_eq!((error.code(), bench.writes()), (Code::DumpUnusable, 0), "{error}");
    assert!(error.hint_text().unwrap().contains("--copy first"), "{error:?}");
    let saved = bench.saved("saved.bin", true).path;
    bench.restore_dct(&fields(&saved, "device-private-key")).unwrap();
}
