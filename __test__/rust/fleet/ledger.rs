//! Tests ledgers: one writer, torn ends, and how a run continues.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::channel;

use duo_provision::dct::DeviceId;
use duo_provision::disk::Owner;
use duo_provision::fleet::ledger::{
    Ledger, LedgerError, Record, RowRecord, RunRecord, State, Trouble, VERSION, read,
};
use proptest::prelude::*;

const API: &str = "http://127.0.0.1:1/";

fn run(api: &str) -> Record {
    Record::Run(Box::new(RunRecord {
        v: VERSION,
        run: "0123456789abcdef".to_owned(),
        at: "2026-01-31T12:00:00Z".to_owned(),
        manifest: "/a/devices.csv".to_owned(),
        sha256: "0".repeat(64),
        rows: 3,
        mine: 3,
        sound: 3,
        shard: None,
        api: api.to_owned(),
        tool: "test".to_owned(),
    }))
}

fn id(number: u8) -> DeviceId {
    DeviceId::from_bytes([number; 12]).unwrap()
}

fn row(number: u8, letter: char) -> RowRecord {
    RowRecord {
        id: id(number),
        key: letter.to_string().repeat(64).parse().unwrap(),
        product: 88,
        at: Some("2026-01-31T12:00:00Z".to_owned()),
        file: None,
        trouble: None,
    }
}

fn file(folder: &tempfile::TempDir, records: &[Record]) -> PathBuf {
    let path = folder.path().join("devices.provision.jsonl");
    fs::write(&path, records.iter().flat_map(Record::to_line).collect::<Vec<_>>()).unwrap();
    path
}

fn states(path: &Path) -> Vec<(u8, State)> {
    let known = read(path).unwrap();
    let mut states: Vec<_> = known.devices(API).map(|(id, last)| (id.as_bytes()[0], last.state)).collect();
    states.sort_by_key(|(id, _)| *id);
    states
}

#[test]
fn the_last_of_each_device_counts_at_each_cloud() {
    let folder = tempfile::tempdir().unwrap();
    let trouble = Some(Trouble { code: "X".to_owned(), message: "y".to_owned() });
    let path = file(
        &folder,
        &[
            run(API),
            Record::Sending(row(1, 'a')),
            Record::Done(row(1, 'a')),
            Record::Sending(row(2, 'b')),
            run("http://127.0.0.1:2/"),
            Record::Failed(RowRecord { trouble, ..row(1, 'a') }),
            run(API),
            Record::Done(row(3, 'c')),
            Record::Done(row(3, 'd')),
        ],
    );
    assert_eq!(states(&path), [(1, State::Done), (2, State::Sending), (3, State::Done)]);
    let known = read(&path).unwrap();
    assert_eq!(known.last(id(1), "http://127.0.0.1:2/").unwrap().state, State::Failed);
    assert_eq!(known.last(id(3), API).unwrap().key, row(3, 'd').key);
}

#[test]
fn one_process_writes_and_what_it_says_is_written_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("l.jsonl");
    let ledger = Ledger::open(&path, &Owner::caller()).unwrap();
    assert!(matches!(Ledger::open(&path, &Owner::caller()), Err(LedgerError::Running(_))));
    let writer = ledger.writer().unwrap();
    assert!(matches!(Ledger::open(&path, &Owner::caller()), Err(LedgerError::Running(_))));
    writer.append_now(&run(API)).unwrap();
    let (told, written) = channel();
    for number in 1..=100 {
        let told = told.clone();
        let look = path.clone();
        let ack = Box::new(move |outcome: Result<(), String>| {
            outcome.unwrap();
            let there = fs::read_to_string(look).unwrap().contains(&id(number).to_string());
            told.send(there).unwrap();
        });
        writer.append(&Record::Done(row(number, 'a')), ack);
    }
    assert!(written.iter().take(100).all(|there| there));
    writer.end();
    assert_eq!(states(&path).len(), 100);
    let mode = || fs::metadata(&path).unwrap().permissions();
    #[cfg(unix)]
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&mode()) & 0o777, 0o600);
    let again = Ledger::open(&path, &Owner::caller()).unwrap();
    assert_eq!(again.known().last(id(7), API).unwrap().state, State::Done);
    let writer = again.writer().unwrap();
    writer.append_now(&run(API)).unwrap();
    writer.end();
    assert_eq!(states(&path).len(), 100, "nothing is overwritten");
}

#[test]
fn what_a_crash_tore_is_cut_off_and_nothing_else_is() {
    let folder = tempfile::tempdir().unwrap();
    let whole = file(&folder, &[run(API), Record::Done(row(1, 'a')), Record::Done(row(2, 'b'))]);
    let bytes = fs::read(&whole).unwrap();
    let header = run(API).to_line().len();
    for end in (header..bytes.len()).step_by(7) {
        for garbage in [&b""[..], b"\0\0\0\0", b"{\"record\":\"do\n"] {
            fs::write(&whole, [&bytes[..end], garbage].concat()).unwrap();
            let kept = bytes[..end].split(|byte| *byte == b'\n').count() - 2;
            assert_eq!(states(&whole).len(), kept, "{end}");
            let writer = Ledger::open(&whole, &Owner::caller()).unwrap().writer().unwrap();
            writer.append_now(&run(API)).unwrap();
            writer.end();
            let text = fs::read_to_string(&whole).unwrap();
            assert!(text.lines().all(|line| serde_json::from_str::<Record>(line).is_ok()), "{text}");
        }
    }
}

#[test]
fn what_is_no_ledger_is_neither_cut_nor_written_to() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("l.jsonl");
    let newer = String::from_utf8(run(API).to_line()).unwrap().replace("\"v\":1", "\"v\":2,\"x\":1");
    let torn = String::from_utf8(run(API).to_line()).unwrap()
        + "nonsense\n"
        + &"{\"record\":\"x\"}\n".repeat(20_000);
    for text in ["device_id,key_file\nx,y\n", "{}\n", &newer, &torn] {
        fs::write(&path, text).unwrap();
        let error = Ledger::open(&path, &Owner::caller()).unwrap_err();
        assert!(matches!(error, LedgerError::Invalid { .. }), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }
    let late = run(API).to_line().into_iter().chain(newer.bytes()).collect::<Vec<_>>();
    fs::write(&path, &late).unwrap();
    assert!(
        Ledger::open(&path, &Owner::caller()).is_err(),
        "a later version's run is not taken for a torn line"
    );
}

#[cfg(unix)]
#[test]
fn a_link_in_its_place_is_not_followed() {
    let folder = tempfile::tempdir().unwrap();
    let (path, elsewhere) = (folder.path().join("l.jsonl"), folder.path().join("elsewhere"));
    fs::write(&elsewhere, "").unwrap();
    std::os::unix::fs::symlink(&elsewhere, &path).unwrap();
    assert!(Ledger::open(&path, &Owner::caller()).is_err());
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..600), run_first: bool) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("l.jsonl");
        let start = if run_first { run(API).to_line() } else { Vec::new() };
        fs::write(&path, [start, bytes].concat()).unwrap();
        let _ = read(&path);
    }
}
