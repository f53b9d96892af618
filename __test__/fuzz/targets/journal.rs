//! The journal of operations: a file that a crash may have torn and anybody may have changed.

use duo_provision::journal::{Operation, Reached, Record, VERSION, open, operations_in, whole};

/// Reads a journal, and each of its lines.
pub fn run(bytes: &[u8]) {
    let kept = whole(bytes);
    torn_end(bytes, kept);
    let lines = || bytes[..kept].split_inclusive(|&byte| byte == b'\n');
    let records: Vec<_> =
        lines().map(|line| Record::parse(line.strip_suffix(b"\n").unwrap_or(line))).collect();
    records.iter().flatten().for_each(survives);
    match operations_in(bytes) {
        Ok(operations) => {
            assert!(records.iter().all(Result::is_ok), "every line is a record, or the journal is refused");
            let begun = records.iter().flatten().filter(|record| is_begin(record)).count();
            assert_eq!(operations.len(), begun, "none is lost");
            assert_eq!(
                operations_in(&bytes[..kept]).as_ref(),
                Ok(&operations),
                "what is torn does not count"
            );
            nothing_unfinished_is_left_out(&operations);
        }
        Err(bad) => {
            assert!(bad.line >= 1 && bad.line <= records.len());
            let before = &records[..bad.line - 1];
            assert!(before.iter().all(Result::is_ok), "the first bad line is named");
            shown_safely(&bad.to_string());
        }
    }
}

/// What is kept ends with a line, and at most one line is left out.
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

fn is_begin(record: &Record) -> bool {
    matches!(record.step, duo_provision::journal::Step::Started(_))
}

/// The last operation has none behind it that could have settled it.
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
