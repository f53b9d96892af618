//! Tests the journal's records and its file to the byte: what is written can be read again, too much is refused before
//! it is written, and only the journal's own files are ever removed.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use duo_provision::error::Code;
use duo_provision::journal::{
    DeviceMark, Entry, Failure, Journal, JournalError, MAX_BYTES, MAX_LINE, Operation, OperationId,
    OperationKind, Record, RecordError, Request, Started, Step, VERSION, operation_in, settled_line,
};
use duo_provision::simulator::Generation;
use tempfile::TempDir;

use crate::workflow::bench::{Bench, memory_folder};

const NOON: &str = "2026-01-31T12:00:00Z";

/// A journal in its own home folder.
struct Place {
    home: TempDir,
    journal: Journal,
}

impl Place {
    fn new() -> Self {
        let home = memory_folder().or_else(|_| tempfile::tempdir()).unwrap();
        let env = |_: &str| Some(home.path().as_os_str().to_owned());
        let journal = Journal::locate(&env).unwrap();
        Self { home, journal }
    }

    fn begin(&self, started: Started) -> Result<Entry, JournalError> {
        self.journal.begin(started, NOON.to_owned(), &no_pause)
    }

    fn open(&self) -> PathBuf {
        self.journal.path().join("open")
    }

    fn names(&self) -> Vec<String> {
        let listing = fs::read_dir(self.open()).into_iter().flatten();
        listing.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    /// The number of operations in the history.
    fn settled(&self) -> usize {
        self.journal.pasts().unwrap().flat_map(Result::unwrap).map(Result::unwrap).count()
    }

    /// The number of open operations, and how many of them run.
    fn count(&self) -> (usize, usize) {
        let operations = self.journal.operations(None, &no_pause).unwrap();
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

/// The start of an operation whose line has `length` bytes, including its line feed.
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
    let entry = place.begin(as_long_as(MAX_LINE)).unwrap();
    assert_eq!(fs::metadata(entry.path()).unwrap().len(), MAX_LINE as u64);
    drop(entry);
    assert_eq!(place.count(), (1, 0));
    let there = place.names().len();
    let error = place.begin(as_long_as(MAX_LINE + 1)).unwrap_err();
    assert!(refused_as(&error, io::ErrorKind::InvalidInput), "{error}");
    assert_eq!((place.count(), place.names().len()), ((1, 0), there), "of what never began nothing is left");

    let line = |length: usize| record(0, Step::Started(Box::new(as_long_as(length + 1)))).to_line();
    let without_end = |line: Vec<u8>| line[..line.len() - 1].to_vec();
    assert!(Record::parse(&without_end(line(MAX_LINE))).is_ok());
    assert_eq!(Record::parse(&without_end(line(MAX_LINE + 1))), Err(RecordError::TooLong));
}

#[test]
fn of_the_longest_line_nothing_is_left_when_it_is_torn() {
    let line = record(1, Step::Started(Box::new(as_long_as(MAX_LINE)))).to_line();
    let without_its_beginning = [&[0; 10][..], &line[10..]].concat();
    for torn in [&line[..MAX_LINE - 1], &without_its_beginning] {
        assert_eq!(operation_in(torn), Ok(None));
        let one = record(1, Step::Started(Box::new(started()))).to_line();
        assert_eq!(operation_in(&[&one, torn].concat()), operation_in(&one));
    }
    assert!(operation_in(&line).unwrap().is_some());
}

/// Every written operation can move to the history and be read there, whatever its size.
#[test]
fn an_operation_is_filled_to_its_last_byte_and_no_further_and_loses_nothing() {
    let place = Place::new();
    let mut entry = place.begin(as_long_as(MAX_LINE)).unwrap();
    let path = |length: usize| {
        let bare = record(0, Step::BackedUp { path: String::new(), sha256: None }).to_line().len();
        Step::BackedUp { path: "x".repeat(length - bare), sha256: None }
    };
    for _ in 0..MAX_BYTES / MAX_LINE - 2 {
        entry.append(path(MAX_LINE), NOON.to_owned()).unwrap();
    }
    let end = record(0, Step::Ended { error: None }).to_line().len();
    let error = entry.append(path(MAX_LINE + 1), NOON.to_owned()).unwrap_err();
    assert!(refused_as(&error, io::ErrorKind::InvalidInput), "{error}");
    entry.append(path(MAX_LINE - end), NOON.to_owned()).unwrap();
    let too_much = path(end + 60);
    let error = entry.append(too_much, NOON.to_owned()).unwrap_err();
    assert!(refused_as(&error, io::ErrorKind::InvalidInput), "{error}");
    let file = entry.path().to_owned();
    entry.end(None, NOON.to_owned(), &no_pause).unwrap();
    assert!(!file.exists());
    assert_eq!((place.count(), place.settled()), ((0, 0), 1));
    let history = place.journal.path().join("history/unknown.jsonl");
    assert_eq!(fs::metadata(history).unwrap().len(), MAX_BYTES as u64 + 2);
}

/// Another program or a faulty disk made the file too large: what is read of it is limited.
#[test]
fn a_file_with_more_than_an_operation_has_is_refused() {
    let place = Place::new();
    let entry = place.begin(started()).unwrap();
    fs::File::options().write(true).open(entry.path()).unwrap().set_len(MAX_BYTES as u64 + 1).unwrap();
    let read = place.journal.operations(None, &no_pause);
    assert!(matches!(read, Err(JournalError::TooLarge(_))), "{read:?}");
}

/// Reading from the end finds every line, wherever the borders of the pieces are.
#[test]
fn a_history_is_read_from_its_end_line_by_line() {
    let place = Place::new();
    let history = place.journal.path().join("history");
    fs::create_dir_all(&history).unwrap();
    let operation = |nth: usize, length: usize| {
        let began = record(nth, Step::Started(Box::new(as_long_as(length)))).to_line();
        settled_line(&[began, record(nth, Step::Ended { error: None }).to_line()].concat())
    };
    let lengths = [400, 16_000, 16_384 - 1, 16_384, 16_384 + 1, 33_000, 65_536, 500, 700, 64_000, 401];
    let lines: Vec<Vec<u8>> =
        lengths.iter().enumerate().map(|(nth, length)| operation(nth, *length)).collect();
    let too_long = [vec![b' '; 3 * MAX_BYTES], b"\n".to_vec()].concat();
    let all = [&lines[..6].concat(), &too_long, &lines[6..].concat(), &b"[{\"v\":1"[..]].concat();
    fs::write(history.join("unknown.jsonl"), all).unwrap();
    let found: Vec<Result<Operation, RecordError>> =
        place.journal.pasts().unwrap().flat_map(Result::unwrap).collect();
    let names = found.iter().map(|line| line.as_ref().map(|operation| operation.id.clone()));
    let expected = (0..lengths.len()).rev().map(|nth| Ok(OperationId::new(nth as u64)));
    let mut expected: Vec<_> = expected.collect();
    expected.insert(5, Err(&RecordError::TooLong));
    assert_eq!(names.collect::<Vec<_>>(), expected);
}

/// A crash in between leaves an operation in both places; the next operation on this Duo cleans up.
#[test]
fn what_is_in_the_history_already_does_not_go_there_twice() {
    let place = Place::new();
    let mut entry = place.begin(started()).unwrap();
    entry.append(Step::Left, NOON.to_owned()).unwrap();
    let (file, id) = (entry.path().to_owned(), entry.id().clone());
    let there = fs::read(&file).unwrap();
    entry.end(None, NOON.to_owned(), &no_pause).unwrap();
    fs::write(&file, there).unwrap();
    let next = place.begin(started()).unwrap();
    let last = next.id().clone();
    next.end(None, NOON.to_owned(), &no_pause).unwrap();
    assert!(place.names().is_empty());
    let past = place.journal.pasts().unwrap().flat_map(Result::unwrap);
    assert_eq!(past.map(|operation| operation.unwrap().id).collect::<Vec<_>>(), [last, id]);
}

/// The files of another Duo are neither read nor changed, whatever is in them.
#[test]
fn what_is_done_to_one_duo_takes_nothing_of_another_along() {
    let place = Place::new();
    let of = |id: &str| {
        let device = DeviceMark { id: Some(id.parse().unwrap()), ..DeviceMark::default() };
        Started { device, ..started() }
    };
    let (one, two) = ("30001a000347343432313031", "30001a000347343432313032");
    drop(place.begin(of(one)).unwrap());
    let others = place.begin(of(two)).unwrap();
    let file = others.path().to_owned();
    drop(others);
    fs::write(&file, "nonsense").unwrap();
    let mut entry = place.begin(of(one)).unwrap();
    entry.append(Step::Left, NOON.to_owned()).unwrap();
    entry.end(None, NOON.to_owned(), &no_pause).unwrap();
    assert_eq!(place.settled(), 2, "the reset that was cut short is superseded by the later one");
    assert_eq!(fs::read(&file).unwrap(), b"nonsense");
    assert!(place.journal.past(one.parse().unwrap()).unwrap().count() == 2);
    assert!(place.journal.past(two.parse().unwrap()).unwrap().next().is_none());
    let known = |id: &str| place.journal.operations(Some(&of(id).device), &no_pause).unwrap();
    assert!(known(one).is_empty() && known(two).is_empty(), "a torn first line is no operation");
}

#[test]
fn an_operation_that_runs_keeps_its_lock_and_what_is_not_the_journals_stays() {
    let place = Place::new();
    let first = place.begin(started()).unwrap();
    let foreign = ["notes.txt", "notes.lock", "0123456789abcdef.txt", "FEDCBA9876543210.lock", "1.jsonl"];
    for name in foreign {
        fs::write(place.open().join(name), "").unwrap();
    }
    let left_over = place.open().join("0123456789abcdef.lock");
    fs::write(&left_over, "").unwrap();
    let second = place.begin(started()).unwrap();
    assert_eq!(place.count(), (2, 2));
    assert!(!left_over.exists());
    assert!(foreign.iter().all(|name| place.open().join(name).exists()));
    assert_ne!(first.id(), second.id());
    drop((first, second));
    assert_eq!(place.count(), (2, 0));
    drop(place.begin(started()).unwrap());
    assert_eq!(place.names().len(), foreign.len() + 3 * 2, "what is open keeps its lock file");
    assert!(place.home.path().exists());
}

/// Numbers decide which operation came first, whatever the clock and the names say.
#[test]
fn operations_are_read_in_the_order_in_which_they_began() {
    let place = Place::new();
    let begun: Vec<OperationId> = (0..20).map(|_| place.begin(started()).unwrap().id().clone()).collect();
    let read = place.journal.operations(None, &no_pause).unwrap();
    assert_eq!(read.into_iter().map(|operation| operation.id).collect::<Vec<_>>(), begun);
}

/// A pipe instead of a lock or of the journal: opening one for reading waits until somebody writes.
#[cfg(target_os = "linux")]
#[test]
fn nothing_is_waited_for_where_a_pipe_stands_in_the_place_of_a_file() {
    use rustix::fs::{CWD, mkfifoat};
    let place = Place::new();
    let running = place.begin(started()).unwrap();
    let lock = place.open().join(format!("{}.lock", running.id()));
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

    let of_all = place.journal.path().join("lock");
    mkfifoat(CWD, place.open().join("00000001.0123456789abcdef.unknown.jsonl"), 0o600.into()).unwrap();
    let (place, read) = within_a_minute(move || {
        let read = place.journal.operations(None, &no_pause).unwrap_err();
        (place, read)
    });
    fs::remove_file(&of_all).unwrap();
    mkfifoat(CWD, &of_all, 0o600.into()).unwrap();
    let (waited, begun) = within_a_minute(move || {
        (place.journal.operations(None, &no_pause).unwrap_err(), place.begin(started()).unwrap_err())
    });
    for error in [read, waited, begun] {
        assert!(matches!(error, JournalError::NotAFile(_)), "{error}");
    }
}

/// The result of `work`, which runs on a thread of its own, so that the test fails if it waits forever.
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

/// A record is shown later on a terminal or in a command to type, so its values are plain and short.
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

/// A journal that cannot be read is not reported as empty.
#[test]
fn a_journal_that_cannot_be_reached_is_no_empty_one() {
    let mut bench = Bench::new(Generation::R6);
    let file = bench.file("taken", b"").to_str().unwrap().to_owned();
    bench.env.iter_mut().for_each(|(_, value)| value.clone_from(&file));
    let error = bench.status().unwrap_err();
    assert_eq!(error.code(), Code::FileUnreadable, "{error}");
    assert!(error.hint_text().is_some());
}
