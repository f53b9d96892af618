//! Types printed commands into a shell: whatever a journal or a file name holds, it is one argument of the intended
//! command and does nothing else.

#![cfg(target_os = "linux")]

use std::path::Path;
use std::process::Command;

use duo_provision::error::Code;
use duo_provision::journal::{
    DeviceMark, OperationId, OperationKind, Record, Request, Started, Step, VERSION,
};
use duo_provision::simulator::Generation;
use serde_json::json;

use super::bench::{Bench, id, restore_of};

const NOON: &str = "2026-01-31T12:00:00Z";

/// Texts that a shell, a terminal or our own grammar could take for more than a word.
const HOSTILE: [&str; 7] = [
    "/x; touch pwned #",
    "/$(touch pwned)`touch pwned`",
    "/' ; touch pwned ; '",
    "/a\n touch pwned\n",
    "/\u{1b}[2J\u{202e}\u{9b}1m\r",
    "--no-backup",
    "/a \\ \" $HOME ~ * \u{e9}",
];

const KINDS: [OperationKind; 8] = [
    OperationKind::Backup,
    OperationKind::Restore,
    OperationKind::Reset,
    OperationKind::Provision,
    OperationKind::DctBackup,
    OperationKind::DctRestore,
    OperationKind::ServerKeySet,
    OperationKind::Rotate,
];

/// The arguments of each duo-provision in the command, as bash splits it in an empty folder.
fn typed(command: &str) -> Vec<Vec<String>> {
    let folder = tempfile::tempdir().unwrap();
    let script = format!("duo-provision() {{ printf '%s\\0' \"$@\"; printf '\\1'; }}\n{command}\n");
    let ran = Command::new("bash").arg("-c").arg(script).current_dir(folder.path()).output().unwrap();
    assert!(ran.status.success() && ran.stderr.is_empty(), "{command}: {ran:?}");
    let left = std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(left, 0, "something was done by: {command}");
    let text = String::from_utf8(ran.stdout).unwrap();
    let calls = text.split_terminator('\u{1}');
    calls.map(|call| call.split_terminator('\0').map(str::to_owned).collect()).collect()
}

/// A journal with one operation that was cut short during its write; all its texts are hostile.
fn journal_of(operation: OperationKind, text: &str, whole: bool) -> Vec<u8> {
    let hostile = || Some(text.to_owned());
    let request = Request {
        file: hostile(),
        host: hostile(),
        archive: hostile(),
        usbip: hostile(),
        api_url: hostile(),
        server_key: hostile(),
        fields: vec!["server-public-key".to_owned()],
        whole,
        ..Request::default()
    };
    let fingerprint = |digit: &str| serde_json::from_value(json!(digit.repeat(64))).ok();
    let started = Started {
        operation,
        device: DeviceMark { id: id(1).parse().ok(), path: Some("1-1".to_owned()), ..DeviceMark::default() },
        before: fingerprint("a"),
        after: fingerprint("b"),
        request,
        tool: "test".to_owned(),
    };
    let steps = [
        Step::Started(Box::new(started)),
        Step::BackedUp { path: text.to_owned(), sha256: None },
        Step::Sending,
        Step::Writing,
    ];
    // A command that only makes a backup is done after the backup.
    let only_keeps = matches!(operation, OperationKind::Backup | OperationKind::DctBackup);
    let steps = steps.into_iter().take(if only_keeps { 1 } else { 4 });
    let line = |step| Record { v: VERSION, id: OperationId::new(1), at: NOON.to_owned(), step }.to_line();
    steps.flat_map(line).collect()
}

#[test]
fn what_a_journal_holds_is_typed_as_words_alone() {
    let mut seen = 0;
    for kind in KINDS {
        for (text, whole) in HOSTILE.iter().flat_map(|text| [(text, false), (text, true)]) {
            let bench = Bench::new(Generation::R6);
            bench.set_journal(&journal_of(kind, text, whole));
            let status = bench.status().unwrap();
            let advice = &status.in_flight[0].next;
            assert!(!advice.is_empty(), "{kind:?}");
            for command in advice.iter().map(|advice| &advice.command) {
                let shown = command.chars().all(|c| !c.is_control() && c != '\u{202e}');
                assert!(shown, "a terminal acts on {command:?}");
                for arguments in typed(command) {
                    let options = |word: &str| arguments.iter().filter(|given| *given == word).count();
                    assert_eq!(options("--no-backup"), 0, "{command}");
                    seen += arguments.iter().filter(|given| given.contains(text)).count();
                }
            }
        }
    }
    assert!(seen > 500, "what was written down is in the commands, whole: {seen}");
}

#[test]
fn a_journal_with_something_else_in_the_place_of_a_field_is_refused() {
    let bench = Bench::new(Generation::R6);
    let sound = String::from_utf8(journal_of(OperationKind::DctRestore, "/x", false)).unwrap();
    bench.set_journal(sound.replace("server-public-key", "x; touch f #").as_bytes());
    let error = bench.status().unwrap_err();
    assert_eq!(error.code(), Code::JournalInvalid, "{error}");
}

/// The name of a file that somebody has sent, in an error message and in a printed command.
#[test]
fn a_file_name_moves_no_cursor_and_runs_nothing() {
    let bench = Bench::new(Generation::R6);
    let name = "k\u{1b}[2J\n\u{202e}$(touch pwned).bin";
    let dump = bench.duo(|duo| duo.dct(0, 8423));
    for (contents, typed_again) in [(&b""[..], false), (&b"no key"[..], false), (&dump, true)] {
        let file = bench.file(name, contents);
        let error = bench.restore(&restore_of(&file)).unwrap_err();
        let hint = error.hint_text().unwrap_or_default();
        for text in [&error.to_string(), hint] {
            assert!(text.chars().all(|c| !c.is_control() && c != '\u{202e}'), "{text:?}");
        }
        assert!(error.to_string().contains("k\u{fffd}[2J"), "{error}");
        assert_eq!(hint.contains("duo-provision inspect"), typed_again, "{hint}");
        if let Some((_, command)) = hint.split_once("first: ") {
            assert_eq!(Path::new(&typed(command)[0][1]), file);
        }
    }
    let missing = bench.restore(&restore_of(&bench.folder.path().join("\u{9b}2J"))).unwrap_err();
    assert!(!missing.to_string().contains('\u{9b}'), "{missing}");
}
