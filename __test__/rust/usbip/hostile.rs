//! Tests the client and the server against a peer that does not speak USB/IP, or speaks it badly.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener};
use std::time::Duration;

use duo_provision::usb::usbip::UsbipBus;
use duo_provision::usb::{Bus, Device, PortPath, TransferError, UsbError};
use proptest::prelude::*;

use super::Bench;
use super::wire::words;
use crate::virtual_duo::{DFU, NORMAL, input, setup};

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

/// What a server sends to a client that imports, configures, and asks for the status.
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
