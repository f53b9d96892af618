//! Tests addresses, poll times, and how the three memories are read and written.

use std::time::Duration;

use duo_provision::simulator::duo::SystemFirmware;
use duo_provision::simulator::duo::transfer::{Outcome, Request};
use duo_provision::simulator::faults::{Fault, Kind};
use duo_provision::simulator::{Duo, Generation};
use duo_provision::usb::{Clock, TransferError};

use super::{R, status};
use crate::virtual_duo::*;

#[test]
fn address_is_block_less_two_times_4096_plus_pointer_whatever_the_length() {
    let mut b = Bench::new(Generation::R6);
    let pattern: Vec<u8> = (0..3 * 4096u32).map(|i| (i / 7).to_le_bytes()[0]).collect();
    for (n, chunk) in (0u16..).zip(pattern.chunks(4096)) {
        b.alt(2);
        b.point_at(0x1000);
        b.dnload(2 + n, chunk).unwrap();
        b.get_status().unwrap();
        b.get_status().unwrap();
        b.abort();
    }
    b.point_at(0x1000);
    assert_eq!(b.upload(3, 16).unwrap(), pattern[4096..4112]);
    assert_eq!(b.upload(4, 100).unwrap(), pattern[8192..8292]);
    assert_eq!(b.upload(2, 10_000).unwrap(), pattern[..10_000]);
}

#[test]
fn upload_returns_exactly_what_was_asked_for_and_block_0_always_three_bytes() {
    let mut b = Bench::new(Generation::R6);
    b.alt(1);
    b.point_at(0);
    for length in [1, 63, 64, 65, 4096, 16_350] {
        assert_eq!(b.upload(2, length).unwrap().len(), length);
    }
    b.abort();
    assert_eq!(b.upload(0, 4096).unwrap(), [0x00, 0x21, 0x41]);
    assert_eq!(b.get_state(), 2);
    assert_eq!(b.upload(0, 3).unwrap(), [0x00, 0x21, 0x41]);
    assert_eq!(b.get_state(), 9);
    assert_eq!(b.upload(0, 2), Err(TransferError::Babble));
}

#[test]
fn poll_time_is_that_of_the_old_pointer_and_r5_r6_keep_it() {
    for g in R {
        let kept = u8::from(g >= Generation::R5);
        let mut b = Bench::new(g);
        b.alt(1);
        b.dnload(0, &command(0x21, 34)).unwrap();
        assert_eq!(b.get_status(), status(0, 4), "the pointer starts at 0x08020000, outside the DCT");
        assert_eq!(b.get_status(), status(0, 5));
        b.dnload(0, &command(0x21, 34)).unwrap();
        assert_eq!(b.get_status(), status(1, 4));
        assert_eq!(b.get_status(), status(kept, 5));
        b.abort();
        assert_eq!(b.get_status(), status(kept, 2));
        b.dnload(0, &command(0x41, 34)).unwrap();
        let half_second = vec![0, 0xf4, 0x01, 0, 4, 0];
        assert_eq!(b.get_status().unwrap(), half_second, "ERASE costs half a second, on paper");
        let next = b.get_status().unwrap();
        assert_eq!(next[1..4] == [0xf4, 0x01, 0], g >= Generation::R5, "{g}");
        // Outside the DCT the value does not change.
        b.dnload(0, &command(0x21, 0x4000)).unwrap();
        b.get_status().unwrap();
        b.get_status().unwrap();
        b.dnload(0, &command(0x21, 34)).unwrap();
        assert_eq!(b.get_status(), status(kept, 4), "{g}");
    }
}

#[test]
fn poll_time_of_alts_0_and_2_is_that_of_their_memory_if_the_old_pointer_is_in_it() {
    for g in R {
        for (alt, inside) in [(0, 0x0800_8000), (2, 0x1000)] {
            let mut b = Bench::new(g);
            b.alt(1);
            b.point_at(34);
            b.point_at(34);
            b.alt(alt);
            let of_flash = if g >= Generation::R5 { 0 } else { 5 };
            // Alt 0 does not contain the old pointer, alt 2 does.
            let kept = if alt == 0 { u8::from(g >= Generation::R5) } else { of_flash };
            b.dnload(0, &command(0x21, inside)).unwrap();
            assert_eq!(b.get_status(), status(kept, 4), "{g}, alt {alt}");
            b.get_status().unwrap();
            b.dnload(0, &command(0x21, inside)).unwrap();
            assert_eq!(b.get_status(), status(of_flash, 4), "{g}, alt {alt}");
            b.get_status().unwrap();
        }
    }
}

#[test]
fn flash_is_written_while_the_first_getstatus_completes() {
    for g in R {
        let mut b = Bench::new(g);
        let old = b.duo(|d| d.dct(34, 1216));
        b.alt(1);
        b.point_at(34);
        b.dnload(2, &[0x55; 1216]).unwrap();
        assert_eq!(b.get_state(), 3);
        assert_eq!(b.duo(|d| d.dct(34, 1216)), old, "not before GETSTATUS");
        assert_eq!(b.get_status().unwrap()[4], 4);
        assert_eq!(b.duo(|d| d.dct(34, 1216)), [0x55; 1216]);
        assert_eq!(b.get_status().unwrap()[4], 5);
        assert_eq!(b.read(1, 34, 1216), [0x55; 1216], "{g}");
    }
}

/// r6 clears the mark of the old copy, r3 to r5 erase it.
#[test]
fn dct_write_leaves_all_other_fields_and_moves_to_the_other_copy() {
    for g in R {
        let mut b = Bench::new(g);
        let before = b.duo(|d| d.dct(0, 3759));
        let base = if g >= Generation::R5 { 0x8000 } else { 0x4000 };
        for round in 1..=3u8 {
            b.write(1, 34, &[round; 1216]).0.unwrap();
            let after = b.duo(|d| d.dct(0, 3759));
            assert_eq!(after[..34], before[..34]);
            assert_eq!(after[1250..], before[1250..]);
            let current = usize::from(round % 2);
            let copy = b.duo(|d| d.internal_flash()[base + current * 0x4000..][..0x4000].to_vec());
            assert_eq!((copy[8], copy[9], &copy[12..16]), (0, 1, &b"BRCM"[..]));
            assert_eq!(copy[7548 + 34..][..1216], [round; 1216]);
            let other = b.duo(|d| d.internal_flash()[base + (1 - current) * 0x4000..][..16].to_vec());
            if g == Generation::R6 {
                assert_eq!((other[9], &other[12..16]), (0, &b"BRCM"[..]));
            } else {
                assert_eq!(other, [0xff; 16], "{g}");
            }
        }
    }
}

/// Flash cells can only be cleared, so data that only clears bits is written in place.
#[test]
fn r3_to_r5_first_program_over_the_current_copy_in_place() {
    for g in R {
        let mut b = Bench::new(g);
        b.write(1, 34, &[0xf0; 1216]).0.unwrap();
        let moved = b.duo(|d| d.first_dct_area().to_vec());
        b.write(1, 34, &[0x30; 1216]).0.unwrap();
        let after = b.duo(|d| d.first_dct_area().to_vec());
        assert_eq!(b.read(1, 34, 1216), [0x30; 1216]);
        let second = 0x4000;
        let unmoved = after[second + 34 + 7548] == 0x30 && moved[..second] == after[..second];
        assert_eq!(unmoved, g != Generation::R6, "{g}");
    }
}

#[test]
fn a_power_cut_in_a_write_of_r3_to_r5_can_leave_neither_the_old_nor_the_new_key() {
    for g in [Generation::R3, Generation::R4, Generation::R5] {
        let mut b = Bench::new(g);
        b.duo(|d| d.set_dct(34, &[0x0f; 1216]));
        b.alt(1);
        b.point_at(34);
        b.duo(|d| d.faults().arm(Fault::once(Kind::PowerCut(1000), 1)));
        b.dnload(2, &[0x3c; 1216]).unwrap();
        assert_eq!(b.get_status(), Err(TransferError::Disconnected));
        let slot = b.duo(|d| d.dct(34, 1216));
        assert_eq!((&slot[..1000], &slot[1000..]), (&[0x0c; 1000][..], &[0x0f; 216][..]), "{g}");
    }
}

#[test]
fn a_write_of_r6_ends_before_the_version_record() {
    for g in R {
        let mut b = Bench::new(g);
        let tail = |b: &Bench| b.duo(|d| d.dct(8820 - 64, 80));
        b.write(1, 8820 - 64, &[0x55; 64]).0.unwrap();
        assert_eq!(tail(&b)[..64], [0x55; 64]);
        let before = tail(&b);
        let (first, second) = b.write(1, 8820 - 63, &[0xaa; 64]);
        if g == Generation::R6 {
            assert_eq!((first, second.unwrap()[4]), (Err(TransferError::Stall), 5));
            assert_eq!(tail(&b), before);
        } else {
            assert_eq!((first.is_ok(), tail(&b)[1]), (true, 0xaa), "{g}");
        }
    }
}

#[test]
fn a_dct_that_cannot_be_used_is_made_anew_as_soon_as_it_is_asked_for() {
    for g in R {
        let mut b = Bench::new(g);
        let mut area = b.duo(|d| d.first_dct_area().to_vec());
        area[8] = 1;
        area[0x4000..].fill(0x77);
        b.duo(|d| d.set_dct_area(&area));
        assert_eq!(b.read(1, 34, 1216), [0xff; 1216], "{g}");
        let made = b.duo(|d| d.first_dct_area().to_vec());
        assert_eq!(made[12..16], *b"BRCM");
        let second = if g == Generation::R6 { made[0..0x4000].to_vec() } else { vec![0x77; 0x4000] };
        assert!(made[0x4000..] == second, "r3 to r5 make the first alone: {g}");
        assert_eq!(made[9], u8::from(g != Generation::R6), "r6 marks none");
        b.write(1, 34, &[1; 8]).0.unwrap();
        assert_eq!(b.duo(|d| d.dct(34, 8)), [1; 8], "and the first write puts it right");
    }
}

#[test]
fn dct_writes_take_as_long_as_they_take_and_a_short_limit_leaves_the_outcome_open() {
    let mut options = options(Generation::R6);
    options.write_time = Duration::from_millis(400);
    let mut b = Bench::with(options);
    b.alt(1);
    b.point_at(34);
    b.dnload(2, &[0x55; 1216]).unwrap();
    let mut answer = [0; 6];
    let timed_out = b.usb.control_in(setup((0xa1, 3, 0, 0)), &mut answer, Duration::from_millis(100));
    assert_eq!(timed_out, Err(TransferError::Timeout));
    assert_eq!(b.duo(|d| d.dct(34, 1216)), [0x55; 1216], "it was written all the same");
    let before = b.clock.now();
    b.abort();
    b.write(1, 34, &[0x56; 1216]).0.unwrap();
    assert_eq!(b.clock.now(), before + Duration::from_millis(400));
}

#[test]
fn failed_write_stalls_once_and_then_everything_is_ok() {
    let mut b = Bench::new(Generation::R6);
    let flash = b.duo(|d| d.internal_flash().to_vec());
    // The bootloader's own sectors cannot be written, and the DCT ends at 0x4000.
    for (alt, address) in [(0, 0x0800_0000), (1, 0x4000), (2, 0x0020_0000), (0, 0x0900_0000)] {
        let (first, second) = b.write(alt, address, &[1; 64]);
        assert_eq!(first, Err(TransferError::Stall), "alt {alt}");
        let second = second.unwrap();
        assert_eq!((second[0], second[4]), (0, 5));
    }
    assert!(b.duo(|d| d.internal_flash() == flash));
}

#[test]
fn unknown_block_0_command_stalls_its_getstatus_and_then_all_is_ok() {
    let mut b = Bench::new(Generation::R6);
    for bad in [&[0x99, 0, 0, 0, 0][..], &[0x21, 0, 0], &[0x41], &[0x92], &[0x21, 0, 0, 0, 0, 0]] {
        b.dnload(0, bad).unwrap();
        assert_eq!(b.get_status(), Err(TransferError::Stall));
        assert_eq!(b.get_status().unwrap()[4], 5);
    }
    b.dnload(0, &[0x00]).unwrap();
    assert_eq!(b.get_status().unwrap()[4], 4, "the get-commands command is known");
}

#[test]
fn an_erase_that_is_refused_stalls_its_getstatus_and_moves_the_pointer() {
    for g in R {
        let mut b = Bench::new(g);
        for (alt, address) in [(0, 0x0800_0000), (0, 0x0900_0000), (1, 0x4000), (2, 0x0020_0000)] {
            b.alt(alt);
            b.dnload(0, &command(0x41, address)).unwrap();
            assert_eq!(b.get_status(), Err(TransferError::Stall), "{g}, alt {alt}");
            assert_eq!(b.get_status().unwrap()[4], 5);
            assert_eq!(b.duo(|d| d.pointer()), address);
            b.abort();
        }
    }
}

/// This is visible on the wire only: a host's operating system reports just the stall.
#[test]
fn a_failed_write_delivers_its_six_bytes_and_stalls_in_the_status_stage() {
    let mut duo = Duo::new(options(Generation::R6), key_maker(0));
    let mut send = |setup_of, length: u16, data: &[u8]| {
        let setup = setup(setup_of);
        let request = if setup.request_type & 0x80 == 0 {
            Request::host_to_device(setup, data)
        } else {
            Request::device_to_host(setup, length)
        };
        duo.transfer(Duration::ZERO, &request).outcome
    };
    send((0x00, 9, 1, 0), 0, &[]);
    send((0x21, 1, 0, 0), 0, &[0x99, 0, 0, 0, 0]);
    assert_eq!(send((0xa1, 3, 0, 0), 6, &[]), Outcome::DataThenStall(vec![0, 0, 0, 0, 4, 0]));
    assert_eq!(send((0xa1, 3, 0, 0), 6, &[]), Outcome::Data(vec![0, 0, 0, 0, 5, 0]));
}

#[test]
fn r6_reads_zeros_wherever_it_refuses() {
    for g in R {
        let mut b = Bench::new(g);
        b.write(2, 0x1000, &[0x5a; 64]).0.unwrap();
        for (alt, address) in [(0, 0x0900_0000), (1, 0x4000), (2, 0x0020_0000)] {
            let read = b.read(alt, address, 64);
            let stale = [&command(0x21, address)[..], &[0x5a; 59]].concat();
            assert_eq!(read, if g == Generation::R6 { vec![0; 64] } else { stale }, "{g}, alt {alt}");
        }
    }
}

#[test]
fn dnload_of_block_1_is_accepted_and_ignored() {
    let mut b = Bench::new(Generation::R6);
    let before = b.duo(|d| d.dct(0, 8423));
    b.alt(1);
    b.point_at(34);
    b.dnload(1, &[0x77; 64]).unwrap();
    assert_eq!(b.get_status().unwrap()[4], 4);
    assert_eq!(b.get_status().unwrap()[4], 5);
    assert_eq!(b.duo(|d| d.dct(0, 8423)), before);
}

#[test]
fn erase_on_the_dct_does_nothing_and_elsewhere_erases_one_sector() {
    let mut b = Bench::new(Generation::R6);
    let before = b.duo(|d| d.dct(0, 8423));
    b.erase(1, 0);
    assert_eq!(b.duo(|d| d.dct(0, 8423)), before);

    b.write(2, 0x2000, &[0; 4096]).0.unwrap();
    b.write(2, 0x3000, &[0; 4096]).0.unwrap();
    b.erase(2, 0x2004);
    assert_eq!(b.read(2, 0x2000, 4096), [0xff; 4096]);
    assert_eq!(b.read(2, 0x3000, 4096), [0; 4096]);

    b.write(0, 0x0801_0000, &[0; 64]).0.unwrap();
    b.write(0, 0x0802_0000, &[0; 64]).0.unwrap();
    b.erase(0, 0x0801_ffff);
    assert_eq!(b.read(0, 0x0801_0000, 64), [0xff; 64]);
    assert_eq!(b.read(0, 0x0802_0000, 64), [0; 64]);
}

/// The bootloader waits for the flash forever.
#[test]
fn an_erasure_that_fails_leaves_the_duo_silent_until_it_is_started_anew() {
    let mut b = Bench::new(Generation::R6);
    b.duo(|d| d.faults().arm(Fault::once(Kind::WriteFails, 1)));
    b.alt(0);
    b.dnload(0, &command(0x41, 0x0801_0000)).unwrap();
    assert_eq!(b.get_status(), Err(TransferError::Timeout));
    assert_eq!(b.get_status(), Err(TransferError::Timeout), "and so does everything");
    assert_eq!(b.input((0x80, 6, 0x0100, 0), 18), Err(TransferError::Timeout));
    b.hub.with_duo(&b.path, Duo::enter_dfu).unwrap();
    b.wait(2000);
    b.reopen();
    assert_eq!(b.get_state(), 2);
}

/// The bootloader always says OK, so a fault of the flash shows only in what is read.
#[test]
fn an_erasure_is_spoilt_as_a_write_is() {
    for (kind, erased) in [(Kind::WriteSilent, 0), (Kind::WriteHalf(100), 100)] {
        let mut b = Bench::new(Generation::R6);
        b.write(0, 0x0801_0000, &[0; 4096]).0.unwrap();
        b.duo(|d| d.faults().arm(Fault::once(kind.clone(), 1)));
        // The DCT is not erased, so the fault does not act.
        b.erase(1, 0);
        assert_eq!(b.duo(|d| d.faults().acted()), 0);
        b.erase(0, 0x0801_0000);
        let read = b.read(0, 0x0801_0000, 4096);
        assert!(read[..erased].iter().all(|byte| *byte == 0xff), "{kind:?}");
        assert!(read[erased..].iter().all(|byte| *byte == 0), "{kind:?}");
        b.erase(0, 0x0801_0000);
        assert_eq!(b.read(0, 0x0801_0000, 4096), [0xff; 4096], "once");
    }
}

#[test]
fn flash_bits_only_go_down() {
    let mut b = Bench::new(Generation::R6);
    b.write(2, 0, &[0xf0; 64]).0.unwrap();
    b.write(2, 0, &[0x3c; 64]).0.unwrap();
    assert_eq!(b.read(2, 0, 64), [0x30; 64]);
}

#[test]
fn dnload_does_not_check_its_length_against_the_buffer() {
    let mut b = Bench::new(Generation::R6);
    b.alt(2);
    b.point_at(0);
    b.dnload(2, &[0; 5000]).unwrap();
    assert_eq!(b.duo(|d| d.buffer_overruns()), 1);
}

#[test]
fn whole_dct_is_32_kib_of_the_internal_flash() {
    for (g, address) in [(Generation::R4, 0x0800_4000), (Generation::R6, 0x0800_8000)] {
        let mut b = Bench::new(g);
        let first = b.read(0, address, 4096);
        assert_eq!(first[12..16], *b"BRCM");
        let copy = b.read(0, address, 0x4000);
        assert_eq!(copy[7548 + 34..][..1216], b.duo(|d| d.dct(34, 1216)));
        assert_eq!(b.read(0, address + 0x4000, 0x4000), [0xff; 0x4000], "the second copy is still erased");
    }
}

#[test]
fn dump_without_a_length_is_the_key_and_everything_behind_it() {
    let mut b = Bench::new(Generation::R6);
    b.alt(1);
    b.point_at(34);
    let mut dump = Vec::new();
    for (block, length) in [(2, 4096), (3, 4096), (4, 4096), (5, 4062)] {
        dump.extend(b.upload(block, length).unwrap());
    }
    assert_eq!(dump.len(), 16_350);
    assert_eq!(dump[..1216], b.duo(|d| d.dct(34, 1216)));
    assert_eq!(dump[16_384 - 7548 - 34..], [0xff; 7548], "the erased second copy");
}

#[test]
fn r6_reads_zeros_and_refuses_writes_without_a_recent_system_firmware() {
    for firmware in [SystemFirmware::Missing, SystemFirmware::Version(0, 3, 1)] {
        let mut options = options(Generation::R6);
        options.firmware = Some(firmware);
        let mut b = Bench::with(options);
        assert_eq!(b.read(1, 34, 1216), [0; 1216]);
        let (first, second) = b.write(1, 34, &[0x55; 1216]);
        assert_eq!(first, Err(TransferError::Stall));
        assert_eq!((second.as_ref().unwrap()[0], second.unwrap()[4]), (0, 5));
        assert_ne!(b.duo(|d| d.dct(34, 1216)), [0x55; 1216]);
        b.duo(|d| d.set_system_firmware(SystemFirmware::Version(0, 3, 2)));
        assert_eq!(b.read(1, 34, 2), [0x30, 0x82]);
    }
}

#[test]
fn r3_to_r5_carry_the_dct_code_themselves() {
    for g in [Generation::R3, Generation::R4, Generation::R5] {
        let mut options = options(g);
        options.firmware = Some(SystemFirmware::Missing);
        assert_eq!(Bench::with(options).read(1, 34, 2), [0x30, 0x82]);
    }
}

#[test]
fn r3_to_r5_return_the_last_download_past_0x4000() {
    for g in R {
        let mut b = Bench::new(g);
        b.write(1, 34, &[0x5a; 1216]).0.unwrap();
        let stale = b.read(1, 0x4000, 1216);
        if g == Generation::R6 {
            assert_eq!(stale, [0; 1216]);
        } else {
            // The five bytes of SET_ADDRESS have overwritten its start.
            assert_eq!(stale[..5], command(0x21, 0x4000));
            assert_eq!(stale[5..], [0x5a; 1211], "{g}");
        }
    }
}
