//! Finds the passphrase that a command uses.
//!
//! In this order: the one given to the API, a file or standard input, `DUO_PROVISION_PASSPHRASE`, and the answer to the
//! question. One passphrase serves a whole command: the one that opens the key file also encrypts the backup.

use std::fmt;
use std::path::Path;

use zeroize::Zeroizing;

use crate::error::{Code, Error, PASSPHRASE_HINT};
use crate::keys::{EncryptedKey, KeyError, MAX_PASSPHRASE, Passphrase, PassphraseError, ReadKey};
use crate::workflow::context::{Context, PassphrasePurpose, PassphraseRequest, interrupted};
use crate::workflow::input::secret::{self, Kind};

/// The environment variable that holds a passphrase. The same user's processes can read it.
const PASSPHRASE_VARIABLE: &str = "DUO_PROVISION_PASSPHRASE";

/// How many times a passphrase is asked for if it does not open the file.
const TRIES: usize = 3;

const FILE: Kind =
    Kind { option: "--passphrase-file", name: "passphrase", phase: "reading the passphrase file" };

/// The options that give a passphrase.
#[derive(Clone, Default)]
pub struct PassphraseOptions {
    /// The passphrase.
    pub passphrase: Option<Zeroizing<String>>,
    /// A file with the passphrase, or `-`.
    pub file: Option<String>,
}

impl PassphraseOptions {
    /// True if the options give one.
    pub(in crate::workflow) const fn is_given(&self) -> bool {
        self.passphrase.is_some() || self.file.is_some()
    }
}

impl fmt::Debug for PassphraseOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PassphraseOptions(redacted, given: {})", self.is_given())
    }
}

/// The passphrase of one command.
pub struct Passphrases<'a> {
    context: Context<'a>,
    options: &'a PassphraseOptions,
    found: Option<Passphrase>,
}

impl<'a> Passphrases<'a> {
    pub fn new(context: Context<'a>, options: &'a PassphraseOptions) -> Self {
        Self { context, options, found: None }
    }

    /// The context of the command.
    pub const fn context(&self) -> Context<'a> {
        self.context
    }

    /// The one from the options or the environment; nobody is asked.
    pub fn given(&mut self) -> Result<Option<Passphrase>, Error> {
        if self.found.is_none() {
            self.found = given(self.context, self.options)?;
        }
        Ok(self.found.clone())
    }

    /// Opens the contents of a file.
    pub fn open(&mut self, encrypted: &EncryptedKey, path: &Path) -> Result<ReadKey, Error> {
        let refused = |error: KeyError| Error::key_file(&error, path);
        if let Some(passphrase) = self.given()? {
            return encrypted.open(&passphrase).map_err(refused);
        }
        for attempt in 0..TRIES {
            let path = Some(path.to_string_lossy().into_owned());
            let request = PassphraseRequest { purpose: PassphrasePurpose::Open, path, again: attempt > 0 };
            let passphrase = self.ask(&request)?.ok_or_else(|| refused(KeyError::Encrypted))?;
            match encrypted.open(&passphrase) {
                Err(KeyError::WrongPassphrase) => {}
                other => {
                    self.found = Some(passphrase);
                    return other.map_err(refused);
                }
            }
        }
        Err(refused(KeyError::WrongPassphrase))
    }

    /// The passphrase to encrypt with.
    pub fn new_or_given(&mut self) -> Result<Passphrase, Error> {
        if let Some(passphrase) = self.given()? {
            return Ok(passphrase);
        }
        let request = PassphraseRequest { purpose: PassphrasePurpose::Encrypt, path: None, again: false };
        let passphrase = self.ask(&request)?.ok_or_else(|| {
            Error::new(Code::PassphraseMissing, "no passphrase was given to encrypt the key with")
                .hint(PASSPHRASE_HINT)
        })?;
        self.found = Some(passphrase.clone());
        Ok(passphrase)
    }

    /// The passphrase for the backup before a write, asked for before the device is touched; `None` if it is not
    /// to be encrypted.
    pub fn for_backup(
        &mut self,
        encrypt: bool,
        no_backup: bool,
        dry_run: bool,
    ) -> Result<Option<Passphrase>, Error> {
        if !encrypt {
            return Ok(None);
        }
        if no_backup {
            let message = "--encrypt is about the backup, and --no-backup makes none; give one of them";
            return Err(Error::invalid(message));
        }
        if dry_run { self.given() } else { self.new_or_given().map(Some) }
    }

    fn ask(&self, request: &PassphraseRequest) -> Result<Option<Passphrase>, Error> {
        let answer = self.context.control.passphrase(request);
        if self.context.control.cancel().is_requested() {
            return Err(interrupted().during("asking for the passphrase"));
        }
        answer.map(|text| Passphrase::new(&text).map_err(Error::from)).transpose()
    }
}

/// Refuses a passphrase that would encrypt nothing: whoever gave it expects encryption.
pub fn check_used(options: &PassphraseOptions, encrypt: bool) -> Result<(), Error> {
    if encrypt || !options.is_given() {
        return Ok(());
    }
    Err(Error::invalid("a passphrase was given, but without --encrypt nothing is encrypted")
        .hint("add --encrypt, or leave the passphrase out"))
}

/// Refuses a passphrase if there is no key file that it could open.
pub fn check_opens(options: &PassphraseOptions, file: bool) -> Result<(), Error> {
    if file || !options.is_given() {
        return Ok(());
    }
    Err(Error::invalid("a passphrase opens a key file, and none was given"))
}

fn given(context: Context<'_>, options: &PassphraseOptions) -> Result<Option<Passphrase>, Error> {
    let named = |name: &'static str| {
        move |error| {
            let error = Error::from(error);
            let hint = error.hint_text().unwrap_or_default().to_owned();
            Error::new(error.code(), format!("{name}: {}", error.message())).hint(hint)
        }
    };
    if let Some(passphrase) = &options.passphrase {
        return Passphrase::new(passphrase).map(Some).map_err(named("the passphrase option"));
    }
    if let Some(file) = &options.file {
        // One line and what follows it: a limit that no valid file reaches.
        let limit = if file == "-" { MAX_PASSPHRASE + 2 } else { 64 * MAX_PASSPHRASE };
        let bytes = secret::read(file, &FILE, limit)?;
        let name = if file == "-" { "standard input" } else { "the passphrase file" };
        return Passphrase::from_input(&bytes).map(Some).map_err(named(name));
    }
    match (context.env)(PASSPHRASE_VARIABLE).filter(|value| !value.is_empty()) {
        Some(value) => value
            .to_str()
            .ok_or(PassphraseError::Character)
            .and_then(Passphrase::new)
            .map(Some)
            .map_err(named(PASSPHRASE_VARIABLE)),
        None => Ok(None),
    }
}
