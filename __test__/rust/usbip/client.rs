//! Tests the client against the server.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use duo_provision::simulator::faults::{Access, Fault, Kind, Moment};
use duo_provision::usb::usbip::UsbipBus;
use duo_provision::usb::{Bus, Device, PortPath, TransferError, Transport, UsbError};

use super::Bench;
use super::wire::DEADLINE;
use crate::virtual_duo::{DFU, NORMAL, command, device_keys, input, output, setup};

#[test]
fn client_goes_to_loopback_only() {
    for good in ["127.0.0.1:3240", "127.8.8.8:1", "[::1]:3240", "localhost:3240"] {
        assert!(UsbipBus::new(good).unwrap().is_virtual(), "{good}");
    }
    for far in ["192.168.1.7:3240", "8.8.8.8:80", "[2001:db8::1]:3240", "0.0.0.0:3240"] {
        let Err(UsbError::Server(message)) = UsbipBus::new(far) else { panic!("{far} was taken") };
        assert!(message.contains("only loopback addresses"), "{message}");
    }
    for bad in ["", "3240", "127.0.0.1", "example.org:3240", "127.0.0.1:99999", "127.0.0.1:0"] {
        assert!(matches!(UsbipBus::new(bad), Err(UsbError::Server(_))), "{bad}");
    }
}

#[test]
fn client_says_that_no_server_is_there() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let bus = UsbipBus::new(&free.to_string()).unwrap();
    assert!(matches!(bus.list(&[DFU]), Err(UsbError::NoServer(address, _)) if address == free));
}

#[test]
fn client_lists_by_id_and_opens_by_path() {
    let bench = Bench::new(3);
    let listed = bench.bus().list(&[DFU]).unwrap();
    let paths: Vec<_> = listed.iter().map(|d| d.path.as_str()).collect();
    assert_eq!(paths, ["1-1", "1-2", "1-3"]);
    assert_eq!(listed[0].bcd_device, 0x0250);
    assert_eq!(bench.bus().list(&[NORMAL]).unwrap(), []);
    let mut second = bench.open(1);
    let serial = input(&mut *second, (0x80, 6, 0x0303, 0x0409), 255).unwrap();
    assert_eq!(serial[48..50], *b"2\0");
    assert!(matches!(bench.bus().open(&listed[1]), Err(UsbError::Busy)));
    let absent = Device { path: PortPath::new(1, &[9]), ..listed[0].clone() };
    assert!(matches!(bench.bus().open(&absent), Err(UsbError::Gone)));
    let moved = Device { address: 99, ..listed[0].clone() };
    assert!(matches!(bench.bus().open(&moved), Err(UsbError::Gone)));
    bench.duo(1, |d| d.faults().set_access(Access::Denied));
    assert!(matches!(bench.bus().open(&listed[0]), Err(UsbError::AccessDenied)));
}

#[test]
fn a_device_that_was_let_go_can_be_opened_at_once() {
    let bench = Bench::new(1);
    let device = bench.bus().list(&[DFU]).unwrap().remove(0);
    for round in 0..200 {
        drop(bench.bus().open(&device).unwrap_or_else(|e| panic!("round {round}: {e}")));
    }
}

#[test]
fn client_reads_and_writes_a_key() {
    let bench = Bench::new(1);
    let keys = device_keys();
    let mut usb = bench.open(0);
    assert_eq!(usb.claim(0), Ok(()));
    usb.set_alt_setting(0, 1).unwrap();
    let usb = &mut *usb;
    let settle = |usb: &mut dyn Transport| {
        assert_eq!(input(usb, (0xa1, 3, 0, 0), 6).unwrap()[4], 4);
        assert_eq!(input(usb, (0xa1, 3, 0, 0), 6).unwrap()[4], 5);
    };
    output(usb, (0x21, 1, 0, 0), &command(0x21, 34)).unwrap();
    settle(usb);
    output(usb, (0x21, 1, 2, 0), &keys[30].slot[..]).unwrap();
    settle(usb);
    output(usb, (0x21, 6, 0, 0), &[]).unwrap();
    assert_eq!(input(usb, (0xa1, 2, 2, 0), 1216).unwrap(), keys[30].slot[..]);
    assert_eq!(bench.duo(1, |d| d.dct(34, 1216)), keys[30].slot[..]);
    assert_eq!(input(usb, (0xa1, 2, 1, 0), 64), Err(TransferError::Stall));
    let too_long = input(usb, (0xa1, 2, 2, 0), 65_536);
    assert!(matches!(too_long, Err(TransferError::Protocol(_))));
}

#[test]
fn client_tells_the_ends_of_a_transfer_apart() {
    let cases = [
        (Kind::Stall(Moment::Before), TransferError::Stall),
        (Kind::Babble, TransferError::Babble),
        (Kind::Timeout(Moment::Before), TransferError::Timeout),
        (Kind::Disconnect { moment: Moment::Before, returns: true }, TransferError::Disconnected),
    ];
    for (kind, expected) in cases {
        let bench = Bench::new(1);
        let mut usb = bench.open(0);
        bench.duo(1, |d| d.faults().arm(Fault::once(kind, 1)));
        let mut answer = [0; 6];
        let end = usb.control_in(setup((0xa1, 3, 0, 0)), &mut answer, Duration::from_millis(50));
        assert_eq!(end, Err(expected.clone()));
        let next = usb.control_in(setup((0xa1, 3, 0, 0)), &mut answer, DEADLINE);
        if expected == TransferError::Disconnected {
            assert_eq!(next, Err(TransferError::Disconnected), "for good");
            bench.wait_for_devices(1);
            bench.open(0);
        } else {
            assert_eq!(next, Ok(6), "the connection survives {expected}");
        }
    }
    let bench = Bench::new(1);
    let mut usb = bench.open(0);
    bench.duo(1, |d| d.faults().arm(Fault::once(Kind::Protocol(Moment::Before), 1)));
    assert!(matches!(input(&mut *usb, (0xa1, 3, 0, 0), 6), Err(TransferError::Protocol(_))));
    bench.duo(1, |d| d.faults().arm(Fault::once(Kind::ShortRead(2), 1)));
    assert_eq!(input(&mut *usb, (0xa1, 3, 0, 0), 6).unwrap(), [0, 0]);
}

#[test]
fn client_sees_a_leave_as_a_disconnect() {
    let bench = Bench::new(1);
    let mut usb = bench.open(0);
    output(&mut *usb, (0x21, 1, 0, 0), &[]).unwrap();
    assert_eq!(input(&mut *usb, (0xa1, 3, 0, 0), 6).unwrap()[4], 5);
    let end = Instant::now() + DEADLINE;
    loop {
        match input(&mut *usb, (0xa1, 3, 0, 0), 6) {
            Ok(status) => assert_eq!(status[4], 8),
            Err(e) => break assert_eq!(e, TransferError::Disconnected),
        }
        assert!(Instant::now() < end);
    }
    bench.wait_for_devices(1);
    bench.open(0);
}
