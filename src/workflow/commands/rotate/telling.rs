//! Does the cloud's part of `rotate` before the Duo is written: proves the old pair, sends the new key, proves it.
//!
//! The proof is made from here, with the new key, while the Duo still has the old one. So a cloud whose device port
//! does not accept the new key is found before anything in the Duo changes. If this run proved the old pair, then the
//! cloud at the API is not the one behind that port, and it is sent the old key again. Otherwise nothing more is sent
//! automatically.

use std::path::PathBuf;

use crate::archive::Archive;
use crate::dct::DeviceId;
use crate::error::{Code, Error, KeyState};
use crate::journal::{Started, Step, may_be_taken};
use crate::keys::PrivateKey;
use crate::workflow::commands::rotate::new_key::NewKey;
use crate::workflow::context::{Context, DeviceRef, Event, PairBefore, Phase, Plan, interrupted};
use crate::workflow::device::opened::Opened;
use crate::workflow::network::api::{Cloud, Message};
use crate::workflow::network::pairing::{Server, is_refusal};
use crate::workflow::next::{self, Rollback, SoFar, which};
use crate::workflow::record::backup::{Backups, store_new_key};
use crate::workflow::record::journal::OperationRecord;
use crate::workflow::write::Beside;

/// Sends the new key to the cloud, and proves that it took it, before the Duo is written.
pub(super) struct Telling<'a, 'r> {
    pub context: Context<'a>,
    pub new: NewKey,
    /// The key that is in the Duo, if there is one that the firmware reads.
    pub old: Option<PrivateKey>,
    /// True if the Duo already has the new key, from an earlier attempt.
    pub is_there: bool,
    pub cloud: &'r Cloud,
    /// Where the pairing is proven; `None` for no proof.
    pub server: Option<&'r Server>,
    pub archive: &'r Archive,
    pub started: Started,
    pub id: DeviceId,
    pub product_id: u32,
    pub device: &'r DeviceRef,
    /// The backup of the old key, once it exists.
    pub backup: Option<PathBuf>,
    /// The file of the new key, once it is saved.
    pub kept: Option<PathBuf>,
    /// The result of the first proof.
    pub pair_before: Option<PairBefore>,
}

impl Telling<'_, '_> {
    fn on(&self, error: Error) -> Error {
        error.on(self.device, if self.is_there { KeyState::Written } else { KeyState::Unchanged })
    }

    /// How to finish and how to go back, if nothing was written.
    fn hint(&self) -> String {
        next::hint(&self.started, &self.rollback())
    }

    fn rollback(&self) -> Rollback {
        next::rollback(&self.started, SoFar { backup: self.backup.as_deref(), wrote: false, told: true })
    }

    /// Saves the new key before it is sent anywhere.
    fn keep(&mut self, opened: &Opened<'_>, record: &mut OperationRecord<'_>) -> Result<(), Error> {
        let already_there = self.new.kept.is_some();
        let path = if let Some(path) = &self.new.kept {
            path.clone()
        } else {
            let public = self.new.key.public_key();
            store_new_key(self.context, &opened.device, &self.new.image, public, self.archive)?
        };
        record.new_key(&path).map_err(|error| self.on(error))?;
        self.context.control.event(Event::NewKey { path: path.clone(), already_there });
        self.kept = Some(path);
        Ok(())
    }

    /// Whether the key in the Duo and the cloud's are a pair now. A refused key is the usual reason for a new one. A
    /// cloud that cannot be asked, or is another one, ends the rotation here.
    fn prove_old(&self) -> Result<Option<PairBefore>, Error> {
        let Some(server) = self.server else { return Ok(None) };
        server.caution(self.context, self.id, true);
        // If the cloud may know the new key from an earlier attempt, a proof says nothing about the old pair.
        let Some(old) = self.old.as_ref().filter(|_| !self.new.known) else {
            return Ok(Some(PairBefore::NotTried));
        };
        match server.prove_once(self.context, Phase::ProveOld, self.id, old, self.context.timeout.duration())
        {
            Ok(()) => Ok(Some(PairBefore::Proven)),
            Err(error) if is_refusal(&error) => Ok(Some(PairBefore::Refused)),
            Err(error) => Err(self.on(without_proof(error))),
        }
    }

    /// Sends the key: the first step that cannot be undone from here. If it fails, the Duo is unchanged.
    fn tell(&self, record: &mut OperationRecord<'_>) -> Result<(), Error> {
        if self.context.control.cancel().is_requested() {
            return Err(self.on(interrupted().during("before the cloud was told")));
        }
        let message = self.message(&self.new.key).map_err(|error| self.on(error))?;
        record.sending().map_err(|error| self.on(error))?;
        self.cloud.send_public_key(self.context, &message).map_err(|error| self.not_accepted(error))?;
        record.reached(Step::Accepted);
        Ok(())
    }

    fn message(&self, key: &PrivateKey) -> Result<Message, Error> {
        Message::new(self.context, self.id, &key.public_key(), self.product_id, false)
    }

    /// The error if the cloud did not say that it took the key.
    fn not_accepted(&self, error: Error) -> Error {
        let told = may_be_taken(error.code().name());
        let error = error.on(self.device, KeyState::Unchanged);
        let consequence = if self.is_there {
            "the Duo has the new key already, since an earlier attempt"
        } else if told {
            "whether the cloud has the old key or the new one is not known, and the Duo has the old one"
        } else if self.new.known {
            "the cloud may have the new key since an earlier attempt, and the Duo has the old one"
        } else {
            return error;
        };
        error.adding(consequence).hint(self.hint())
    }

    /// The error if the new key is not proven. So far, only the cloud was changed.
    fn not_proven(&self, server: &Server, error: Error, record: &mut OperationRecord<'_>) -> Error {
        if error.code() == Code::Interrupted {
            return self.on(error.adding("the cloud said that it took the new key").hint(self.hint()));
        }
        match self.old.as_ref().filter(|_| is_refusal(&error)) {
            Some(old) if self.pair_before == Some(PairBefore::Proven) => {
                self.take_back(server, old, error, record)
            }
            _ => self.left_open(error),
        }
    }

    fn unproven(&self, message: String, hint: String, cause: Error) -> Error {
        let error = Error::new(Code::PairingUnproven, message).during("proving the pairing");
        self.on(error).hint(hint).because(cause)
    }

    /// The error that says which key each side has, and the two ways to continue.
    fn left_open(&self, error: Error) -> Error {
        let duo = if self.is_there { "has it, too" } else { "was not written and has the old one" };
        let message = format!(
            "the cloud said that it took the new key, and the Duo {duo}; that the cloud has it is not proven: {}",
            error.message()
        );
        let (finish, back) = (next::finish(&self.started), self.rollback());
        self.unproven(message, format!("{finish} (with --no-verify: without the proof){back}"), error)
    }

    /// The device port still has the old key, and the new key went to another cloud: sends the old key there again.
    fn take_back(
        &self,
        server: &Server,
        old: &PrivateKey,
        refused: Error,
        record: &mut OperationRecord<'_>,
    ) -> Error {
        let (api, port) = (self.cloud.api_url(), &server.port);
        let found = format!(
            "{api} said that it took the new key, and {port}, which has just taken the old one, does not take it: API and \
             device port are probably not one cloud; the Duo was not written"
        );
        match self.give_back(server, old, record) {
            Ok(()) => {
                let message = format!(
                    "{found}; {api} was sent the old key again, and {port} and the Duo are a pair as before"
                );
                let hint = format!(
                    "name the API of the Duo's own cloud with --api-url URL; or, if the Duo is to go to the cloud at {api}, \
                     give it that cloud first, with server-key set. What it names now: duo-provision server-key show{}",
                    which(&self.started)
                );
                self.unproven(message, hint, refused)
            }
            Err(error) => {
                let message =
                    format!("{found}; that {api} has the old key again is not proven: {}", error.message());
                self.unproven(message, self.hint(), error)
            }
        }
    }

    fn give_back(
        &self,
        server: &Server,
        old: &PrivateKey,
        record: &mut OperationRecord<'_>,
    ) -> Result<(), Error> {
        let message = self.message(old)?;
        record.reached(Step::SendingOld);
        self.cloud.send_public_key(self.context, &message)?;
        server.prove_told(self.context, Phase::ProveOld, self.id, old)?;
        record.reached(Step::TakenBack);
        Ok(())
    }
}

impl Beside for Telling<'_, '_> {
    fn prepare(
        &mut self,
        opened: &Opened<'_>,
        plan: &mut Plan,
        record: &mut OperationRecord<'_>,
    ) -> Result<(), Error> {
        self.keep(opened, record)?;
        self.pair_before = self.prove_old()?;
        plan.pair_before = self.pair_before;
        Ok(())
    }

    fn before_write(&mut self, backups: &Backups, record: &mut OperationRecord<'_>) -> Result<(), Error> {
        self.backup.clone_from(&backups.first);
        self.tell(record)?;
        let Some(server) = self.server else { return Ok(()) };
        server
            .prove_told(self.context, Phase::ProveNew, self.id, &self.new.key)
            .map_err(|error| self.not_proven(server, error, record))?;
        record.reached(Step::Proven);
        Ok(())
    }

    /// The error if the write fails after the cloud took the new key.
    fn write_failed(&self, error: Error) -> Error {
        match error.key_state() {
            Some(KeyState::Wrong | KeyState::Unknown) => error.adding("the cloud has the new key"),
            Some(KeyState::Written) => error.hint(next::finish(&self.started)),
            _ => {
                let before = error.hint_text().map(|hint| format!("{hint}; ")).unwrap_or_default();
                let hint = before + &self.hint();
                error.adding("the cloud has the new key, and the Duo still has the old one").hint(hint)
            }
        }
    }
}

/// The error if there can be no proof. Nothing was changed yet.
pub(super) fn without_proof(error: Error) -> Error {
    if error.code() == Code::Interrupted {
        return error;
    }
    let hint = error.hint_text().unwrap_or("look at the network").to_owned();
    error
        .adding("without it the new key could not be proven")
        .hint(format!("{hint}; for a cloud without such a port, or without the proof, add --no-verify"))
}
