//! Checks that faults strike when they are armed to, and do what they say.

use duo_provision::simulator::faults::{Access, Counting, Fault, Kind, Lie, Moment};
use duo_provision::simulator::{Duo, Generation};
use duo_provision::usb::{Bus, Clock, TransferError, UsbError};

use super::text;
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
    let replaced = Kind::Descriptor { kind: 3, index: 7, lie: Lie::Bytes(vec![2, 3]) };
    let mut b = armed(Fault { kind: replaced, nth: 2, counting: Counting::All, once: true });
    assert_eq!(text(&mut b, 7), "@DCT Flash   /0x00000000/01*016Kg");
    assert_eq!(text(&mut b, 7), "");
    assert_eq!(text(&mut b, 7), "@DCT Flash   /0x00000000/01*016Kg");
}

fn descriptor(b: &mut Bench, kind: u16, length: usize) -> Result<Vec<u8>, TransferError> {
    b.input((0x80, 6, kind << 8, 0), length)
}

#[test]
fn descriptors_can_lie() {
    let lies = [
        (2, Lie::Missing, Err(TransferError::Stall)),
        (2, Lie::Empty, Ok(vec![])),
        (2, Lie::Looping, Ok(unhex("09022d00010102c0320004"))),
        (2, Lie::TooLong, Ok(unhex("0902ffff010102c0320904"))),
        (2, Lie::TooShort, Ok(unhex("09020a00010102c0320904"))),
        (1, Lie::Looping, Ok(unhex("0001000200000040042b58"))),
        (1, Lie::TooLong, Ok(unhex("ff01000200000040042b58"))),
        (1, Lie::TooShort, Ok(unhex("0301000200000040042b58"))),
    ];
    for (kind, lie, expected) in lies {
        let mut b = armed(Fault::always(Kind::Descriptor { kind, index: 0, lie }));
        assert_eq!(descriptor(&mut b, kind.into(), 11), expected);
    }
    let mut b = armed(Fault::always(Kind::AltName { alt: 1, text: "@X".into() }));
    assert_eq!(text(&mut b, 7), "@X");
    assert_eq!(text(&mut b, 3).len(), 24);
}

#[test]
fn reads_can_lack_their_end() {
    let mut b = armed(Fault::once(Kind::ShortBy(1), 1));
    assert_eq!(b.get_status().unwrap().len(), 5);
    assert_eq!(b.get_status().unwrap().len(), 6);
}

/// The slot's content if this fault strikes at the GETSTATUS that writes.
fn slot_after(kind: Kind) -> Vec<u8> {
    let mut b = Bench::new(Generation::R6);
    b.alt(1);
    b.point_at(34);
    b.dnload(2, &[0x55; 1216]).unwrap();
    b.duo(|d| d.faults().arm(Fault::once(kind, 1)));
    assert_eq!(b.get_status(), Err(TransferError::Disconnected));
    b.wait(2000);
    b.reopen();
    assert_eq!(b.get_state(), 2);
    b.duo(|d| d.dct(34, 1216))
}

#[test]
fn a_write_that_is_cut_leaves_old_new_or_neither() {
    let old = Bench::new(Generation::R6).duo(|d| d.dct(34, 1216));
    let mixed = |new: usize| [&[0x55; 1216][..new], &old[new..]].concat();
    for new in [0, 600, 1216] {
        assert!(slot_after(Kind::PowerCut(new)) == mixed(new), "{new}");
    }
    for (moment, new) in [(Moment::Before, 0), (Moment::In, 608), (Moment::After, 1216)] {
        assert!(slot_after(Kind::Disconnect { moment, returns: true }) == mixed(new), "{moment}");
    }
}

#[test]
fn data_that_does_not_arrive_whole_is_dropped() {
    let mut b = Bench::new(Generation::R6);
    b.alt(1);
    b.point_at(34);
    b.duo(|d| d.faults().arm(Fault::once(Kind::Timeout(Moment::In), 1)));
    assert_eq!(b.dnload(2, &[0x55; 1216]), Err(TransferError::Timeout));
    assert_eq!(b.get_state(), 2);
}

#[test]
fn another_address_is_the_same_bootloader() {
    let mut b = Bench::new(Generation::R6);
    b.alt(1);
    b.clear_status();
    let before = b.devices()[0].clone();
    b.duo(|d| d.faults().arm(Fault::once(Kind::Reenumerate(Moment::Before), 1)));
    assert_eq!(b.get_status(), Err(TransferError::Disconnected));
    b.wait(5);
    let after = b.devices()[0].clone();
    assert!(before.path == after.path && before.address != after.address);
    assert!(matches!(b.bus.open(&before), Err(UsbError::Gone)));
    b.reopen();
    assert_eq!(b.duo(|d| (d.alt(), d.boots())), (1, 0));
}

#[test]
fn a_swap_puts_another_duo_into_the_port_and_the_next_puts_it_back() {
    for generation in Generation::ALL {
        let mut b = Bench::new(generation);
        let first = b.duo(|d| (d.device_id(), d.dct(34, 1216)));
        b.duo(|d| d.faults().arm(Fault::once(Kind::Swap(Moment::Before), 1)));
        assert_eq!(b.get_status(), Err(TransferError::Disconnected));
        b.wait(2000);
        b.reopen();
        let other = b.duo(|d| (d.device_id(), d.dct(34, 1216)));
        assert!(first.0 != other.0 && first.1 != other.1);
        assert_eq!(text(&mut b, 3) == other.0, generation == Generation::R6);
        let both = |d: &mut Duo| (d.first_dct(34, 1216), d.second_dct(34, 1216).unwrap());
        assert!(b.duo(both) == (first.1.clone(), other.1.clone()) && b.duo(|d| d.is_away()));
        b.hub.with_duo(&b.path, Duo::swap);
        assert!(b.duo(both) == (first.1.clone(), other.1) && !b.duo(|d| d.is_away()));
        assert!(b.duo(|d| (d.device_id(), d.dct(34, 1216))) == first);
    }
}

#[test]
fn a_twin_has_the_same_name_another_port_and_another_key() {
    for (nth, devices) in [(0, 2), (2, 1)] {
        let mut b = armed(Fault::once(Kind::Twin, nth));
        assert_eq!(b.devices().len(), devices);
        for _ in 0..3 {
            b.get_status().unwrap();
        }
        let all = b.devices();
        assert_eq!(all.iter().map(|d| d.path.as_str()).collect::<Vec<_>>(), ["1-1", "1-2"]);
        let twin = b.hub.with_duo(&all[1].path, |d, _| (d.device_id(), d.dct(34, 1216))).unwrap();
        let first = b.duo(|d| (d.device_id(), d.dct(34, 1216)));
        assert!(twin.0 == first.0 && twin.1 != first.1);
    }
}

#[test]
fn access_is_refused_from_a_transfer_on_or_once() {
    for (once, again) in [(true, true), (false, false)] {
        let mut b = armed(Fault { kind: Kind::Denied, nth: 2, counting: Counting::All, once });
        let device = b.devices()[0].clone();
        b.get_status().unwrap();
        assert!(b.bus.open(&device).is_ok());
        b.get_status().unwrap();
        assert!(matches!(b.bus.open(&device), Err(UsbError::AccessDenied)));
        assert_eq!(b.bus.open(&device).is_ok(), again);
        assert!(b.get_status().is_ok(), "what is open stays open");
    }
    let mut b = armed(Fault { kind: Kind::Taken, nth: 0, counting: Counting::All, once: true });
    assert_eq!((b.usb.claim(0), b.usb.claim(0)), (Err(UsbError::Busy), Ok(())));
}

#[test]
fn a_leave_stalls_hangs_or_vanishes() {
    let leave = |kind, expected: Result<(), TransferError>| {
        let mut b = armed(Fault::once(kind, 1));
        assert_eq!(b.dnload(0, &[]), expected);
        let _ = b.get_status();
        b.wait(5000);
        (b.devices().len(), b.duo(|d| d.boots()))
    };
    assert_eq!(leave(Kind::LeaveStalls, Err(TransferError::Stall)), (1, 0));
    assert_eq!(leave(Kind::LeaveHangs, Ok(())), (1, 0));
    assert_eq!(leave(Kind::LeaveVanishes, Err(TransferError::Disconnected)), (0, 0));
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
