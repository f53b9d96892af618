//! Tests the journal: it is written before a step, read whatever a crash left of it, and refused if it makes no sense.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use duo_provision::error::{Code, Error, KeyState, exit};
use duo_provision::journal::Operation;
use duo_provision::journal::{
    DeviceMark, Journal, OperationKind, Reached, Request, Started, Step, operation_in, settled_line,
};
use duo_provision::simulator::Generation;
use duo_provision::simulator::faults::{Fault, Kind};
use duo_provision::workflow::{
    BackupOptions, DctBackupOptions, Event, History, HistoryOptions, OperationReport, Outcome, Phase,
    ResetOptions, RestoreOptions, Status, StatusOptions, Target, backup_dct, history, status,
};
use proptest::prelude::*;
use serde_json::Value;

use crate::workflow::bench::{Asker, Bench, NEW, OLD, dry_run, id, is_data, key, restore_of, writing_to};
use crate::workflow::typed;

impl Bench {
    pub fn status(&self) -> Result<Status, Error> {
        self.run(&Asker::new(), |context| status(context, &StatusOptions::default()))
    }

    pub fn history(&self, options: &HistoryOptions) -> Result<History, Error> {
        self.run(&Asker::new(), |context| history(context, options))
    }

    /// The latest operation.
    pub fn last(&self) -> OperationReport {
        self.history(&HistoryOptions::default()).unwrap().operations.remove(0)
    }

    pub fn journal(&self) -> PathBuf {
        let env = |name: &str| self.env.iter().find(|(key, _)| *key == name).map(|(_, value)| value.into());
        Journal::locate(&env).unwrap().path().to_owned()
    }

    /// The records of every operation, settled ones first, one per line.
    pub fn records(&self) -> Vec<u8> {
        records_in(&self.journal())
    }

    /// Makes the journal hold the operations of these lines and nothing else. None of them is settled, as if their
    /// processes had ended after the last line of each.
    pub fn set_journal(&self, bytes: &[u8]) {
        let _ = fs::remove_dir_all(self.journal());
        let open = self.journal().join("open");
        fs::create_dir_all(&open).unwrap();
        let mut files: Vec<(String, String, Vec<u8>)> = Vec::new();
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            let record: Value = serde_json::from_slice(line).unwrap_or_default();
            let of_it = record["id"].as_str().and_then(|id| files.iter().position(|(its, ..)| its == id));
            let id = record["id"].as_str().unwrap_or("0123456789abcdef");
            let last = files.len().checked_sub(1).filter(|_| record["record"] != "started");
            if let Some(at) = of_it.or(last) {
                files[at].2.extend(line);
                continue;
            }
            let device = &record["device"];
            let port = format!("port-{}", device["path"].as_str().unwrap_or("1-1"));
            files.push((id.to_owned(), device["id"].as_str().unwrap_or(&port).to_owned(), line.to_owned()));
        }
        for (nth, (id, duo, lines)) in files.into_iter().enumerate() {
            fs::write(open.join(format!("{nth:08}.{id}.{duo}.jsonl")), lines).unwrap();
        }
    }

    /// The file of the one operation that is open.
    pub fn open_file(&self) -> PathBuf {
        let mut files = files_in(&self.journal().join("open"));
        assert_eq!(files.len(), 1, "{files:?}");
        files.remove(0)
    }

    fn leaving(&self) -> RestoreOptions {
        RestoreOptions { leave: true, ..self.new_key() }
    }
}

/// The `.jsonl` files of a folder, by name.
fn files_in(folder: &Path) -> Vec<PathBuf> {
    let listing = fs::read_dir(folder).into_iter().flatten();
    let mut files: Vec<PathBuf> = listing.map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension() == Some("jsonl".as_ref()));
    files.sort();
    files
}

/// See [`Bench::records`].
pub fn records_in(journal: &Path) -> Vec<u8> {
    let text = |path: &PathBuf| fs::read_to_string(path).unwrap();
    let unpacked = |line: &str| format!("{}\n", &line[1..line.len() - 1]).replace("},{\"v\":", "}\n{\"v\":");
    let settled: String = files_in(&journal.join("history")).iter().map(text).collect();
    let settled: String = settled.lines().map(unpacked).collect();
    let open: String = files_in(&journal.join("open")).iter().map(text).collect();
    (settled + &open).into_bytes()
}

/// The `record` of each line.
fn kinds(journal: &[u8]) -> Vec<String> {
    let kind =
        |line: &str| serde_json::from_str::<Value>(line).unwrap()["record"].as_str().unwrap().to_owned();
    std::str::from_utf8(journal).unwrap().lines().map(kind).collect()
}

/// Where each line ends, after its line feed.
fn ends(journal: &[u8]) -> Vec<usize> {
    journal.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1).collect()
}

/// The journal of a complete `restore --leave`, and its bench.
fn whole_restore() -> (Bench, Vec<u8>) {
    let bench = Bench::new(Generation::R6);
    bench.restore(&bench.leaving()).unwrap();
    let journal = bench.records();
    (bench, journal)
}

/// A change that makes it impossible to keep a journal.
type Obstacle<'a> = &'a dyn Fn(&mut Bench);

#[test]
fn every_step_is_written_down_in_order() {
    let (bench, journal) = whole_restore();
    assert_eq!(kinds(&journal), ["started", "backed-up", "writing", "verified", "left", "ended"]);
    let found = bench.status().unwrap();
    assert!(found.in_flight.is_empty() && found.running.is_empty());
    let last = bench.last();
    assert_eq!(
        (last.operation, last.outcome, last.key_state),
        (OperationKind::Restore, Outcome::Done, Some(KeyState::Written))
    );
    assert_eq!(last.device_id.unwrap().to_string(), id(1));
    assert!(last.simulated);
    let leftovers = fs::read_dir(bench.journal().join("open")).unwrap().count();
    assert_eq!(
        leftovers, 0,
        "what is settled is in the history alone, and no lock file outlives its operation"
    );
}

#[cfg(unix)]
#[test]
fn it_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let (bench, _) = whole_restore();
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let history = bench.journal().join("history");
    assert_eq!(mode(&history.join(format!("{}.jsonl", id(1)))), 0o600);
    for folder in [history, bench.journal().join("open"), bench.journal()] {
        assert_eq!(mode(&folder), 0o700);
    }
}

#[test]
fn that_a_write_begins_is_written_down_before_its_first_byte() {
    let bench = Bench::new(Generation::R6);
    let (journal, hub, path) = (bench.journal(), bench.hub.clone(), bench.paths[0].clone());
    let asker = Asker::listening(move |event, _| {
        if *event == Event::Phase(Phase::Write) {
            assert_eq!(kinds(&records_in(&journal)).last().unwrap(), "writing");
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
    bench.restore(&RestoreOptions { write: dry_run(), ..bench.new_key() }).unwrap();
    bench.reset(&ResetOptions { write: dry_run(), ..ResetOptions::default() }).unwrap();
    let elsewhere = Target::parse(None, Some("9-9")).unwrap();
    bench.backup(&BackupOptions { target: elsewhere.clone(), ..BackupOptions::default() }).unwrap_err();
    bench.restore(&RestoreOptions { write: writing_to(elsewhere), ..bench.new_key() }).unwrap_err();
    bench.restore(&restore_of(&bench.file("empty.der", b""))).unwrap_err();
    assert!(bench.records().is_empty());
    assert!(bench.history(&HistoryOptions::default()).unwrap().operations.is_empty());
}

#[test]
fn a_record_torn_at_any_byte_is_left_out() {
    let (_, journal) = whole_restore();
    let ends = ends(&journal);
    for (index, end) in ends.iter().enumerate() {
        let start = if index == 0 { 0 } else { ends[index - 1] };
        for length in start..*end {
            let read = operation_in(&journal[..length]).unwrap();
            assert_eq!(read, operation_in(&journal[..start]).unwrap(), "torn at {length}");
        }
        // The disk wrote the end of the line before its beginning.
        let mut zeros = journal[..*end].to_vec();
        zeros[start..*end - 5].fill(0);
        assert_eq!(operation_in(&zeros).unwrap(), operation_in(&journal[..start]).unwrap());
    }
}

/// A crash while an operation is moved to the history, at any byte: the operation is still in `open/` and counts once.
#[test]
fn a_line_of_the_history_torn_at_any_byte_is_left_out_and_then_cut_off() {
    let (_, journal) = whole_restore();
    let earlier = String::from_utf8(journal.clone()).unwrap().replace(&id_in(&journal), "00000000000000aa");
    let (earlier, line) = (settled_line(earlier.as_bytes()), settled_line(&journal));
    let zeros = [&vec![0; line.len() - 5], &line[line.len() - 5..]].concat();
    let torn = (0..line.len()).step_by(97).map(|length| &line[..length]);
    for (torn, kept) in torn.map(|torn| (torn, false)).chain([(&zeros[..], false), (&line[..], true)]) {
        let bench = Bench::new(Generation::R6);
        bench.set_journal(&journal);
        let history = bench.journal().join("history");
        fs::create_dir(&history).unwrap();
        let file = history.join(format!("{}.jsonl", id(1)));
        fs::write(&file, [&earlier[..], torn].concat()).unwrap();
        assert!(bench.status().unwrap().in_flight.is_empty());
        let listed = bench.history(&HistoryOptions::default()).unwrap();
        assert_eq!((listed.operations.len(), listed.unreadable), (2, u32::from(torn == zeros)));
        bench.backup(&BackupOptions::default()).unwrap();
        let after = fs::read(&file).unwrap();
        assert!(after.starts_with(&[&earlier[..], &line[..]].concat()), "{} bytes, {kept}", torn.len());
        assert_eq!(ends(&after).len(), 3);
        assert_eq!(fs::read_dir(bench.journal().join("open")).unwrap().count(), 0);
    }
}

/// The id of the first operation.
fn id_in(journal: &[u8]) -> String {
    let first = journal.split(|byte| *byte == b'\n').next().unwrap();
    serde_json::from_slice::<Value>(first).unwrap()["id"].as_str().unwrap().to_owned()
}

/// After a crash right after each record: what is reported, and what to type.
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

/// The Duo may have started since, and its cloud may know its new key.
#[test]
fn a_slot_that_was_reset_is_not_to_be_reset_again() {
    let bench = Bench::new(Generation::R6);
    bench.reset(&ResetOptions::default()).unwrap();
    let whole = bench.records();
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
            bench.restore(&RestoreOptions { write: writing_to(target), ..bench.new_key() }).unwrap();
            let whole = bench.records();
            bench.set_journal(&whole[..ends(&whole)[2]]);
            // Half the write was carried out.
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
    bench.clear_faults();
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
    other.restore(&RestoreOptions { write: writing_to(second), ..other.new_key() }).unwrap();
    assert_eq!(other.status().unwrap().in_flight.len(), 1, "another Duo's");
}

/// Another r3 or r4 at the same port tells no id. Its key gives it away, because nothing in the journal explains that
/// key.
#[test]
fn another_duo_at_the_port_of_an_r4_settles_nothing() {
    let bench = Bench::new(Generation::R4);
    bench.restore(&bench.new_key()).unwrap();
    let journal = bench.records();
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
    bench.clear_faults();
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
    let leftovers = fs::read_dir(bench.journal().join("open")).unwrap().count();
    assert_eq!(leftovers, 0, "what supersedes it takes it along to the history");
}

/// Commands that must know what is open report the line. The others go on, because they back up before they write.
#[test]
fn a_line_that_is_no_record_is_named_and_stops_no_write() {
    let (_, journal) = whole_restore();
    let end = ends(&journal)[0];
    let with = |line: &[u8]| [&journal[..end], line, b"\n", &journal[end..]].concat();
    let newer = br#"{"v":2,"id":"0123456789abcdef","at":"2026-01-31T12:00:00Z","record":"written"}"#;
    let orphan = br#"{"v":1,"id":"0123456789abcdef","at":"2026-01-31T12:00:00Z","record":"writing"}"#;
    for line in [&b"garbage"[..], b"", b"{}", b"\xff\0", newer, orphan, &journal[..end - 1]] {
        let bench = Bench::new(Generation::R6);
        bench.set_journal(b"x");
        let file = bench.open_file();
        fs::write(&file, with(line)).unwrap();
        for error in [bench.status().unwrap_err(), bench.history(&HistoryOptions::default()).unwrap_err()] {
            assert_eq!((error.code(), error.code().exit_code()), (Code::JournalInvalid, exit::SYSTEM));
            assert!(error.message().contains("line 2: "), "{error}");
            assert!(error.hint_text().is_some());
        }
        assert!(bench.restore(&bench.new_key()).unwrap().written);
        assert_eq!(fs::read(&file).unwrap(), with(line), "it is not touched");
        fs::remove_file(file).unwrap();
        assert_eq!(kinds(&bench.records()).last().unwrap(), "ended");
    }
}

/// An unreadable history stops no command, and its readable lines are listed.
#[test]
fn a_line_of_the_history_that_is_no_operation_is_left_aside() {
    let bench = Bench::new(Generation::R6);
    bench.backup(&BackupOptions::default()).unwrap();
    let file = bench.journal().join("history").join(format!("{}.jsonl", id(1)));
    let sound = fs::read(&file).unwrap();
    let newer = br#"[{"v":2,"id":"0123456789abcdef","at":"2026-01-31T12:00:00Z","record":"written"}]"#;
    let headless = br#"[{"v":1,"id":"0123456789abcdef","at":"2026-01-31T12:00:00Z","record":"writing"}]"#;
    let long = [b"[", &b" ".repeat(2 * 1024 * 1024)[..], b"]"].concat();
    let lines = [&b"garbage"[..], b"", b"{}", b"[]", b"\xff\0", newer, headless, &long];
    let bad: Vec<u8> = lines.iter().flat_map(|line| [line, &b"\n"[..]].concat()).collect();
    fs::write(&file, [&bad[..], &sound, &bad, &sound].concat()).unwrap();
    bench.restore(&bench.new_key()).unwrap();
    let found = bench.history(&HistoryOptions::default()).unwrap();
    let operations: Vec<String> =
        found.operations.iter().map(|operation| operation.operation.to_string()).collect();
    assert_eq!(operations, ["restore", "backup", "backup"]);
    assert_eq!((found.unreadable, found.more), (16, false));
    assert!(bench.status().unwrap().in_flight.is_empty());
}

#[test]
fn the_history_lists_the_newest_first_and_of_one_duo_if_one_is_named() {
    let bench = Bench::with(crate::workflow::bench::two(Generation::R6));
    let target = |nth| Target::parse(Some(&id(nth)), None).unwrap();
    for nth in [1, 2, 1] {
        bench.backup(&BackupOptions { target: target(nth), ..BackupOptions::default() }).unwrap();
    }
    // The wall clock stands still here.
    for (nth, hours) in [(1, vec!["07", "09"]), (2, vec!["08"])] {
        let file = bench.journal().join("history").join(format!("{}.jsonl", id(nth)));
        let text = fs::read_to_string(&file).unwrap();
        let at = |hour| format!("\"at\":\"2026-01-31T{hour}:00:00Z\"");
        let noon = at("12");
        assert!(text.contains(&noon), "{text}");
        let lines = text.lines().zip(hours).map(|(line, hour)| line.replace(&noon, &at(hour)) + "\n");
        fs::write(file, lines.collect::<String>()).unwrap();
    }
    let listed = |device: Option<&str>, limit| {
        let options = HistoryOptions { device: device.map(|id| id.parse().unwrap()), limit };
        let found = bench.history(&options).unwrap();
        let ids = found.operations.iter().map(|operation| operation.device_id.unwrap().to_string());
        (ids.collect::<Vec<_>>(), found.more)
    };
    let (one, two) = (id(1), id(2));
    assert_eq!(listed(None, None), (vec![one.clone(), two.clone(), one.clone()], false));
    assert_eq!(listed(None, Some(2)), (vec![one.clone(), two.clone()], true));
    assert_eq!(listed(Some(&one), Some(1)), (vec![one.clone()], true));
    assert_eq!(listed(Some(&two), None), (vec![two], false));
    assert_eq!(listed(Some(&id(3)), None), (vec![], false));
    let none = HistoryOptions { limit: Some(0), ..HistoryOptions::default() };
    assert_eq!(bench.history(&none).unwrap_err().code(), Code::InvalidArgument);
}

/// A later operation settles it, and the history still says how far it got.
#[test]
fn what_was_cut_short_and_is_superseded_is_in_the_history_as_such() {
    let (bench, journal) = whole_restore();
    bench.clear_faults();
    bench.set_journal(&journal[..ends(&journal)[2]]);
    assert_eq!(bench.last().outcome, Outcome::InFlight);
    bench.restore(&restore_of(&bench.key_file(OLD))).unwrap();
    let found = bench.history(&HistoryOptions::default()).unwrap().operations;
    let outcomes: Vec<_> = found.iter().map(|operation| (operation.outcome, operation.reached)).collect();
    assert_eq!(outcomes, [(Outcome::Done, Reached::Verified), (Outcome::CutShort, Reached::Writing)]);
    assert_eq!(fs::read_dir(bench.journal().join("open")).unwrap().count(), 0);
}

#[test]
fn where_it_cannot_be_kept_nothing_is_written_and_a_backup_is_still_made() {
    let blocked = |bench: &mut Bench| {
        let home = bench.file("taken", b"").to_str().unwrap().to_owned();
        bench.env.iter_mut().for_each(|(_, value)| value.clone_from(&home));
    };
    let homeless = |bench: &mut Bench| bench.env.clear();
    let folder = |bench: &mut Bench| fs::create_dir_all(bench.journal().join("lock")).unwrap();
    let file = |bench: &mut Bench| {
        fs::create_dir_all(bench.journal()).unwrap();
        fs::write(bench.journal().join("open"), "").unwrap();
    };
    let no_history = |bench: &mut Bench| {
        fs::create_dir_all(bench.journal()).unwrap();
        fs::write(bench.journal().join("history"), "").unwrap();
    };
    let cases: [Obstacle<'_>; 5] = [&blocked, &homeless, &folder, &file, &no_history];
    for prevent in cases {
        let mut bench = Bench::new(Generation::R6);
        prevent(&mut bench);
        let error = bench.restore(&bench.new_key()).unwrap_err();
        assert_eq!(
            (error.code(), error.code().exit_code()),
            (Code::JournalUnwritable, exit::SYSTEM),
            "{error}"
        );
        assert!(error.hint_text().is_some());
        assert_eq!(bench.reset(&ResetOptions::default()).unwrap_err().code(), Code::JournalUnwritable);
        assert_eq!(bench.duo(|duo| duo.class_requests()), 0);
        let asker = Asker::new();
        let archive = Some(bench.archive().to_str().unwrap().to_owned());
        let options = BackupOptions { archive, ..BackupOptions::default() };
        bench.run(&asker, |context| duo_provision::workflow::backup(context, &options)).unwrap();
        assert!(bench.keeps(key(OLD)));
        assert!(asker.notes().contains("not written down"), "{}", asker.notes());
    }
}

/// Another program writes into the file of the running operation, so that its next record is refused.
pub fn write_into(journal: &Path) {
    use std::io::Write;
    for file in files_in(&journal.join("open")) {
        fs::File::options().append(true).open(file).unwrap().write_all(b"x").unwrap();
    }
}

/// Once the write has begun, a journal that fails does not stop it.
#[test]
fn a_journal_that_is_lost_during_the_write_is_said_and_the_write_is_finished() {
    let bench = Bench::new(Generation::R6);
    let journal = bench.journal();
    let asker = Asker::listening(move |event, _| {
        if *event == Event::Phase(Phase::Write) {
            write_into(&journal);
        }
    });
    let done = bench.restore_asking(&asker, &bench.leaving()).unwrap();
    assert!(done.written && done.left && bench.slot() == key(NEW));
    // Verified, left, ended: three records are lost, and this is reported once.
    assert_eq!(asker.notes().matches("not written down").count(), 1, "{}", asker.notes());
    let written = fs::read(bench.open_file()).unwrap();
    assert_eq!(kinds(&written[..ends(&written)[2]]), ["started", "backed-up", "writing"]);
}

/// A journal that exists when it is checked, but not when the operation begins, counts as missing.
#[test]
fn a_journal_that_is_lost_at_the_beginning_stops_what_writes_and_nothing_else() {
    let losing = |bench: &Bench| {
        let journal = bench.journal();
        Asker::listening(move |event, _| {
            if matches!(event, Event::Phase(Phase::Read | Phase::ReadDct)) {
                let path = journal.join("lock");
                let taken = fs::File::options().create(true).append(true).open(path).unwrap();
                taken.lock().unwrap();
                std::mem::forget(taken);
            }
        })
    };
    let bench = Bench::new(Generation::R6);
    let error = bench.restore_asking(&losing(&bench), &bench.new_key()).unwrap_err();
    assert_eq!((error.code(), bench.writes()), (Code::JournalUnwritable, 0), "{error}");

    let bench = Bench::new(Generation::R6);
    let asker = losing(&bench);
    let archive = Some(bench.archive().to_str().unwrap().to_owned());
    let options = BackupOptions { archive, ..BackupOptions::default() };
    bench.run(&asker, |context| duo_provision::workflow::backup(context, &options)).unwrap();
    assert!(bench.keeps(key(OLD)) && asker.notes().contains("not written down"), "{}", asker.notes());
}

/// A journal that fails right before the write stops it.
#[test]
fn a_journal_that_is_lost_before_the_write_stops_it() {
    let bench = Bench::new(Generation::R6);
    let journal = bench.journal();
    let asker = Asker::listening(move |event, _| {
        if *event == Event::Phase(Phase::Confirm) {
            write_into(&journal);
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
    let history = bench.journal().join("history");
    fs::create_dir_all(&history).unwrap();
    let file = history.join(format!("{}.jsonl", id(1)));
    std::os::unix::fs::symlink(&elsewhere, &file).unwrap();
    bench.backup(&BackupOptions::default()).unwrap();
    assert!(bench.status().unwrap().in_flight.is_empty());
    assert_eq!(kinds(&fs::read(bench.open_file()).unwrap()).last().unwrap(), "ended", "it stays where it is");
    fs::remove_file(file).unwrap();
    bench.restore(&bench.new_key()).unwrap();
    assert_eq!(bench.history(&HistoryOptions::default()).unwrap().operations.len(), 2);
    assert_eq!(fs::read_dir(bench.journal().join("open")).unwrap().count(), 0, "and is settled later");

    std::os::unix::fs::symlink(&elsewhere, bench.journal().join("link")).unwrap();
    fs::rename(bench.journal().join("link"), bench.journal().join("lock")).unwrap();
    assert_eq!(bench.restore(&bench.new_key()).unwrap_err().code(), Code::JournalUnwritable);
    assert_eq!(fs::read(elsewhere).unwrap(), b"precious");
}

#[test]
fn two_at_once_do_not_tear_each_others_lines() {
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
            entry.append(Step::Writing, at()).unwrap();
            entry.append(Step::Verified, at()).unwrap();
            entry.append(Step::Left, at()).unwrap();
            entry.end(None, at(), &pause).unwrap();
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(one);
        scope.spawn(one);
    });
    let journal = Journal::locate(&env).unwrap();
    assert!(journal.operations(None, &pause).unwrap().is_empty());
    let settled: Vec<Operation> =
        journal.pasts().unwrap().flat_map(Result::unwrap).map(Result::unwrap).collect();
    assert_eq!(settled.len(), 40);
    assert!(settled.iter().all(|operation| operation.is_done() && operation.reached.len() == 4));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = operation_in(&bytes);
        let _ = Operation::of_line(&bytes);
    }

    #[test]
    fn any_byte_changed_is_read_or_refused(at in any::<proptest::sample::Index>(), byte in any::<u8>()) {
        let mut journal = sample().to_vec();
        let at = at.index(journal.len());
        journal[at] = byte;
        if let Err(bad) = operation_in(&journal) {
            let line = journal[..at].split(|byte| *byte == b'\n').count();
            // A changed id makes an orphan of a later line; a missing line feed joins two lines.
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
    assert!(operation_in(text.as_bytes()).unwrap().is_some());
    let text = std::str::from_utf8(sample()).unwrap().replace("\"1-1\"", "\"1-1\\u001b[2J\"");
    assert_eq!(operation_in(text.as_bytes()).unwrap_err().line, 1, "no escape codes in a path");
    let text = std::str::from_utf8(sample()).unwrap().replacen("\"reset\"", "\"\\u001b[2J\"", 1);
    let message = operation_in(text.as_bytes()).unwrap_err().to_string();
    assert!(message.contains("[2J") && !message.contains('\u{1b}'), "{message:?}");
}

/// The journal holds everything that is needed to ask for the same again.
#[test]
fn the_journal_holds_what_was_asked_for() {
    let asked = |bench: &Bench| {
        let journal = bench.records();
        let last = journal.windows(9).rposition(|window| window == br#""started""#).unwrap();
        let start = journal[..last].iter().rposition(|byte| *byte == b'\n').map_or(0, |feed| feed + 1);
        operation_in(&journal[start..]).unwrap().unwrap().started.request
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
    assert_eq!(bench.last().key_state, None, "a backup touches no key");

    bench.reset(&ResetOptions::default()).unwrap();
    let expected = Request { leave: true, archive: text(bench.archive()), ..Request::default() };
    assert_eq!(asked(&bench), expected);
}

/// The same command settles a dump that was not made; a smaller one does not.
#[test]
fn a_dct_backup_that_was_cut_short_is_asked_for_again() {
    let archive = |bench: &Bench| Some(bench.archive().to_str().unwrap().to_owned());
    let save = |bench: &Bench, whole| {
        let options = DctBackupOptions { whole, archive: archive(bench), ..DctBackupOptions::default() };
        bench.run(&Asker::new(), |context| backup_dct(context, &options)).unwrap();
    };
    let bench = Bench::new(Generation::R6);
    save(&bench, true);
    let journal = bench.records();
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
