//! What a workflow has to tell of itself to take part in the matrix.

use duo_provision::error::{Code, Error};
use duo_provision::keys::PrivateKey;
use duo_provision::simulator::Generation;
use duo_provision::workflow::{
    BackupOptions, DctBackupOptions, DctRestoreOptions, ListOptions, ProvisionOptions, ResetOptions,
    RestoreOptions, ServerKeySetOptions, Target, backup, backup_dct, list, provision, reset, restore,
};

use crate::bench::{Asker, Bench, NEW, OLD, id, key, reset_image, restore_of};
use crate::server_key_set::own_cloud;

/// Seconds that each step is given.
pub const TIMEOUT: u32 = 10;

/// A workflow. One that joins later says here what is its own; the cases and the promises are the same for all.
pub trait Workflow: Sync {
    /// Its name in a case's name.
    fn name(&self) -> &'static str;

    /// Puts into the bench what it needs. The Duo there holds [`OLD`].
    fn set_up(&self, _bench: &Bench) {}

    /// Runs it. `Err` also for a result that reports an error in place of throwing it.
    fn run(&self, bench: &Bench, asker: &Asker) -> Result<(), Error>;

    /// True for one that writes.
    fn writes(&self) -> bool {
        self.is_new(key(OLD)).is_some()
    }

    /// Where in the DCT it writes: offset and length. The old bytes are what was there.
    fn field(&self) -> (usize, usize) {
        (34, 1216)
    }

    /// Whether these are the bytes that it is to write; `None` for one that only reads.
    fn is_new(&self, _field: &[u8]) -> Option<bool> {
        None
    }

    /// True where it makes the Duo leave DFU mode at its end. A key that the Duo makes then is [`Self::is_new`], too.
    fn leaves(&self) -> bool {
        false
    }

    /// What it keeps in the archive of the undisturbed Duo, by default the field.
    fn keepsake(&self, bench: &Bench) -> Vec<u8> {
        let (offset, length) = self.field();
        bench.duo(|duo| duo.first_dct(offset, length))
    }

    /// True where it keeps the key in the archive: always before a write.
    fn keeps(&self) -> bool {
        self.writes()
    }

    /// Runs it once more, after what was printed as the way to finish.
    fn finish(&self, bench: &Bench, command: &str) -> Result<(), Error>;

    /// Types what was printed as the way back.
    fn go_back(&self, bench: &Bench, command: &str) -> Result<(), Error> {
        bench.restore(&crate::recovering::typed(command)).map(drop)
    }

    /// Whether this is what the field of a Duo holds that nobody has written to.
    fn is_untouched(&self, field: &[u8]) -> bool {
        (1..8).any(|made| field == key(OLD + made))
    }

    /// Whether the field holds the same.
    fn is_same(&self, one: &[u8], other: &[u8]) -> bool {
        one == other
    }

    /// Whether this is what may be there where the key is said to be unchanged.
    fn is_unchanged(&self, old: &[u8], now: &[u8]) -> bool {
        old == now
    }

    /// The word that a workflow which writes the key would have for it, and [`Code::Internal`] for one that is not to
    /// be said here.
    fn word_for_a_key(&self, code: Code) -> Code {
        code
    }

    /// True where several fields are written one after another.
    fn writes_several(&self) -> bool {
        false
    }
}

/// All that take part.
pub const ALL: &[&dyn Workflow] = &[
    &Backup,
    &Restore { leave: false },
    &Restore { leave: true },
    &Reset,
    &List,
    &Provision,
    &DctBackup { whole: false },
    &DctBackup { whole: true },
    &ServerKeySet,
    &DctRestore,
];

fn archive(bench: &Bench) -> String {
    bench.archive().to_str().unwrap().to_owned()
}

struct Backup;

impl Workflow for Backup {
    fn name(&self) -> &'static str {
        "backup"
    }

    fn run(&self, bench: &Bench, asker: &Asker) -> Result<(), Error> {
        let options = BackupOptions {
            timeout: Some(TIMEOUT),
            archive: Some(archive(bench)),
            ..BackupOptions::default()
        };
        bench.run(asker, |context| backup(context, &options)).map(drop)
    }

    fn keeps(&self) -> bool {
        true
    }

    fn finish(&self, _: &Bench, command: &str) -> Result<(), Error> {
        panic!("a backup writes nothing, but was told to be finished by {command}")
    }
}

struct DctBackup {
    whole: bool,
}

impl Workflow for DctBackup {
    fn name(&self) -> &'static str {
        if self.whole { "dct-backup-whole" } else { "dct-backup" }
    }

    fn run(&self, bench: &Bench, asker: &Asker) -> Result<(), Error> {
        let options = DctBackupOptions {
            whole: self.whole,
            timeout: Some(TIMEOUT),
            archive: Some(archive(bench)),
            ..DctBackupOptions::default()
        };
        bench.run(asker, |context| backup_dct(context, &options)).map(drop)
    }

    /// The application section from system firmware 0.3.2 on.
    fn field(&self) -> (usize, usize) {
        (0, 8423)
    }

    fn keepsake(&self, bench: &Bench) -> Vec<u8> {
        if !self.whole {
            return bench.duo(|duo| duo.first_dct(0, 8423));
        }
        // Behind one sector of 16 KiB up to r4, behind two from r5 on.
        let base = bench.duo(|duo| if duo.options().generation < Generation::R5 { 0x4000 } else { 0x8000 });
        bench.duo(|duo| duo.internal_flash()[base..base + 0x8000].to_vec())
    }

    fn keeps(&self) -> bool {
        true
    }

    fn finish(&self, _: &Bench, command: &str) -> Result<(), Error> {
        panic!("a backup writes nothing, but was told to be finished by {command}")
    }
}

/// What a Duo holds at 2082 that nobody has written to.
fn untouched_server() -> Vec<u8> {
    let options = crate::virtual_duo::options(Generation::R6);
    crate::server_key_set::field(&options.server_key, &options.server_address, [0xff; 2])
}

/// Something in the field that has to go, up to its end: a write that stops before is not whole.
fn mark_the_tail(bench: &Bench) {
    bench.duo(|duo| duo.set_dct(2082 + 700, &[0x5a; 68]));
}

/// `server-key set` with an address behind the key.
struct ServerKeySet;

impl Workflow for ServerKeySet {
    fn name(&self) -> &'static str {
        "server-key-set"
    }

    fn set_up(&self, bench: &Bench) {
        mark_the_tail(bench);
        bench.file("server.der", &own_cloud());
    }

    fn run(&self, bench: &Bench, asker: &Asker) -> Result<(), Error> {
        let options = ServerKeySetOptions {
            file: Some(bench.folder.path().join("server.der")),
            timeout: Some(TIMEOUT),
            ..ServerKeySetOptions::default()
        };
        bench.set_server_asking(asker, &options).map(drop)
    }

    fn field(&self) -> (usize, usize) {
        (2082, 768)
    }

    fn is_new(&self, field: &[u8]) -> Option<bool> {
        Some(field == own_cloud())
    }

    fn keepsake(&self, bench: &Bench) -> Vec<u8> {
        bench.duo(|duo| duo.first_dct(0, 8423))
    }

    fn finish(&self, bench: &Bench, command: &str) -> Result<(), Error> {
        bench.set_server(&crate::server_key_set::typed(command)).map(drop)
    }

    fn go_back(&self, bench: &Bench, command: &str) -> Result<(), Error> {
        bench.restore_dct(&crate::dct_restore::typed(command)).map(drop)
    }

    fn is_untouched(&self, field: &[u8]) -> bool {
        field == untouched_server()
    }

    fn word_for_a_key(&self, code: Code) -> Code {
        match code {
            Code::FieldWrong => Code::KeyWrong,
            Code::FieldStateUnknown => Code::KeyStateUnknown,
            Code::KeyWrong | Code::KeyStateUnknown => Code::Internal,
            code => code,
        }
    }
}

/// `dct restore --fields server-public-key,device-private-key`: the server key first, then the key.
struct DctRestore;

/// Where the fields lie in what is between them.
const KEY: std::ops::Range<usize> = 0..1216;
const SERVER: std::ops::Range<usize> = 2048..2816;

impl Workflow for DctRestore {
    fn name(&self) -> &'static str {
        "dct-restore"
    }

    fn set_up(&self, bench: &Bench) {
        mark_the_tail(bench);
        let mut dump = bench.duo(|duo| duo.dct(0, 8423));
        dump[34..1250].copy_from_slice(key(NEW));
        dump[2082..2850].copy_from_slice(&own_cloud());
        bench.file("dump.bin", &dump);
    }

    fn run(&self, bench: &Bench, asker: &Asker) -> Result<(), Error> {
        let options = DctRestoreOptions {
            file: bench.folder.path().join("dump.bin"),
            fields: vec!["device-private-key".into(), "server-public-key".into()],
            timeout: Some(TIMEOUT),
            ..DctRestoreOptions::default()
        };
        bench.restore_dct_asking(asker, &options).map(drop)
    }

    /// From the key to the end of the server key.
    fn field(&self) -> (usize, usize) {
        (34, 2816)
    }

    fn is_new(&self, field: &[u8]) -> Option<bool> {
        Some(field.get(KEY) == Some(key(NEW)) && field.get(SERVER) == Some(&own_cloud()))
    }

    fn keepsake(&self, bench: &Bench) -> Vec<u8> {
        bench.duo(|duo| duo.first_dct(0, 8423))
    }

    fn finish(&self, bench: &Bench, command: &str) -> Result<(), Error> {
        bench.restore_dct(&crate::dct_restore::typed(command)).map(drop)
    }

    fn go_back(&self, bench: &Bench, command: &str) -> Result<(), Error> {
        self.finish(bench, command)
    }

    fn is_untouched(&self, field: &[u8]) -> bool {
        (1..8).any(|made| field[KEY] == *key(OLD + made)) && field[SERVER] == untouched_server()
    }

    /// What lies in between, the public key, is the firmware's to write.
    fn is_same(&self, one: &[u8], other: &[u8]) -> bool {
        one[KEY] == other[KEY] && one[SERVER] == other[SERVER]
    }

    /// The server key may be new by then, or, where that is said, wrong.
    fn is_unchanged(&self, old: &[u8], now: &[u8]) -> bool {
        old[KEY] == now[KEY]
    }

    fn word_for_a_key(&self, code: Code) -> Code {
        match code {
            Code::FieldWrong => Code::KeyWrong,
            Code::FieldStateUnknown => Code::KeyStateUnknown,
            code => code,
        }
    }

    fn writes_several(&self) -> bool {
        true
    }
}

struct Restore {
    leave: bool,
}

impl Workflow for Restore {
    fn name(&self) -> &'static str {
        if self.leave { "restore-leave" } else { "restore" }
    }

    fn set_up(&self, bench: &Bench) {
        bench.key_file(NEW);
    }

    fn run(&self, bench: &Bench, asker: &Asker) -> Result<(), Error> {
        let options = RestoreOptions {
            leave: self.leave,
            timeout: Some(TIMEOUT),
            archive: Some(archive(bench)),
            ..restore_of(&bench.folder.path().join("new.der"))
        };
        bench.run(asker, |context| restore(context, &options)).map(drop)
    }

    fn is_new(&self, field: &[u8]) -> Option<bool> {
        Some(field == key(NEW))
    }

    fn leaves(&self) -> bool {
        self.leave
    }

    fn finish(&self, bench: &Bench, command: &str) -> Result<(), Error> {
        bench.restore(&crate::recovering::typed(command)).map(drop)
    }
}

struct Reset;

impl Workflow for Reset {
    fn name(&self) -> &'static str {
        "reset"
    }

    fn run(&self, bench: &Bench, asker: &Asker) -> Result<(), Error> {
        let options =
            ResetOptions { timeout: Some(TIMEOUT), archive: Some(archive(bench)), ..ResetOptions::default() };
        bench.run(asker, |context| reset(context, &options)).map(drop)
    }

    /// A Duo that starts with the reset image makes a key: the next of the fixtures', or the one after it where
    /// another Duo was made in between.
    fn is_new(&self, field: &[u8]) -> Option<bool> {
        Some(field == reset_image() || (1..=4).any(|made| field == key(OLD + made)))
    }

    fn leaves(&self) -> bool {
        true
    }

    fn finish(&self, bench: &Bench, command: &str) -> Result<(), Error> {
        let target = crate::recovering::target(command);
        bench.reset(&ResetOptions { target, ..ResetOptions::default() }).map(drop)
    }
}

struct List;

impl Workflow for List {
    fn name(&self) -> &'static str {
        "list"
    }

    fn run(&self, bench: &Bench, asker: &Asker) -> Result<(), Error> {
        let options = ListOptions { timeout: Some(TIMEOUT), ..ListOptions::default() };
        let listed = bench.run(asker, |context| list(context, &options))?;
        let old = PrivateKey::read(key(OLD)).unwrap().key.public_key().fingerprint();
        for entry in listed {
            if let Some(problem) = entry.problem {
                return Err(problem);
            }
            let shown = entry.key.expect("an entry without a problem has a slot");
            // What is read without an error is the key, in its own port.
            if entry.path == "1-1" && shown.fingerprint.is_some() {
                assert_eq!(shown.fingerprint, Some(old));
            }
        }
        Ok(())
    }

    fn finish(&self, _: &Bench, command: &str) -> Result<(), Error> {
        panic!("a list writes nothing, but was told to be finished by {command}")
    }
}

/// `provision --from-device`, up to where the cloud's part begins.
struct Provision;

impl Workflow for Provision {
    fn name(&self) -> &'static str {
        "provision"
    }

    fn run(&self, bench: &Bench, asker: &Asker) -> Result<(), Error> {
        // A bootloader r3 or r4 tells no id: there the port is named, too.
        let silent = bench.duo(|duo| duo.options().generation) < Generation::R5;
        let target = Target::parse(None, silent.then_some("1-1")).unwrap();
        let options = ProvisionOptions {
            device_id: id(1),
            from_device: true,
            path: target.path,
            token: Some("none".into()),
            dry_run: true,
            timeout: Some(TIMEOUT),
            ..ProvisionOptions::default()
        };
        let done = bench.run(asker, |context| provision(context, &options))?;
        let old = PrivateKey::read(key(OLD)).unwrap().key.public_key().fingerprint();
        assert_eq!(done.fingerprint, old, "the public half of another key would be sent");
        Ok(())
    }

    fn finish(&self, _: &Bench, command: &str) -> Result<(), Error> {
        panic!("nothing is written, but was told to be finished by {command}")
    }
}
