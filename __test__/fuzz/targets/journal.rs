//! Fuzzes the journal of operations: a crash may have torn its files, and anybody may have changed them.

use std::collections::BTreeMap;

use duo_provision::journal::{Operation, Reached, Record, VERSION, open, operation_in, settled_line, whole};

/// Reads `bytes` as the file of an operation, as single lines, as a line of the history, and as several operations.
pub fn run(bytes: &[u8]) {
    let kept = whole(bytes);
    torn_end(bytes, kept);
    let lines = || bytes[..kept].split_inclusive(|&byte| byte == b'\n');
    let records: Vec<_> =
        lines().map(|line| Record::parse(line.strip_suffix(b"\n").unwrap_or(line))).collect();
    records.iter().flatten().for_each(survives);
    match operation_in(bytes) {
        Ok(operation) => {
            assert!(records.iter().all(Result::is_ok), "every line is a record, or the file is refused");
            assert_eq!(operation.is_some(), !records.is_empty(), "none is lost");
            assert_eq!(operation_in(&bytes[..kept]).as_ref(), Ok(&operation), "what is torn does not count");
            if let Some(operation) = operation {
                goes_to_the_history(&operation, bytes);
            }
        }
        Err(bad) => {
            assert!(bad.line >= 1 && bad.line <= records.len());
            let before = &records[..bad.line - 1];
            assert!(before.iter().all(Result::is_ok), "the first bad line is named");
            shown_safely(&bad.to_string());
        }
    }
    match Operation::of_line(bytes) {
        Ok(operation) => assert_eq!(operation.reached.first(), Some(&Reached::Started)),
        Err(reason) => shown_safely(&reason.to_string()),
    }
    // One file for each operation that has records.
    let mut files: BTreeMap<&str, Vec<u8>> = BTreeMap::new();
    for record in records.iter().flatten() {
        files.entry(record.id.as_str()).or_default().extend(record.to_line());
    }
    let operations: Vec<Operation> = files.values().filter_map(|file| operation_in(file).ok()?).collect();
    nothing_unfinished_is_left_out(&operations);
}

/// The kept part ends with a whole line, and at most one line is left out.
fn torn_end(bytes: &[u8], kept: usize) {
    assert!(kept == 0 || bytes[kept - 1] == b'\n');
    let torn = &bytes[kept..];
    assert!(!torn.strip_suffix(b"\n").unwrap_or(torn).contains(&b'\n'), "one line at most");
    assert!(torn.is_empty() || serde_json::from_slice::<Record>(torn).is_err() || !torn.ends_with(b"\n"));
}

fn survives(record: &Record) {
    assert_eq!(record.v, VERSION);
    let line = record.to_line();
    assert_eq!(line.iter().position(|&byte| byte == b'\n'), Some(line.len() - 1), "one line");
    assert_eq!(Record::parse(&line[..line.len() - 1]).as_ref(), Ok(record));
}

/// The history gets one line, and reading it gives the same operation.
fn goes_to_the_history(operation: &Operation, file: &[u8]) {
    let line = settled_line(file);
    assert_eq!(line.iter().position(|&byte| byte == b'\n'), Some(line.len() - 1), "one line");
    assert_eq!(Operation::of_line(&line[..line.len() - 1]).as_ref(), Ok(operation));
}

/// If the last operation is not finished, it is open: no later operation can have superseded it.
fn nothing_unfinished_is_left_out(operations: &[Operation]) {
    let left = open(operations);
    assert!(left.iter().all(|operation| !operation.is_finished()));
    if let Some(last) = operations.last() {
        assert_eq!(left.last().is_some_and(|open| open.id == last.id), !last.is_finished());
    }
    for operation in operations {
        assert_eq!(operation.reached.first(), Some(&Reached::Started));
        assert!(!operation.running);
    }
}

fn shown_safely(text: &str) {
    assert!(!text.contains(|c: char| c.is_control() || c == '\u{202e}'), "{text:?}");
    assert!(text.chars().count() <= 300, "{} characters", text.chars().count());
}
