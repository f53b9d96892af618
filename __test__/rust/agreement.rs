//! Tests that the two halves of the crate agree about the Duo. The simulator was written from the firmware's sources
//! without a look at `dct`, `dfuse` or `keys`; here each reads what the other wrote.

use std::sync::Arc;
use std::time::Duration;

use crate::virtual_duo::{DFU, device_id, device_keys, key_maker, options};
use duo_provision::bootloader::DfuSession;
use duo_provision::dct::{self, CopyRule, DctImage, Dump, DumpKind, WholeDct};
use duo_provision::dfuse::{Block, Buffer};
use duo_provision::keys::{PrivateKey, PublicKey};
use duo_provision::simulator::{Duo, DuoOptions, Generation, Hub, UsbIpServer, VirtualBus, VirtualClock};
use duo_provision::usb::Bus;
use duo_provision::usb::Clock;
use duo_provision::usb::clock::SystemClock;
use duo_provision::usb::usbip::UsbipBus;

const MINUTE: Duration = Duration::from_secs(60);
/// The application section of the DCT, from 0.3.2.
const SECTION: usize = 8423;

fn dct_of(generation: Generation) -> Vec<u8> {
    Duo::new(options(generation), key_maker(3)).dct(0, SECTION)
}

#[test]
fn fields_of_the_table_lie_where_the_virtual_duo_keeps_it() {
    let key = &device_keys()[3];
    for generation in Generation::ALL {
        let bytes = dct_of(generation);
        let image = DctImage::new(&bytes);
        assert_eq!(image.private_key_slot().unwrap()[..], key.slot[..]);
        assert_eq!(image.public_key_slot().unwrap()[..162], key.spki);
        assert_eq!(image.server_key_slot().unwrap()[384..402], *b"\x01\x0fdevice.spark.io\0");
        assert_eq!(dct::CLAIMED.of(&bytes).unwrap(), b"1");
        assert_eq!(dct::COUNTRY_CODE.of(&bytes).unwrap(), b"US\0\0");
        assert!(dct::VERSION_STRING.of(&bytes).unwrap().starts_with(b"0."));
        assert!(dct::SSID_PREFIX.of(&bytes).unwrap().starts_with(b"\x03Duo"));
        let named = image.device_id().map(|id| *id.as_bytes());
        assert_eq!(named, (generation >= Generation::R5).then_some(device_id(1)), "{generation}");
        assert!(!image.is_unreadable());
    }
}

fn rule_of(generation: Generation) -> CopyRule {
    if generation == Generation::R6 { CopyRule::R6 } else { CopyRule::R3ToR5 }
}

/// A write that was cut short: as it is found when the Duo is back, and after the next write.
#[test]
fn after_a_power_cut_in_the_firmwares_own_write_both_take_the_same_copy() {
    for generation in Generation::ALL {
        let mut duo = Duo::new(options(generation), key_maker(3));
        for round in 0..4 {
            duo.set_dct_cut_short(1858, format!("round {round}").as_bytes());
            for _ in 0..2 {
                let area = duo.first_dct_area().to_vec();
                let dump = Dump::recognise(&area).unwrap().by(rule_of(generation));
                assert_eq!(dump.section().unwrap(), duo.dct(0, 8836), "{generation}, round {round}");
                duo.set_dct(1758, b"DE");
            }
        }
    }
}

/// Both copies are read as the virtual Duo's own DCT code reads them, whichever one is current.
#[test]
fn the_whole_dct_is_read_as_the_virtual_duo_reads_it() {
    for generation in Generation::ALL {
        let mut duo = Duo::new(options(generation), key_maker(3));
        // The place that the deployment guide and the bootloaders' memory maps give.
        let base = if generation >= Generation::R5 { 0x8000 } else { 0x4000 };
        let mut seen = [false; 2];
        for round in 0..5 {
            duo.set_dct(1858, format!("round {round}").as_bytes());
            let area = duo.internal_flash()[base..][..dct::WHOLE_SIZE].to_vec();
            let rule = rule_of(generation);
            let current = WholeDct::new(&area).unwrap().current(rule).expect("one is current");
            seen[current] = true;
            let dump = Dump::recognise(&area).unwrap().by(rule);
            assert_eq!(dump.kind(), DumpKind::Whole);
            for field in dct::FIELDS {
                assert_eq!(dump.field(&field).unwrap(), duo.dct(field.offset, field.size), "{}", field.name);
            }
            let copy = WholeDct::new(&area).unwrap().copies()[current];
            assert_eq!(copy.has_record(), generation == Generation::R6, "{generation}");
        }
        assert_eq!(seen, [true, true], "{generation}: the copies take turns");
    }
}

#[test]
fn dumps_of_the_virtual_duo_are_recognised() {
    for generation in Generation::ALL {
        let duo = Duo::new(options(generation), key_maker(3));
        for (offset, length, kind) in [
            (0, 8423, DumpKind::Section),
            (0, 16_384, DumpKind::FromStart),
            (34, 16_350, DumpKind::FromPrivateKey),
        ] {
            let bytes = duo.dct(offset, length);
            let dump = Dump::recognise(&bytes).unwrap();
            assert_eq!(dump.kind(), kind, "{generation}");
            assert_eq!(dump.private_key_slot().unwrap()[..], device_keys()[3].slot[..], "{generation}");
        }
    }
}

#[test]
fn keys_of_the_virtual_duo_are_keys() {
    let bytes = dct_of(Generation::R6);
    let private = PrivateKey::read(&bytes[34..34 + 1216]).unwrap();
    let public = PublicKey::read(&bytes[1250..1250 + 162]).unwrap();
    assert_eq!(private.key.public_key().fingerprint(), public.fingerprint());
}

/// Reads, replaces and reads back a key, then leaves; counts the class requests.
fn exchange(bus: &dyn Bus, clock: &dyn Clock, generation: Generation) {
    let keys = device_keys();
    let device = bus.list(&[DFU]).unwrap().remove(0);
    let never = || false;
    let deadline = clock.now() + MINUTE;
    let mut session = DfuSession::open(bus, &device, clock, &never, deadline).unwrap();
    let named = session.identity().device_id_hex();
    let expected = (generation >= Generation::R5).then(|| "30001b000c4735333030ab01".to_owned());
    assert_eq!(named, expected, "{generation}");

    let held = session.read_twice(SECTION, deadline).unwrap().expect("both passes agree");
    assert_eq!(held[34..1250], keys[0].slot[..], "{generation}");
    assert!(session.class_requests() <= 16, "before a write: {}", session.class_requests());

    let before = session.class_requests();
    let proof = Buffer::new(held[34..1250].to_vec());
    let block = Block { pointer: 34, proof, block: 0, data: Buffer::new(keys[60].slot.to_vec()) };
    let back = session.write_and_read_back(block, SECTION, deadline).unwrap();
    assert_eq!(back[34..1250], keys[60].slot[..], "{generation}");
    assert!(back[..34] == held[..34] && back[1250..] == held[1250..], "{generation}");
    assert!(session.class_requests() - before <= 15, "write: {}", session.class_requests() - before);

    session.leave(deadline).unwrap();
    drop(session);
    let back = bus.wait_for(&[DFU], &|d| d.address != device.address, clock, deadline, &never);
    let device = back.unwrap().expect("it comes back");
    let mut session = DfuSession::open(bus, &device, clock, &never, deadline).unwrap();
    let backup = session.read_twice(4096, deadline).unwrap().expect("both passes agree");
    assert_eq!(backup[1250..1412], keys[60].spki, "{generation}");
    assert!(session.class_requests() <= 12, "backup: {}", session.class_requests());
}

#[test]
fn session_and_virtual_duo_speak_the_same_protocol() {
    for generation in Generation::ALL {
        let clock = Arc::new(VirtualClock::new());
        let hub = Hub::new(clock.clone());
        hub.plug(Duo::new(options(generation), key_maker(0)));
        exchange(&VirtualBus::new(hub), &*clock, generation);
    }
}

#[test]
fn session_reaches_a_virtual_duo_over_usbip() {
    let clock = Arc::new(SystemClock::new());
    let hub = Hub::new(clock.clone());
    let fast = DuoOptions { boot_time: Duration::from_millis(30), ..options(Generation::R6) };
    hub.plug(Duo::new(fast, key_maker(0)));
    let server = UsbIpServer::start(hub, 0).unwrap();
    let bus = UsbipBus::new(&server.address().to_string()).unwrap();
    exchange(&bus, &*clock, Generation::R6);
}
