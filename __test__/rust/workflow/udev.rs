//! Tests the udev rule: root writes it once, never over another program's file, and tells udev. The udevadm of these
//! tests is a script below a separate root folder.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use duo_provision::error::{Code, Error};
use duo_provision::simulator::{Hub, VirtualBus, VirtualClock};
use duo_provision::usb::Clock;
use duo_provision::usb::clock::SystemClock;
use duo_provision::workflow::{Context, Machine, Timeout, UdevInstalled, install_udev_rule, udev_rule};
use tempfile::TempDir;

use crate::workflow::bench::Asker;

/// A udevadm that records its arguments and its environment.
const RECORDER: &str = "#!/bin/sh\nhere=$(dirname \"$0\")\necho \"$@\" >>\"$here/calls\"\nenv >>\"$here/env\"\npwd >>\"$here/pwd\"\n";

struct System {
    folder: TempDir,
    machine: Machine,
}

impl System {
    fn new(udevadm: Option<&str>) -> Self {
        let folder = TempDir::new().unwrap();
        fs::create_dir_all(folder.path().join("etc/udev/rules.d")).unwrap();
        fs::create_dir_all(folder.path().join("usr/bin")).unwrap();
        if let Some(script) = udevadm {
            let path = folder.path().join("usr/bin/udevadm");
            fs::write(&path, script).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        let machine = Machine { root: folder.path().to_owned(), superuser: true, linux: true };
        Self { folder, machine }
    }

    fn install(&self) -> Result<UdevInstalled, Error> {
        self.install_by(&SystemClock::new())
    }

    fn install_by(&self, clock: &dyn Clock) -> Result<UdevInstalled, Error> {
        let (bus, asker) = (VirtualBus::new(Hub::new(Arc::new(VirtualClock::new()))), Asker::new());
        let context = Context {
            bus: &bus,
            clock,
            wall: &SystemTime::now,
            env: &|_| None,
            control: &asker,
            cancelled: &|| false,
            timeout: Timeout::DEFAULT,
        };
        install_udev_rule(context, &self.machine)
    }

    fn rule(&self) -> PathBuf {
        self.folder.path().join("etc/udev/rules.d/60-duo-provision.rules")
    }

    fn noted(&self, name: &str) -> Vec<String> {
        let text = fs::read_to_string(self.folder.path().join("usr/bin").join(name)).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    fn rules(&self) -> Vec<String> {
        let entries = fs::read_dir(self.rule().parent().unwrap()).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }
}

const CALLS: [&str; 2] = ["control --reload", "trigger --subsystem-match=usb --attr-match=idVendor=2b04"];

#[test]
fn the_rule_is_for_what_is_known_in_both_modes_and_comes_before_what_acts_on_it() {
    let rule = udev_rule();
    assert_eq!(rule.path, Path::new("/etc/udev/rules.d/60-duo-provision.rules"));
    assert!(rule.path.file_name().unwrap().to_str().unwrap() < "73-seat-late.rules");
    let lines: Vec<&str> =
        rule.contents.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    let ids = ["c058", "d058", "d006", "d008", "d00a"];
    assert_eq!(lines.len(), ids.len());
    for (line, id) in lines.iter().zip(ids) {
        assert_eq!(
            *line,
            format!(
                "SUBSYSTEMS==\"usb\", ATTRS{{idVendor}}==\"2b04\", ATTRS{{idProduct}}==\"{id}\", \
                 TAG+=\"uaccess\", ENV{{ID_MM_DEVICE_IGNORE}}=\"1\""
            )
        );
    }
}

#[test]
fn it_is_written_for_all_to_read_and_udev_is_told() {
    let system = System::new(Some(RECORDER));
    let done = system.install().unwrap();
    assert_eq!(done, UdevInstalled { path: system.rule(), written: true });
    assert_eq!(fs::read_to_string(system.rule()).unwrap(), udev_rule().contents);
    assert_eq!(fs::metadata(system.rule()).unwrap().permissions().mode() & 0o777, 0o644);
    assert_eq!(system.rules(), ["60-duo-provision.rules"], "nothing else is left behind");
    assert_eq!(system.noted("calls"), CALLS);
}

#[test]
fn udevadm_gets_nothing_of_the_environment() {
    let system = System::new(Some(RECORDER));
    system.install().unwrap();
    // The shell itself sets PWD, OLDPWD, SHLVL and _.
    let own = ["PWD=", "OLDPWD=", "SHLVL=", "_="];
    let mut given = system.noted("env");
    given.retain(|line| !own.iter().any(|name| line.starts_with(name)));
    assert_eq!(given, ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"; 2]);
    assert_eq!(system.noted("pwd"), ["/", "/"]);
}

#[test]
fn the_same_again_is_no_error_and_udev_is_told_again() {
    let system = System::new(Some(RECORDER));
    system.install().unwrap();
    let again = system.install().unwrap();
    assert_eq!(again, UdevInstalled { path: system.rule(), written: false });
    assert_eq!(system.noted("calls"), [CALLS, CALLS].concat());
}

#[test]
fn what_somebody_else_put_there_is_left_alone() {
    type Occupy = fn(&Path);
    let occupants: [(&str, Occupy); 5] = [
        ("another rule", |path| fs::write(path, "# mine\n").unwrap()),
        ("an empty file", |path| fs::write(path, "").unwrap()),
        ("a file too large", |path| fs::write(path, vec![b'#'; 1 << 17]).unwrap()),
        // An administrator switches a rule off like this.
        ("a link to /dev/null", |path| symlink("/dev/null", path).unwrap()),
        ("a folder", |path| fs::create_dir(path).unwrap()),
    ];
    for (what, occupy) in occupants {
        let system = System::new(Some(RECORDER));
        occupy(&system.rule());
        let before = fs::symlink_metadata(system.rule()).unwrap();
        let error = system.install().unwrap_err();
        assert_eq!(error.code(), Code::FileExists, "{what}: {error}");
        assert!(error.hint_text().unwrap().contains("udev print"), "{what}");
        let after = fs::symlink_metadata(system.rule()).unwrap();
        assert_eq!((before.len(), before.file_type()), (after.len(), after.file_type()), "{what}");
        assert_eq!(system.noted("calls"), [""; 0], "{what}: udev has nothing to take up");
    }
}

#[test]
fn without_root_nothing_is_written_and_the_command_is_named() {
    let mut system = System::new(Some(RECORDER));
    system.machine.superuser = false;
    let error = system.install().unwrap_err();
    assert_eq!(error.code(), Code::RootRequired);
    let hint = error.hint_text().unwrap();
    // As root it does the same itself, with the same file.
    assert_eq!(
        hint,
        "duo-provision udev print | sudo tee /etc/udev/rules.d/60-duo-provision.rules >/dev/null \
         && sudo udevadm control --reload \
         && sudo udevadm trigger --subsystem-match=usb --attr-match=idVendor=2b04"
    );
    assert_eq!((system.rules().len(), system.noted("calls").len()), (0, 0));
}

#[test]
fn elsewhere_than_on_linux_there_is_no_udev() {
    let mut system = System::new(None);
    system.machine.linux = false;
    assert_eq!(system.install().unwrap_err().code(), Code::UdevUnavailable);
    assert_eq!(system.rules().len(), 0);
}

#[test]
fn where_no_rules_are_kept_none_is_written() {
    let system = System::new(Some(RECORDER));
    fs::remove_dir(system.rule().parent().unwrap()).unwrap();
    let error = system.install().unwrap_err();
    assert_eq!(error.code(), Code::FileNotFound, "{error}");
    assert!(error.to_string().contains("rules.d does not exist"), "{error}");
}

#[test]
fn a_failure_of_udev_is_told_and_is_no_success() {
    let fails_at = |word: &str, how: &str| {
        format!("#!/bin/sh\necho \"$@\" >>\"$(dirname \"$0\")/calls\"\ncase $1 in {word}) {how};; esac\n")
    };
    let escape = "printf 'Failed to send: \\033[2J no daemon\\n' >&2; exit 3";
    let cases: [(&str, Option<String>, &[&str], usize); 5] = [
        ("no udevadm", None, &["there is no udevadm here"], 0),
        ("no program", Some("no program\n".into()), &["`udevadm control --reload` cannot be run"], 0),
        (
            "no reload",
            Some(fails_at("control", escape)),
            &["`udevadm control --reload` failed (exit status: 3)", "Failed to send: \\u{1b}[2J no daemon"],
            1,
        ),
        (
            "no trigger",
            Some(fails_at("trigger", "exit 1")),
            &["`udevadm trigger", "failed (exit status: 1)"],
            2,
        ),
        ("a crash", Some(fails_at("control", "kill -9 $$")), &["failed (signal: 9"], 1),
    ];
    for (what, udevadm, says, calls) in cases {
        let system = System::new(udevadm.as_deref());
        let error = system.install().unwrap_err();
        assert_eq!(error.code(), Code::UdevFailed, "{what}: {error}");
        let told = error.to_string();
        assert!(told.contains(&format!("{} is in place", system.rule().display())), "{what}: {told}");
        for part in says {
            assert!(told.contains(part), "{what}: {told}");
        }
        assert_eq!(system.noted("calls").len(), calls, "{what}");
        assert!(system.rule().exists(), "{what}");
    }
}

/// On a clock on which thirty seconds pass at once.
#[test]
fn an_udevadm_that_does_not_end_is_ended() {
    let system = System::new(Some("#!/bin/sh\necho $$ >>\"$(dirname \"$0\")/calls\"\nexec sleep 600\n"));
    let error = system.install_by(&VirtualClock::new()).unwrap_err();
    assert_eq!(error.code(), Code::UdevFailed);
    assert!(error.to_string().contains("did not end within 30 seconds"), "{error}");
    for process in system.noted("calls") {
        assert!(!Path::new("/proc").join(&process).exists(), "{process} was waited for");
    }
}
