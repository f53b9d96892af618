//! USB/IP: the server packet by packet, the client against it, and each against nonsense.

mod virtual_duo;

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use duo_provision::simulator::faults::{Access, Fault, Kind, Moment};
use duo_provision::simulator::{Duo, DuoOptions, Generation, Hub, UsbIpServer};
use duo_provision::usb::clock::SystemClock;
use duo_provision::usb::usbip::UsbipBus;
use duo_provision::usb::{Bus, Device, PortPath, TransferError, Transport, UsbError};
use proptest::prelude::*;
use virtual_duo::{DFU, NORMAL, command, device_id, device_keys, input, key_maker, output, setup};

/// For whatever has to happen; nothing waits for it to pass.
const DEADLINE: Duration = Duration::from_secs(20);

/// A server on a port of its own, with `duos` r6 Duos that restart at once.
struct Bench {
    hub: Arc<Hub>,
    server: UsbIpServer,
}

impl Bench {
    fn new(duos: u8) -> Self {
        let hub = Hub::new(Arc::new(SystemClock::new()));
        for n in 0..duos {
            let mut options = DuoOptions::new(Generation::R6, device_id(n + 1));
            options.boot_time = Duration::from_millis(30);
            hub.plug(Duo::new(options, key_maker(usize::from(n) * 10)));
        }
        let server = UsbIpServer::start(hub.clone(), 0).unwrap();
        Self { hub, server }
    }

    fn path(port: u8) -> PortPath {
        PortPath::new(1, &[port])
    }

    fn duo<R>(&self, port: u8, f: impl FnOnce(&mut Duo) -> R) -> R {
        self.hub.with_duo(&Self::path(port), |duo, _| f(duo)).unwrap()
    }

    fn connect(&self) -> TcpStream {
        connect(self.server.address())
    }

    fn import(&self, busid: &str) -> TcpStream {
        let mut stream = self.connect();
        let reply = import(&mut stream, busid);
        assert_eq!(reply[..8], [1, 0x11, 0, 3, 0, 0, 0, 0], "status");
        stream
    }

    fn bus(&self) -> UsbipBus {
        UsbipBus::new(&self.server.address().to_string()).unwrap()
    }

    fn open(&self, index: usize) -> Box<dyn Transport> {
        let bus = self.bus();
        bus.open(&bus.list(&[DFU]).unwrap()[index]).unwrap()
    }

    /// Waits until the client sees so many Duos in DFU mode.
    fn wait_for_devices(&self, count: usize) -> Vec<Device> {
        let end = Instant::now() + DEADLINE;
        loop {
            let devices = self.bus().list(&[DFU]).unwrap();
            if devices.len() == count {
                return devices;
            }
            assert!(Instant::now() < end, "still {} devices", devices.len());
            std::thread::yield_now();
        }
    }
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    stream
}

fn read(stream: &mut TcpStream, size: usize) -> Vec<u8> {
    let mut bytes = vec![0; size];
    stream.read_exact(&mut bytes).unwrap();
    bytes
}

/// The server has closed the connection.
fn assert_closed(stream: &mut TcpStream) {
    match stream.read(&mut [0; 64]) {
        Ok(0) => {}
        Err(e) if e.kind() == ErrorKind::ConnectionReset => {}
        other => panic!("still open: {other:?}"),
    }
}

/// OP_REQ_IMPORT; returns 8 bytes on refusal, 320 else.
fn import(stream: &mut TcpStream, busid: &str) -> Vec<u8> {
    let mut request = vec![1, 0x11, 0x80, 3, 0, 0, 0, 0];
    request.extend(busid.as_bytes());
    request.resize(40, 0);
    stream.write_all(&request).unwrap();
    let mut reply = read(stream, 8);
    if reply[7] == 0 {
        reply.extend(read(stream, 312));
    }
    reply
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|w| w.to_be_bytes()).collect()
}

/// USBIP_CMD_SUBMIT on endpoint 0.
fn submit(sequence: u32, setup: [u8; 8], data: &[u8]) -> Vec<u8> {
    let is_in = u32::from(setup[0] >> 7);
    let length = u32::from(u16::from_le_bytes([setup[6], setup[7]]));
    let mut packet = words(&[1, sequence, 0x0001_0001, is_in, 0, 0, length, 0, u32::MAX, 0]);
    packet.extend(setup);
    packet.extend(data);
    packet
}

fn unlink(sequence: u32, victim: u32) -> Vec<u8> {
    let mut packet = words(&[2, sequence, 0x0001_0001, 0, 0, victim]);
    packet.resize(48, 0);
    packet
}

/// A reply's command, sequence, status and actual length.
fn reply(stream: &mut TcpStream) -> (u32, u32, i32, usize) {
    let header = read(stream, 48);
    let word = |at: usize| u32::from_be_bytes(header[at..at + 4].try_into().unwrap());
    assert_eq!(header[8..20], [0; 12], "devid, direction and endpoint are zero in replies");
    (word(0), word(4), i32::from_be_bytes(header[20..24].try_into().unwrap()), word(24) as usize)
}

const GETSTATUS: [u8; 8] = [0xa1, 3, 0, 0, 0, 0, 6, 0];
const CLRSTATUS: [u8; 8] = [0x21, 4, 0, 0, 0, 0, 0, 0];

// ---- The server ----

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
    usb.write_all(&submit(2, GETSTATUS, &[])).unwrap(); // waits behind it
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

// ---- The client ----

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
    let Err(UsbError::Server(message)) = bus.list(&[DFU]) else { panic!("listed") };
    assert!(message.contains(&free.to_string()), "{message}");
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

/// A server that answers every connection with the same bytes, then closes it.
fn says(bytes: Vec<u8>) -> UsbipBus {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let bus = UsbipBus::new(&listener.local_addr().unwrap().to_string()).unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.write_all(&bytes);
        let _ = stream.shutdown(Shutdown::Write);
        let _ = std::io::copy(&mut stream, &mut std::io::sink());
    });
    bus
}

/// The record of a Duo at 1-1, address 1.
fn record() -> Vec<u8> {
    let mut device = vec![0; 312];
    device[256..259].copy_from_slice(b"1-1");
    device[288..296].copy_from_slice(&words(&[1, 1]));
    device[300..306].copy_from_slice(&[0x2b, 4, 0xd0, 0x58, 2, 0x50]);
    device
}

fn duo() -> Device {
    Device {
        path: PortPath::new(1, &[1]),
        address: 1,
        vendor_id: 0x2b04,
        product_id: 0xd058,
        bcd_device: 0x0250,
    }
}

/// What a server says to a client that imports, configures, and asks for the status.
fn conversation(rest: &[u8]) -> Vec<u8> {
    let mut bytes = vec![1, 0x11, 0, 3, 0, 0, 0, 0];
    bytes.extend(record());
    bytes.extend(answer(1, 0, 0));
    bytes.extend(rest);
    bytes
}

fn answer(sequence: u32, status: i32, actual_length: u32) -> Vec<u8> {
    let mut packet = words(&[3, sequence, 0, 0, 0, status.cast_unsigned(), actual_length]);
    packet.resize(48, 0);
    packet
}

#[test]
fn client_refuses_what_is_no_device_list() {
    let list = |count: u32| [&[1, 0x11, 0, 5, 0, 0, 0, 0][..], &words(&[count])].concat();
    let cases = [
        b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(),
        vec![],
        list(1),
        list(u32::MAX),
        vec![1, 0x11, 0, 5, 0, 0, 0, 1],
        vec![1, 0x11, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0],
        [list(1), vec![b'1'; 312]].concat(),
    ];
    for bytes in cases {
        assert!(matches!(says(bytes.clone()).list(&[DFU]), Err(UsbError::Server(_))), "{bytes:?}");
    }
    let odd_ids = ["1", "-", "a-1", "1-", "1-01", "1-1.", "256-1", "1-1.1.1.1.1.1.1.1"];
    let records = odd_ids.map(|id| {
        let mut device = record();
        device[256..288].fill(0);
        device[256..256 + id.len()].copy_from_slice(id.as_bytes());
        device
    });
    let bytes = [list(8), records.concat()].concat();
    assert_eq!(says(bytes).list(&[DFU]), Ok(vec![]), "no such path exists, so they are left out");
    assert_eq!(says([list(1), record()].concat()).list(&[DFU]), Ok(vec![duo()]));
}

#[test]
fn client_gives_up_a_stream_that_makes_no_sense() {
    let status = |rest: &[u8]| {
        let mut usb = says(conversation(rest)).open(&duo()).unwrap();
        let first = input(&mut *usb, (0xa1, 3, 0, 0), 6);
        (first, input(&mut *usb, (0xa1, 3, 0, 0), 6))
    };
    let good = [answer(2, 0, 6), vec![0, 0, 0, 0, 2, 0]].concat();
    assert_eq!(status(&good), (Ok(vec![0, 0, 0, 0, 2, 0]), Err(TransferError::Disconnected)));
    let gone = Err(TransferError::Disconnected);
    assert_eq!(
        status(&[answer(9, 0, 6), good.clone()].concat()),
        (gone.clone(), gone.clone()),
        "a wrong number"
    );
    assert_eq!(status(&answer(2, 0, 6)), (gone.clone(), gone.clone()), "cut short");
    let more = [answer(2, 0, u32::MAX), good.clone()].concat();
    assert_eq!(status(&more), (Err(TransferError::Babble), gone.clone()), "more than was asked for");
    let late = [&words(&[4, 1, 0, 0, 0, 0])[..], &[0; 24], &good].concat();
    assert_eq!(status(&late).0, Ok(vec![0, 0, 0, 0, 2, 0]), "an unlink's late confirmation is passed over");
    let failed_with_data = [answer(2, -32, 2), vec![0, 0], answer(3, 0, 1), vec![7]].concat();
    assert_eq!(status(&failed_with_data), (Err(TransferError::Stall), Ok(vec![7])));
}

#[test]
fn client_gives_up_a_server_that_does_not_answer_an_unlink() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let bus = UsbipBus::new(&listener.local_addr().unwrap().to_string()).unwrap();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.write_all(&conversation(&[])).unwrap();
        let mut received = Vec::new();
        let _ = stream.read_to_end(&mut received);
        received
    });
    let mut usb = bus.open(&duo()).unwrap();
    let mut buffer = [0; 6];
    let request = setup((0xa1, 3, 0, 0));
    let limit = Duration::from_millis(20);
    assert_eq!(usb.control_in(request, &mut buffer, limit), Err(TransferError::Timeout));
    assert_eq!(usb.control_in(request, &mut buffer, limit), Err(TransferError::Disconnected));
    drop(usb);
    let received = server.join().unwrap();
    // Import, SET_CONFIGURATION, GETSTATUS, and the unlink of GETSTATUS.
    assert_eq!(received.len(), 40 + 3 * 48);
    assert_eq!(received[40 + 96..][..24], words(&[2, 3, 0x0001_0001, 0, 0, 2]));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn client_survives_any_device_list(tail in prop::collection::vec(any::<u8>(), 0..900), honest in any::<bool>()) {
        let head: &[u8] = if honest { &[1, 0x11, 0, 5, 0, 0, 0, 0, 0, 0, 0] } else { &[] };
        if let Ok(devices) = says([head, &tail].concat()).list(&[DFU]) {
            prop_assert!(devices.len() <= tail.len() / 312);
        }
    }

    #[test]
    fn client_survives_any_answer(
        command in 0u32..6, sequence in 0u32..5, status in prop_oneof![Just(0i32), any::<i32>()],
        length in prop_oneof![0u32..10, any::<u32>()], data in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let mut packet = answer(sequence, status, length);
        packet[..4].copy_from_slice(&command.to_be_bytes());
        let mut usb = says(conversation(&[packet, data].concat())).open(&duo()).unwrap();
        if let Ok(bytes) = input(&mut *usb, (0xa1, 3, 0, 0), 6) {
            prop_assert!(bytes.len() <= 6);
        }
    }

    #[test]
    fn server_survives_anything_before_and_after_an_import(
        imported in any::<bool>(),
        packets in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..100), 0..4),
        command in 0u8..3,
    ) {
        let bench = Bench::new(1);
        let mut stream = if imported { bench.import("1-1") } else { bench.connect() };
        for mut packet in packets {
            if imported && packet.len() >= 48 {
                packet[..4].copy_from_slice(&[0, 0, 0, command]);
                packet[24..26].fill(0);
            }
            let _ = stream.write_all(&packet);
        }
        let _ = stream.shutdown(Shutdown::Write);
        let _ = std::io::copy(&mut stream, &mut std::io::sink());
        prop_assert_eq!(bench.bus().list(&[DFU, NORMAL]).map(|d| d.len() <= 1), Ok(true));
    }
}
