//! Tests how a Duo leaves DFU mode, what the system firmware does then, and several Duos on one bus.

use duo_provision::simulator::duo::{Presence, SystemFirmware};
use duo_provision::simulator::{Duo, DuoOptions, Generation};
use duo_provision::usb::{Bus, TransferError, UsbError};

use super::{R, status};
use crate::virtual_duo::*;

#[test]
fn leave_needs_the_getstatus_and_takes_500_ms() {
    for g in R {
        let mut b = Bench::new(g);
        b.dnload(0, &[]).unwrap();
        assert_eq!(b.get_state(), 6);
        b.wait(60_000);
        assert_eq!(b.get_state(), 6, "without GETSTATUS it never leaves");
        assert_eq!(b.get_status().unwrap()[4], 5, "not dfuMANIFEST");
        assert_eq!(b.get_status().unwrap()[4], 8);
        b.wait(499);
        assert_eq!(b.get_status().unwrap()[4], 8);
        b.wait(1);
        assert_eq!(b.get_status(), Err(TransferError::Disconnected), "{g}");
        assert_eq!(b.devices(), []);
    }
}

#[test]
fn abort_before_the_getstatus_cancels_a_leave() {
    let mut b = Bench::new(Generation::R6);
    b.dnload(0, &[]).unwrap();
    b.abort();
    assert_eq!(b.get_status(), status(0, 2));
    b.wait(60_000);
    assert_eq!(b.get_state(), 2);
}

#[test]
fn leave_with_a_key_boots_and_keeps_it() {
    let mut b = Bench::new(Generation::R6);
    let before = b.duo(|d| d.dct(0, 8423));
    b.leave();
    b.wait(2000);
    assert_eq!(b.devices().len(), 1);
    assert_eq!(b.duo(|d| d.dct(0, 8423)), before);
    assert_eq!(b.duo(|d| (d.boots(), d.keys_made())), (1, 1));
    b.reopen();
    assert_eq!((b.get_state(), b.duo(|d| d.alt()), b.duo(|d| d.pointer())), (2, 0, 0x0802_0000));
}

#[test]
fn boot_makes_a_new_key_only_where_byte_34_is_0xff() {
    let keys = device_keys();
    for g in R {
        let mut b = Bench::new(g);
        let mut reset = vec![0xff; 4];
        reset.resize(1216, 0);
        b.write(1, 34, &reset).0.unwrap();
        b.leave();
        b.wait(2000);
        b.reopen();
        assert_eq!(b.read(1, 34, 1216), keys[1].slot[..], "{g}");
        let public = b.read(1, 1250, 384);
        assert_eq!(public[..162], keys[1].spki);
        assert_eq!(public[162..], [0; 222]);

        b.write(1, 34, &[0; 1216]).0.unwrap();
        b.leave();
        b.wait(2000);
        b.reopen();
        assert_eq!(b.read(1, 34, 1216), [0; 1216], "zeros look like a key for ever");
    }
}

#[test]
fn public_key_is_stale_after_a_restore_until_the_cloud_code_starts() {
    let keys = device_keys();
    let mut b = Bench::new(Generation::R6);
    b.write(1, 34, &keys[9].slot[..]).0.unwrap();
    assert_eq!(b.read(1, 1250, 162), keys[0].spki);
    b.leave();
    b.wait(2000);
    b.reopen();
    assert_eq!(b.read(1, 1250, 162), keys[9].spki);
}

#[test]
fn boots_into_normal_mode_unless_its_buttons_are_held() {
    for g in R {
        let mut options = options(g);
        options.returns_to_dfu = false;
        let mut b = Bench::with(options);
        b.leave();
        b.wait(2000);
        let running = &b.devices()[0];
        assert_eq!((running.vendor_id, running.product_id), NORMAL);
        assert_eq!(b.duo(|d| d.presence()), Presence::Normal);
        let mut usb = b.bus.open(running).unwrap();
        assert_eq!(input(&mut *usb, (0xa1, 3, 0, 0), 6), Err(TransferError::Stall));
        b.hub.with_duo(&b.path, Duo::enter_dfu).unwrap();
        b.wait(2000);
        assert_eq!(b.devices()[0].product_id, 0xd058);
        assert_eq!(b.duo(|d| d.boots()), 1);
    }
}

#[test]
fn without_system_firmware_nothing_boots() {
    let mut b = Bench::new(Generation::R6);
    b.duo(|d| d.set_dct(34, &[0xff; 1216]));
    b.duo(|d| d.set_system_firmware(SystemFirmware::Missing));
    b.leave();
    b.wait(2000);
    assert_eq!(b.devices()[0].product_id, 0xd058);
    assert_eq!(b.duo(|d| (d.boots(), d.dct(34, 1))), (0, vec![0xff]));
}

#[test]
fn boot_fills_the_device_id_from_r5_on() {
    for g in R {
        let mut b = Bench::new(g);
        let expected = if g >= Generation::R5 { device_id(1).to_vec() } else { vec![0xff; 12] };
        assert_eq!(b.duo(|d| d.dct(3618, 12)), expected);
        b.duo(|d| d.set_dct(3618, &[0xff; 12]));
        b.leave();
        b.wait(2000);
        assert_eq!(b.duo(|d| d.dct(3618, 12)), expected, "{g}");
    }
}

#[test]
fn erased_dct_is_made_anew_and_so_is_its_key() {
    let mut b = Bench::new(Generation::R6);
    b.erase(0, 0x0800_8000);
    b.erase(0, 0x0800_c000);
    b.leave();
    b.wait(2000);
    assert_eq!(b.duo(|d| d.dct(34, 1216)), device_keys()[1].slot[..]);
}

#[test]
fn dct_is_as_after_first_boot() {
    let key = &device_keys()[0];
    for g in R {
        let b = Bench::new(g);
        let dct = b.duo(|d| d.dct(0, 8423));
        assert_eq!(dct[34..1250], key.slot[..]);
        assert_eq!(dct[1250..1412], key.spki);
        assert_eq!(dct[1412..1634], [0; 222]);
        assert_eq!(dct[1825], b'1');
        assert_eq!(
            dct[2082..2115],
            unhex(
                "30820122300d06092a864886f70d01010105000382010f003082010a028201 0100"
                    .replace(' ', "")
                    .as_str()
            )
        );
        assert_eq!(dct[2371..2376], unhex("0203010001"));
        assert_eq!(dct[2376..2466], [0xff; 90]);
        assert_eq!(dct[2466..2484], *b"\x01\x0fdevice.spark.io\0");
        assert_eq!(dct[2532..2534], [0xff, 0xff], "the default port");
        let version: &[u8] = match g {
            Generation::R3 => b"0.2.3\0",
            Generation::R4 => b"0.2.4\0",
            Generation::R5 => b"0.3.0\0",
            Generation::R6 => b"0.3.3\0",
        };
        assert_eq!(dct[1858..1864], *version);
    }
}

#[test]
fn two_duos_share_nothing_but_the_bus() {
    let mut b = Bench::new(Generation::R6);
    let second = b.hub.plug(Duo::new(DuoOptions::new(Generation::R4, device_id(2)), key_maker(50)));
    let listed = b.devices();
    let paths: Vec<_> = listed.iter().map(|d| d.path.as_str()).collect();
    assert_eq!(paths, ["1-1", "1-2"]);
    let mut other = b.bus.open(&listed[1]).unwrap();
    b.alt(1);
    output(&mut *other, (0x21, 4, 0, 0), &[]).unwrap();
    assert_eq!(b.get_state(), 2);
    b.leave();
    b.wait(500);
    assert_eq!(b.devices().len(), 1);
    assert_eq!(input(&mut *other, (0xa1, 5, 0, 0), 1).unwrap(), [10]);
    assert_eq!(b.hub.with_duo(&second, |d, _| d.dct(34, 1216)).unwrap(), device_keys()[50].slot[..]);
}

#[test]
fn unplugged_it_is_gone_until_it_is_plugged_in() {
    let b = Bench::new(Generation::R6);
    let listed = b.devices()[0].clone();
    b.duo(Duo::unplug);
    assert_eq!(b.devices(), []);
    assert!(matches!(b.bus.open(&listed), Err(UsbError::Gone)));
    b.wait(60_000);
    assert_eq!(b.devices(), []);
    b.hub.with_duo(&b.path, Duo::plug_in).unwrap();
    b.wait(2000);
    assert_eq!(b.devices().len(), 1);
    assert!(matches!(b.bus.open(&listed), Err(UsbError::Gone)), "a new address");
}

#[test]
fn transfers_are_counted_and_logged() {
    let mut b = Bench::new(Generation::R6);
    let before = b.duo(|d| d.class_requests());
    b.read(1, 34, 1216);
    // SET_ADDRESS, two GETSTATUS, ABORT, UPLOAD, ABORT; SET_INTERFACE is no class request.
    assert_eq!(b.duo(|d| d.class_requests()) - before, 6);
    let last = b.duo(|d| d.log().last().cloned()).unwrap();
    assert_eq!((last.setup, last.length, last.outcome), (setup((0x21, 6, 0, 0)), 0, "done"));
}
