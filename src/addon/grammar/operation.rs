//! Turns a command line into the call of the API that it stands for.

use serde::Serialize;
use serde_json::Value;

use super::{Command, CommandLine, DctCommand, FleetCommand, KeyCommand, ServerKeyCommand, UdevCommand};

impl CommandLine {
    /// The command to run, and its options as the API takes them. `None` if a text is to be printed, or nothing was
    /// asked for.
    pub fn operation(&self) -> Option<(&'static str, Option<Value>)> {
        let Some(command) = &self.command else {
            return self.provision.0.as_ref().map(|options| ("provision", object(options)));
        };
        Some(match command {
            Command::Provision(options) => ("provision", object(options)),
            Command::List(options) => ("list", object(options)),
            Command::Dfu(options) => ("dfu", object(options)),
            Command::Backup(options) => ("backup", object(options)),
            Command::Restore(options) => ("restore", object(options)),
            Command::Reset(options) => ("reset", object(options)),
            Command::Dct(DctCommand::Backup(options)) => ("dct backup", object(options)),
            Command::Dct(DctCommand::Show(options)) => ("dct show", object(options)),
            Command::Dct(DctCommand::Restore(options)) => ("dct restore", object(options)),
            Command::ServerKey(ServerKeyCommand::Set(options)) => ("server-key set", object(options)),
            Command::ServerKey(ServerKeyCommand::Restore(options)) => ("server-key restore", object(options)),
            Command::ServerKey(ServerKeyCommand::Show(options)) => ("server-key show", object(options)),
            Command::Rotate(options) => ("rotate", object(options)),
            Command::Inspect(options) => ("inspect", object(options)),
            Command::Key(KeyCommand::New(options)) => ("key new", object(options)),
            Command::Key(KeyCommand::Public(options)) => ("key public", object(options)),
            Command::Verify(options) => ("verify", object(options)),
            Command::Fleet(FleetCommand::Manifest(options)) => ("fleet manifest", object(options)),
            Command::Fleet(FleetCommand::Provision(options)) => ("fleet provision", object(options)),
            Command::Fleet(FleetCommand::Verify(options)) => ("fleet verify", object(options)),
            Command::Fleet(FleetCommand::Report(options)) => ("fleet report", object(options)),
            Command::Backups(options) => ("backups", object(options)),
            Command::Doctor(options) => ("doctor", object(options)),
            Command::Status(options) => ("status", object(options)),
            Command::History(options) => ("history", object(options)),
            Command::Udev(UdevCommand::Print) => ("udev print", None),
            Command::Udev(UdevCommand::Install(options)) => ("udev install", object(options)),
            Command::Simulate(options) => ("simulate", object(options)),
            Command::Demo => ("demo", None),
            Command::Completions { .. } | Command::ShellInit { .. } | Command::Man { .. } => return None,
        })
    }
}

/// Only what was typed: other options are absent, so that the workflow's default counts.
fn object(options: &impl Serialize) -> Option<Value> {
    let mut value = serde_json::to_value(options).ok()?;
    strip(&mut value);
    Some(value)
}

fn strip(value: &mut Value) {
    if let Value::Object(members) = value {
        members.retain(|_, member| !member.is_null());
        members.values_mut().for_each(strip);
    }
}
