//! Turns a printed command into the options of a call, as if it were typed.

use std::path::{Path, PathBuf};

use duo_provision::workflow::{DctRestoreOptions, RestoreOptions, ServerKeySetOptions, Target};

use crate::workflow::bench::{restore_of, writing_to};
use crate::workflow::dct_bench::{fields, whole};

/// Which Duo a printed command selects.
pub fn target(command: &str) -> Target {
    let words: Vec<&str> = command.split(' ').collect();
    let after = |name: &str| words.iter().position(|w| *w == name).map(|at| words[at + 1]);
    Target::parse(after("--device"), after("--path")).unwrap()
}

/// Reads the options back out of a printed command.
pub fn restore(command: &str) -> RestoreOptions {
    let (_, words) = command.split_once("duo-provision restore ").unwrap();
    let words: Vec<&str> = words.split(' ').collect();
    RestoreOptions {
        write: writing_to(target(command)),
        allow_other_device: words.contains(&"--allow-other-device"),
        ..restore_of(&PathBuf::from(words[0]))
    }
}

/// Reads the options back out of a printed command.
pub fn dct_restore_fields(command: &str) -> DctRestoreOptions {
    let (_, words) = command.split_once("duo-provision dct restore ").unwrap();
    let words: Vec<&str> = words.split(' ').collect();
    let named = words.iter().position(|word| *word == "--fields").unwrap();
    DctRestoreOptions {
        write: writing_to(target(command)),
        leave: words.contains(&"--leave"),
        allow_other_device: words.contains(&"--allow-other-device"),
        ..fields(Path::new(words[0]), words[named + 1])
    }
}

/// Reads the options back out of a printed command.
pub fn dct_restore_whole(command: &str) -> DctRestoreOptions {
    let (_, words) = command.split_once("duo-provision dct restore ").unwrap();
    let words: Vec<&str> = words.split(' ').collect();
    assert!(words.contains(&"--whole"), "{command}");
    DctRestoreOptions {
        write: writing_to(target(command)),
        leave: words.contains(&"--leave"),
        allow_other_device: words.contains(&"--allow-other-device"),
        ..whole(Path::new(words[0]))
    }
}

/// Reads the options back out of a printed command.
pub fn server_key_set(command: &str) -> ServerKeySetOptions {
    let (_, words) = command.split_once("duo-provision server-key ").unwrap();
    let words: Vec<&str> = words.split(' ').collect();
    let after = |name: &str| words.iter().position(|word| *word == name).map(|at| words[at + 1].to_owned());
    ServerKeySetOptions {
        write: writing_to(target(command)),
        file: (words[0] == "set").then(|| words[1].into()),
        host: after("--host"),
        port: after("--port").map(|port| port.parse().unwrap()),
        no_address: words.contains(&"--no-address"),
        leave: words.contains(&"--leave"),
    }
}
