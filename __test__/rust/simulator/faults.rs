//! Faults strike when they are armed to, and do what they say.

use duo_provision::simulator::Generation;
use duo_provision::simulator::faults::{Access, Counting, Fault, Kind, Moment};
use duo_provision::usb::{Bus, Clock, TransferError, UsbError};

use crate::text;
use crate::virtual_duo::*;

fn armed(fault: Fault) -> Bench {
    let b = Bench::new(Generation::R6);
    b.duo(|d| d.faults().arm(fault));
    b
}

#[test]
fn faults_strike_the_nth_class_request_once_or_from_there_on() {
    let mut b = armed(Fault::once(Kind::Stall(Moment::Before), 2));
    b.alt(1); // does not count
    assert!(b.get_status().is_ok());
    assert_eq!(b.get_status(), Err(TransferError::Stall));
    assert!(b.get_status().is_ok());
    assert_eq!(b.duo(|d| d.faults().acted()), 1);

    let mut b = armed(Fault::from(Kind::Protocol(Moment::Before), 2));
    assert!(b.get_status().is_ok());
    for _ in 0..3 {
        assert!(matches!(b.get_status(), Err(TransferError::Protocol(_))));
    }
    b.duo(|d| d.faults().clear());
    assert!(b.get_status().is_ok());
}

#[test]
fn timeouts_cost_their_whole_limit_and_take_effect_or_not() {
    for (moment, state) in [(Moment::Before, 2), (Moment::After, 10)] {
        let mut b = armed(Fault::once(Kind::Timeout(moment), 1));
        let before = b.clock.now();
        assert_eq!(b.output((0x21, 4, 0, 0), &[]), Err(TransferError::Timeout));
        assert_eq!(b.clock.now(), before + SECOND);
        assert_eq!(b.get_state(), state);
    }
}

#[test]
fn disconnects_last_or_end_in_a_restart() {
    for (moment, written) in [(Moment::Before, false), (Moment::After, true)] {
        let mut b = Bench::new(Generation::R6);
        b.alt(1);
        b.point_at(34);
        b.dnload(2, &[0x55; 64]).unwrap();
        b.duo(|d| d.faults().arm(Fault::once(Kind::Disconnect { moment, returns: true }, 1)));
        assert_eq!(b.get_status(), Err(TransferError::Disconnected));
        assert_eq!(b.devices(), []);
        b.wait(2000);
        b.reopen();
        assert_eq!(b.duo(|d| d.dct(34, 64) == [0x55; 64]), written);
    }
    let mut b = armed(Fault::once(Kind::Disconnect { moment: Moment::Before, returns: false }, 1));
    assert_eq!(b.get_status(), Err(TransferError::Disconnected));
    b.wait(60_000);
    assert_eq!(b.devices(), []);
}

#[test]
fn spoilt_reads_wait_for_an_upload_and_leave_the_flash_alone() {
    let good = Bench::new(Generation::R6).duo(|d| d.dct(34, 1216));
    let mut flipped = good.clone();
    flipped[125] ^= 1;
    let short = good[..100].to_vec();
    let cases = [
        (Kind::ReadZeros, vec![0; 1216]),
        (Kind::ReadOnes, vec![0xff; 1216]),
        (Kind::ReadFlipped(1000), flipped),
    ];
    for (kind, expected) in cases {
        let mut b = armed(Fault::once(kind, 1));
        assert_eq!(b.read(1, 34, 1216), expected);
        assert_eq!(b.read(1, 34, 1216), good, "once");
    }
    let mut b = armed(Fault::once(Kind::ShortRead(100), 5));
    assert_eq!(b.read(1, 34, 1216), short);
    let mut b = armed(Fault::from(Kind::ReadUnstable, 1));
    assert_ne!(b.read(1, 34, 1216), b.read(1, 34, 1216));
    let mut b = armed(Fault::once(Kind::Babble, 1));
    assert_eq!(b.get_status(), Err(TransferError::Babble));
}

#[test]
fn spoilt_writes_wait_for_a_write_and_only_a_failed_one_tells() {
    let old = Bench::new(Generation::R6).duo(|d| d.dct(34, 1216));
    let mut half = vec![0x55; 1216];
    half[600..].copy_from_slice(&old[600..]);
    let cases = [
        (Kind::WriteFails, old.clone(), false),
        (Kind::WriteSilent, old.clone(), true),
        (Kind::WriteHalf(600), half, true),
    ];
    for (kind, expected, first_ok) in cases {
        let mut b = armed(Fault::once(kind, 1));
        let (first, second) = b.write(1, 34, &[0x55; 1216]);
        assert_eq!(first.is_ok(), first_ok);
        assert_eq!(second.unwrap()[4], 5);
        assert_eq!(b.duo(|d| d.dct(34, 1216)), expected);
        b.write(1, 34, &[0x66; 1216]).0.unwrap();
        assert_eq!(b.duo(|d| d.dct(34, 1216)), [0x66; 1216], "once");
    }
}

#[test]
fn states_and_poll_times_can_be_made_up() {
    let mut b = armed(Fault::once(Kind::State(15), 1));
    assert_eq!(b.get_status().unwrap()[4], 15);
    let mut b = armed(Fault::from(Kind::Busy, 1));
    b.dnload(0, &command(0x21, 34)).unwrap();
    for _ in 0..5 {
        assert_eq!(b.get_status().unwrap()[4], 4);
    }
    for (ms, bytes) in [(0, [0, 0, 0]), (0x00ff_ffff, [0xff; 3])] {
        let mut b = armed(Fault::from(Kind::PollTimeout(ms), 1));
        assert_eq!(b.get_status().unwrap()[1..4], bytes);
    }
}

#[test]
fn descriptors_can_be_replaced() {
    let mut b = armed(Fault::always(Kind::TransferSize(2048)));
    assert_eq!(b.input((0x80, 6, 0x0200, 0), 255).unwrap()[36..], unhex("09210bff0000081a01"));
    assert_eq!(b.input((0x80, 6, 0x0200, 0), 9).unwrap(), unhex("09022d00010102c032"));
    let mut b = armed(Fault::always(Kind::Serial("elsewhere".to_owned())));
    assert_eq!(text(&mut b, 3), "elsewhere");
    assert_eq!(text(&mut b, 2), "Duo DFU Mode");
    let replaced = Kind::Descriptor { kind: 3, index: 7, bytes: vec![2, 3] };
    let mut b = armed(Fault { kind: replaced, nth: 2, counting: Counting::All, once: true });
    assert_eq!(text(&mut b, 7), "@DCT Flash   /0x00000000/01*016Kg");
    assert_eq!(text(&mut b, 7), "");
    assert_eq!(text(&mut b, 7), "@DCT Flash   /0x00000000/01*016Kg");
}

#[test]
fn access_can_be_denied_and_the_interface_taken() {
    let mut b = Bench::new(Generation::R6);
    b.duo(|d| d.faults().set_access(Access::Denied));
    let listed = b.devices()[0].clone();
    assert!(matches!(b.bus.open(&listed), Err(UsbError::AccessDenied)));
    b.duo(|d| d.faults().set_access(Access::Busy));
    assert_eq!(b.bus.open(&listed).unwrap().claim(0), Err(UsbError::Busy));
    b.duo(|d| d.faults().clear());
    assert_eq!(b.usb.claim(0), Ok(()));
}
