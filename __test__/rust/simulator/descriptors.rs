//! Tests the descriptors of a Duo, byte for byte, and the standard requests.

use duo_provision::simulator::Generation;
use duo_provision::usb::TransferError;

use super::{R, text};
use crate::virtual_duo::*;

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
        let unused = if g >= Generation::R5 { "DFU" } else { "DFU Config" };
        assert_eq!(text(&mut b, 4), unused, "{g}");
        assert!(text(&mut b, 5).starts_with("DFU"), "{g}");
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
            b.input((0xc1, 0xee, 0, 5), 256),
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
        assert_eq!(properties.len(), 146);
        assert_eq!(
            properties[..18],
            unhex("92000000000105000100880000000700 0000".replace(' ', "").as_str())
        );
        let guid: Vec<u8> =
            "{37fb5f90-1a34-4929-933b-8a27e1850033}\0\0".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(properties[66..], guid);
    }
}

#[test]
fn the_interface_is_asked_for_its_functional_descriptor() {
    for g in R {
        let mut b = Bench::new(g);
        assert_eq!(b.input((0x81, 6, 0x2100, 0), 255).unwrap(), unhex("09210bff0000101a01"), "{g}");
        assert_eq!(b.input((0x81, 6, 0x2100, 1), 255), Err(TransferError::Stall));
    }
}

#[test]
fn set_configuration_leaves_the_status_of_r5_and_r6_until_abort() {
    for g in R {
        let mut b = Bench::new(g);
        b.clear_status(); // now in dfuERROR
        b.output((0x00, 9, 0, 0), &[]).unwrap();
        b.output((0x00, 9, 1, 0), &[]).unwrap();
        let kept = if g >= Generation::R5 { 14 } else { 0 };
        assert_eq!(b.get_status().unwrap(), [kept, 0, 0, 0, 2, 0], "{g}");
        b.abort();
        assert_eq!(b.get_status().unwrap(), [0, 0, 0, 0, 2, 0]);
    }
}

#[test]
fn set_configuration_makes_it_idle_and_leaves_alt_and_pointer() {
    let mut b = Bench::new(Generation::R6);
    b.alt(1);
    b.point_at(34);
    b.clear_status(); // now in dfuERROR
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
