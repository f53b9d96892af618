//! Tests the running firmware as the bus sees it: its descriptors, its serial port, and the speeds that restart it.

use std::sync::Arc;

use duo_provision::simulator::duo::Presence;
use duo_provision::simulator::{Duo, DuoOptions, Generation, Hub, VirtualBus, VirtualClock};
use duo_provision::usb::{Bus, PortPath, TransferError, Transport};

use super::R;
use crate::virtual_duo::*;

struct Running {
    bus: VirtualBus,
    clock: Arc<VirtualClock>,
    usb: Box<dyn Transport>,
}

impl Running {
    fn new(generation: Generation) -> Self {
        let clock = Arc::new(VirtualClock::new());
        let hub = Hub::new(clock.clone());
        hub.plug(
            Duo::new(DuoOptions { returns_to_dfu: false, ..options(generation) }, key_maker(0)).running(),
        );
        let bus = VirtualBus::new(hub);
        let usb = bus.open(&bus.list(&[NORMAL]).unwrap()[0]).unwrap();
        Self { bus, clock, usb }
    }

    fn set_speed(&mut self, speed: u32) -> Result<(), TransferError> {
        let [a, b, c, d] = speed.to_le_bytes();
        output(&mut *self.usb, (0x21, 0x20, 0, 0), &[a, b, c, d, 0, 0, 8])
    }

    fn duo<T>(&self, f: impl FnOnce(&mut Duo) -> T) -> T {
        self.bus.hub().with_duo(&PortPath::new(1, &[1]), |duo, _| f(duo)).unwrap()
    }

    fn ids(&self) -> Vec<u16> {
        self.bus.list(&[DFU, NORMAL]).unwrap().iter().map(|device| device.product_id).collect()
    }

    fn wait(&self) {
        self.clock.advance(2 * SECOND);
    }
}

fn text(usb: &mut dyn Transport, index: u16) -> String {
    let bytes = input(usb, (0x80, 6, 0x0300 | index, 0x0409), 255).unwrap();
    let units: Vec<u16> = bytes[2..].chunks(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
    String::from_utf16(&units).unwrap()
}

#[test]
fn descriptors_are_those_of_the_two_families_of_firmware() {
    for g in R {
        let mut r = Running::new(g);
        let composite = g >= Generation::R5;
        let device = input(&mut *r.usb, (0x80, 6, 0x0100, 0), 64).unwrap();
        let class: &[u8] = if composite { &[0xef, 2, 1] } else { &[2, 0, 0] };
        assert_eq!(device[4..7], *class, "{g}");
        assert_eq!(device[8..14], [0x04, 0x2b, 0x58, 0xc0, if composite { 0x50 } else { 0 }, 2]);
        assert_eq!(text(&mut *r.usb, 1), "RedBear");
        assert_eq!(text(&mut *r.usb, 2), if composite { "Duo" } else { "Duo with WiFi and BLE" });
        let serial = text(&mut *r.usb, 3).to_lowercase();
        assert_eq!(serial, if composite { "30001b000c4735333030ab01" } else { "00000000010c" });
        let configuration = input(&mut *r.usb, (0x80, 6, 0x0200, 0), 255).unwrap();
        let port = "0904000001020201000524001001052401000104240202052406000107058303080 0ff\
                    09040100020a0000000705010240000007058102400000"
            .replace(' ', "");
        let expected = if composite {
            format!("0902540003010 0c032080b000202020100{port}0904020000ffffff04").replace(' ', "")
        } else {
            format!("09024300020100c032{port}")
        };
        assert_eq!(configuration, unhex(&expected), "{g}");
        if composite {
            assert_eq!(text(&mut *r.usb, 4), "Duo Control Interface");
        }
    }
}

#[test]
fn a_line_coding_is_kept_until_the_next_appearance() {
    let mut r = Running::new(Generation::R6);
    assert_eq!(input(&mut *r.usb, (0xa1, 0x21, 0, 0), 7).unwrap(), [0x80, 0x25, 0, 0, 0, 0, 8]);
    r.set_speed(115_200).unwrap();
    assert_eq!(input(&mut *r.usb, (0xa1, 0x21, 0, 0), 7).unwrap(), [0, 0xc2, 1, 0, 0, 0, 8]);
    output(&mut *r.usb, (0x21, 0x22, 3, 0), &[]).unwrap();
    assert_eq!(r.ids(), [NORMAL.1]);
}

#[test]
fn at_14400_it_is_gone_before_it_answers_and_comes_back_in_dfu_mode() {
    for g in R {
        let mut r = Running::new(g);
        let boots = r.duo(|duo| duo.boots());
        assert_eq!(r.set_speed(14_400), Err(TransferError::Disconnected), "{g}");
        assert!(r.ids().is_empty());
        r.wait();
        assert_eq!(r.ids(), [DFU.1]);
        assert_eq!(r.duo(|duo| (duo.boots(), duo.class_requests())), (boots, 0));
    }
}

#[test]
fn at_1200_it_restarts_and_at_28800_it_listens() {
    let mut r = Running::new(Generation::R6);
    r.set_speed(28_800).unwrap();
    assert!(r.duo(|duo| duo.is_listening()));
    assert_eq!(r.ids(), [NORMAL.1]);
    assert_eq!(r.set_speed(1200), Err(TransferError::Disconnected));
    r.wait();
    assert_eq!(r.ids(), [NORMAL.1]);
    assert_eq!(r.duo(|duo| (duo.boots(), duo.is_listening())), (1, false));
}

#[test]
fn what_is_no_request_of_a_serial_port_is_refused() {
    let mut r = Running::new(Generation::R6);
    for (setup, data) in [
        ((0x21, 0x20, 0, 1), &[0x40, 0x38, 0, 0, 0, 0, 8][..]),
        ((0x21, 0x20, 0, 0), &[0x40, 0x38, 0, 0][..]),
        ((0x21, 0x23, 0, 0), &[][..]),
        ((0x21, 1, 0, 0), &[][..]),
        ((0x01, 11, 1, 0), &[][..]),
        ((0x01, 11, 0, 3), &[][..]),
    ] {
        assert_eq!(output(&mut *r.usb, setup, data), Err(TransferError::Stall), "{setup:?}");
    }
    for interface in 0..3 {
        output(&mut *r.usb, (0x01, 11, 0, interface), &[]).unwrap();
        assert_eq!(input(&mut *r.usb, (0x81, 10, 0, interface), 1).unwrap(), [0]);
    }
    assert_eq!(r.duo(|duo| duo.presence()), Presence::Normal);
}
