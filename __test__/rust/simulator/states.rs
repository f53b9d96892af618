//! Tests the DFU state machine with arbitrary sequences of requests.

use duo_provision::simulator::Generation;
use duo_provision::usb::{Bus, TransferError};
use proptest::prelude::*;

use super::{R, status};
use crate::virtual_duo::*;

#[test]
fn upload_is_refused_outside_idle_and_cancels_an_unpolled_write() {
    let mut b = Bench::new(Generation::R6);
    let before = b.duo(|d| d.dct(34, 1216));
    b.alt(1);
    b.point_at(34);
    b.dnload(2, &[0x55; 1216]).unwrap();
    assert_eq!(b.upload(2, 64), Err(TransferError::Stall));
    assert_eq!(b.get_state(), 3, "the state stays");
    assert_eq!(b.get_status().unwrap()[4], 5, "and nothing is left to write");
    assert_eq!(b.duo(|d| d.dct(34, 1216)), before);
    assert_eq!(b.upload(2, 64), Err(TransferError::Stall), "in dfuDNLOAD-IDLE too");
    b.abort();
    assert!(b.upload(2, 64).is_ok());
    assert_eq!(b.get_state(), 9);
    assert!(b.upload(3, 64).is_ok());
}

#[test]
fn upload_of_block_1_stalls_and_leaves_state_15() {
    let mut b = Bench::new(Generation::R6);
    assert_eq!(b.upload(1, 64), Err(TransferError::Stall));
    assert_eq!(b.get_state(), 15);
    assert_eq!(b.get_status().unwrap()[4], 15);
    b.abort();
    assert_eq!(b.get_state(), 15, "ABORT is acknowledged and does nothing");
    b.clear_status();
    assert_eq!(b.get_status().unwrap(), [14, 0, 0, 0, 10, 0]);
    b.clear_status();
    assert_eq!(b.get_status(), status(0, 2));
}

#[test]
fn clrstatus_outside_dfu_error_puts_it_into_dfu_error() {
    for state in [2, 3, 5, 6, 8, 9, 15] {
        let mut b = Bench::new(Generation::R5);
        b.duo(|d| d.set_state(state));
        b.clear_status();
        assert_eq!(b.get_status().unwrap(), [14, 0, 0, 0, 10, 0], "from {state}");
        b.clear_status();
        assert_eq!(b.get_state(), 2);
    }
}

#[test]
fn abort_acts_in_five_states_only() {
    for state in 0..=15 {
        let mut b = Bench::new(Generation::R6);
        b.duo(|d| d.set_state(state));
        b.abort();
        let expected = if [2, 3, 5, 6, 9].contains(&state) { 2 } else { state };
        assert_eq!(b.get_state(), expected, "from {state}");
    }
}

#[test]
fn dnload_in_a_wrong_state_stalls_and_leaves_the_state() {
    for state in [3, 4, 6, 8, 9, 10, 15] {
        let mut b = Bench::new(Generation::R6);
        b.duo(|d| d.set_state(state));
        assert_eq!(b.dnload(2, &[1; 8]), Err(TransferError::Stall));
        assert_eq!(b.dnload(0, &[]), Err(TransferError::Stall));
        assert_eq!(b.get_state(), state);
    }
}

#[test]
fn getstate_has_no_side_effects() {
    let mut b = Bench::new(Generation::R6);
    b.dnload(0, &command(0x21, 34)).unwrap();
    assert_eq!((b.get_state(), b.get_state(), b.get_state()), (3, 3, 3));
    b.abort();
    assert_eq!(b.get_state(), 2);
}

#[test]
fn detach_drops_off_the_bus_and_comes_back_in_dfu_mode() {
    let mut b = Bench::new(Generation::R6);
    b.alt(1);
    b.point_at(34);
    let address = b.devices()[0].address;
    b.output((0x21, 0, 1000, 0), &[]).unwrap();
    assert_eq!(b.devices(), []);
    assert_eq!(b.get_status(), Err(TransferError::Disconnected));
    b.wait(5);
    let back = b.devices();
    assert_eq!((back[0].vendor_id, back[0].product_id), DFU);
    assert_eq!(back[0].path.as_str(), "1-1");
    assert_ne!(back[0].address, address);
    assert_eq!(b.get_status(), Err(TransferError::Disconnected), "the old handle stays dead");
    b.reopen();
    assert_eq!(b.upload(2, 2).unwrap(), [0x30, 0x82], "alt and pointer have survived");
    assert_eq!(b.duo(|d| d.boots()), 0);
}

#[test]
fn requests_that_dfu_does_not_know_or_to_another_interface_stall() {
    let mut b = Bench::new(Generation::R6);
    assert_eq!(b.input((0xa1, 7, 0, 0), 6), Err(TransferError::Stall));
    assert_eq!(b.input((0xa1, 3, 0, 1), 6), Err(TransferError::Stall));
    assert_eq!(b.input((0xa0, 3, 0, 0), 6), Err(TransferError::Stall));
    assert_eq!(b.input((0xc0, 0x01, 0, 4), 6), Err(TransferError::Stall));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_sequence_of_requests_breaks_it(
        generation in 0usize..4,
        requests in prop::collection::vec(
            (any::<u8>(), 0u8..12, prop_oneof![0u16..8, any::<u16>()], 0u16..3,
             prop::collection::vec(any::<u8>(), 0..80), 0usize..300, 0u64..800),
            1..60,
        ),
    ) {
        let mut b = Bench::new(R[generation]);
        for (request_type, request, value, index, data, length, wait) in requests {
            let request_type = if request_type & 1 == 0 { 0x21 } else { request_type };
            if request_type & 0x80 == 0 {
                let _ = b.output((request_type, request, value, index), &data);
            } else if let Ok(bytes) = b.input((request_type, request, value, index), length) {
                prop_assert!(bytes.len() <= length);
            }
            b.wait(wait);
            if !b.bus.list(&[DFU]).unwrap().is_empty() && wait > 700 {
                b.reopen();
            }
        }
        prop_assert_eq!(b.duo(|d| d.internal_flash().len()), 1 << 20);
        prop_assert_eq!(b.duo(|d| d.serial_flash().len()), 2 << 20);
    }
}
