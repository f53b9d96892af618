//! The journal: written before it matters, read whatever a crash left of it, refused where it says nothing true.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use duo_provision::archive::journal::{
    DeviceMark, Journal, OperationKind, Reached, Request, Started, Step, operations_in,
};
use duo_provision::error::{Code, Error, KeyState, exit};
use duo_provision::simulator::Generation;
use duo_provision::simulator::faults::{Fault, Kind};
use duo_provision::workflow::{
    BackupOptions, DctBackupOptions, Event, Outcome, Phase, ResetOptions, RestoreOptions, Status,
    StatusOptions, Target, backup_dct, status,
};
use proptest::prelude::*;
use serde_json::Value;

use crate::workflow::bench::{Asker, Bench, NEW, OLD, id, is_data, key, restore_of};
use crate::workflow::typed;

impl Bench {
    pub fn status(&self) -> Result<Status, Error> {
        self.run(&Asker::new(), |context| status(context, &StatusOptions::default()))
    }

    pub fn journal(&self) -> PathBuf {
        let env = |name: &str| self.env.iter().find(|(key, _)| *key == name).map(|(_, value)| value.into());
        Journal::locate(&env).unwrap().path().to_owned()
    }

    pub fn set_journal(&self, bytes: &[u8]) {
        let path = self.journal();
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    fn leaving(&self) -> RestoreOptions {
        RestoreOptions { leave: true, ..self.new_key() }
    }
}

/// The `record` of each line.
fn kinds(journal: &[u8]) -> Vec<String> {
    let kind =
        |line: &str| serde_json::from_str::<Value>(line).unwrap()["record"].as_str().unwrap().to_owned();
    std::str::from_utf8(journal).unwrap().lines().map(kind).collect()
}

/// Where each line ends, behind its line feed.
fn ends(journal: &[u8]) -> Vec<usize> {
    journal.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1).collect()
}

/// The journal of a whole `restore --leave`, and the bench that it was done on.
fn whole_restore() -> (Bench, Vec<u8>) {
    let bench = Bench::new(Generation::R6);
    bench.restore(&bench.leaving()).unwrap();
    let journal = fs::read(bench.journal()).unwrap();
    (bench, journal)
}

/// What keeps a journal from being kept.
type Obstacle<'a> = &'a dyn Fn(&mut Bench);

#[test]
fn every_step_is_written_down_in_order() {
    let (bench, journal) = whole_restore();
    assert_eq!(kinds(&journal), ["started", "backed-up", "writing", "verified", "left", "ended"]);
    let found = bench.status().unwrap();
    assert!(found.in_flight.is_empty() && found.running.is_empty());
    let last = &found.last[0];
    assert_eq!(
        (last.operation, last.outcome, last.key_state),
        (OperationKind::Restore, Outcome::Done, Some(KeyState::Written))
    );
    assert_eq!(last.device_id.unwrap().to_string(), id(1));
    assert!(last.simulated);
    let leftovers = fs::read_dir(bench.journal().with_file_name("running")).unwrap().count();
    assert_eq!(leftovers, 0, "no lock file outlives its operation");
}

#[cfg(unix)]
#[test]
fn it_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let (bench, _) = whole_restore();
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&bench.journal()), 0o600);
    assert_eq!(mode(bench.journal().parent().unwrap()), 0o700);
}

#[test]
fn that_a_write_begins_is_written_down_before_its_first_byte() {
    let bench = Bench::new(Generation::R6);
    let (journal, hub, path) = (bench.journal(), bench.hub.clone(), bench.paths[0].clone());
    let asker = Asker::listening(move |event, _| {
        if *event == Event::Phase(Phase::Write) {
            let written = fs::read(&journal).unwrap();
            assert_eq!(kinds(&written).last().unwrap(), "writing");
            let data = hub.with_duo(&path, |duo, _| duo.log().filter(|transfer| is_data(transfer)).count());
            assert_eq!(data, Some(0));
        }
    });
    bench.restore_asking(&asker, &bench.new_key()).unwrap();
    assert!(asker.phases().contains(&Phase::Write));
}

#[test]
fn nothing_is_written_down_of_what_does_nothing() {
    let bench = Bench::new(Generation::R6);
    bench.restore(&RestoreOptions { dry_run: true, ..bench.new_key() }).unwrap();
    bench.reset(&ResetOptions { dry_run: true, ..ResetOptions::default() }).unwrap();
    let elsewhere = Target::parse(None, Some("9-9")).unwrap();
    bench.backup(&BackupOptions { target: elsewhere.clone(), ..BackupOptions::default() }).unwrap_err();
    bench.restore(&RestoreOptions { target: elsewhere, ..bench.new_key() }).unwrap_err();
    bench.restore(&restore_of(&bench.file("empty.der", b""))).unwrap_err();
    assert!(!bench.journal().exists());
    assert!(bench.status().unwrap().last.is_empty());
}

#[test]
fn a_line_torn_at_any_byte_is_left_out_and_then_cut_off() {
    let (_, journal) = whole_restore();
    let ends = ends(&journal);
    for (index, end) in ends.iter().enumerate() {
        let start = if index == 0 { 0 } else { ends[index - 1] };
        for length in start..*end {
            let read = operations_in(&journal[..length]).unwrap();
            assert_eq!(read, operations_in(&journal[..start]).unwrap(), "torn at {length}");
        }
        // Where the disk got the end of the line before its beginning.
        let mut zeros = journal[..*end].to_vec();
        zeros[start..*end - 5].fill(0);
        assert_eq!(operations_in(&zeros).unwrap(), operations_in(&journal[..start]).unwrap());
    }
    let start = ends[4];
    for length in [start, start + 1, usize::midpoint(start, journal.len()), journal.len() - 1] {
        let bench = Bench::new(Generation::R6);
        bench.set_journal(&journal[..length]);
        bench.status().unwrap();
        bench.backup(&BackupOptions::default()).unwrap();
        let after = fs::read(bench.journal()).unwrap();
        assert!(after.starts_with(&journal[..start]));
        assert_eq!(kinds(&after)[5..], ["started", "backed-up", "ended"], "torn at {length}");
    }
}

/// What a crash right after each record leaves behind: what is said of it, and what is to be typed.
#[test]
fn after_a_crash_it_says_what_is_known_and_what_to_type() {
    let (_, journal) = whole_restore();
    let expected = [
        (Reached::Started, Some(KeyState::Unchanged), 1),
        (Reached::BackedUp, Some(KeyState::Unchanged), 1),
        (Reached::Writing, Some(KeyState::Unknown), 3),
        (Reached::Verified, Some(KeyState::Written), 2),
    ];
    for (end, (reached, state, advice)) in ends(&journal).into_iter().zip(expected) {
        let bench = Bench::new(Generation::R6);
        bench.set_journal(&journal[..end]);
        let found = bench.status().unwrap();
        assert!(found.running.is_empty(), "its process is gone");
        assert_eq!(found.in_flight.len(), 1, "{reached:?}");
        let report = &found.in_flight[0];
        assert_eq!((report.reached, report.key_state, report.outcome), (reached, state, Outcome::InFlight));
        assert_eq!(report.next.len(), advice, "{:?}", report.next);
        assert!(report.next.iter().all(|next| next.command.contains(&format!("--device {}", id(1)))));
    }
    for end in [0, ends(&journal)[4], journal.len()] {
        let bench = Bench::new(Generation::R6);
        bench.set_journal(&journal[..end]);
        assert!(bench.status().unwrap().in_flight.is_empty(), "{end}: everything was done by then");
    }
}

/// The Duo may have started since, and have a key that its cloud knows.
#[test]
fn a_slot_that_was_reset_is_not_to_be_reset_again() {
    let bench = Bench::new(Generation::R6);
    bench.reset(&ResetOptions::default()).unwrap();
    let whole = fs::read(bench.journal()).unwrap();
    assert_eq!(kinds(&whole)[3], "verified");
    bench.set_journal(&whole[..ends(&whole)[3]]);
    let report = bench.status().unwrap().in_flight.remove(0);
    assert_eq!(report.key_state, Some(KeyState::Written));
    assert!(report.next.iter().all(|next| !next.command.starts_with("duo-provision reset")), "{report:?}");
    let command = format!("duo-provision {} --from-device", id(1));
    assert!(report.next[0].command.starts_with(&command), "{report:?}");
}

#[test]
fn what_it_says_to_type_settles_it_both_ways() {
    for generation in [Generation::R4, Generation::R6] {
        for (which, slot) in [("to finish", NEW), ("to go back to the key that was there", OLD)] {
            let bench = Bench::new(generation);
            let target = Target::parse(Some(&id(1)), Some("1-1")).unwrap();
            bench.restore(&RestoreOptions { target, ..bench.new_key() }).unwrap();
            let whole = fs::read(bench.journal()).unwrap();
            bench.set_journal(&whole[..ends(&whole)[2]]);
            // Half the write landed.
            bench.set_slot(&key(NEW)[..600]);
            let report = bench.status().unwrap().in_flight.remove(0);
            let advice = report.next.iter().find(|next| next.purpose == which).unwrap();
            bench
                .restore(&typed::restore(&advice.command))
                .unwrap_or_else(|error| panic!("{advice:?}: {error}"));
            assert!(bench.slot() == key(slot), "{advice:?}");
            assert!(bench.status().unwrap().in_flight.is_empty(), "{generation:?}: {which}");
        }
    }
}

#[test]
fn only_what_makes_it_plain_settles_it() {
    let (bench, journal) = whole_restore();
    let written = &journal[..ends(&journal)[2]];
    bench.mend();
    bench.set_journal(written);
    bench.backup(&BackupOptions::default()).unwrap();
    assert_eq!(bench.status().unwrap().in_flight.len(), 1, "a backup does not say which key was wanted");
    bench.restore_asking(&Asker::refusing(), &restore_of(&bench.key_file(OLD))).unwrap_err();
    assert_eq!(bench.status().unwrap().in_flight.len(), 1, "nothing was done");
    bench.restore(&restore_of(&bench.key_file(OLD))).unwrap();
    assert!(bench.status().unwrap().in_flight.is_empty());

    let other = Bench::with(crate::workflow::bench::two(Generation::R6));
    other.set_journal(written);
    let second = Target::parse(Some(&id(2)), None).unwrap();
    other.restore(&RestoreOptions { target: second, ..other.new_key() }).unwrap();
    assert_eq!(other.status().unwrap().in_flight.len(), 1, "another Duo's");
}

/// Another r3 or r4 at the same port tells no id: its key, which nothing of the journal explains, tells it.
#[test]
fn another_duo_at_the_port_of_an_r4_settles_nothing() {
    let bench = Bench::new(Generation::R4);
    bench.restore(&bench.new_key()).unwrap();
    let journal = fs::read(bench.journal()).unwrap();
    bench.set_journal(&journal[..ends(&journal)[2]]);
    bench.set_slot(&key(30)[..611]);
    bench.restore(&restore_of(&bench.key_file(31))).unwrap();
    assert_eq!(bench.status().unwrap().in_flight.len(), 1);
}

#[test]
fn a_key_that_is_wrong_stays_open_until_it_is_mended() {
    let bench = Bench::new(Generation::R6);
    bench.arm(Fault::once(Kind::WriteHalf(600), 1));
    bench.restore(&bench.new_key()).unwrap_err();
    let found = bench.status().unwrap();
    let report = &found.in_flight[0];
    assert_eq!(report.error_code.as_deref(), Some(Code::KeyWrong.name()));
    assert_eq!((report.key_state, report.outcome), (Some(KeyState::Wrong), Outcome::Failed));
    bench.mend();
    bench.restore(&typed::restore(&report.next[1].command)).unwrap();
    assert!(bench.status().unwrap().in_flight.is_empty());
}

#[test]
fn what_still_runs_is_told_from_what_was_cut_short() {
    let bench = Arc::new(Bench::new(Generation::R6));
    let seen = bench.clone();
    let asker = Asker::listening(move |event, _| {
        if *event == Event::Phase(Phase::Write) {
            let found = seen.status().unwrap();
            assert!(found.in_flight.is_empty());
            assert_eq!((found.running.len(), found.running[0].outcome), (1, Outcome::Running));
            panic!("the process ends here");
        }
    });
    let options = bench.new_key();
    let crashed =
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| bench.restore_asking(&asker, &options)));
    assert!(crashed.is_err());
    let found = bench.status().unwrap();
    assert_eq!((found.running.len(), found.in_flight.len()), (0, 1));
    assert_eq!(found.in_flight[0].reached, Reached::Writing);
    bench.restore(&options).unwrap();
    assert!(bench.status().unwrap().in_flight.is_empty());
    let leftovers = fs::read_dir(bench.journal().with_file_name("running")).unwrap().count();
    assert_eq!(leftovers, 0, "the next operation sweeps up");
}

#[test]
fn a_line_that_is_no_record_is_named_and_nothing_is_written() {
    let (_, journal) = whole_restore();
    let end = ends(&journal)[0];
    let with = |line: &[u8]| [&journal[..end], line, b"\n", &journal[end..]].concat();
    let newer = br#"{"v":2,"id":"0123456789abcdef","at":"2026-01-31T12:00:00Z","record":"written"}"#;
    let orphan = br#"{"v":1,"id":"0123456789abcdef","at":"2026-01-31T12:00:00Z","record":"writing"}"#;
    for line in [&b"garbage"[..], b"", b"{}", b"\xff\0", newer, orphan, &journal[..end - 1]] {
        let bench = Bench::new(Generation::R6);
        bench.set_journal(&with(line));
        for error in [
            bench.status().unwrap_err(),
            bench.restore(&bench.new_key()).unwrap_err(),
            bench.reset(&ResetOptions::default()).unwrap_err(),
        ] {
            assert_eq!((error.code(), error.code().exit_code()), (Code::JournalInvalid, exit::SYSTEM));
            assert!(error.message().contains("line 2: "), "{error}");
            assert!(error.hint_text().is_some());
        }
        assert_eq!(bench.duo(|duo| duo.class_requests()), 0, "the Duo was not touched");
        bench.backup(&BackupOptions::default()).unwrap();
        assert_eq!(fs::read(bench.journal()).unwrap(), with(line), "nor was the journal");
    }
}

#[test]
fn where_it_cannot_be_kept_nothing_is_written_and_a_backup_is_still_made() {
    let blocked = |bench: &mut Bench| {
        let home = bench.file("taken", b"").to_str().unwrap().to_owned();
        bench.env.iter_mut().for_each(|(_, value)| value.clone_from(&home));
    };
    let homeless = |bench: &mut Bench| bench.env.clear();
    let folder = |bench: &mut Bench| fs::create_dir_all(bench.journal()).unwrap();
    let huge = |bench: &mut Bench| {
        bench.set_journal(b"");
        fs::File::options().write(true).open(bench.journal()).unwrap().set_len(16 * 1024 * 1024 + 1).unwrap();
    };
    let cases: [(Obstacle<'_>, Code); 4] = [
        (&blocked, Code::JournalUnwritable),
        (&homeless, Code::JournalUnwritable),
        (&folder, Code::JournalUnwritable),
        (&huge, Code::JournalInvalid),
    ];
    for (prevent, code) in cases {
        let mut bench = Bench::new(Generation::R6);
        prevent(&mut bench);
        let error = bench.restore(&bench.new_key()).unwrap_err();
        assert_eq!((error.code(), error.code().exit_code()), (code, exit::SYSTEM), "{error}");
        assert!(error.hint_text().is_some());
        assert_eq!(bench.reset(&ResetOptions::default()).unwrap_err().code(), code);
        assert_eq!(bench.duo(|duo| duo.class_requests()), 0);
        let asker = Asker::new();
        let archive = Some(bench.archive().to_str().unwrap().to_owned());
        let options = BackupOptions { archive, ..BackupOptions::default() };
        bench.run(&asker, |context| duo_provision::workflow::backup(context, &options)).unwrap();
        assert!(bench.keeps(key(OLD)));
        assert!(asker.notes().contains("not written down"), "{}", asker.notes());
    }
}

/// Once the write has begun, a journal that fails does not stop it.
#[test]
fn a_journal_that_is_lost_during_the_write_is_said_and_the_write_is_finished() {
    let bench = Bench::new(Generation::R6);
    let journal = bench.journal();
    let asker = Asker::listening(move |event, _| {
        if *event == Event::Phase(Phase::Write) {
            // The lock that every append needs is taken for good.
            let taken = fs::File::open(&journal).unwrap();
            taken.lock().unwrap();
            std::mem::forget(taken);
        }
    });
    let done = bench.restore_asking(&asker, &bench.leaving()).unwrap();
    assert!(done.written && done.left && bench.slot() == key(NEW));
    // Verified, left, ended: three records are lost, which is said once.
    assert_eq!(asker.notes().matches("not written down").count(), 1, "{}", asker.notes());
    assert_eq!(kinds(&fs::read(bench.journal()).unwrap()), ["started", "backed-up", "writing"]);
}

/// One that is there when it is looked at, and not when the operation begins, counts as one that is not there.
#[test]
fn a_journal_that_is_lost_at_the_beginning_stops_what_writes_and_nothing_else() {
    let losing = |bench: &Bench| {
        let journal = bench.journal();
        Asker::listening(move |event, _| {
            if matches!(event, Event::Phase(Phase::Read | Phase::ReadDct)) {
                let taken = fs::File::open(&journal).unwrap();
                taken.lock().unwrap();
                std::mem::forget(taken);
            }
        })
    };
    let bench = Bench::new(Generation::R6);
    bench.set_journal(b"");
    let error = bench.restore_asking(&losing(&bench), &bench.new_key()).unwrap_err();
    assert_eq!((error.code(), bench.writes()), (Code::JournalUnwritable, 0), "{error}");

    let bench = Bench::new(Generation::R6);
    bench.set_journal(b"");
    let asker = losing(&bench);
    let archive = Some(bench.archive().to_str().unwrap().to_owned());
    let options = BackupOptions { archive, ..BackupOptions::default() };
    bench.run(&asker, |context| duo_provision::workflow::backup(context, &options)).unwrap();
    assert!(bench.keeps(key(OLD)) && asker.notes().contains("not written down"), "{}", asker.notes());
}

/// And one that fails right before it, does.
#[test]
fn a_journal_that_is_lost_before_the_write_stops_it() {
    let bench = Bench::new(Generation::R6);
    let journal = bench.journal();
    let asker = Asker::listening(move |event, _| {
        if *event == Event::Phase(Phase::Confirm) {
            let taken = fs::File::open(&journal).unwrap();
            taken.lock().unwrap();
            std::mem::forget(taken);
        }
    });
    let error = bench.restore_asking(&asker, &bench.new_key()).unwrap_err();
    assert_eq!((error.code(), error.key_state()), (Code::JournalUnwritable, Some(KeyState::Unchanged)));
    assert_eq!(bench.writes(), 0);
    assert!(bench.slot() == key(OLD));
}

#[cfg(unix)]
#[test]
fn a_link_in_its_place_is_not_written_through() {
    let bench = Bench::new(Generation::R6);
    let elsewhere = bench.file("elsewhere", b"precious");
    bench.set_journal(b"");
    fs::remove_file(bench.journal()).unwrap();
    std::os::unix::fs::symlink(&elsewhere, bench.journal()).unwrap();
    assert_eq!(bench.restore(&bench.new_key()).unwrap_err().code(), Code::JournalUnwritable);
    bench.backup(&BackupOptions::default()).unwrap();
    assert_eq!(fs::read(elsewhere).unwrap(), b"precious");
}

#[test]
fn two_writers_at_once_do_not_tear_each_others_lines() {
    let home = tempfile::tempdir().unwrap();
    let env = |_: &str| Some(home.path().as_os_str().to_owned());
    let at = || "2026-01-31T12:00:00Z".to_owned();
    let pause = |time: Duration| std::thread::sleep(time);
    let one = || {
        let journal = Journal::locate(&env).unwrap();
        for _ in 0..20 {
            let started = Started {
                operation: OperationKind::Reset,
                device: DeviceMark::default(),
                before: None,
                after: None,
                request: Request { file: Some("x".repeat(3000)), ..Request::default() },
                tool: "test".to_owned(),
            };
            let mut entry = journal.begin(started, at(), &pause).unwrap();
            entry.append(Step::Writing, at(), &pause).unwrap();
            entry.append(Step::Ended { error: None }, at(), &pause).unwrap();
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(one);
        scope.spawn(one);
    });
    let operations = Journal::locate(&env).unwrap().operations(&pause).unwrap();
    assert_eq!(operations.len(), 40);
    assert!(operations.iter().all(|operation| operation.is_done() && operation.reached.len() == 2));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = operations_in(&bytes);
    }

    #[test]
    fn any_byte_changed_is_read_or_refused(at in any::<proptest::sample::Index>(), byte in any::<u8>()) {
        let mut journal = sample().to_vec();
        let at = at.index(journal.len());
        journal[at] = byte;
        if let Err(bad) = operations_in(&journal) {
            let line = journal[..at].split(|byte| *byte == b'\n').count();
            // An id that changed makes an orphan of a later line; a line feed that is gone joins two.
            prop_assert!(bad.line >= line && bad.line <= 4, "{bad}");
        }
    }
}

fn sample() -> &'static [u8] {
    concat!(
        r#"{"v":1,"id":"0123456789abcdef","at":"2026-01-31T12:00:00Z","record":"started","operation":"reset","device":{"path":"1-1"},"tool":"t"}"#,
        "\n",
        r#"{"v":1,"id":"0123456789abcdef","at":"2026-01-31T12:00:00Z","record":"backed-up","path":"/b"}"#,
        "\n",
        r#"{"v":1,"id":"0123456789abcdef","at":"2026-01-31T12:00:00Z","record":"writing"}"#,
        "\n",
    )
    .as_bytes()
}

#[test]
fn what_a_later_version_adds_to_a_record_is_left_aside() {
    let text = std::str::from_utf8(sample()).unwrap().replace("\"tool\"", "\"later\":[{}],\"tool\"");
    assert_eq!(operations_in(text.as_bytes()).unwrap().len(), 1);
    let text = std::str::from_utf8(sample()).unwrap().replace("\"1-1\"", "\"1-1\\u001b[2J\"");
    assert_eq!(operations_in(text.as_bytes()).unwrap_err().line, 1, "no escape codes in a path");
    let text = std::str::from_utf8(sample()).unwrap().replacen("\"reset\"", "\"\\u001b[2J\"", 1);
    let message = operations_in(text.as_bytes()).unwrap_err().to_string();
    assert!(message.contains("[2J") && !message.contains('\u{1b}'), "{message:?}");
}

/// What was asked for is written down whole, as far as it takes to ask for it again.
#[test]
fn the_journal_holds_what_was_asked_for() {
    let asked = |bench: &Bench| {
        let journal = fs::read(bench.journal()).unwrap();
        operations_in(&journal).unwrap().pop().unwrap().started.request
    };
    let text = |path: PathBuf| Some(path.to_str().unwrap().to_owned());
    let bench = Bench::new(Generation::R6);
    let options = RestoreOptions { allow_other_device: true, ..bench.leaving() };
    bench.restore(&options).unwrap();
    let expected = Request {
        file: text(options.file.clone()),
        leave: true,
        allow_other_device: true,
        archive: text(bench.archive()),
        ..Request::default()
    };
    assert_eq!(Request { owner: None, ..asked(&bench) }, expected);

    let bench = Bench::new(Generation::R6);
    let file = bench.folder.path().join("saved.der");
    bench.backup(&BackupOptions { file: Some(file.clone()), raw: true, ..BackupOptions::default() }).unwrap();
    let expected =
        Request { file: text(file), raw: true, archive: text(bench.archive()), ..Request::default() };
    assert_eq!(asked(&bench), expected);
    assert_eq!(bench.status().unwrap().last[0].key_state, None, "a backup touches no key");

    bench.reset(&ResetOptions::default()).unwrap();
    let expected = Request { leave: true, archive: text(bench.archive()), ..Request::default() };
    assert_eq!(asked(&bench), expected);
}

/// A dump that was not made is made by the same command, and by no lesser one.
#[test]
fn a_dct_backup_that_was_cut_short_is_asked_for_again() {
    let archive = |bench: &Bench| Some(bench.archive().to_str().unwrap().to_owned());
    let save = |bench: &Bench, whole| {
        let options = DctBackupOptions { whole, archive: archive(bench), ..DctBackupOptions::default() };
        bench.run(&Asker::new(), |context| backup_dct(context, &options)).unwrap();
    };
    let bench = Bench::new(Generation::R6);
    save(&bench, true);
    let journal = fs::read(bench.journal()).unwrap();
    bench.set_journal(&journal[..ends(&journal)[0]]);
    let report = bench.status().unwrap().in_flight.remove(0);
    assert_eq!((report.operation, report.key_state), (OperationKind::DctBackup, None));
    assert!(report.next[0].command.starts_with("duo-provision dct backup --whole --archive "), "{report:?}");

    bench.backup(&BackupOptions::default()).unwrap();
    save(&bench, false);
    assert_eq!(bench.status().unwrap().in_flight.len(), 1, "neither is what was asked for");
    save(&bench, true);
    assert!(bench.status().unwrap().in_flight.is_empty());
}
