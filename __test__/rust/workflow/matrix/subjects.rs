//! The workflows that take part in the matrix.

use std::sync::LazyLock;

use duo_provision::error::Error;
use duo_provision::keys::PrivateKey;
use duo_provision::simulator::Generation;
use duo_provision::simulator::cloud::{Handshake, LocalCloud, Options};
use duo_provision::simulator::duo::Presence;
use duo_provision::usb::PortPath;
use duo_provision::workflow::{
    BackupOptions, DctBackupOptions, DoctorOptions, ProvisionOptions, ResetOptions, RestoreOptions,
    RotateOptions, ShowOptions, Target, TargetOptions, WriteOptions, backup, backup_dct, doctor, enter_dfu,
    list, provision, reset, restore, rotate, show_dct, show_server_key,
};
use serde_json::{Value, json};

use super::course::{Course, Stage};
use super::fields::{DctRestore, ServerKeySet};
use super::whole::DctRestoreWhole;
use super::workflow::{TIMEOUT, Workflow};
use crate::workflow::bench::{
    Asker, Bench, NEW, OLD, cloud_at, id, key, reset_image, restore_of, server_slot, writing_to,
};
use crate::workflow::typed;

/// All that take part.
pub const ALL: &[&dyn Workflow] = &[
    &Backup { enter: false },
    &Restore { leave: false },
    &Restore { leave: true },
    &Reset,
    &List,
    &Doctor,
    &Provision,
    &Rotate { proves: false },
    &Rotate { proves: true },
    &Dfu,
    &Backup { enter: true },
    &DctBackup { whole: false },
    &DctBackup { whole: true },
    &ServerKeySet,
    &DctRestore,
    &DctRestoreWhole,
    &DctShow,
    &ServerKeyShow,
];

fn archive(bench: &Bench) -> String {
    bench.archive().to_str().unwrap().to_owned()
}

/// `backup`, with `--enter-dfu` or on a Duo that is in DFU mode.
struct Backup {
    enter: bool,
}

impl Workflow for Backup {
    fn name(&self) -> &'static str {
        if self.enter { "enter-backup" } else { "backup" }
    }

    fn enters(&self) -> bool {
        self.enter
    }

    fn run(&self, bench: &Bench, asker: &Asker) -> Result<(), Error> {
        let options = BackupOptions {
            target: Target::default().brought(Some(self.enter), None),
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

struct Dfu;

impl Workflow for Dfu {
    fn name(&self) -> &'static str {
        "dfu"
    }

    fn enters(&self) -> bool {
        true
    }

    fn run(&self, bench: &Bench, asker: &Asker) -> Result<(), Error> {
        let options = TargetOptions { timeout: Some(TIMEOUT), ..TargetOptions::default() };
        let done = bench.run(asker, |context| enter_dfu(context, &options))?;
        let ports = [1, 2].map(|port| PortPath::new(1, &[port]));
        let port = ports.iter().find(|port| port.as_str() == done.device.path).unwrap();
        let is_there = bench.hub.with_duo(port, |duo, _| duo.presence()) == Some(Presence::Dfu);
        assert!(is_there, "in DFU mode, it says");
        Ok(())
    }

    fn finish(&self, _: &Bench, command: &str) -> Result<(), Error> {
        panic!("nothing is written, but was told to be finished by {command}")
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
        // After one sector of 16 KiB up to r4, after two from r5 on.
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

struct DctShow;

impl Workflow for DctShow {
    fn name(&self) -> &'static str {
        "dct-show"
    }

    fn run(&self, bench: &Bench, asker: &Asker) -> Result<(), Error> {
        let options = ShowOptions { timeout: Some(TIMEOUT), ..ShowOptions::default() };
        let shown = bench.run(asker, |context| show_dct(context, &options))?;
        assert_eq!(shown.dct.fields.len(), 23, "all of them or an error");
        Ok(())
    }

    fn finish(&self, _: &Bench, command: &str) -> Result<(), Error> {
        panic!("nothing is written, but was told to be finished by {command}")
    }
}

struct ServerKeyShow;

impl Workflow for ServerKeyShow {
    fn name(&self) -> &'static str {
        "server-key-show"
    }

    fn run(&self, bench: &Bench, asker: &Asker) -> Result<(), Error> {
        let options = ShowOptions { timeout: Some(TIMEOUT), ..ShowOptions::default() };
        bench.run(asker, |context| show_server_key(context, &options)).map(drop)
    }

    fn finish(&self, _: &Bench, command: &str) -> Result<(), Error> {
        panic!("nothing is written, but was told to be finished by {command}")
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

    fn asked(&self, bench: &Bench) -> Option<(&'static str, Value)> {
        let mut options = json!({ "file": bench.folder.path().join("new.der"), "archive": archive(bench) });
        if self.leave {
            options["leave"] = true.into();
        }
        Some(("restore", options))
    }

    fn run(&self, bench: &Bench, asker: &Asker) -> Result<(), Error> {
        let options = RestoreOptions {
            write: WriteOptions {
                timeout: Some(TIMEOUT),
                archive: Some(archive(bench)),
                ..WriteOptions::default()
            },
            leave: self.leave,
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
        bench.restore(&typed::restore(command)).map(drop)
    }
}

struct Reset;

impl Workflow for Reset {
    fn name(&self) -> &'static str {
        "reset"
    }

    fn asked(&self, bench: &Bench) -> Option<(&'static str, Value)> {
        Some(("reset", json!({ "archive": archive(bench) })))
    }

    fn run(&self, bench: &Bench, asker: &Asker) -> Result<(), Error> {
        let options = ResetOptions {
            write: WriteOptions {
                timeout: Some(TIMEOUT),
                archive: Some(archive(bench)),
                ..WriteOptions::default()
            },
            ..ResetOptions::default()
        };
        bench.run(asker, |context| reset(context, &options)).map(drop)
    }

    /// A Duo that starts with the reset image makes a key: the next of the fixtures' keys, or a later one if another
    /// Duo made a key in between.
    fn is_new(&self, field: &[u8]) -> Option<bool> {
        Some(field == reset_image() || (1..=4).any(|made| field == key(OLD + made)))
    }

    fn leaves(&self) -> bool {
        true
    }

    fn finish(&self, bench: &Bench, command: &str) -> Result<(), Error> {
        let target = typed::target(command);
        bench.reset(&ResetOptions { write: writing_to(target), ..ResetOptions::default() }).map(drop)
    }
}

struct List;

impl Workflow for List {
    fn name(&self) -> &'static str {
        "list"
    }

    fn run(&self, bench: &Bench, asker: &Asker) -> Result<(), Error> {
        let options = TargetOptions { timeout: Some(TIMEOUT), ..TargetOptions::default() };
        let listed = bench.run(asker, |context| list(context, &options))?.devices;
        let old = PrivateKey::read(key(OLD)).unwrap().key.public_key().fingerprint();
        for entry in listed {
            if let Some(problem) = entry.problem {
                return Err(problem);
            }
            let shown = entry.key.expect("an entry without a problem has a slot");
            // A key that is read without an error is the right one, in its own port.
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

/// What it finds is a result; what prevents it from looking is an error.
struct Doctor;

impl Workflow for Doctor {
    fn name(&self) -> &'static str {
        "doctor"
    }

    fn run(&self, bench: &Bench, asker: &Asker) -> Result<(), Error> {
        let options = DoctorOptions {
            timeout: Some(TIMEOUT),
            archive: Some(archive(bench)),
            ..DoctorOptions::default()
        };
        let diagnosis = bench.run(asker, |context| doctor(context, &options))?;
        let obstacles = diagnosis.obstacles.len();
        assert!(diagnosis.problems >= obstacles, "what stood in the way is a problem");
        diagnosis.obstacles.into_iter().next().map_or(Ok(()), Err)
    }

    fn finish(&self, _: &Bench, command: &str) -> Result<(), Error> {
        panic!("nothing is written, but was told to be finished by {command}")
    }
}

/// `provision --from-device`, up to the cloud's part.
struct Provision;

impl Workflow for Provision {
    fn name(&self) -> &'static str {
        "provision"
    }

    fn needs_id(&self) -> bool {
        true
    }

    fn run(&self, bench: &Bench, asker: &Asker) -> Result<(), Error> {
        // Bootloaders r3 and r4 tell no id, so the port is named, too.
        let silent = bench.duo(|duo| duo.options().generation) < Generation::R5;
        let target = Target::parse(None, silent.then_some("1-1")).unwrap();
        let options = ProvisionOptions {
            device_id: id(1),
            from_device: true,
            path: target.path,
            // The virtual Duo does not name Particle's cloud.
            cloud: cloud_at("http://127.0.0.1:1", "none"),
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

/// A cloud that takes every key, from every device.
static CLOUD: LazyLock<(tokio::runtime::Runtime, LocalCloud)> = LazyLock::new(|| {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let options = Options { device_port: Some(0), handshake: Handshake::Anybody, ..Options::default() };
    let cloud = runtime.block_on(LocalCloud::start(options)).unwrap();
    (runtime, cloud)
});

/// `rotate`, with a cloud that takes every key, with or without the proofs.
struct Rotate {
    proves: bool,
}

impl Rotate {
    fn rotate(&self, bench: &Bench, asker: &Asker, target: Target) -> Result<(), Error> {
        let options = RotateOptions {
            target,
            cloud: cloud_at(CLOUD.1.url(), CLOUD.1.token()),
            no_verify: !self.proves,
            archive: Some(archive(bench)),
            timeout: Some(TIMEOUT),
            ..RotateOptions::default()
        };
        let make = || Ok(PrivateKey::read(key(NEW)).unwrap().key);
        let done = bench.run(asker, |context| rotate(context, &options, &make))?;
        assert!(CLOUD.1.device(&id(1)).is_some() && done.fingerprint.is_some());
        Ok(())
    }
}

impl Workflow for Rotate {
    fn name(&self) -> &'static str {
        if self.proves { "rotate-proving" } else { "rotate" }
    }

    /// With the proofs: puts this cloud's key and address into the Duo. If the Duo tells no id, the key also shows the
    /// place of a write.
    fn set_up(&self, bench: &Bench) {
        if self.proves {
            let slot = server_slot(CLOUD.1.server_key().unwrap(), CLOUD.1.device_address().unwrap());
            bench.duo(|duo| duo.set_dct(2082, &slot));
        }
    }

    /// Until the write, the transfers are the same as without the proofs.
    fn is_tried_at(&self, _: Generation, course: &Course, nth: u32) -> bool {
        !self.proves || course.stage(nth) > Stage::Read
    }

    fn asked(&self, bench: &Bench) -> Option<(&'static str, Value)> {
        let mut cloud = json!({ "apiUrl": CLOUD.1.url(), "archive": archive(bench) });
        if !self.proves {
            cloud["noVerify"] = true.into();
        }
        Some(("rotate", cloud))
    }

    fn run(&self, bench: &Bench, asker: &Asker) -> Result<(), Error> {
        let silent = bench.duo(|duo| duo.options().generation) < Generation::R5;
        let target =
            if silent { Target::parse(Some(&id(1)), Some("1-1")).unwrap() } else { Target::default() };
        self.rotate(bench, asker, target)
    }

    fn is_new(&self, field: &[u8]) -> Option<bool> {
        Some(field == key(NEW))
    }

    fn leaves(&self) -> bool {
        true
    }

    fn needs_id(&self) -> bool {
        true
    }

    fn finish(&self, bench: &Bench, command: &str) -> Result<(), Error> {
        self.rotate(bench, &Asker::new(), typed::target(command))
    }
}
