//! What can be told from what was read of a Duo, and from the archive. Pure.

use crate::archive::{Contents, Description, Entry, Origin};
use crate::bootloader::BootloaderGeneration;
use crate::dct::ServerAddress;
use crate::disk::plain_path;
use crate::error::{Code, Error};
use crate::keys::{Fingerprint, ServerKey};
use crate::workflow::commands::doctor::finding::{Finding, Fix, FixOperation, FixOptions, Severity};
use crate::workflow::context::{DeviceRef, Snapshot};
use crate::workflow::input::key_file::public_slot;
use crate::workflow::next::command_line::restore_from;

/// A Duo that was read.
pub(in crate::workflow) struct Patient<'a> {
    pub device: &'a DeviceRef,
    pub snapshot: &'a Snapshot,
    pub backups: &'a [Entry],
    /// The arguments that choose it, and the archive.
    pub arguments: &'a str,
    pub usbip: Option<String>,
    pub archive: Option<&'a str>,
    /// The keys that rotations have put into it, as the journal says.
    pub rotated: Vec<Fingerprint>,
    /// True if one is in flight.
    pub rotating: bool,
}

/// Which bootloader it has, and what follows from that.
pub(in crate::workflow) fn bootloader(device: &DeviceRef) -> Finding {
    let message = format!("bootloader {}", device.bootloader_name);
    if device.bootloader == BootloaderGeneration::R3R4 {
        return Finding::note("BOOTLOADER", message + ": it does not tell the device id").advice(format!(
            "choose this Duo by its port, and say which one it is: --device ID --path {}",
            device.path
        ));
    }
    Finding::ok("BOOTLOADER", message)
}

impl Patient<'_> {
    /// All that there is to be said.
    pub fn findings(&self) -> Vec<Finding> {
        let all = [Some(self.key()), self.public_key(), self.server(), self.device_id(), self.backup()];
        all.into_iter().flatten().collect()
    }

    fn current(&self) -> Option<Fingerprint> {
        self.snapshot.slot.key().map(|read| read.key.public_key().fingerprint())
    }

    fn key(&self) -> Finding {
        let Some(error) = Error::key_slot(&self.snapshot.slot) else {
            let key = self.current().map(|key| key.to_string()).unwrap_or_default();
            return Finding::ok("KEY", format!("the key slot holds a key that the firmware reads: {key}"));
        };
        let found = Finding::of(&error);
        match error.code() {
            _ if self.rotating => found
                .advice("a rotation of this Duo's key is in flight: it says which key belongs there")
                .command("duo-provision status".to_owned()),
            // The Duo puts that right by itself, with a key that its cloud does not know.
            Code::KeySlotBlank => {
                let found = Finding { severity: Severity::Note, ..found };
                match self.newest(|entry| self.was_in_the_duo(entry)) {
                    Some(backup) => self.restore(found, backup),
                    None => found,
                }
            }
            Code::KeySlotPkcs8 | Code::KeySlotPem | Code::KeySlotMisread => {
                match self.newest(|entry| entry.fingerprint == self.current()) {
                    Some(backup) => self.restore(found, backup),
                    None => found.command(format!("duo-provision backup --raw{}", self.arguments)),
                }
            }
            _ => match self.newest(|entry| self.was_in_the_duo(entry)) {
                Some(backup) => self.restore(found, backup),
                None if self.device.device_id.is_none() => found
                    .advice("which Duo this is has to be known, to look for its key in the archive")
                    .command(format!("duo-provision doctor --device ID{}", self.arguments)),
                None if !self.device.board.is_duo() => {
                    found.advice("no backup of its key is in the archive; particle-cli can give it a new one")
                }
                None => found
                    .advice("no backup of this Duo's key is in the archive: let it make a new one, and provision it again")
                    .command(format!("duo-provision reset{}", self.arguments))
                    .fix(self.fix(FixOperation::Reset)),
            },
        }
    }

    /// A key that was read from a Duo, or that a rotation is known to have put into it.
    fn was_in_the_duo(&self, entry: &Entry) -> bool {
        entry.origin == Origin::Device || self.rotated.iter().any(|key| entry.fingerprint == Some(*key))
    }

    fn restore(&self, found: Finding, backup: &Entry) -> Finding {
        let mut fix = self.fix(FixOperation::Restore);
        fix.options.file = Some(backup.path.clone());
        let when = backup.created_at.as_deref().unwrap_or("an unknown time");
        found
            .advice(format!("the archive holds a key of this Duo, of {when}"))
            .command(restore_from(&backup.path) + self.arguments)
            .fix(fix)
    }

    fn fix(&self, operation: FixOperation) -> Fix {
        let options = FixOptions {
            file: None,
            path: self.device.path.clone(),
            device_id: self.device.device_id,
            usbip: self.usbip.clone(),
            archive: self.archive.map(str::to_owned),
        };
        Fix { operation, options }
    }

    /// The newest backup with a key of this very Duo.
    fn newest(&self, chosen: impl Fn(&Entry) -> bool) -> Option<&Entry> {
        let id = self.device.device_id?;
        let of_this = |entry: &&Entry| {
            entry.device_id == Some(id)
                && entry.simulated == self.device.simulated
                && entry.fingerprint.is_some()
                // A dump is no key file.
                && !matches!(entry.contents, Contents::Dct | Contents::WholeDct)
                && matches!(entry.description, Description::Sound | Description::Missing)
                && chosen(entry)
        };
        self.backups.iter().filter(of_this).max_by(|a, b| a.created_at.cmp(&b.created_at))
    }

    /// In step with the private key, where there is one.
    fn public_key(&self) -> Option<Finding> {
        let current = self.current()?;
        if public_slot(self.snapshot) == Some(current) {
            return Some(Finding::ok("PUBLIC_KEY", "the public key beside it is its own"));
        }
        Some(Finding::note("PUBLIC_KEY_STALE", "the public key beside it is another's, or none").advice(
            "the firmware writes it anew when it starts to talk to the cloud; until then only the private key counts",
        ))
    }

    /// Whether its server key is that of Particle's cloud; `None` if it has none, or is no Duo.
    pub fn is_meant_for_particle(&self) -> Option<bool> {
        let field = self.snapshot.image().server_key_slot().filter(|_| self.device.board.is_duo())?;
        Some(ServerKey::read(field).ok()?.is_particle())
    }

    /// For a Duo only: of other boards nothing but the key slot is written.
    fn server(&self) -> Option<Finding> {
        self.device.board.is_duo().then(|| self.server_of_duo())
    }

    fn server_of_duo(&self) -> Finding {
        let mend = || format!("duo-provision server-key restore{}", self.arguments);
        let field = self.snapshot.image().server_key_slot();
        let Some((field, key)) = field.and_then(|field| Some((field, ServerKey::read(field).ok()?))) else {
            let code = Code::ServerKeySlotInvalid.name();
            return Finding::problem(code, "the Duo holds no public key of a cloud")
                .advice(
                    "for Particle's cloud, write its key; for your own, write that one's, with its address",
                )
                .command(mend());
        };
        let id = self.device.device_id.map(|id| id.to_string()).unwrap_or_default();
        let at = |address: &ServerAddress| format!("{}:{}", address.host(&id), address.port());
        let usual = at(&ServerAddress::default());
        match (key.is_particle(), ServerAddress::read(field)) {
            (_, Err(error)) => Finding::problem("SERVER_ADDRESS_INVALID", error.to_string()).command(mend()),
            (true, Ok(address)) => {
                let at = at(&address.unwrap_or_default());
                if at == usual {
                    return Finding::ok("SERVER_KEY", format!("it is meant for Particle's cloud, at {at}"));
                }
                Finding::note("SERVER_KEY", format!("it has the key of Particle's cloud, and the address {at}"))
            }
            (false, Ok(Some(address))) => {
                let (name, at) = (key.fingerprint().short(), at(&address));
                let words = format!("it is meant for another cloud than Particle's, {name}, at {at}");
                let found = Finding::note("SERVER_KEY", words);
                if at == usual {
                    return found
                        .advice("that is where Particle's cloud is, which has another key; if it is meant for that one")
                        .command(mend());
                }
                found
            }
            (false, Ok(None)) => Finding::problem(
                "SERVER_ADDRESS_MISSING",
                format!(
                    "it has the key of another cloud than Particle's, {}, and no address: it looks for that cloud at {usual}",
                    key.fingerprint().short()
                ),
            )
            .advice("write that cloud's key again, with its address; or, for Particle's cloud, its key")
            .command(mend()),
        }
    }

    /// What the DCT says, beside what the bootloader says.
    fn device_id(&self) -> Option<Finding> {
        let told = self.device.device_id?;
        if self.device.bootloader == BootloaderGeneration::R3R4 {
            return None;
        }
        Some(match self.snapshot.image().device_id() {
            Some(kept) if kept == told => Finding::ok("DEVICE_ID", format!("device id {told}")),
            Some(kept) => Finding::problem(
                "DEVICE_ID_MISMATCH",
                format!("the bootloader says that it is {told}, and its DCT that it is {kept}"),
            )
            .advice("a DCT of another Duo was written to this one: the key in it may be that one's, too"),
            None => Finding::note("DEVICE_ID", format!("device id {told}, which is not in the DCT yet"))
                .advice("the firmware puts it there when it starts"),
        })
    }

    /// Whether what is in the slot could be had back.
    fn backup(&self) -> Option<Finding> {
        let current = self.current()?;
        let kept =
            |entry: &&Entry| entry.fingerprint == Some(current) && entry.simulated == self.device.simulated;
        // The file of the key alone before a dump that the key is in.
        let order = |entry: &&Entry| matches!(entry.contents, Contents::Dct | Contents::WholeDct);
        if let Some(entry) = self.backups.iter().filter(kept).min_by_key(order) {
            return Some(Finding::ok(
                "BACKUP",
                format!("the archive holds this key: {}", plain_path(&entry.path)),
            ));
        }
        let found = Finding::note("BACKUP_MISSING", "the archive does not hold this key");
        if Error::key_slot(&self.snapshot.slot).is_some() {
            return Some(found);
        }
        Some(
            found
                .command(format!("duo-provision backup{}", self.arguments))
                .fix(self.fix(FixOperation::Backup)),
        )
    }
}
