//! Lists the fields of the DCT's application section, with their addresses on alternate setting 1.
//!
//! Every number is from `dct.h` of the firmware, whose static assertions fix the same offsets. Only fields that never
//! moved are listed: the fields after the LED mirror (offset 3759) differ between firmware versions.

use std::str::FromStr;

/// The system firmware versions that use a field; in the others its bytes are reserved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layouts {
    /// Every version.
    All,
    /// 0.3.0 and later (bootloaders r5 and r6).
    Since030,
    /// Up to 0.3.1; later versions do not use the bytes and keep the value elsewhere.
    Until031,
}

/// A field of the application section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// The member's name in `dct.h`.
    pub name: &'static str,
    /// Bytes from the start of the application section: the `DfuSe` address on alt setting 1.
    pub offset: usize,
    /// Size in bytes.
    pub size: usize,
    /// The firmware versions that use it.
    pub layouts: Layouts,
    /// The source of the offset and the size.
    pub source: &'static str,
}

impl Field {
    /// Offset of the first byte after the field.
    pub const fn end(&self) -> usize {
        self.offset + self.size
    }

    /// The field's bytes in an application section that begins at `image[0]`; `None` if the image ends before the field
    /// does.
    pub fn of<'a>(&self, image: &'a [u8]) -> Option<&'a [u8]> {
        image.get(self.offset..self.end())
    }

    /// The name on the command line and in JSON: `device-private-key`.
    pub fn kebab_name(&self) -> String {
        self.name.replace('_', "-")
    }
}

/// A name that no field has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no field of the DCT")]
pub struct UnknownFieldError(
    /// The name.
    pub String,
);

impl UnknownFieldError {
    /// All names, by offset.
    pub fn known() -> Vec<String> {
        FIELDS.iter().map(Field::kebab_name).collect()
    }
}

impl FromStr for Field {
    type Err = UnknownFieldError;

    /// Reads [`Field::kebab_name`] or the name in `dct.h`.
    fn from_str(text: &str) -> Result<Self, UnknownFieldError> {
        let name = text.trim().replace('-', "_");
        FIELDS.into_iter().find(|field| field.name == name).ok_or_else(|| UnknownFieldError(text.to_owned()))
    }
}

/// `dct.h` of all releases of the Duo's firmware.
const DCT_H: &str = "redbear/firmware, branch duo, dct.h";
/// `dct.h` from 0.3.0 on; in that of 0.2.4 the bytes are `unused` or `reserved2`.
const DCT_H_030: &str = "redbear/firmware 0.3.0, dct.h; reserved in the dct.h of 0.2.4";

const fn field(name: &'static str, offset: usize, size: usize) -> Field {
    Field { name, offset, size, layouts: Layouts::All, source: DCT_H }
}

const fn since_030(name: &'static str, offset: usize, size: usize) -> Field {
    Field { name, offset, size, layouts: Layouts::Since030, source: DCT_H_030 }
}

/// Declares the fields, and [`FIELDS`] with all of them.
macro_rules! fields {
    ($($(#[$document:meta])* $name:ident = $field:expr;)*) => {
        $($(#[$document])* pub const $name: Field = $field;)*

        /// All fields, by offset.
        pub const FIELDS: [Field; 23] = [$($name),*];
    };
}

fields! {
    /// Boot and update flags; from 0.3.2 they live in the RTC's backup registers.
    SYSTEM_FLAGS = Field { layouts: Layouts::Until031, ..field("system_flags", 0, 32) };
    /// Version of the table, little-endian.
    VERSION = field("version", 32, 2);
    /// The device's RSA private key: PKCS#1 in the device's own fixed-width encoding, 611 bytes of it used.
    DEVICE_PRIVATE_KEY = field("device_private_key", 34, 1216);
    /// The device's RSA public key, a `SubjectPublicKeyInfo` of 162 bytes, then zeros. The firmware rewrites
    /// it when its cloud code starts, so it may be older than the private key.
    DEVICE_PUBLIC_KEY = field("device_public_key", 1250, 384);
    /// Static IP configuration.
    IP_CONFIG = field("ip_config", 1634, 24);
    /// Optional features, each a bit that is 1 by default.
    FEATURE_FLAGS = since_030("feature_flags", 1754, 4);
    /// Wi-Fi country code.
    COUNTRY_CODE = since_030("country_code", 1758, 4);
    /// Claim code; no terminating zero if it fills the field.
    CLAIM_CODE = field("claim_code", 1762, 63);
    /// The character `1` once the device was claimed.
    CLAIMED = field("claimed", 1825, 1);
    /// Prefix of the set-up network's name; its first byte is the length.
    SSID_PREFIX = field("ssid_prefix", 1826, 26);
    /// Suffix of the set-up network's name.
    DEVICE_CODE = field("device_code", 1852, 6);
    /// Free text.
    VERSION_STRING = field("version_string", 1858, 32);
    /// Names to resolve at start-up.
    DNS_RESOLVE = field("dns_resolve", 1890, 128);
    /// The cloud's RSA public key, with its address from byte 384 of the field on.
    SERVER_PUBLIC_KEY = field("server_public_key", 2082, 768);
    /// Modules waiting in the external flash, five of 20 bytes.
    FLASH_MODULES = field("flash_modules", 2852, 100);
    /// Product id and version, as set by the application.
    PRODUCT_STORE = field("product_store", 2952, 24);
    /// Which antenna to use; 0xFF when never set.
    ANTENNA_SELECTION = field("antenna_selection", 2976, 1);
    /// TCP or UDP; 0xFF is the platform's default.
    CLOUD_TRANSPORT = field("cloud_transport", 2977, 1);
    /// The elliptic-curve key pair of boards that speak UDP: the public half.
    ALT_DEVICE_PUBLIC_KEY = field("alt_device_public_key", 2978, 128);
    /// The elliptic-curve key pair of boards that speak UDP: the private half.
    ALT_DEVICE_PRIVATE_KEY = field("alt_device_private_key", 3106, 192);
    /// The UDP cloud's public key.
    ALT_SERVER_PUBLIC_KEY = field("alt_server_public_key", 3298, 192);
    /// The UDP cloud's address.
    ALT_SERVER_ADDRESS = field("alt_server_address", 3490, 128);
    /// The device id, binary. Filled by the bootloaders r5 and r6 at boot when its first byte is 0xFF.
    DEVICE_ID = since_030("device_id", 3618, 12);
}
