//! Tests manifests, in every form and with every kind of mistake.

use duo_provision::dct::DeviceId;
use duo_provision::fleet::check::{Check, Fate, TOLD};
use duo_provision::fleet::manifest::{Form, ManifestError, Mistake, Row, read};
use duo_provision::fleet::shard::Shard;
use duo_provision::keys::PublicKey;
use proptest::prelude::*;

const ID: &str = "30001a000347343432313031";
const OTHER: &str = "30001a000347343432313032";

fn rows(bytes: &[u8]) -> Result<(Form, Vec<Result<Row, Mistake>>), ManifestError> {
    let mut found = Vec::new();
    let (count, form) = read::<ManifestError>(bytes, &mut |row| {
        found.push(row);
        Ok(())
    })?;
    assert_eq!(count, found.len() as u64);
    Ok((form, found))
}

fn sound(bytes: &[u8]) -> Vec<Row> {
    rows(bytes).unwrap().1.into_iter().map(Result::unwrap).collect()
}

fn row(line: u64, id: &str, file: &str) -> Row {
    Row { line, device_id: id.to_owned(), key_file: file.to_owned(), ..Row::default() }
}

#[test]
fn one_list_in_every_form_is_the_same() {
    let expected = [row(2, ID, "a.der"), row(3, OTHER, "b.der")];
    for separator in [",", ";", "\t"] {
        for ending in ["\n", "\r\n"] {
            for mark in ["", "\u{feff}"] {
                let line = |a: &str, b: &str| format!("{a}{separator}{b}{ending}");
                let text = line("device_id", "key_file") + &line(ID, "a.der") + &line(OTHER, "b.der");
                assert_eq!(sound((mark.to_owned() + &text).as_bytes()), expected, "{text:?}");
                assert_eq!(sound(text.trim_end().as_bytes()), expected, "no ending behind the last row");
            }
        }
    }
    let object = |id: &str, file: &str| format!(r#"{{"device_id":"{id}","key_file":"{file}"}}"#);
    let lines = format!("\u{feff}{}\r\n\n{}\n", object(ID, "a.der"), object(OTHER, "b.der"));
    assert_eq!(sound(lines.as_bytes()), [row(1, ID, "a.der"), row(3, OTHER, "b.der")]);
    let array = format!("[\n{},\n{}\n]\n", object(ID, "a.der"), object(OTHER, "b.der"));
    assert_eq!(sound(array.as_bytes()), expected);
    let spread = format!("[\n{} ,\n\n{}\n]", object(ID, "a.der").replace(',', ",\n"), object(OTHER, "b.der"));
    assert_eq!(sound(spread.as_bytes()), [row(2, ID, "a.der"), row(5, OTHER, "b.der")], "where it begins");
}

#[test]
fn what_is_quoted_keeps_its_commas_lines_and_marks() {
    let text =
        "\"device_id\",key_file,note\r\n30001a000347343432313031,\"a, \"\"b\"\".der\",\"two\nlines\"\n";
    let found = sound(text.as_bytes());
    assert_eq!(found[0].key_file, "a, \"b\".der");
    assert_eq!(found[0].others, [("note".to_owned(), "two\nlines".to_owned())]);
}

#[test]
fn what_makes_all_of_a_list_doubtful_ends_it() {
    for (text, reason) in [
        ("", "no rows"),
        (" \n\n", "no rows"),
        ("device_id,key_file\n", "no rows"),
        ("[]", "no rows"),
        ("30001a000347343432313031,a.der\n", "names no column device_id"),
        ("<html>", "names no column device_id"),
        ("device_id,key_flie,note\nx,y,z", ""),
        ("deviceid,key_file\nx,y", "nearly device_id"),
        ("Device ID,key_file\nx,y", "nearly device_id"),
        ("device_id,keyfile\nx,y", "nearly key_file"),
        ("device_id,note,note\nx,y,z", "twice"),
        (r#"[{"device_id":"x","keyfile":"y"}]"#, "nearly key_file"),
        (r#"[{"device_id":"x"}"#, "no JSON"),
        (r#"[{"device_id":"x"}] x"#, "no JSON"),
    ] {
        match rows(text.as_bytes()) {
            Ok(_) => assert!(reason.is_empty(), "{text}"),
            Err(error) => {
                assert!(!reason.is_empty() && error.to_string().contains(reason), "{text}: {error}");
            }
        }
    }
    let utf16: Vec<u8> = "\u{feff}device_id".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(matches!(rows(&utf16), Err(ManifestError::Utf16)));
}

#[test]
fn a_row_that_cannot_be_read_stops_no_other() {
    let bytes = b"device_id,key_file\n30001a000347343432313031\n30001a000347343432313032,\xff.der\n30001a000347343432313033,c.der\n";
    let (_, found) = rows(bytes).unwrap();
    let words: Vec<String> = found
        .iter()
        .map(|row| row.as_ref().map_or_else(ToString::to_string, |row| row.key_file.clone()))
        .collect();
    assert_eq!(
        words,
        [
            "line 2: 1 values, where the first line names 2",
            "line 3: not UTF-8 text; save it as CSV UTF-8",
            "c.der"
        ]
    );
    let lines = format!(
        "{{\"device_id\":\"{ID}\"}}\n{{\"device_id\":[1]}}\nnonsense\n{{\"device_id\":\"a\",\"device_id\":\"b\"}}\n"
    );
    let (_, found) = rows(lines.as_bytes()).unwrap();
    assert_eq!(found.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, false, false]);
}

#[test]
fn an_id_that_a_spreadsheet_has_eaten_is_called_that() {
    for text in ["3.0001E+23", "3,0001E+23", "3.0001e+23", "300010000000000000000000", "#NAME?", "########"] {
        let error = row(7, text, "a.der").sound(false).unwrap_err();
        assert!(error.to_string().starts_with("line 7: ") && error.what.contains("spreadsheet"), "{error}");
    }
    let number = sound(br#"[{"device_id": 300010000347343432313031, "key_file": "a"}]"#);
    assert!(
        number[0].sound(false).unwrap_err().what.contains("spreadsheet"),
        "a JSON number has no 24 digits"
    );
    for text in ["", "kitchen", "30001a00034734343231303", "2b04:d058", "YOUR_DEVICE_ID"] {
        let error = row(1, text, "a.der").sound(false).unwrap_err();
        assert!(!error.what.contains("spreadsheet"), "{error}");
    }
    assert_eq!(row(1, &ID.to_uppercase(), "a").sound(false).unwrap().device.to_string(), ID);
}

#[test]
fn the_other_columns_are_looked_at() {
    let wrong = |row: Row| row.sound(false).unwrap_err().what;
    assert!(wrong(row(1, ID, "")).contains("--allow-generic"));
    assert_eq!(row(1, ID, "").sound(true).unwrap().key_file, None);
    for product_id in ["0", "-1", "x", "4294967296", "8.8", "+88"] {
        let found = wrong(Row { product_id: product_id.to_owned(), ..row(1, ID, "a") });
        assert!(found.contains("no product id"), "{found}");
    }
    assert!(wrong(Row { fingerprint: "abc".to_owned(), ..row(1, ID, "a") }).contains("64 hex digits"));
    assert!(wrong(row(1, ID, &"x".repeat(5000))).contains("key file"));
    let pasted = wrong(row(1, ID, "-----BEGIN RSA PRIVATE KEY-----\nMIICXgIBAAKBgQ"));
    assert!(pasted.contains("a key itself") && !pasted.contains("MIIC"), "{pasted}");
}

fn id(number: u8) -> DeviceId {
    DeviceId::from_bytes([number; 12]).unwrap()
}

/// A checked list of rows with a key each.
fn checked(rows: &[(u8, u8)], shared: bool) -> duo_provision::fleet::check::Checked {
    let keys = crate::virtual_duo::device_keys();
    let mut check = Check::new(shared);
    for (nth, (device, key)) in rows.iter().enumerate() {
        let mut row = row(nth as u64 + 2, &id(*device).to_string(), "k").sound(false).unwrap();
        row.key_file = Some(format!("{key}.der"));
        let key = PublicKey::read(&keys[usize::from(*key)].spki).unwrap().fingerprint();
        check.row(row, key, None, 88, Fate::Send);
    }
    check.end()
}

#[test]
fn of_a_device_or_a_key_that_is_there_twice_neither_row_is_sent() {
    let found = checked(&[(1, 1), (2, 2), (1, 3), (4, 4)], false);
    assert_eq!(found.wishes.iter().map(|wish| wish.line).collect::<Vec<_>>(), [3, 5]);
    assert_eq!((found.total, found.wrong, found.found), (4, 2, 2));
    let found = checked(&[(1, 1), (2, 1), (3, 3)], false);
    assert_eq!(found.wishes.iter().map(|wish| wish.line).collect::<Vec<_>>(), [4]);
    assert!(found.mistakes[1].what.contains("clone"), "{:?}", found.mistakes);
    assert_eq!(checked(&[(1, 1), (2, 1), (3, 3)], true).wishes.len(), 3);
}

#[test]
fn the_first_mistakes_by_line_are_told_and_all_are_counted() {
    let mut check = Check::new(false);
    for line in (1..=100).rev() {
        check.mistake(Mistake::new(line, "x"), None, true);
    }
    let found = check.end();
    assert_eq!((found.mistakes.len(), found.wrong), (TOLD, 100));
    assert_eq!(
        found.mistakes.iter().map(|mistake| mistake.line).collect::<Vec<_>>(),
        (1..=20).collect::<Vec<_>>()
    );
}

/// Gives this many bytes and never more; counts them.
struct Endless(u64);

impl std::io::Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.0 += buffer.len() as u64;
        assert!(self.0 < 1 << 20, "no more is read than a row may have");
        buffer.fill(b'x');
        Ok(buffer.len())
    }
}

#[test]
fn a_row_without_an_end_is_given_up() {
    use std::io::{BufReader, Cursor, Read};
    for start in ["", "device_id,key_file\n\"", "[{\"device_id\":\"", "{\"device_id\":\""] {
        let input = BufReader::new(Cursor::new(start).chain(Endless(0)));
        let error = read::<ManifestError>(input, &mut |_| Ok(())).unwrap_err();
        assert!(matches!(error, ManifestError::TooLong(_)), "{start}: {error}");
    }
}

#[test]
fn a_long_list_is_read_row_by_row() {
    let row = format!("{ID},{}\n", "a".repeat(100));
    let rows = 100_000_u64;
    let text = "device_id,key_file\n".to_owned() + &row.repeat(usize::try_from(rows).unwrap());
    let mut last = 0;
    let (count, _) = read::<ManifestError>(text.as_bytes(), &mut |row| {
        last = row.unwrap().line;
        Ok(())
    })
    .unwrap();
    assert_eq!((count, last), (rows, rows + 1));
}

#[test]
fn the_shards_of_a_list_are_all_of_it_and_no_device_is_in_two() {
    for count in [1, 2, 5, 64] {
        for number in 1..=200 {
            let device = id(number);
            let has: Vec<u32> =
                (1..=count).filter(|index| Shard { index: *index, count }.has(device)).collect();
            assert_eq!(has, [Shard::of(device, count).index]);
        }
    }
    // printf 30001a000347343432313031 | sha256sum | head -c 16, as a number, modulo 5, plus 1.
    let hash = {
        use sha2::Digest;
        sha2::Sha256::digest(ID)
    };
    let number = u64::from_be_bytes(hash[..8].try_into().unwrap());
    assert_eq!(u64::from(Shard::of(ID.parse().unwrap(), 5).index), number % 5 + 1);
    for text in ["", "1", "0/5", "6/5", "1/0", "1/1001", "+1/5", "a/b", "1/5/5", " 1/5"] {
        assert!(text.parse::<Shard>().is_err(), "{text}");
    }
}

/// What a row may hold.
fn cell() -> impl Strategy<Value = String> {
    "[ -~äé\n\"',;]{0,12}".prop_map(|text| text.trim().to_owned())
}

proptest! {
    #[test]
    fn what_is_written_is_read(cells in prop::collection::vec((cell(), cell(), cell()), 1..20), which in 0..3usize) {
        let kept: Vec<_> = cells.iter().filter(|(a, b, c)| which > 1 || !(a.is_empty() && b.is_empty() && c.is_empty())).collect();
        prop_assume!(!kept.is_empty());
        let text = if which < 2 {
            let mut out = csv::WriterBuilder::new().delimiter(b",;"[which]).from_writer(Vec::new());
            out.write_record(["device_id", "key_file", "note"]).unwrap();
            for (a, b, c) in &kept {
                out.write_record([a, b, c]).unwrap();
            }
            out.into_inner().unwrap()
        } else {
            let all: Vec<_> = kept.iter().map(|(a, b, c)| serde_json::json!({"device_id": a, "key_file": b, "note": c})).collect();
            serde_json::to_vec_pretty(&all).unwrap()
        };
        let found = sound(&text);
        prop_assert_eq!(found.len(), kept.len());
        for (row, (a, b, c)) in found.iter().zip(&kept) {
            prop_assert_eq!((&row.device_id, &row.key_file), (a, b));
            prop_assert_eq!(&row.others, &[("note".to_owned(), c.clone())]);
        }
    }

    #[test]
    fn any_bytes_are_read_to_their_end_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400), start in 0..4usize) {
        let mut text = ["", "device_id,key_file\n", "[", "{"][start].as_bytes().to_vec();
        text.extend(bytes);
        if let Ok((_, rows)) = rows(&text) {
            for row in rows.into_iter().flatten() {
                let _ = row.sound(true);
            }
        }
    }
}
