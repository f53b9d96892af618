//! Makes the DCT of a Duo after its first boot.
//!
//! Knows the offsets of the fields in the application section (redbear/firmware `dct.h`). If the sources leave
//! something open, the simulator makes its own choice and a comment says so.

use super::{Board, DeviceKey, DuoOptions, Generation, copies};

/// One copy.
pub const COPY_SIZE: usize = 16 * 1024;
/// Offset of the application section in a copy.
pub const APPLICATION_SECTION: usize = 7548;

/// The device's private key: PKCS#1, padded with 0xFF.
pub const PRIVATE_KEY: usize = 34;
/// Its public key: 162 bytes of `SubjectPublicKeyInfo`, then zeros.
pub const PUBLIC_KEY: usize = 1250;
/// Bytes of the public key field.
pub const PUBLIC_KEY_SIZE: usize = 384;
/// The 12-byte device id, from the r5 bootloader on.
pub const DEVICE_ID: usize = 3618;

const VERSION: usize = 32;
const IP_CONFIG: usize = 1634;
const FEATURE_FLAGS: usize = 1754;
const COUNTRY_CODE: usize = 1758;
const CLAIM_CODE: usize = 1762;
const CLAIMED: usize = 1825;
const SSID_PREFIX: usize = 1826;
const DEVICE_CODE: usize = 1852;
const VERSION_STRING: usize = 1858;
const DNS_RESOLVE: usize = 1890;
/// The cloud's public key.
pub const SERVER_KEY: usize = 2082;
const SERVER_ADDRESS: usize = SERVER_KEY + 384;
const FLASH_MODULES: usize = 2852;
const ALT_PRIVATE_KEY: usize = 3106;

/// The Wi-Fi settings, in the part of a copy before the application section. They are a reason to keep a dump secret.
/// Place and contents are made up.
const WIFI: usize = 512;

/// Fills a whole DCT as after the first boot: the first copy is current, the second is erased.
pub fn after_first_boot(area: &mut [u8], options: &DuoOptions, key: &DeviceKey) {
    area.fill(0xff);
    let (copy, _erased) = area.split_at_mut(COPY_SIZE);
    copies::head(copy);
    copy[WIFI..WIFI + 32].copy_from_slice(b"ssid=VirtualNetwork;pass=letmein");
    fill_fields(&mut copy[APPLICATION_SECTION..], options, key);
    if options.generation == Generation::R6 {
        copies::seal(copy, 1);
    }
}

/// The first bytes of the application section: a magic number and the layout's version, which r5 relies on. In the
/// published factory DCT it is 3.
pub fn section_header(section: &mut [u8], generation: Generation) {
    let version = if generation == Generation::R5 { 5 } else { 3 };
    section[..6].copy_from_slice(&[0xc0, 0xac, 0xde, 0x1a, version, 0]);
}

fn fill_fields(section: &mut [u8], options: &DuoOptions, key: &DeviceKey) {
    let generation = options.generation;
    section_header(section, generation);
    let mut put = |offset: usize, bytes: &[u8]| section[offset..offset + bytes.len()].copy_from_slice(bytes);
    let firmware = options.system_firmware();
    put(VERSION, &[1, 0]);
    put(PRIVATE_KEY, &key.slot[..]);
    put(PUBLIC_KEY, &public_slot(&key.spki));
    put(IP_CONFIG, &[0; 24]);
    put(FEATURE_FLAGS, &[0xff; 4]);
    put(COUNTRY_CODE, b"US\0\0");
    put(CLAIM_CODE, &[0; 63]);
    put(CLAIMED, b"1");
    put(SSID_PREFIX, b"\x03Duo");
    put(DEVICE_CODE, &device_code(&options.device_id));
    put(VERSION_STRING, &[0; 32]);
    put(VERSION_STRING, firmware.to_string().as_bytes());
    put(DNS_RESOLVE, &[0; 128]);
    put(SERVER_KEY, &options.server_key[..]);
    // type, length and at most 64 bytes of name: the space before the port
    put(SERVER_ADDRESS, &options.server_address[..options.server_address.len().min(66)]);
    put(FLASH_MODULES, &[0; 100]);
    if generation.names_itself() {
        put(DEVICE_ID, &options.device_id);
    }
    if options.board == Board::Electron {
        put(ALT_PRIVATE_KEY, &made_up_ec_key(&options.device_id));
    }
}

/// The structure of a SEC1 `ECPrivateKey` on P-256 (RFC 5915), with made-up numbers.
fn made_up_ec_key(id: &[u8; 12]) -> [u8; 121] {
    let mut key = [0; 121];
    key[..7].copy_from_slice(&[0x30, 0x77, 0x02, 0x01, 0x01, 0x04, 0x20]);
    key[39..51].copy_from_slice(&[0xa0, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07]);
    key[51..57].copy_from_slice(&[0xa1, 0x44, 0x03, 0x42, 0x00, 0x04]);
    for at in (7..39).chain(57..121) {
        key[at] = id[at % id.len()].wrapping_mul(31).wrapping_add(u8::try_from(at).unwrap_or_default());
    }
    key
}

/// Six letters and digits made from the device id, as in the name of the access point.
fn device_code(id: &[u8; 12]) -> [u8; 6] {
    const ALPHABET: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
    std::array::from_fn(|i| ALPHABET[usize::from(id[i + 6] & 31)])
}

/// The public key field: the key, then zeros.
pub fn public_slot(spki: &[u8; 162]) -> [u8; PUBLIC_KEY_SIZE] {
    let mut slot = [0; PUBLIC_KEY_SIZE];
    slot[..spki.len()].copy_from_slice(spki);
    slot
}
