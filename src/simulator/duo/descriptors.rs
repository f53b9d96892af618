//! Makes a Duo's descriptors: device, configuration and string descriptors of the four bootloaders and of normal mode,
//! and the Microsoft OS descriptors of r5 and r6.
//!
//! Knows bytes only. Sources: USB 2.0 §9.6, DFU 1.1 §4.2, the bootloader binaries r3 to r6 in redbear/Duo
//! `firmware/bootloader`, redbear/firmware `usbd_composite.c` for normal mode.

use super::{Board, Generation};

/// `idVendor`, RedBear's share of Particle's.
pub const VENDOR: u16 = 0x2b04;

/// `bVendorCode` of the Microsoft OS string descriptor.
pub const MS_VENDOR_CODE: u8 = 0xee;

const MS_INTERFACE_GUID: &str = "{37fb5f90-1a34-4929-933b-8a27e1850033}";

/// The device descriptor, 18 bytes.
pub fn device(product: u16, bcd_device: u16, class: [u8; 3]) -> Vec<u8> {
    let numbers = [VENDOR, product, bcd_device].map(u16::to_le_bytes).concat();
    [&[18, 1, 0x00, 0x02][..], &class, &[64], &numbers, &[1, 2, 3, 1]].concat()
}

/// The DFU functional descriptor: bmAttributes 0x0B, wDetachTimeOut 255, wTransferSize 4096, bcdDFUVersion 1.1a.
pub const DFU_FUNCTIONAL: [u8; 9] = [9, 0x21, 0x0b, 0xff, 0x00, 0x00, 0x10, 0x1a, 0x01];

/// The bootloader's configuration descriptor, 45 bytes: one interface with three alternate settings and,
/// after the last of them, one DFU functional descriptor.
pub fn configuration_dfu() -> Vec<u8> {
    let mut d = vec![9, 2, 45, 0, 1, 1, 2, 0xc0, 50];
    for alt in 0..3 {
        d.extend([9, 4, 0, alt, 0, 0xfe, 0x01, 0x02, 6 + alt]);
    }
    d.extend(DFU_FUNCTIONAL);
    d
}

/// The string index of the vendor interface's name; this simulator's own choice.
const CONTROL_NAME: u8 = 4;

/// The running firmware's configuration descriptor: a CDC-ACM serial port (CDC 1.2 §5.2, PSTN 1.2 §5.3) and, from
/// 0.3.0 on, an association around it and a vendor interface. 67 or 84 bytes.
pub fn configuration_normal(generation: Generation) -> Vec<u8> {
    let composite = generation.names_itself();
    let mut d = vec![9, 2, 0, 0, 2 + u8::from(composite), 1, 0, 0xc0, 50];
    if composite {
        d.extend([8, 0x0b, 0, 2, 0x02, 0x02, 0x01, 0]);
    }
    d.extend([9, 4, 0, 0, 1, 0x02, 0x02, 0x01, 0]);
    // Header 1.10, no call management (data interface 1), line coding and control lines, union of 0 and 1
    d.extend([5, 0x24, 0x00, 0x10, 0x01]);
    d.extend([5, 0x24, 0x01, 0x00, 0x01]);
    d.extend([4, 0x24, 0x02, 0x02]);
    d.extend([5, 0x24, 0x06, 0x00, 0x01]);
    d.extend([7, 5, 0x83, 0x03, 8, 0, 0xff]);
    d.extend([9, 4, 1, 0, 2, 0x0a, 0x00, 0x00, 0]);
    d.extend([7, 5, 0x01, 0x02, 64, 0, 0]);
    d.extend([7, 5, 0x81, 0x02, 64, 0, 0]);
    if composite {
        d.extend([9, 4, 2, 0, 0, 0xff, 0xff, 0xff, CONTROL_NAME]);
    }
    d[2] = u8::try_from(d.len()).unwrap_or(u8::MAX);
    d
}

/// The class triples of the interfaces in a configuration descriptor, in order.
pub fn interface_classes(configuration: &[u8]) -> Vec<[u8; 3]> {
    let mut classes = Vec::new();
    let mut rest = configuration;
    while let Some((descriptor, behind)) =
        rest.first().and_then(|&length| rest.split_at_checked(length.into()))
    {
        // The first alternate setting only: one entry for each interface.
        if let [9, 4, _, 0, _, class, subclass, protocol, _] = *descriptor {
            classes.push([class, subclass, protocol]);
        }
        rest = if descriptor.is_empty() { &[] } else { behind };
    }
    classes
}

/// A string descriptor of the bootloader, or `None` if there is none.
///
/// Nothing refers to the strings 4 and 5. The text of string 5 of r3 and r4 is this simulator's own.
pub fn string_dfu(board: Board, generation: Generation, index: u8, serial: &str) -> Option<Vec<u8>> {
    Some(match index {
        0 => vec![4, 3, 0x09, 0x04],
        1 => string(board.maker()),
        2 => string(&format!("{} DFU Mode", board.name())),
        3 => string(serial),
        4 | 5 if generation >= Generation::R5 => string("DFU"),
        4 => string("DFU Config"),
        5 => string("DFU Interface"),
        6 => string(generation.internal_flash_map()),
        7 => string("@DCT Flash   /0x00000000/01*016Kg"),
        8 => string("@Serial Flash   /0x00000000/192*004Kg,128*004Kg,64*004Kg,128*004Kg"),
        0xee if generation.has_ms_descriptors() => {
            let mut d = string("MSFT100");
            d[0] += 2;
            d.extend([MS_VENDOR_CODE, 0]);
            d
        }
        _ => return None,
    })
}

/// A string descriptor of the running system firmware.
pub fn string_normal(board: Board, generation: Generation, index: u8, serial: &str) -> Option<Vec<u8>> {
    Some(match index {
        0 => vec![4, 3, 0x09, 0x04],
        1 => string(board.maker()),
        2 if generation.names_itself() || board != Board::Duo => string(board.name()),
        2 => string("Duo with WiFi and BLE"),
        3 => string(serial),
        CONTROL_NAME if generation.names_itself() => string(&format!("{} Control Interface", board.name())),
        _ => return None,
    })
}

/// UTF-16LE after the two-byte header. Text that does not fit in a descriptor (126 units) is cut.
pub fn string(text: &str) -> Vec<u8> {
    let mut d = vec![0, 3];
    d.extend(text.encode_utf16().take(126).flat_map(u16::to_le_bytes));
    d[0] = u8::try_from(d.len()).unwrap_or(254);
    d
}

/// The extended compatible id descriptor (`wIndex` 4), 40 bytes: interface 0 wants WinUSB.
pub fn ms_compatible_id() -> Vec<u8> {
    let head = [40, 0, 0, 0, 0x00, 0x01, 4, 0, 1, 0, 0, 0, 0, 0, 0, 0];
    [&head[..], &[0, 1], b"WINUSB\0\0", &[0; 8 + 6]].concat()
}

/// The extended properties descriptor (`wIndex` 5), 146 bytes: the interface's GUID.
pub fn ms_properties() -> Vec<u8> {
    let size = |length: usize| u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes();
    let (name, data) = (utf16_z("DeviceInterfaceGUIDs"), [utf16_z(MS_INTERFACE_GUID), vec![0, 0]].concat());
    // 7 is REG_MULTI_SZ. The name's length has 16 bits.
    let property = [&[7, 0, 0, 0], &size(name.len())[..2], &name, &size(data.len()), &data].concat();
    let length = property.len() + 4;
    [&size(length + 10)[..], &[0x00, 0x01, 5, 0, 1, 0], &size(length), &property].concat()
}

fn utf16_z(text: &str) -> Vec<u8> {
    text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect()
}
