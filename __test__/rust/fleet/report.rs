//! Tests the report on all ledgers of one manifest.

use std::fs;

use duo_provision::dct::DeviceId;
use duo_provision::fleet::ledger::{Known, Record, RowRecord, RunRecord, VERSION, read};
use duo_provision::fleet::manifest::Row;
use duo_provision::fleet::report::{Format, Ledgers, Line, Lines, grouped};
use duo_provision::fleet::shard::Shard;

fn id(number: u32) -> DeviceId {
    format!("{number:024x}").parse().unwrap()
}

/// The ledger of a shard of 100 devices.
fn part(shard: Option<Shard>, sha256: char, api: &str) -> Known {
    let mine: Vec<DeviceId> =
        (1..=100).map(id).filter(|id| shard.is_none_or(|shard| shard.has(*id))).collect();
    let run = RunRecord {
        v: VERSION,
        run: "0123456789abcdef".to_owned(),
        at: "2026-01-31T12:00:00Z".to_owned(),
        manifest: "/a/devices.csv".to_owned(),
        sha256: sha256.to_string().repeat(64),
        rows: 100,
        mine: mine.len() as u64,
        sound: mine.len() as u64,
        shard,
        api: api.to_owned(),
        tool: "test".to_owned(),
    };
    let done = mine.into_iter().map(|id| {
        Record::Done(RowRecord {
            id,
            key: "a".repeat(64).parse().unwrap(),
            product: 88,
            at: Some("2026-01-31T12:00:00Z".to_owned()),
            file: None,
            trouble: None,
        })
    });
    let records = std::iter::once(Record::Run(Box::new(run))).chain(done);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("l.jsonl");
    fs::write(&path, records.flat_map(|record| record.to_line()).collect::<Vec<_>>()).unwrap();
    read(&path).unwrap()
}

fn of(indexes: &[u32]) -> Ledgers {
    let parts = indexes
        .iter()
        .map(|index| (format!("{index}"), part(Some(Shard { index: *index, count: 5 }), 'a', "x")));
    Ledgers::new(parts.collect())
}

#[test]
fn five_shards_are_the_whole_and_four_are_not() {
    let whole = of(&[3, 1, 5, 2, 4]).whole();
    assert_eq!((whole.problems, whole.rows), (Vec::new(), 100));
    let missing = (1..=100).filter(|number| Shard::of(id(*number), 5).index == 4).count();
    let four = of(&[1, 2, 3, 5]).whole();
    assert_eq!(four.problems, [format!("shard 4 of 5 is missing: {missing} devices")]);
    assert!(of(&[1, 3]).whole().problems[0].starts_with("shards 2, 4, 5 of 5 are missing: "));
    assert_eq!(
        Ledgers::new(vec![("l".to_owned(), part(None, 'a', "x"))]).whole().problems,
        Vec::<String>::new()
    );
}

#[test]
fn what_does_not_belong_together_is_said() {
    let shard = |index| Some(Shard { index, count: 2 });
    for (second, words) in [
        (part(shard(2), 'b', "x"), "another manifest"),
        (part(shard(2), 'a', "y"), "another cloud"),
        (part(shard(1), 'a', "x"), "both shard 1/2"),
        (part(Some(Shard { index: 2, count: 3 }), 'a', "x"), "is shard 2/3"),
        (part(None, 'a', "x"), "is shard 1/1"),
    ] {
        let ledgers =
            Ledgers::new(vec![("one".to_owned(), part(shard(1), 'a', "x")), ("two".to_owned(), second)]);
        let problems = ledgers.whole().problems.join("; ");
        assert!(problems.contains(words), "{problems}");
    }
}

#[test]
fn no_cell_is_taken_for_a_formula_and_a_manifest_is_as_it_was() {
    let row = Row {
        device_id: "x".to_owned(),
        key_file: "-k.der".to_owned(),
        problem: "@now".to_owned(),
        others: vec![("=title".to_owned(), "=1+1".to_owned()), ("note".to_owned(), "+a, \"b\"".to_owned())],
        ..Row::default()
    };
    let written = |format| {
        let mut lines = Lines::new(format, vec!["=title".to_owned(), "note".to_owned()], Vec::new());
        lines.begin().unwrap();
        lines.line(&Line { device: "x", last: None, problem: &row.problem, row: Some(&row) }).unwrap();
        String::from_utf8(lines.end()).unwrap()
    };
    assert_eq!(
        written(Format::Csv),
        "device_id,outcome,fingerprint,product_id,at,code,message,'=title,note\n\
         x,not-reached,,,,,'@now,'=1+1,\"'+a, \"\"b\"\"\"\n"
    );
    assert!(written(Format::Manifest).ends_with("x,-k.der,,,=1+1,\"+a, \"\"b\"\"\"\n"));
    let json: serde_json::Value = serde_json::from_str(&written(Format::JsonLines)).unwrap();
    assert_eq!((&json["outcome"], &json["note"]), (&"not-reached".into(), &"+a, \"b\"".into()));
    assert_eq!(written(Format::Text), "not-reached  x  @now\n");
}

#[test]
fn numbers_are_grouped() {
    assert_eq!([0, 999, 1000, 20_113, 1_000_000].map(grouped), ["0", "999", "1,000", "20,113", "1,000,000"]);
}
