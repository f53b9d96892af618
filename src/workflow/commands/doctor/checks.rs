//! Checks what was read of a Duo, and what the archive and the journal know of it. Pure.

use crate::archive::{Contents, Description, Entry, Origin};
use crate::bootloader::BootloaderGeneration;
use crate::dct::{SERVER_PUBLIC_KEY, ServerAddress};
use crate::disk::plain_path;
use crate::error::{Code, Error};
use crate::journal::{Operation, OperationKind, open};
use crate::keys::{Fingerprint, ServerKey};
use crate::workflow::commands::doctor::finding::{Finding, Fix, FixOperation, FixOptions};
use crate::workflow::context::{DeviceRef, Snapshot};
use crate::workflow::describe::server::is_for_particle;
use crate::workflow::input::key_file::{PublicSlot, beside};
use crate::workflow::next::command_line::restore_from;
use crate::workflow::record::newest::{How, Known, Records, was_done_to};

/// A Duo that was read.
pub struct Patient<'a> {
    pub device: &'a DeviceRef,
    pub snapshot: &'a Snapshot,
    /// The backups in the archive.
    pub backups: &'a [Entry],
    /// The backups in other places that the journal knows.
    pub elsewhere: &'a [Entry],
    /// The arguments that select the Duo and the archive.
    pub arguments: &'a str,
    pub usbip: Option<String>,
    pub archive: Option<&'a str>,
    /// The operations on it that the journal knows, in the order in which they began.
    pub operations: &'a [Operation],
    /// True if this run proved that its cloud knows its key.
    pub proven: bool,
    /// True if this run was to prove that.
    pub asked: bool,
    /// The command that sends its key to its cloud.
    pub tell: Option<String>,
}

/// The finding about its bootloader.
pub fn bootloader(device: &DeviceRef) -> Finding {
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
    /// All findings.
    pub fn findings(&self) -> Vec<Finding> {
        let newer_key = self.newer_key();
        let all = [
            Some(self.key()),
            self.public_key(newer_key.is_some()),
            newer_key,
            self.server(),
            self.device_id(),
            self.backup(),
        ];
        all.into_iter().flatten().collect()
    }

    fn key(&self) -> Finding {
        let Some(error) = Error::key_slot(&self.snapshot.slot) else {
            let key = self.snapshot.fingerprint().map(|key| key.to_string()).unwrap_or_default();
            return Finding::ok("KEY", format!("the key slot holds a key that the firmware reads: {key}"));
        };
        let found = Finding::of(&error);
        match error.code() {
            _ if self.is_rotating() => found
                .advice("a rotation of this Duo's key is in flight: it says which key belongs there")
                .command("duo-provision status".to_owned()),
            // The Duo makes a new key by itself, which its cloud does not know.
            Code::KeySlotBlank => match self.best_backup() {
                Some(backup) => self.restore(found, backup),
                None => found,
            },
            Code::KeySlotPkcs8 | Code::KeySlotPem | Code::KeySlotMisread => {
                match self.newest(|entry| entry.fingerprint == self.snapshot.fingerprint()) {
                    Some(backup) => self.restore(found, backup),
                    None => found.command(format!("duo-provision backup --raw{}", self.arguments)),
                }
            }
            _ => match self.best_backup() {
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

    fn records(&self, current: Option<Fingerprint>) -> Records<'_> {
        let operations = self.done().collect();
        Records { current, held: current, particle: self.is_meant_for_particle(), operations }
    }

    fn done(&self) -> impl Iterator<Item = &Operation> {
        let device = self.device.into();
        self.operations.iter().filter(move |operation| was_done_to(operation, &device, self.usbip.as_deref()))
    }

    /// The backup to restore where the slot holds no key: that of the key that the cloud has, else the newest.
    fn best_backup(&self) -> Option<&Entry> {
        let told = self.records(None).told_other().map(|known| known.key);
        let told = told.and_then(|key| self.newest(|entry| entry.fingerprint == Some(key)));
        told.or_else(|| self.newest(|entry| self.was_in_the_duo(entry)))
    }

    /// True for a key that was read from the Duo, or that a rotation wrote to it.
    fn was_in_the_duo(&self, entry: &Entry) -> bool {
        let mut rotations = self.rotations().filter(|operation| operation.verified() > 0);
        entry.origin == Origin::Device
            || rotations.any(|operation| entry.fingerprint == operation.started.after)
    }

    fn rotations(&self) -> impl Iterator<Item = &Operation> {
        self.done().filter(|operation| operation.kind() == OperationKind::Rotate)
    }

    fn is_rotating(&self) -> bool {
        let rotations: Vec<&Operation> = self.rotations().collect();
        open(self.operations).into_iter().any(|open| rotations.iter().any(|rotation| rotation.id == open.id))
    }

    /// The backups in the archive and elsewhere.
    fn all_backups(&self) -> impl Iterator<Item = &Entry> {
        self.backups.iter().chain(self.elsewhere)
    }

    /// The finding if a newer key of this Duo is known than the one in it.
    fn newer_key(&self) -> Option<Finding> {
        let (current, id) = (self.snapshot.fingerprint()?, self.device.device_id?);
        if self.proven {
            return None;
        }
        let records = self.records(Some(current));
        // Virtual Duos of another server have the same ids.
        let is_of_server = |entry: &Entry| {
            records.operations.iter().any(|operation| operation.backup.as_ref() == Some(&entry.path))
        };
        let of_this = |entry: &&Entry| {
            entry.device_id == Some(id)
                && entry.simulated == self.device.simulated
                && (!entry.simulated || is_of_server(entry))
        };
        let known = records.newer(self.all_backups().filter(of_this))?;
        let key_file = self.newest(|entry| entry.fingerprint == Some(known.key));
        Some(self.described(&known, key_file))
    }

    fn described(&self, known: &Known, key_file: Option<&Entry>) -> Finding {
        let file = key_file.map(|entry| &entry.path).or(known.file.as_ref());
        let file = match file {
            Some(file) => format!("in {}", plain_path(file)),
            None => "in no backup that is known here".to_owned(),
        };
        let message = format!(
            "the newest key that is known of this Duo, {}, is not the one in it: {}; it is {file}",
            known.key.short(),
            known.words()
        );
        let found = Finding::problem("NEWER_KEY_KNOWN", message);
        if self.is_rotating() {
            return found
                .advice("a rotation of this Duo's key is in flight")
                .command("duo-provision status".to_owned());
        }
        let why = match known.how {
            How::BackedUp | How::Written => "the Duo's key was changed since, and its cloud is",
            How::Told { .. } | How::Proven => "the cloud is",
        };
        let why = format!("{why} likely to know that key alone, which is then why the Duo does not connect");
        let give = key_file.map(|backup| restore_from(&backup.path) + self.arguments);
        let prove = (!self.asked && self.device.board.is_duo())
            .then(|| format!("duo-provision doctor --verify{}", self.arguments));
        let nowhere = (give.is_none() && self.tell.is_none()).then(|| "give the Duo that key".to_owned());
        let ways = [
            nowhere,
            give.as_ref().map(|give| format!("give the Duo that key: {give}")),
            self.tell.as_ref().map(|tell| format!("tell the cloud the key that is in the Duo: {tell}")),
        ];
        let ways = ways.into_iter().flatten().collect::<Vec<_>>().join("; or ");
        let first = prove.as_ref().map(|prove| {
            format!("prove first whether it knows the one in the Duo, too: {prove}; if it does not, either ")
        });
        let found = found.advice(format!("{why}: {}{ways}", first.unwrap_or_default()));
        match prove.or(give).or(self.tell.clone()) {
            Some(command) => found.command(command),
            None => found,
        }
    }

    fn restore(&self, found: Finding, backup: &Entry) -> Finding {
        let mut fix = self.fix(FixOperation::Restore);
        fix.options.file = Some(backup.path.clone());
        let when = backup.created_at.as_deref().unwrap_or("an unknown time");
        found
            .advice(format!("{} holds a key of this Duo, of {when}", self.place_of(backup)))
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

    /// The newest backup with a key of this Duo.
    fn newest(&self, chosen: impl Fn(&Entry) -> bool) -> Option<&Entry> {
        let id = self.device.device_id?;
        let of_this = |entry: &&Entry| {
            entry.device_id == Some(id)
                && entry.simulated == self.device.simulated
                && entry.fingerprint.is_some()
                // A dump is not a key file.
                && !matches!(entry.contents, Contents::Dct | Contents::WholeDct)
                && matches!(entry.description, Description::Sound | Description::Missing)
                && chosen(entry)
        };
        self.all_backups().filter(of_this).max_by(|a, b| a.created_at.cmp(&b.created_at))
    }

    fn place_of(&self, backup: &Entry) -> &'static str {
        let archived = self.backups.iter().any(|entry| entry.path == backup.path);
        if archived { "the archive" } else { "a backup outside the archive" }
    }

    /// Whether the public key matches the private key, if there is one. If another known key has `replaced` the one in
    /// the Duo, a stale public key is not a problem of its own.
    fn public_key(&self, replaced: bool) -> Option<Finding> {
        let current = self.snapshot.fingerprint()?;
        let anew = "the firmware writes it anew when it starts to talk to the cloud; until then only the private key counts";
        Some(match beside(self.snapshot, current) {
            PublicSlot::Own => Finding::ok("PUBLIC_KEY", "the public key beside it is its own"),
            PublicSlot::Empty => {
                Finding::note("PUBLIC_KEY_MISSING", "there is no public key beside it yet").advice(anew)
            }
            PublicSlot::Foreign if replaced => {
                Finding::note("PUBLIC_KEY_STALE", "the public key beside it is another's").advice(anew)
            }
            PublicSlot::Foreign => Finding::problem(
                "PUBLIC_KEY_STALE",
                "the public key beside it is another's",
            )
            .advice(format!(
                "the private key was written by another program or not long ago: start the Duo once (RESET), \
                    and look again; {anew}"
            )),
        })
    }

    /// Whether its server key is that of Particle's cloud; `None` if it has none, or is not a Duo.
    pub fn is_meant_for_particle(&self) -> Option<bool> {
        let image = self.snapshot.image();
        is_for_particle(SERVER_PUBLIC_KEY.of(image.bytes()).filter(|_| self.device.board.is_duo()))
    }

    /// For a Duo only: on other boards, only the key slot is written.
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
                    let found = Finding::ok("SERVER_KEY", format!("it is meant for Particle's cloud, at {at}"));
                    let own = "for a cloud of your own: duo-provision server-key set -h";
                    // The Duo and its cloud are a pair: the hint about another cloud is not needed.
                    return if self.proven { found } else { found.advice(own) };
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

    /// Compares the device id in the DCT with the one that the bootloader reports.
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

    /// Whether a backup holds the key in the slot.
    fn backup(&self) -> Option<Finding> {
        let current = self.snapshot.fingerprint()?;
        let kept =
            |entry: &&Entry| entry.fingerprint == Some(current) && entry.simulated == self.device.simulated;
        // Prefer a file with only the key to a dump that contains it.
        let order = |entry: &&Entry| matches!(entry.contents, Contents::Dct | Contents::WholeDct);
        if let Some(entry) = self.all_backups().filter(kept).min_by_key(order) {
            let message = format!("{} holds this key: {}", self.place_of(entry), plain_path(&entry.path));
            return Some(Finding::ok("BACKUP", message));
        }
        let found = Finding::note("BACKUP_MISSING", self.missing(current));
        if Error::key_slot(&self.snapshot.slot).is_some() {
            return Some(found);
        }
        Some(
            found
                .command(format!("duo-provision backup{}", self.arguments))
                .fix(self.fix(FixOperation::Backup)),
        )
    }

    /// The message that no backup holds the key, and which backup of it is gone or changed.
    fn missing(&self, current: Fingerprint) -> String {
        let mut made =
            self.operations.iter().rev().filter(|operation| operation.started.before == Some(current));
        let lost = made.find_map(|operation| operation.backup.as_ref());
        let lost = lost
            .map(|path| format!(", and its backup {} is gone, or has other bytes by now", plain_path(path)));
        format!("the archive does not hold this key{}", lost.unwrap_or_default())
    }
}
