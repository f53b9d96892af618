//! Checks that imports run one way: compares every `crate::` path in `src/` with the tables of ARCHITECTURE.md.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use duo_provision::error::Code;

/// Which rooms each room may import.
const ARROWS: [(&str, &[&str]); 15] = [
    ("dfuse", &[]),
    ("dct", &[]),
    ("disk", &[]),
    ("outcome", &[]),
    ("cloud", &["disk"]),
    ("keys", &["dct"]),
    ("usb", &[]),
    ("bootloader", &["dfuse", "usb"]),
    ("archive", &["disk", "keys", "dct"]),
    ("journal", &["disk", "outcome", "dct", "keys"]),
    ("fleet", &["disk", "dct", "keys"]),
    (
        "error",
        &[
            "archive",
            "bootloader",
            "cloud",
            "dct",
            "dfuse",
            "disk",
            "fleet",
            "journal",
            "keys",
            "outcome",
            "usb",
        ],
    ),
    (
        "workflow",
        &[
            "archive",
            "bootloader",
            "cloud",
            "dct",
            "dfuse",
            "disk",
            "error",
            "fleet",
            "journal",
            "keys",
            "outcome",
            "usb",
        ],
    ),
    ("simulator", &["keys", "usb"]),
    ("addon", &["archive", "dct", "error", "keys", "simulator", "usb", "workflow"]),
];

/// The modules of `cloud` that know keys: those of the devices' handshake. Provisioning only gets a PEM.
const HANDSHAKE: [&str; 2] = ["handshake", "device_port"];

/// What `error` may name of other rooms besides types whose name ends in `Error`: other error causes, what an error
/// reports, and how a path is shown.
const ERRORS_BY_OTHER_NAMES: [&str; 7] =
    ["BootloaderGeneration", "Flaw", "Misread", "Refusal", "Slot", "Unreachable", "plain_path"];

/// The modules of `cloud` that are pure.
const PURE_CLOUD: [&str; 7] =
    ["reply", "provisioning", "device_record", "excerpt", "api_url", "token", "handshake"];

/// The modules of `fleet` that are pure.
const PURE_FLEET: [&str; 4] = ["check", "choice", "pace", "shard"];

/// What no pure code may touch: files, sockets, clocks, threads, devices. (`IpAddr` is a number.)
const IMPURE: [&str; 15] = [
    "fs",
    "disk",
    "TcpStream",
    "TcpListener",
    "UdpSocket",
    "ToSocketAddrs",
    "thread",
    "process",
    "Instant",
    "SystemTime",
    "tokio",
    "Client",
    "hyper",
    "rusb",
    "getrandom",
];

/// Crates that only one place may use, by the start of the paths that may name them.
const CONFINED: [(&str, &str); 11] = [
    ("rusb", "usb/libusb.rs"),
    ("napi", "addon/"),
    ("napi_derive", "addon/"),
    ("clap", "addon/"),
    ("clap_complete", "addon/"),
    ("hyper_rustls", "cloud/connection.rs"),
    ("tower_service", "cloud/connection.rs"),
    ("url", "cloud/"),
    ("nix", "disk/owner.rs"),
    ("rustix", "disk/"),
    ("clap_mangen", "addon/"),
];

/// A source file: its path below `src/`, with slashes, and its text without comments.
pub struct Source {
    pub path: String,
    pub code: String,
}

impl Source {
    fn room(&self) -> &str {
        self.path.split('/').next().unwrap().trim_end_matches(".rs")
    }

    fn is(&self, room: &str, module: &str) -> bool {
        self.path == format!("{room}/{module}.rs") || self.path.starts_with(&format!("{room}/{module}/"))
    }

    /// True if `word` is in the code as a word of its own.
    fn names(&self, word: &str) -> bool {
        let part = |c: char| c.is_alphanumeric() || c == '_';
        self.code.match_indices(word).any(|(at, _)| {
            !self.code[..at].ends_with(part) && !self.code[at + word.len()..].starts_with(part)
        })
    }

    /// How many modules deep it is below the crate's root: 1 for `room/mod.rs`, 2 for `room/part.rs`.
    fn depth(&self) -> usize {
        self.path.split('/').count() - usize::from(self.path.ends_with("/mod.rs"))
    }
}

pub fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let parts = path.strip_prefix(&root).unwrap().iter().map(|part| part.to_str().unwrap());
                let code = without_comments(&fs::read_to_string(&path).unwrap());
                found.push(Source { path: parts.collect::<Vec<_>>().join("/"), code });
            }
        }
    }
    assert!(found.len() > 50, "the sources are where they are looked for");
    found
}

fn without_comments(text: &str) -> String {
    let code = text.lines().map(|line| line.split("//").next().unwrap_or_default());
    code.collect::<Vec<_>>().join("\n")
}

/// Every path that follows a `crate::` in `code`, with the braces of its groups expanded.
fn crate_paths(code: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        open("", &code[at + "crate::".len()..], &mut found);
    }
    found
}

/// Adds the path at the start of `text` to `found`; returns what follows it.
pub fn open<'a>(before: &str, text: &'a str, found: &mut BTreeSet<String>) -> &'a str {
    let text = text.trim_start();
    if let Some(mut inside) = text.strip_prefix('{') {
        loop {
            inside = inside.trim_start().trim_start_matches(',').trim_start();
            if let Some(rest) = inside.strip_prefix('}') {
                return rest;
            }
            let rest = open(before, inside, found);
            if rest.len() == inside.len() {
                return rest;
            }
            inside = rest;
        }
    }
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '*').unwrap_or(text.len());
    let path = if before.is_empty() { text[..end].to_owned() } else { format!("{before}::{}", &text[..end]) };
    if let Some(rest) = text[end..].strip_prefix("::") {
        return open(&path, rest, found);
    }
    found.insert(path);
    &text[end..]
}

#[test]
fn groups_in_paths_are_opened() {
    let paths = crate_paths("use crate::{a::{b, c::D}, e};\nlet x = crate::f::g(1);");
    assert_eq!(paths.into_iter().collect::<Vec<_>>(), ["a::b", "a::c::D", "e", "f::g"]);
}

#[test]
fn every_arrow_is_in_the_table() {
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| source.path != "lib.rs") {
        let room = source.room();
        let (_, allowed) = ARROWS.iter().find(|(name, _)| *name == room).expect("a room of the table");
        for path in crate_paths(&source.code) {
            let target = path.split("::").next().unwrap();
            let handshake = target == "keys" && HANDSHAKE.iter().any(|module| source.is("cloud", module));
            if target != room && !allowed.contains(&target) && !handshake {
                wrong.push(format!("{}: crate::{path}", source.path));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

/// A path through `super` could also leave a room, and [`crate_paths`] does not see it.
#[test]
fn no_room_is_left_through_super() {
    for source in sources().iter().filter(|source| source.path != "lib.rs") {
        let outside_tests = source.code.split("mod tests {").next().unwrap();
        let to_the_root = "super::".repeat(source.depth());
        assert!(!outside_tests.contains(&to_the_root), "{}: {to_the_root}", source.path);
    }
}

#[test]
fn error_takes_only_the_errors_of_other_rooms() {
    for source in sources().iter().filter(|source| source.room() == "error") {
        for path in crate_paths(&source.code).iter().filter(|path| !path.starts_with("outcome::")) {
            let name = path.rsplit("::").next().unwrap();
            assert!(
                name.ends_with("Error") || ERRORS_BY_OTHER_NAMES.contains(&name),
                "{}: crate::{path}",
                source.path
            );
        }
    }
}

/// The simulator uses the traits of the bus, and nothing of how the product talks to a Duo.
#[test]
fn the_simulator_takes_only_the_traits_of_usb() {
    for source in sources().iter().filter(|source| source.room() == "simulator") {
        for path in crate_paths(&source.code).iter().filter(|path| path.starts_with("usb::")) {
            let name = path.strip_prefix("usb::").unwrap();
            assert!(name.starts_with(char::is_uppercase), "{}: crate::{path}", source.path);
        }
    }
}

#[test]
fn pure_code_touches_nothing() {
    let all = sources();
    let pure = |source: &&Source| {
        ["dfuse", "dct", "keys"].contains(&source.room())
            || PURE_CLOUD.iter().any(|module| source.is("cloud", module))
            || PURE_FLEET.iter().any(|module| source.is("fleet", module))
    };
    for source in all.iter().filter(pure) {
        for word in IMPURE {
            assert!(!source.names(word), "{}: {word}", source.path);
        }
        if source.room() == "cloud" {
            for (at, _) in source.code.match_indices("super::") {
                let module: String =
                    source.code[at + 7..].chars().take_while(|c| c.is_lowercase() || *c == '_').collect();
                let part = module.is_empty() || PURE_CLOUD.contains(&module.as_str());
                assert!(part, "{}: super::{module}", source.path);
            }
        }
    }
}

#[test]
fn a_crate_that_lives_in_one_place_is_named_nowhere_else() {
    for source in sources() {
        for (name, home) in CONFINED {
            let named = source.names(&format!("{name}::")) || source.code.contains(&format!("#[{name}"));
            assert!(!named || source.path.starts_with(home), "{}: {name}", source.path);
        }
        let starts = source.names("Command::new") && source.code.contains("std::process");
        assert!(
            !starts || source.path == "workflow/commands/udev/udevadm.rs",
            "{} starts a process",
            source.path
        );
        let raw = source.code.contains(".display()");
        assert!(!raw, "{} shows a path as it is: disk::plain_path", source.path);
        let sleeps = source.code.contains("thread::sleep");
        assert!(!sleeps || source.path == "usb/clock.rs", "{} sleeps", source.path);
    }
}

/// The module of a source file: `addon::call` for `addon/call/mod.rs`.
fn module(source: &Source) -> String {
    let path = source.path.trim_end_matches(".rs").replace('/', "::");
    path.strip_suffix("::mod").map_or(path.clone(), str::to_owned)
}

/// Those modules of `known` that the `use` lines of a file name.
fn imports(source: &Source, known: &BTreeSet<String>) -> BTreeSet<String> {
    let own = module(source);
    let mut paths = BTreeSet::new();
    for (at, _) in source.code.match_indices("use ") {
        let before = source.code[..at].lines().last().filter(|_| !source.code[..at].ends_with('\n'));
        if ["", "pub ", "pub(super) ", "pub(crate) "].contains(&before.unwrap_or_default()) {
            open("", &source.code[at + "use ".len()..], &mut paths);
        }
    }
    let absolute = |path: &String| {
        let mut base: Vec<&str> = own.split("::").collect();
        let mut rest = path.as_str();
        while let Some(above) = rest.strip_prefix("super::") {
            base.pop();
            rest = above;
        }
        let path = match rest.strip_prefix("crate::") {
            Some(path) => path.to_owned(),
            None => format!("{}::{}", base.join("::"), rest.trim_start_matches("self::")),
        };
        // The path may name an item in a module: take the longest part of the path that is a module.
        let ends = path.match_indices("::").map(|(at, _)| at).chain([path.len()]);
        ends.map(|end| path[..end].to_owned()).filter(|part| known.contains(part)).last()
    };
    paths.iter().filter_map(absolute).filter(|named| *named != own).collect()
}

#[test]
fn no_file_of_addon_imports_itself_through_others() {
    let sources = sources();
    let files: Vec<_> = sources.iter().filter(|source| source.room() == "addon").collect();
    let known: BTreeSet<String> = files.iter().map(|source| module(source)).collect();
    let mut left: Vec<_> = files.iter().map(|source| (module(source), imports(source, &known))).collect();
    assert!(left.iter().map(|(_, imports)| imports.len()).sum::<usize>() > 40, "imports are found");
    // A module that no remaining module imports is in no circle.
    while let Some(at) =
        left.iter().position(|(_, imports)| !left.iter().any(|(module, _)| imports.contains(module)))
    {
        left.remove(at);
    }
    assert_eq!(left, []);
}

#[test]
fn lib_rs_is_a_map() {
    let all = sources();
    let lib = all.iter().find(|source| source.path == "lib.rs").unwrap();
    for line in lib.code.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let declares = line.starts_with("pub mod ") || line.starts_with("mod ");
        assert!(declares && line.ends_with(';') || line.starts_with("#["), "{line}");
    }
}

/// The entries of docs/troubleshooting.md: the exit code, the error code, and the text (the explanation from the error
/// room, the state of the key, and what to type).
fn troubleshooting() -> Vec<(u8, String, String)> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/troubleshooting.md");
    let page = fs::read_to_string(page).unwrap();
    let mut entries = Vec::new();
    for group in page.split("\n## Exit code ").skip(1) {
        let (exit_code, _) = group.split_once(':').unwrap();
        for entry in group.split("\n### ").skip(1) {
            let (code, text) = entry.split_once('\n').unwrap();
            let words: Vec<&str> = text.split_whitespace().collect();
            entries.push((exit_code.parse().unwrap(), code.to_owned(), words.join(" ")));
        }
    }
    entries
}

#[test]
fn every_code_has_an_entry_under_its_exit_code_in_troubleshooting() {
    let entries = troubleshooting();
    let named: Vec<(u8, &str)> = entries.iter().map(|(exit, code, _)| (*exit, code.as_str())).collect();
    let codes: Vec<(u8, &str)> = Code::ALL.iter().map(|code| (code.exit_code(), code.name())).collect();
    assert_eq!(named, codes);
    for ((_, name, text), code) in entries.iter().zip(Code::ALL) {
        let meaning: Vec<&str> = code.explanation().split_whitespace().collect();
        let rest = text.strip_prefix(&meaning.join(" "));
        let rest = rest.unwrap_or_else(|| panic!("{name} does not begin with: {}", meaning.join(" ")));
        let (key, typed) =
            rest.split_once(" - **Type:** ").unwrap_or_else(|| panic!("{name}: what to type?"));
        let key =
            key.strip_prefix(" - **Key:** ").unwrap_or_else(|| panic!("{name}: which state of the key?"));
        assert!(key.ends_with('.') && typed.ends_with('.'), "{name}: {key} {typed}");
    }
}
