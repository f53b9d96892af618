//! Tests the server packet by packet.

use std::io::{ErrorKind, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::time::Instant;

use duo_provision::simulator::faults::{Access, Fault, Kind, Moment};
use duo_provision::simulator::{Duo, DuoOptions, Generation, Hub, UsbIpServer};
use duo_provision::usb::clock::SystemClock;

use super::Bench;
use super::wire::*;
use crate::virtual_duo::{command, device_id, key_maker};

#[test]
fn device_list_describes_every_duo_on_the_bus() {
    let bench = Bench::new(2);
    let mut stream = bench.connect();
    stream.write_all(&[1, 0x11, 0x80, 5, 0, 0, 0, 0]).unwrap();
    assert_eq!(read(&mut stream, 12), [1, 0x11, 0, 5, 0, 0, 0, 0, 0, 0, 0, 2]);
    for busid in ["1-1", "1-2"] {
        let device = read(&mut stream, 312);
        assert!(device[..256].starts_with(b"/sys/devices/"));
        assert_eq!(device[256..260], [busid.as_bytes(), &[0]].concat());
        assert_eq!(device[288..292], [0, 0, 0, 1], "bus number");
        assert_eq!(device[292..296], [0, 0, 0, busid.as_bytes()[2] - b'0'], "address");
        assert_eq!(device[296..300], [0, 0, 0, 2], "full speed");
        assert_eq!(device[300..312], [0x2b, 0x04, 0xd0, 0x58, 0x02, 0x50, 0, 0, 0, 1, 1, 1]);
        assert_eq!(read(&mut stream, 4), [0xfe, 1, 2, 0]);
    }
    stream.shutdown(Shutdown::Write).unwrap();
    assert_closed(&mut stream);
}

#[test]
fn import_is_for_one_client_at_a_time() {
    let bench = Bench::new(2);
    let first = bench.import("1-1");
    let refused = import(&mut bench.connect(), "1-1");
    assert_eq!(refused, [1, 0x11, 0, 3, 0, 0, 0, 2], "busy");
    let _other = bench.import("1-2");
    drop(first);
    let end = Instant::now() + DEADLINE;
    while import(&mut bench.connect(), "1-1").len() == 8 {
        assert!(Instant::now() < end, "still busy");
    }
}

#[test]
fn import_of_what_is_not_there_is_refused() {
    let bench = Bench::new(1);
    for busid in ["1-2", "", "1-1.1", "x"] {
        assert_eq!(import(&mut bench.connect(), busid), [1, 0x11, 0, 3, 0, 0, 0, 4]);
    }
    bench.duo(1, |d| d.faults().set_access(Access::Busy));
    assert_eq!(import(&mut bench.connect(), "1-1")[7], 2);
    bench.duo(1, |d| d.faults().set_access(Access::Denied));
    assert_eq!(import(&mut bench.connect(), "1-1")[7], 1);
}

#[test]
fn control_transfers_end_as_urbs_do() {
    let bench = Bench::new(1);
    let mut usb = bench.import("1-1");
    usb.write_all(&submit(1, [0x80, 6, 0, 1, 0, 0, 64, 0], &[])).unwrap();
    assert_eq!(reply(&mut usb), (3, 1, 0, 18));
    assert_eq!(read(&mut usb, 18)[8..12], [0x04, 0x2b, 0x58, 0xd0]);

    usb.write_all(&submit(2, [0x01, 11, 1, 0, 0, 0, 0, 0], &[])).unwrap();
    assert_eq!(reply(&mut usb), (3, 2, 0, 0));
    usb.write_all(&submit(3, [0x01, 11, 3, 0, 0, 0, 0, 0], &[])).unwrap();
    assert_eq!(reply(&mut usb), (3, 3, -32, 0), "-EPIPE is a stall");

    usb.write_all(&submit(4, [0x21, 1, 0, 0, 0, 0, 5, 0], &command(0x21, 34))).unwrap();
    assert_eq!(reply(&mut usb), (3, 4, 0, 5), "actual_length counts what was sent");
    usb.write_all(&submit(5, GETSTATUS, &[])).unwrap();
    assert_eq!(reply(&mut usb), (3, 5, 0, 6));
    assert_eq!(read(&mut usb, 6), [0, 0, 0, 0, 4, 0]);

    bench.duo(1, |d| d.faults().arm(Fault::once(Kind::Babble, 1)));
    usb.write_all(&submit(6, GETSTATUS, &[])).unwrap();
    assert_eq!(reply(&mut usb), (3, 6, -75, 0), "-EOVERFLOW is babble");
    bench.duo(1, |d| d.faults().arm(Fault::once(Kind::Protocol(Moment::Before), 1)));
    usb.write_all(&submit(7, GETSTATUS, &[])).unwrap();
    assert_eq!(reply(&mut usb), (3, 7, -71, 0), "-EPROTO is a bus error");
}

#[test]
fn other_endpoints_stall_and_impossible_lengths_are_refused() {
    let bench = Bench::new(1);
    let mut usb = bench.import("1-1");
    let mut bulk = submit(1, GETSTATUS, &[]);
    bulk[19] = 1;
    usb.write_all(&bulk).unwrap();
    assert_eq!(reply(&mut usb), (3, 1, -32, 0));
    let mut wrong = submit(2, GETSTATUS, &[]);
    wrong[27] = 64;
    usb.write_all(&wrong).unwrap();
    assert_eq!(reply(&mut usb), (3, 2, -22, 0));
    usb.write_all(&submit(3, GETSTATUS, &[])).unwrap();
    assert_eq!(reply(&mut usb), (3, 3, 0, 6), "and the connection lives");
}

#[test]
fn unanswered_transfer_can_be_unlinked_and_an_answered_one_cannot() {
    let bench = Bench::new(1);
    bench.duo(1, |d| d.faults().arm(Fault::once(Kind::Timeout(Moment::After), 1)));
    let mut usb = bench.import("1-1");
    usb.write_all(&submit(1, CLRSTATUS, &[])).unwrap();
    usb.write_all(&submit(2, GETSTATUS, &[])).unwrap(); // waits for the first
    usb.write_all(&submit(3, GETSTATUS, &[])).unwrap();
    usb.write_all(&unlink(4, 3)).unwrap();
    assert_eq!(reply(&mut usb), (4, 4, -104, 0), "-ECONNRESET: taken back before its turn");
    usb.write_all(&unlink(5, 1)).unwrap();
    assert_eq!(reply(&mut usb), (4, 5, -104, 0));
    assert_eq!(reply(&mut usb), (3, 2, 0, 6), "the next one gets its turn");
    assert_eq!(read(&mut usb, 6), [14, 0, 0, 0, 10, 0], "the lost CLRSTATUS took effect");
    for victim in [1, 2, 99] {
        usb.write_all(&unlink(6, victim)).unwrap();
        assert_eq!(reply(&mut usb), (4, 6, 0, 0));
    }
}

/// `submit` at an endpoint other than 0.
fn at_endpoint(sequence: u32, endpoint: u8, is_in: bool, length: u8, data: &[u8]) -> Vec<u8> {
    let mut packet = submit(sequence, [0; 8], data);
    (packet[15], packet[19], packet[27]) = (is_in.into(), endpoint, length);
    packet
}

#[test]
fn the_serial_port_takes_everything_and_never_has_anything_to_say() {
    let hub = Hub::new(Arc::new(SystemClock::new()));
    let options = DuoOptions { returns_to_dfu: false, ..DuoOptions::new(Generation::R6, device_id(1)) };
    hub.plug(Duo::new(options, key_maker(0)).running());
    let server = UsbIpServer::start(hub.clone(), 0).unwrap();
    let bench = Bench { hub, server };

    let mut stream = bench.connect();
    stream.write_all(&[1, 0x11, 0x80, 5, 0, 0, 0, 0]).unwrap();
    read(&mut stream, 12);
    assert_eq!(read(&mut stream, 312)[300..312], [0x2b, 0x04, 0xc0, 0x58, 0x02, 0x50, 0xef, 2, 1, 1, 1, 3]);
    assert_eq!(read(&mut stream, 12), [2, 2, 1, 0, 10, 0, 0, 0, 0xff, 0xff, 0xff, 0]);

    let mut usb = bench.import("1-1");
    usb.write_all(&at_endpoint(1, 3, true, 8, &[])).unwrap();
    usb.write_all(&at_endpoint(2, 1, true, 64, &[])).unwrap();
    usb.write_all(&at_endpoint(3, 1, false, 5, b"hello")).unwrap();
    assert_eq!(reply(&mut usb), (3, 3, 0, 5), "the reads before it wait, and hold nothing up");
    usb.write_all(&at_endpoint(4, 3, false, 1, &[0])).unwrap();
    assert_eq!(reply(&mut usb), (3, 4, -32, 0), "there is no endpoint 0x03");
    usb.write_all(&unlink(5, 1)).unwrap();
    assert_eq!(reply(&mut usb), (4, 5, -104, 0));
    usb.write_all(&unlink(6, 1)).unwrap();
    assert_eq!(reply(&mut usb), (4, 6, 0, 0), "it has been taken back");
    usb.write_all(&submit(7, [0x21, 0x20, 0, 0, 0, 0, 7, 0], &[0x40, 0x38, 0, 0, 0, 0, 8])).unwrap();
    assert_eq!(reply(&mut usb), (3, 7, -19, 0), "-ENODEV: gone before it is acknowledged");
    assert_closed(&mut usb);
    assert_eq!(bench.wait_for_devices(1).len(), 1, "in DFU mode");
}

#[test]
fn reads_that_wait_for_ever_are_bounded() {
    let hub = Hub::new(Arc::new(SystemClock::new()));
    hub.plug(Duo::new(DuoOptions::new(Generation::R6, device_id(1)), key_maker(0)).running());
    let server = UsbIpServer::start(hub.clone(), 0).unwrap();
    let bench = Bench { hub, server };
    let mut usb = bench.import("1-1");
    for n in 0..500 {
        if usb.write_all(&at_endpoint(n, 1, true, 64, &[])).is_err() {
            break;
        }
    }
    assert_closed(&mut usb);
}

#[test]
fn leaving_closes_the_connection_and_after_it_the_duo_is_listed_again() {
    let bench = Bench::new(2);
    let before = bench.wait_for_devices(2);
    let mut usb = bench.import("1-1");
    let mut other = bench.import("1-2");
    usb.write_all(&submit(1, [0x21, 1, 0, 0, 0, 0, 0, 0], &[])).unwrap();
    assert_eq!(reply(&mut usb), (3, 1, 0, 0));
    usb.write_all(&submit(2, GETSTATUS, &[])).unwrap();
    assert_eq!(reply(&mut usb), (3, 2, 0, 6));
    assert_eq!(read(&mut usb, 6)[4], 5);
    assert_closed(&mut usb);
    let after = bench.wait_for_devices(2);
    assert_eq!(after[0].path, before[0].path);
    assert_ne!(after[0].address, before[0].address);
    assert_eq!(bench.duo(1, |d| d.boots()), 1);
    let _again = bench.import("1-1");
    other.write_all(&submit(1, GETSTATUS, &[])).unwrap();
    assert_eq!(reply(&mut other), (3, 1, 0, 6), "the other Duo has noticed nothing");
}

#[test]
fn unplugging_and_detaching_close_the_connection_even_under_a_hanging_transfer() {
    let bench = Bench::new(1);
    bench.duo(1, |d| d.faults().arm(Fault::once(Kind::Timeout(Moment::Before), 1)));
    let mut usb = bench.import("1-1");
    usb.write_all(&submit(1, GETSTATUS, &[])).unwrap();
    let end = Instant::now() + DEADLINE;
    while bench.duo(1, |d| d.class_requests()) == 0 {
        assert!(Instant::now() < end, "it never reached the Duo");
        std::thread::yield_now();
    }
    bench.duo(1, Duo::unplug);
    assert_closed(&mut usb);
    bench.hub.with_duo(&Bench::path(1), Duo::plug_in);
    bench.wait_for_devices(1);

    let mut usb = bench.import("1-1");
    usb.write_all(&submit(1, [0x21, 0, 0, 0, 0, 0, 0, 0], &[])).unwrap();
    assert_eq!(reply(&mut usb), (3, 1, 0, 0), "DETACH is answered");
    assert_closed(&mut usb);
    bench.wait_for_devices(1);
}

#[test]
fn state_of_the_duo_outlives_the_connection() {
    let bench = Bench::new(1);
    let mut usb = bench.import("1-1");
    usb.write_all(&submit(1, CLRSTATUS, &[])).unwrap();
    assert_eq!(reply(&mut usb), (3, 1, 0, 0));
    drop(usb);
    assert_eq!(bench.duo(1, |d| d.state()), 10);
    assert_eq!(bench.duo(1, |d| d.configuration()), 1);
}

#[test]
fn malformed_packets_close_the_connection_and_nothing_else() {
    let bench = Bench::new(1);
    let with = |at: usize, bytes: &[u8]| {
        let mut packet = submit(1, GETSTATUS, &[]);
        packet[at..at + bytes.len()].copy_from_slice(bytes);
        packet
    };
    let after_import = [
        with(0, &[0, 0, 0, 9]),
        with(12, &[0, 0, 0, 2]),
        with(16, &[0, 0, 1, 0]),
        with(24, &[0x7f, 0xff, 0xff, 0xff]),
        with(24, &[0xff, 0xff, 0xff, 0xff]),
        with(32, &[0, 0, 0, 1]),
    ];
    let before_import: [&[u8]; 4] = [
        &[2, 0, 0x80, 5, 0, 0, 0, 0],
        &[1, 0x11, 0x80, 4, 0, 0, 0, 0],
        b"GET / HTTP/1.1\r\n\r\n",
        &[[1, 0x11, 0x80, 3, 0, 0, 0, 0].as_slice(), &[b'1'; 32]].concat(),
    ];
    for packet in before_import {
        let mut stream = bench.connect();
        stream.write_all(packet).unwrap();
        assert_closed(&mut stream);
    }
    for packet in after_import {
        let end = Instant::now() + DEADLINE;
        let mut stream = loop {
            let mut stream = bench.connect();
            if import(&mut stream, "1-1").len() > 8 {
                break stream;
            }
            assert!(Instant::now() < end);
        };
        stream.write_all(&packet).unwrap();
        assert_closed(&mut stream);
    }
    assert_eq!(bench.wait_for_devices(1).len(), 1);
}

#[test]
fn flood_of_transfers_is_bounded() {
    let bench = Bench::new(1);
    bench.duo(1, |d| d.faults().arm(Fault::from(Kind::Timeout(Moment::Before), 1)));
    let mut usb = bench.import("1-1");
    for n in 0..500 {
        if usb.write_all(&submit(n, GETSTATUS, &[])).is_err() {
            break;
        }
    }
    assert_closed(&mut usb);
}

#[test]
fn stopping_closes_connections_and_frees_the_port() {
    let bench = Bench::new(1);
    let address = bench.server.address();
    assert!(address.ip().is_loopback());
    let mut idle = bench.connect();
    let mut usb = bench.import("1-1");
    let Bench { server, .. } = bench;
    server.stop();
    assert_closed(&mut idle);
    assert_closed(&mut usb);
    assert!(TcpStream::connect(address).is_err());
    let again = UsbIpServer::start(Hub::new(Arc::new(SystemClock::new())), address.port()).unwrap();
    assert_eq!(again.address(), address);
    drop(again);
    assert!(TcpStream::connect(address).is_err(), "dropping stops it too");
}

#[test]
fn taken_port_is_an_error() {
    let bench = Bench::new(0);
    let again = UsbIpServer::start(bench.hub.clone(), bench.server.address().port());
    assert_eq!(again.err().unwrap().kind(), ErrorKind::AddrInUse);
}
