//! Defines the one error for everything that a person or a script can meet.
//!
//! The rooms have their own precise enums. What leaves the crate is an [`Error`]: a stable [`Code`] to match on, a
//! message that names the phase, the device and the state of its key, and a hint with the next thing to type.

mod convert;

pub use crate::outcome::{Code, KeyState, exit};

use std::error::Error as StdError;
use std::fmt;

use serde::{Serialize, Serializer};

/// How to give a passphrase.
pub(crate) const PASSPHRASE_HINT: &str = "give the passphrase with --passphrase-file FILE (- reads it from standard input); on a terminal it is asked for";

/// The hint if nothing listens at the address of a cloud's device port.
pub(crate) const ADDRESS_HINT: &str =
    "compare the address with that of your cloud; devices connect to its port 5683, not to its API";

/// The hint if an own cloud refuses every Duo, with any keys (docs/own-cloud.md).
pub(crate) const OWN_CLOUD_REFUSES: &str = "if the cloud is a Brewskey server that was not restarted since it made its server \
    key, restart it (on Node 20 with --security-revert=CVE-2023-46809)";

/// Installs the udev rule by hand, and reloads udev. sudo runs nothing that npm installed: under nvm and the like it
/// does not find it, and elsewhere root would run whatever npm has that day.
pub(crate) const UDEV_BY_HAND: &str = "duo-provision udev print | sudo tee /etc/udev/rules.d/60-duo-provision.rules >/dev/null && \
    sudo udevadm control --reload && sudo udevadm trigger --subsystem-match=usb --attr-match=idVendor=2b04";

/// Points to the chapter on what can keep this system from its USB devices.
pub(crate) const SURROUNDINGS_PAGE: &str =
    "see docs/troubleshooting.md, \"Containers, WSL, virtual machines, snap\"";

/// What went wrong, where, and what to do about it.
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    code: Code,
    message: String,
    hint: Option<String>,
    phase: Option<&'static str>,
    device: Option<String>,
    key_state: Option<KeyState>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// An error with a code and what went wrong, in words.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            code,
            message: message.into(),
            hint: None,
            phase: None,
            device: None,
            key_state: None,
            source: None,
        }))
    }

    /// An argument or option that cannot be used.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(Code::InvalidArgument, message)
    }

    /// A defect in this program.
    pub fn internal(reason: impl fmt::Display) -> Self {
        Self::new(Code::Internal, reason.to_string())
    }

    /// The next thing to type or do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// Adds a consequence to the message.
    #[must_use]
    pub fn adding(mut self, consequence: impl fmt::Display) -> Self {
        self.0.message = format!("{}; {consequence}", self.0.message);
        self
    }

    /// What was being done. The innermost phase is kept.
    #[must_use]
    pub fn during(mut self, phase: &'static str) -> Self {
        self.0.phase.get_or_insert(phase);
        self
    }

    /// Which device, and what is known of its key. The innermost call counts.
    #[must_use]
    pub fn on(mut self, device: impl fmt::Display, key_state: KeyState) -> Self {
        if self.0.device.is_none() {
            self.0.device = Some(device.to_string());
        }
        self.0.key_state.get_or_insert(key_state);
        self
    }

    /// The cause below.
    #[must_use]
    pub fn because(mut self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.0.source = Some(Box::new(source));
        self
    }

    /// The stable code.
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// What went wrong, without the phase and the device.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// What went wrong and when, without the device.
    pub fn in_short(&self) -> String {
        self.0.phase.map_or_else(|| self.0.message.clone(), |phase| format!("{phase}: {}", self.0.message))
    }

    /// The next thing to type or do.
    pub fn hint_text(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// What was being done.
    pub fn phase(&self) -> Option<&'static str> {
        self.0.phase
    }

    /// Which device.
    pub fn device(&self) -> Option<&str> {
        self.0.device.as_deref()
    }

    /// What is known of the device's key.
    pub fn key_state(&self) -> Option<KeyState> {
        self.0.key_state
    }
}

/// An error as a plain object; thrown errors have the same properties.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Problem<'a> {
    /// The stable name.
    pub code: Code,
    /// What went wrong, where, and what is known of the key.
    pub message: String,
    /// The next thing to type or do.
    pub hint: Option<&'a str>,
    /// The exit code of the command line.
    pub exit_code: u8,
    /// What was being done.
    pub phase: Option<&'a str>,
    /// The Duo.
    pub device: Option<&'a str>,
    /// What is known of the Duo's key.
    pub key_state: Option<KeyState>,
}

impl Error {
    /// This error, without its causes.
    pub fn problem(&self) -> Problem<'_> {
        Problem {
            code: self.code(),
            message: self.to_string(),
            hint: self.hint_text(),
            exit_code: self.code().exit_code(),
            phase: self.phase(),
            device: self.device(),
            key_state: self.key_state(),
        }
    }
}

impl Serialize for Error {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.problem().serialize(serializer)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(phase) = self.0.phase {
            write!(f, "{phase}: ")?;
        }
        f.write_str(&self.0.message)?;
        match (&self.0.device, self.0.key_state) {
            (Some(device), Some(state)) => write!(f, " (Duo {device}: {})", sentence(state, self.0.code)),
            (Some(device), None) => write!(f, " (Duo {device})"),
            _ => Ok(()),
        }
    }
}

const fn sentence(state: KeyState, code: Code) -> &'static str {
    match state {
        KeyState::Written if matches!(code, Code::DctWrong) => "its key is the image's",
        KeyState::Unchanged => "its key is unchanged",
        KeyState::Written => "what was asked for is in place and verified",
        KeyState::Wrong => "its key is neither the old one nor the new one",
        KeyState::Unknown => "the state of its key is unknown",
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::{Code, Error, KeyState};

    #[test]
    fn a_message_names_the_phase_the_device_and_the_state_of_its_key() {
        let error = Error::new(Code::DeviceFault, "no answer within the time limit")
            .during("reading the key slot")
            .on("1-2", KeyState::Unchanged);
        assert_eq!(
            error.to_string(),
            "reading the key slot: no answer within the time limit (Duo 1-2: its key is unchanged)"
        );
    }

    #[test]
    fn the_innermost_phase_and_state_are_kept() {
        let error = Error::new(Code::KeyWrong, "x").during("inner").on("1-1", KeyState::Wrong);
        let error = error.during("outer").on("1-9", KeyState::Unchanged);
        assert_eq!((error.phase(), error.key_state()), (Some("inner"), Some(KeyState::Wrong)));
    }
}
