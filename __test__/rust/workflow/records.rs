//! The journal's records and its file, to the byte: what is written can be read again, what is too much is refused
//! before it is written, and nothing but its own is ever removed.

use std::fs;
use std::io;
use std::time::Duration;

use duo_provision::journal::{
    DeviceMark, Entry, Failure, Journal, JournalError, MAX_BYTES, MAX_LINE, OperationId, OperationKind,
    Record, RecordError, Request, Started, Step, VERSION,
};
use duo_provision::error::Code;
use duo_provision::simulator::Generation;
use tempfile::TempDir;

use crate::workflow::bench::Bench;

const NOON: &str = "2026-01-31T12:00:00Z";

/// A journal in a home of its own.
struct Place {
    home: TempDir,
    journal: Journal,
}

impl Place {
    fn new() -> Self {
        let home = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        let env = |_: &str| Some(home.path().as_os_str().to_owned());
        let journal = Journal::locate(&env).unwrap();
        fs::create_dir_all(journal.path().parent().unwrap()).unwrap();
        Self { home, journal }
    }

    fn begin(&self, started: Started) -> Result<Entry, JournalError> {
        self.journal.begin(started, NOON.to_owned(), &no_pause)
    }

    /// How many operations are there, and how many of them run.
    fn count(&self) -> (usize, usize) {
        let operations = self.journal.operations(&no_pause).unwrap();
        (operations.len(), operations.iter().filter(|operation| operation.running).count())
    }
}

fn no_pause(_: Duration) {}

fn started() -> Started {
    Started {
        operation: OperationKind::Reset,
        device: DeviceMark::default(),
        before: None,
        after: None,
        request: Request::default(),
        tool: "test".to_owned(),
    }
}

fn record(nth: usize, step: Step) -> Record {
    Record { v: VERSION, id: OperationId::new(nth as u64), at: NOON.to_owned(), step }
}

/// The beginning of an operation whose line has `length` bytes with its line feed.
fn as_long_as(length: usize) -> Started {
    let with = |file: usize| {
        let request = Request { file: Some("x".repeat(file)), ..Request::default() };
        Started { request, ..started() }
    };
    let bare = record(0, Step::Started(Box::new(with(0)))).to_line().len();
    with(length - bare)
}

fn refused_as(error: &JournalError, kind: io::ErrorKind) -> bool {
    matches!(error, JournalError::Unwritable { source, .. } if source.kind() == kind)
}

#[test]
fn the_longest_line_that_is_written_is_read_again_and_a_longer_one_is_not_written() {
    let place = Place::new();
    drop(place.begin(as_long_as(MAX_LINE)).unwrap());
    assert_eq!(fs::metadata(place.journal.path()).unwrap().len(), MAX_LINE as u64);
    assert_eq!(place.count(), (1, 0));
    let error = place.begin(as_long_as(MAX_LINE + 1)).unwrap_err();
    assert!(refused_as(&error, io::ErrorKind::InvalidInput), "{error}");
    assert_eq!(place.count(), (1, 0), "what was not written does not run either");

    let line = |length: usize| record(0, Step::Started(Box::new(as_long_as(length + 1)))).to_line();
    let without_end = |line: Vec<u8>| line[..line.len() - 1].to_vec();
    assert!(Record::parse(&without_end(line(MAX_LINE))).is_ok());
    assert_eq!(Record::parse(&without_end(line(MAX_LINE + 1))), Err(RecordError::TooLong));
}

#[test]
fn of_the_longest_line_nothing_is_left_when_it_is_torn_and_nothing_is_lost_when_it_is_whole() {
    let line = |nth| record(nth, Step::Started(Box::new(as_long_as(MAX_LINE)))).to_line();
    let (one, two) = (line(1), line(2));
    let without_its_end = two[..MAX_LINE - 1].to_vec();
    let without_its_beginning = [&[0; 10][..], &two[10..]].concat();
    for (last, kept) in [(without_its_end, 1), (without_its_beginning, 1), (two, 2)] {
        let place = Place::new();
        let whole = [&one[..], &last[..]].concat();
        fs::write(place.journal.path(), &whole).unwrap();
        drop(place.begin(started()).unwrap());
        let after = fs::read(place.journal.path()).unwrap();
        assert!(after.starts_with(&whole[..kept * MAX_LINE]));
        assert_eq!(place.count(), (kept + 1, 0));
    }
}

#[test]
fn it_is_filled_to_its_last_byte_and_no_further_and_loses_nothing() {
    let place = Place::new();
    // Lines of 64 KiB fill 16 MiB exactly.
    let whole = usize::try_from(MAX_BYTES).unwrap() / MAX_LINE;
    let lines: Vec<u8> = (1..whole)
        .flat_map(|nth| record(nth, Step::Started(Box::new(as_long_as(MAX_LINE)))).to_line())
        .collect();
    fs::write(place.journal.path(), &lines).unwrap();
    drop(place.begin(as_long_as(MAX_LINE)).unwrap());
    let full = fs::read(place.journal.path()).unwrap();
    assert_eq!((full.len() as u64, full.starts_with(&lines)), (MAX_BYTES, true));
    assert_eq!(place.count(), (whole, 0));
    let error = place.begin(started()).unwrap_err();
    assert!(refused_as(&error, io::ErrorKind::FileTooLarge), "{error}");
    assert!(fs::read(place.journal.path()).unwrap() == full);
}

#[test]
fn an_operation_that_runs_keeps_its_lock_and_what_is_not_the_journals_stays() {
    let place = Place::new();
    let first = place.begin(started()).unwrap();
    let running = place.journal.path().with_file_name("running");
    let foreign = ["notes.txt", "notes.lock", "0123456789abcdef.txt", "0123456789ABCDEF.lock"];
    for name in foreign {
        fs::write(running.join(name), "").unwrap();
    }
    let left_over = running.join("0123456789abcdef.lock");
    fs::write(&left_over, "").unwrap();
    let second = place.begin(started()).unwrap();
    assert_eq!(place.count(), (2, 2));
    assert!(!left_over.exists());
    assert!(foreign.iter().all(|name| running.join(name).exists()));
    assert_ne!(first.id(), second.id());
    drop((first, second));
    assert_eq!(place.count(), (2, 0));
    assert!(place.home.path().exists());
}

/// A pipe in the place of a lock, and of the journal: whoever opens one to read waits until somebody writes.
#[cfg(target_os = "linux")]
#[test]
fn nothing_is_waited_for_where_a_pipe_stands_in_the_place_of_a_file() {
    use rustix::fs::{CWD, mkfifoat};
    let place = Place::new();
    let running = place.begin(started()).unwrap();
    let lock = place.journal.path().with_file_name("running").join(format!("{}.lock", running.id()));
    fs::remove_file(&lock).unwrap();
    mkfifoat(CWD, &lock, 0o600.into()).unwrap();
    let left_over = lock.with_file_name("0123456789abcdef.lock");
    mkfifoat(CWD, &left_over, 0o600.into()).unwrap();
    let place = within_a_minute(move || {
        assert_eq!(place.count(), (1, 0));
        drop(place.begin(started()).unwrap());
        place
    });
    assert!(lock.exists() && left_over.exists(), "what is no lock of the journal's is not removed");

    fs::remove_file(place.journal.path()).unwrap();
    mkfifoat(CWD, place.journal.path(), 0o600.into()).unwrap();
    let (read, begun) = within_a_minute(move || {
        (place.journal.operations(&no_pause).unwrap_err(), place.begin(started()).unwrap_err())
    });
    assert!(matches!((read, begun), (JournalError::NotAFile(_), JournalError::NotAFile(_))));
}

/// What `work` returns. It runs on a thread of its own, so that one that waits for ever fails the test.
#[cfg(target_os = "linux")]
fn within_a_minute<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || sender.send(work()));
    receiver.recv_timeout(Duration::from_secs(60)).expect("it ends by itself")
}

#[test]
fn many_that_begin_at_once_all_find_the_journal_or_make_it() {
    for _ in 0..50 {
        let place = Place::new();
        let together = std::sync::Barrier::new(4);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    together.wait();
                    let pause = |time: Duration| std::thread::sleep(time);
                    place.journal.begin(started(), NOON.to_owned(), &pause).unwrap();
                });
            }
        });
        assert_eq!(place.count(), (4, 0));
    }
}

#[test]
fn an_operations_name_is_sixteen_digits_in_lower_case() {
    let id = OperationId::new(0xabc_def0);
    assert_eq!((id.as_str(), id.to_string().as_str()), ("000000000abcdef0", "000000000abcdef0"));
    assert_eq!(OperationId::try_from("000000000abcdef0".to_owned()), Ok(id));
    for text in [
        "",
        "0123456789abcde",
        "0123456789abcdef0",
        "0123456789abcdeg",
        "0123456789ABCDEF",
        "../../../../x.yz",
    ] {
        assert!(OperationId::try_from(text.to_owned()).is_err(), "{text}");
    }
}

/// What is shown of a record later, on a terminal or in a command to type, is plain and short.
#[test]
fn a_member_with_a_value_that_no_record_has_is_named() {
    let of_path = |path: &str| {
        let device = DeviceMark { path: Some(path.to_owned()), ..DeviceMark::default() };
        record(1, Step::Started(Box::new(Started { device, ..started() })))
    };
    let of_tool =
        |tool: &str| record(1, Step::Started(Box::new(Started { tool: tool.to_owned(), ..started() })));
    let of_code = |code: &str| {
        let error = Some(Failure { code: code.to_owned(), key: None });
        record(1, Step::Ended { error })
    };
    let read = |record: &Record| {
        let line = record.to_line();
        Record::parse(&line[..line.len() - 1])
    };
    let digits = |count: usize| "1".repeat(count);
    let letters = |count: usize| "A".repeat(count);
    for sound in [
        of_path("1-1.4"),
        of_path(&digits(32)),
        of_tool(&letters(100)),
        of_tool(""),
        of_code("KEY_WRONG"),
        of_code(&letters(64)),
    ] {
        assert_eq!(read(&sound).as_ref(), Ok(&sound));
    }
    let of_fields = |fields: &[&str]| {
        let fields = fields.iter().map(|name| (*name).to_owned()).collect();
        let request = Request { fields, ..Request::default() };
        record(1, Step::Started(Box::new(Started { request, ..started() })))
    };
    let sound = of_fields(&["server-public-key", "device-private-key"]);
    assert_eq!(read(&sound).as_ref(), Ok(&sound));
    let late = Record { at: "yesterday".to_owned(), ..record(1, Step::Writing) };
    for (unsound, member) in [
        (of_path(""), "path"),
        (of_path("1-1; rm -rf ~"), "path"),
        (of_path(&digits(33)), "path"),
        (of_tool("\u{1b}[2J"), "tool"),
        (of_tool(&letters(101)), "tool"),
        (of_code(""), "code"),
        (of_code("key_wrong"), "code"),
        (of_code("KEY WRONG"), "code"),
        (of_code(&letters(65)), "code"),
        (of_fields(&["x; touch f #"]), "fields"),
        (of_fields(&["server-public-key", ""]), "fields"),
        (late, "at"),
    ] {
        assert_eq!(read(&unsound), Err(RecordError::Value(member)), "{unsound:?}");
    }
}

/// What cannot be looked at is not called empty.
#[test]
fn a_journal_that_cannot_be_reached_is_no_empty_one() {
    let mut bench = Bench::new(Generation::R6);
    let file = bench.file("taken", b"").to_str().unwrap().to_owned();
    bench.env.iter_mut().for_each(|(_, value)| value.clone_from(&file));
    let error = bench.status().unwrap_err();
    assert_eq!(error.code(), Code::FileUnreadable, "{error}");
    assert!(error.hint_text().is_some());
}
