//! Simulates what the system firmware does to the DCT when it starts (redbear/firmware `dcd.cpp`, `handshake.cpp`).

use super::{DeviceKey, Duo, Presence, SystemFirmware, dct};

/// `SubjectPublicKeyInfo` of an RSA-1024 key, up to its modulus.
const SPKI_HEAD: [u8; 29] = [
    0x30, 0x81, 0x9f, 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05,
    0x00, 0x03, 0x81, 0x8d, 0x00, 0x30, 0x81, 0x89, 0x02, 0x81, 0x81, 0x00,
];
/// Its exponent, 65537.
const SPKI_TAIL: [u8; 5] = [0x02, 0x03, 0x01, 0x00, 0x01];

impl Duo {
    /// Starts the system firmware, and returns the Duo's presence afterwards. Without a system firmware the bootloader
    /// keeps running.
    pub(super) fn boot(&mut self) -> Presence {
        if self.memory.firmware == SystemFirmware::Missing {
            return Presence::Dfu;
        }
        self.boots += 1;
        if self.memory.read_dct(dct::SERVER_KEY, 1) == [0xff]
            && self.memory.read_dct(dct::PRIVATE_KEY, 1) == [0xff]
        {
            // Fills a DCT that the bootloader has made, except for its key slot; the next lines fill that.
            let blank = DeviceKey { slot: [0xff; 1216].into(), spki: [0xff; 162] };
            dct::after_first_boot(self.memory.dct_area_mut(), &self.options, &blank);
        }
        if self.options.generation.names_itself() && self.memory.read_dct(dct::DEVICE_ID, 1) == [0xff] {
            self.memory.write_dct(dct::DEVICE_ID, &self.options.device_id);
        }
        // Only a first byte of 0xFF means "no key"; a slot of zeros counts as a key.
        if self.memory.read_dct(dct::PRIVATE_KEY, 1) == [0xff] {
            let key = (self.make_key)();
            self.keys_made += 1;
            self.memory.write_dct(dct::PRIVATE_KEY, &key.slot[..]);
        }
        self.publish_public_key();
        if self.options.returns_to_dfu { Presence::Dfu } else { Presence::Normal }
    }

    /// The cloud code derives the public key from the private key when it starts. If the slot does not hold a key in
    /// the device's own form, nothing is written here; the real firmware would publish what it misreads.
    fn publish_public_key(&mut self) {
        let slot = zeroize::Zeroizing::new(self.memory.read_dct(dct::PRIVATE_KEY, 139));
        if slot[..2] != [0x30, 0x82] || slot[4..11] != [0x02, 0x01, 0x00, 0x02, 0x81, 0x81, 0x00] {
            return;
        }
        let mut spki = [0; 162];
        spki[..29].copy_from_slice(&SPKI_HEAD);
        spki[29..157].copy_from_slice(&slot[11..139]);
        spki[157..].copy_from_slice(&SPKI_TAIL);
        let field = dct::public_slot(&spki);
        if self.memory.read_dct(dct::PUBLIC_KEY, field.len()) != field {
            self.memory.write_dct(dct::PUBLIC_KEY, &field);
        }
    }
}
