//! Types the commands that are printed after a failed write, and checks that they work, even if the Duo tells no id.

use crate::virtual_duo::device_id;
use crate::workflow::bench::{Bench, NEW, OLD, id, key, restore_of, writing_to};
use crate::workflow::typed;
use duo_provision::error::Code;
use duo_provision::simulator::faults::{Fault, Kind};
use duo_provision::simulator::{DuoOptions, Generation};
use duo_provision::workflow::{BackupOptions, RestoreOptions, Target};
use std::path::PathBuf;

fn on_r4(device: Option<&str>) -> Target {
    Target::parse(device, Some("1-1")).unwrap()
}

/// Saves NEW from this Duo under the id that the user gives, then puts OLD back without our knowledge.
fn saved_new(bench: &Bench) -> PathBuf {
    bench.set_slot(key(NEW));
    let options = BackupOptions { target: on_r4(Some(&id(1))), ..BackupOptions::default() };
    let path = bench.backup(&options).unwrap().path;
    bench.set_slot(key(OLD));
    path
}

#[test]
fn r4_recovery_by_the_users_word_works() {
    let bench = Bench::new(Generation::R4);
    let file = saved_new(&bench);
    bench.arm(Fault::once(Kind::WriteHalf(600), 1));
    let options = RestoreOptions { write: writing_to(on_r4(Some(&id(1)))), ..restore_of(&file) };
    let error = bench.restore(&options).unwrap_err();
    assert_eq!(error.code(), Code::KeyWrong);
    let (finish, back) = error.hint_text().unwrap().split_once("; ").unwrap();
    bench.clear_faults();
    bench.restore(&typed::restore(finish)).unwrap_or_else(|e| panic!("{finish} -> {:?} {e}", e.code()));
    assert!(bench.slot() == key(NEW));
    bench.restore(&typed::restore(back)).unwrap_or_else(|e| panic!("{back} -> {:?} {e}", e.code()));
}

#[test]
fn r4_recovery_by_the_archives_word_works() {
    let bench = Bench::new(Generation::R4);
    let file = saved_new(&bench);
    bench.backup(&BackupOptions { target: on_r4(Some(&id(1))), ..BackupOptions::default() }).unwrap();
    bench.arm(Fault::once(Kind::WriteHalf(600), 1));
    let error =
        bench.restore(&RestoreOptions { write: writing_to(on_r4(None)), ..restore_of(&file) }).unwrap_err();
    assert_eq!(error.code(), Code::KeyWrong);
    let report = bench.status().unwrap().in_flight.remove(0);
    let named = format!("--device {}", id(1));
    assert!(report.next.iter().all(|next| next.command.contains(&named)), "{:?}", report.next);
    let (finish, back) = error.hint_text().unwrap().split_once("; ").unwrap();
    bench.clear_faults();
    bench.restore(&typed::restore(finish)).unwrap_or_else(|e| panic!("{finish} -> {:?} {e}", e.code()));
    bench.restore(&typed::restore(back)).unwrap_or_else(|e| panic!("{back} -> {:?} {e}", e.code()));
}

/// A USB/IP server gives each Duo to only one session at a time.
#[test]
fn duos_with_one_id_are_listed_beside_another_over_usbip() {
    use duo_provision::simulator::{Duo, Hub, UsbIpServer};
    use duo_provision::usb::{clock::SystemClock, usbip::UsbipBus};
    use duo_provision::workflow::{Context, backup};
    let hub = Hub::new(std::sync::Arc::new(SystemClock::new()));
    for last in [1, 1, 2] {
        hub.plug(Duo::new(
            DuoOptions::new(Generation::R6, device_id(last)),
            crate::virtual_duo::key_maker(0),
        ));
    }
    let server = UsbIpServer::start(hub, 0).unwrap();
    let bus = UsbipBus::new(&server.address().to_string()).unwrap();
    let (bench, clock) = (Bench::new(Generation::R6), SystemClock::new());
    let options = BackupOptions {
        target: Target::parse(Some(&id(1)), None).unwrap(),
        archive: Some(bench.archive().to_str().unwrap().to_owned()),
        ..BackupOptions::default()
    };
    let error = bench
        .run(&crate::workflow::bench::Asker::new(), |context| {
            backup(Context { bus: &bus, clock: &clock, ..context }, &options)
        })
        .unwrap_err();
    assert_eq!(error.code(), Code::SeveralDevices, "{error}");
    assert!(!error.message().contains("cannot be opened"), "{error}");
    server.stop();
}
