//! Recognizes a dump of a Duo's DCT by its size and its bytes, which may be anything.
//!
//! Knows the sizes of the files that the tools in use write, and finds the fields in each. It does not interpret keys.
//! A field that is not complete is `None`.

use std::fmt;

use super::device_id::DeviceId;
use super::field::{self, Field};
use super::flash;
use super::whole::{self, COPY_SIZE, CopyRule, DctCopy, WHOLE_SIZE, WholeDct};

/// Bytes of the application section (redbear/firmware `dct.h`): up to system firmware 0.3.1, and from 0.3.2 on. Both
/// fit in one copy of the DCT, so a read of it holds nothing else: no Wi-Fi password.
pub const SECTION_SIZES: [usize; 2] = [4290, 8423];

/// The bytes that alternate setting 1 gives access to, from address 0.
const ACCESSIBLE: usize = 0x4000;
/// The size of the file that `dfu-util -a 1 -s 34 -U FILE`, without a length, writes.
const FROM_PRIVATE_KEY: usize = ACCESSIBLE - field::DEVICE_PRIVATE_KEY.offset;

/// The first bytes of a DCT's three largest fields: an `RSAPrivateKey` or PKCS#8 of some 600 bytes, the
/// `SubjectPublicKeyInfo` of RSA-1024 and that of RSA-2048 (RFC 8017, RFC 5280).
const ANCHORS: [(Field, &[u8]); 3] = [
    (field::DEVICE_PRIVATE_KEY, &[0x30, 0x82, 0x02]),
    (field::DEVICE_PUBLIC_KEY, &[0x30, 0x81, 0x9F]),
    (field::SERVER_PUBLIC_KEY, &[0x30, 0x82, 0x01, 0x22]),
];

/// Which part of a DCT a dump holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename = "DctDumpKind", rename_all = "kebab-case")]
pub enum DumpKind {
    /// The application section and nothing else.
    Section,
    /// 16 KiB through alternate setting 1, from address 0: the application section, and what follows it.
    FromStart,
    /// 16,350 bytes through alternate setting 1, from the private key's address.
    FromPrivateKey,
    /// One copy of the DCT, 16 KiB of the internal flash.
    OneCopy,
    /// Both copies of the DCT, 32 KiB of the internal flash.
    Whole,
}

impl fmt::Display for DumpKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Section => "the application section of a DCT",
            Self::FromStart => "the application section of a DCT, and what lies behind it",
            Self::FromPrivateKey => "a DCT from its private key on",
            Self::OneCopy => "one copy of a DCT",
            Self::Whole => "a whole DCT, both copies",
        })
    }
}

/// A recognised dump; it borrows the bytes.
#[derive(Clone, Copy)]
pub struct Dump<'a> {
    kind: DumpKind,
    bytes: &'a [u8],
    /// Application-section bytes, if there are reliable ones.
    section: Option<&'a [u8]>,
    /// The offset of their first byte in the section.
    start: usize,
    /// The copy that they come from, for a whole DCT.
    copy: Option<usize>,
    /// The address of a whole DCT that was found in an image of the whole flash.
    address: Option<u32>,
}

impl<'a> Dump<'a> {
    /// Recognises a dump by its size and by the keys at their places in a DCT; `None` for anything else.
    ///
    /// An application section with only zeros, or only 0xFF, is recognised too: a device that cannot read its DCT sends
    /// that, and [`Dump::is_unreadable`] is true.
    ///
    /// For a whole DCT, the fields are from the copy that every firmware uses. If the firmware versions do not agree,
    /// there are no fields until a rule is given ([`Dump::by`]) or a copy is chosen ([`Dump::of_copy`]).
    ///
    /// In an image of the whole flash, only the whole DCT is used; the rest of the image is ignored.
    pub fn recognise(bytes: &'a [u8]) -> Option<Self> {
        if let Some((whole, address)) = flash::cut_out(bytes) {
            return Self::recognise(whole).map(|dump| Self { address: Some(address), ..dump });
        }
        let kind = match bytes.len() {
            WHOLE_SIZE => DumpKind::Whole,
            COPY_SIZE if whole::has_magic(bytes) => DumpKind::OneCopy,
            ACCESSIBLE => DumpKind::FromStart,
            FROM_PRIVATE_KEY => DumpKind::FromPrivateKey,
            length if SECTION_SIZES.contains(&length) => DumpKind::Section,
            _ => return None,
        };
        let (section, start) = match kind {
            DumpKind::Whole => (None, 0),
            DumpKind::OneCopy => (DctCopy::new(bytes).map(|copy| copy.section()), 0),
            DumpKind::FromPrivateKey => (Some(bytes), field::DEVICE_PRIVATE_KEY.offset),
            DumpKind::FromStart | DumpKind::Section => (Some(bytes), 0),
        };
        let dump = Self { kind, bytes, section, start, copy: None, address: None };
        let Some(whole) = dump.whole() else {
            return (kind != DumpKind::Whole && dump.is_plausible()).then_some(dump);
        };
        Some(dump.reading(whole.undisputed().flatten()))
    }

    /// A whole DCT as the firmware with this rule reads it; any other dump as it is.
    #[must_use]
    pub fn by(self, rule: CopyRule) -> Self {
        self.whole().map_or(self, |whole| self.reading(whole.current(rule)))
    }

    /// A whole DCT with the fields of this copy, 0 or 1, even if it is not the current one; any other dump as it is.
    #[must_use]
    pub fn of_copy(self, copy: usize) -> Self {
        if self.kind == DumpKind::Whole { self.reading(Some(copy)) } else { self }
    }

    fn reading(self, copy: Option<usize>) -> Self {
        let copies = self.whole().map(|whole| *whole.copies());
        let taken = copies.and_then(|copies| copies.get(copy?).copied());
        Self { section: taken.map(|taken| taken.section()), copy, ..self }
    }

    /// For a whole DCT, the copy that the fields come from; `None` if no copy is current, or if that is not known.
    pub const fn copy(&self) -> Option<usize> {
        self.copy
    }

    /// True for a whole DCT if the firmware versions do not agree on the current copy.
    pub fn is_disputed(&self) -> bool {
        self.whole().is_some_and(|whole| whole.undisputed().is_none())
    }

    /// A dump of bytes that were read from the beginning of the application section.
    pub const fn of_section(bytes: &'a [u8]) -> Self {
        Self { kind: DumpKind::Section, bytes, section: Some(bytes), start: 0, copy: None, address: None }
    }

    /// Which part of the DCT was read.
    pub const fn kind(&self) -> DumpKind {
        self.kind
    }

    /// The address of a DCT that was found in an image of the whole flash.
    pub const fn address(&self) -> Option<u32> {
        self.address
    }

    /// All bytes of the dump.
    pub const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Both copies, if the dump has them.
    pub fn whole(&self) -> Option<WholeDct<'a>> {
        (self.kind == DumpKind::Whole).then(|| WholeDct::new(self.bytes)).flatten()
    }

    /// The application section, if the dump begins with it or has a current copy.
    pub fn section(&self) -> Option<&'a [u8]> {
        self.section.filter(|_| self.start == 0)
    }

    /// A field's bytes, [`Field::size`] of them; for a whole DCT, those in the current copy. `None` if the dump does
    /// not have all of them, or has no current copy.
    pub fn field(&self, field: &Field) -> Option<&'a [u8]> {
        let at = field.offset.checked_sub(self.start)?;
        self.section?.get(at..at.checked_add(field.size)?)
    }

    /// The 1,216 bytes of the device's private key. Secret.
    pub fn private_key_slot(&self) -> Option<&'a [u8; field::DEVICE_PRIVATE_KEY.size]> {
        self.field(&field::DEVICE_PRIVATE_KEY)?.try_into().ok()
    }

    /// The 768 bytes of the server's public key and address.
    pub fn server_key_slot(&self) -> Option<&'a [u8; field::SERVER_PUBLIC_KEY.size]> {
        self.field(&field::SERVER_PUBLIC_KEY)?.try_into().ok()
    }

    /// The device's id, or `None` if there is none: up to system firmware 0.2.4 the bytes are reserved.
    pub fn device_id(&self) -> Option<DeviceId> {
        DeviceId::from_bytes(self.field(&field::DEVICE_ID)?.try_into().ok()?)
    }

    /// True if every byte is zero, or every byte is 0xFF. Such a dump shows nothing.
    pub fn is_unreadable(&self) -> bool {
        self.bytes.iter().all(|&byte| byte == 0) || self.bytes.iter().all(|&byte| byte == 0xFF)
    }

    fn is_plausible(&self) -> bool {
        let anchored = |(anchor, beginning): &(Field, &[u8])| {
            self.field(anchor).is_some_and(|bytes| bytes.starts_with(beginning))
        };
        match self.kind {
            // The magic number of a copy is enough evidence.
            DumpKind::OneCopy => true,
            _ => self.is_unreadable() || ANCHORS.iter().any(anchored),
        }
    }
}

impl fmt::Debug for Dump<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Dump({:?}, {} bytes, redacted)", self.kind, self.bytes.len())
    }
}
