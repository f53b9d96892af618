//! The emulated Duo, quirk by quirk: each test is named for what the firmware does.

mod virtual_duo;

use std::time::Duration;

use duo_provision::simulator::duo::{Presence, SystemFirmware};
use duo_provision::simulator::faults::{Access, Counting, Fault, Kind, Moment};
use duo_provision::simulator::{Duo, Generation};
use duo_provision::usb::{Bus, Clock, TransferError, UsbError};
use proptest::prelude::*;
use virtual_duo::*;

const R: [Generation; 4] = Generation::ALL;

/// A GETSTATUS answer: status OK, a poll time, a state.
fn status(poll: u8, state: u8) -> Result<Vec<u8>, TransferError> {
    Ok(vec![0, poll, 0, 0, state, 0])
}

// ---- Descriptors ----

#[test]
fn device_descriptors_differ_in_bcd_device_only() {
    for g in R {
        let mut b = Bench::new(g);
        let bcd = if g >= Generation::R5 { 0x50 } else { 0x00 };
        let expected = [18, 1, 0, 2, 0, 0, 0, 64, 0x04, 0x2b, 0x58, 0xd0, bcd, 2, 1, 2, 3, 1];
        assert_eq!(b.input((0x80, 6, 0x0100, 0), 64).unwrap(), expected, "{g}");
        assert_eq!(b.input((0x80, 6, 0x0100, 0), 8).unwrap(), expected[..8]);
        let listed = &b.devices()[0];
        assert_eq!((listed.vendor_id, listed.product_id), DFU);
        assert_eq!(listed.bcd_device, 0x0200 + u16::from(bcd));
    }
}

#[test]
fn configuration_descriptor_is_45_bytes_with_one_functional_descriptor_at_its_end() {
    let expected = unhex(concat!(
        "09022d00010102c032",
        "0904000000fe010206",
        "0904000100fe010207",
        "0904000200fe010208",
        "09210bff0000101a01"
    ));
    for g in R {
        assert_eq!(Bench::new(g).input((0x80, 6, 0x0200, 0), 255).unwrap(), expected, "{g}");
    }
}

fn text(b: &mut Bench, index: u16) -> String {
    let d = b.input((0x80, 6, 0x0300 | index, 0x0409), 255).unwrap();
    assert_eq!((usize::from(d[0]), d[1]), (d.len(), 3));
    let units: Vec<u16> = d[2..].chunks(2).map(|c| u16::from_le_bytes([c[0], c[1]])).collect();
    String::from_utf16(&units).unwrap()
}

#[test]
fn strings_name_maker_product_and_the_three_memories() {
    for g in R {
        let mut b = Bench::new(g);
        assert_eq!(b.input((0x80, 6, 0x0300, 0), 255).unwrap(), [4, 3, 9, 4]);
        assert_eq!(text(&mut b, 1), "RedBear");
        assert_eq!(text(&mut b, 2), "Duo DFU Mode");
        let internal = if g >= Generation::R5 {
            "@Internal Flash   /0x08000000/02*016Ka,02*016Kg,01*064Kg,07*128Kg"
        } else {
            "@Internal Flash   /0x08000000/01*016Ka,02*016Kg,01*016Kg,01*064Kg,07*128Kg"
        };
        assert_eq!(text(&mut b, 6), internal);
        assert_eq!(text(&mut b, 7), "@DCT Flash   /0x00000000/01*016Kg");
        assert_eq!(text(&mut b, 8), "@Serial Flash   /0x00000000/192*004Kg,128*004Kg,64*004Kg,128*004Kg");
        for present in [4, 5] {
            assert!(b.input((0x80, 6, 0x0300 | present, 0x0409), 255).is_ok());
        }
        assert_eq!(b.input((0x80, 6, 0x0309, 0x0409), 255), Err(TransferError::Stall));
    }
}

#[test]
fn serial_number_is_a_constant_on_r3_and_r4_and_the_device_id_from_r5() {
    let serial = |g| text(&mut Bench::new(g), 3);
    assert_eq!(serial(Generation::R3), "00000000010C");
    assert_eq!(serial(Generation::R4), "00000000010C");
    assert_eq!(serial(Generation::R5), "30001B000C4735333030AB01");
    assert_eq!(serial(Generation::R6), "30001b000c4735333030ab01");
}

#[test]
fn microsoft_os_descriptors_are_on_r5_and_r6_only() {
    for g in R {
        let mut b = Bench::new(g);
        let answers = [
            b.input((0x80, 6, 0x03ee, 0), 18),
            b.input((0xc0, 0xee, 0, 4), 40),
            b.input((0xc1, 0xee, 0, 5), 142),
        ];
        if g < Generation::R5 {
            assert!(answers.iter().all(|a| *a == Err(TransferError::Stall)), "{g}");
            continue;
        }
        let [string, id, properties] = answers.map(Result::unwrap);
        assert_eq!(string, unhex("12034d005300460054003100300030 00ee00".replace(' ', "").as_str()));
        assert_eq!(
            id,
            unhex("28000000000104000100000000000000000157494e55534200000000000000000000000000000000")
        );
        assert_eq!(properties.len(), 142);
        assert_eq!(
            properties[..18],
            unhex("8e000000000105000100840000000100 0000".replace(' ', "").as_str())
        );
        let guid: Vec<u8> =
            "{37fb5f90-1a34-4929-933b-8a27e1850033}\0".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(properties[64..], guid);
    }
}

// ---- Standard requests ----

#[test]
fn set_configuration_makes_it_idle_and_leaves_alt_and_pointer() {
    let mut b = Bench::new(Generation::R6);
    b.alt(1);
    b.point_at(34);
    b.clear_status(); // into dfuERROR
    b.output((0x00, 9, 1, 0), &[]).unwrap();
    assert_eq!(b.get_state(), 10, "the same configuration again resets nothing");
    b.output((0x00, 9, 0, 0), &[]).unwrap();
    assert_eq!(b.get_status(), Err(TransferError::Stall), "unconfigured: no class requests");
    b.output((0x00, 9, 1, 0), &[]).unwrap();
    assert_eq!(b.get_state(), 2);
    assert_eq!(b.input((0x81, 10, 0, 0), 1).unwrap(), [1]);
    assert_eq!(b.upload(2, 2).unwrap(), [0x30, 0x82], "still at the private key");
    assert_eq!(b.output((0x00, 9, 2, 0), &[]), Err(TransferError::Stall));
}

#[test]
fn set_interface_changes_the_alt_only_and_refuses_the_fourth() {
    let mut b = Bench::new(Generation::R6);
    b.clear_status();
    for alt in [2, 1, 0] {
        b.alt(alt);
        assert_eq!(b.input((0x81, 10, 0, 0), 1).unwrap(), [alt]);
    }
    assert_eq!(b.get_state(), 10);
    assert_eq!(b.usb.set_alt_setting(0, 3), Err(TransferError::Stall));
    assert_eq!(b.usb.set_alt_setting(1, 0), Err(TransferError::Stall));
    assert_eq!(b.input((0x80, 0, 0, 0), 2).unwrap(), [1, 0], "self-powered");
    assert_eq!(b.input((0x80, 8, 0, 0), 1).unwrap(), [1]);
}

// ---- Addresses and poll times ----

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
        // Outside the DCT the value is left as it was.
        b.dnload(0, &command(0x21, 0x4000)).unwrap();
        b.get_status().unwrap();
        b.get_status().unwrap();
        b.dnload(0, &command(0x21, 34)).unwrap();
        assert_eq!(b.get_status(), status(kept, 4), "{g}");
    }
}

#[test]
fn poll_time_of_alts_0_and_2_is_zero() {
    for alt in [0, 2] {
        let mut b = Bench::new(Generation::R6);
        b.alt(1);
        b.point_at(34);
        b.point_at(34);
        b.alt(alt);
        for code in [0x21, 0x41] {
            b.dnload(0, &command(code, 0)).unwrap();
            assert_eq!(b.get_status(), status(0, 4));
            assert_eq!(b.get_status(), status(0, 5));
        }
    }
}

// ---- Writing ----

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
            assert_eq!(other[9], 0, "the other copy is not current");
        }
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
    assert_eq!(b.clock.now() - before, Duration::from_millis(400));
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

// ---- Reading ----

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
            // The five bytes of SET_ADDRESS lie over its beginning.
            assert_eq!(stale[..5], command(0x21, 0x4000));
            assert_eq!(stale[5..], [0x5a; 1211], "{g}");
        }
    }
}

// ---- The state machine ----

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

// ---- Leaving, and what happens then ----

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

// ---- Several Duos ----

#[test]
fn two_duos_share_nothing_but_the_bus() {
    let mut b = Bench::new(Generation::R6);
    let second = b.hub.plug(Duo::new(
        duo_provision::simulator::DuoOptions::new(Generation::R4, device_id(2)),
        key_maker(50),
    ));
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

// ---- Faults ----

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
        assert_eq!(b.clock.now() - before, SECOND);
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

// ---- Anything at all ----

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
