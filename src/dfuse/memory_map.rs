//! Parses the memory map that `DfuSe` puts into the name of an alternate setting (UM0290 §10, AN3156):
//! `@DCT Flash   /0x00000000/01*016Kg`.
//!
//! Knows the notation, and says which addresses exist and what may be done there. The text comes from the device, so
//! every number is checked, and a map that contradicts itself is refused.

use std::fmt;
use std::ops::Range;

/// What may be done with a sector: the low three bits of its letter, `a` (0x61) to `g` (0x67).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Access(u8);

impl Access {
    /// From the letter of the notation; `None` if it is not `a` to `g`.
    pub const fn from_letter(letter: char) -> Option<Self> {
        match letter {
            'a'..='g' => Some(Self(letter as u8 & 7)),
            _ => None,
        }
    }

    /// The letter of the notation.
    pub const fn letter(self) -> char {
        (0x60 + self.0) as char
    }

    /// Bit 0.
    pub const fn readable(self) -> bool {
        self.0 & 1 != 0
    }

    /// Bit 1.
    pub const fn erasable(self) -> bool {
        self.0 & 2 != 0
    }

    /// Bit 2.
    pub const fn writable(self) -> bool {
        self.0 & 4 != 0
    }
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Access('{}')", self.letter())
    }
}

/// A run of equal sectors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Address of its first byte.
    pub start: u32,
    /// Number of sectors, at least 1.
    pub sectors: u32,
    /// Bytes in a sector, at least 1.
    pub sector_size: u32,
    /// What may be done with them.
    pub access: Access,
}

impl Segment {
    /// The addresses that it covers, in 64 bits because it may end at 2^32.
    pub fn range(&self) -> Range<u64> {
        let start = u64::from(self.start);
        start..start + u64::from(self.sectors) * u64::from(self.sector_size)
    }
}

/// Why a text is not a memory map.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MapError {
    /// It does not begin with `@`.
    #[error("it does not begin with '@'")]
    NoAt,
    /// It has a name but no addresses.
    #[error("it names no addresses")]
    NoSegments,
    /// An address that is not `0x` and up to eight hexadecimal digits.
    #[error("an address is not a hexadecimal number of 32 bits")]
    Address,
    /// A run of sectors that is not `<count>*<size><unit><letter>`.
    #[error("a run of sectors is not written <count>*<size><unit><letter>")]
    Sectors,
    /// A letter outside `a` to `g`.
    #[error("an access letter is not one of a to g")]
    Letter,
    /// A run of zero bytes, or one that ends past 4 GiB.
    #[error("a run of sectors is empty or ends past 4 GiB")]
    Extent,
    /// Two runs cover the same address.
    #[error("two runs of sectors overlap")]
    Overlap,
}

/// A named memory and its sectors, in ascending order of address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemoryMap {
    name: String,
    segments: Vec<Segment>,
}

impl MemoryMap {
    /// Reads the name of an alternate setting. There may be several regions (`/address/sectors` pairs). The unit is
    /// `B`, `K`, `M`, or a blank or nothing for bytes.
    pub fn parse(text: &str) -> Result<Self, MapError> {
        let text = text.strip_prefix('@').ok_or(MapError::NoAt)?;
        let mut parts = text.split('/');
        let name = parts.next().unwrap_or_default().trim().to_owned();
        let mut segments = Vec::new();
        while let Some(address) = parts.next() {
            let mut next = parse_address(address)?;
            for run in parts.next().ok_or(MapError::NoSegments)?.split(',') {
                let segment = parse_run(run, next)?;
                next = segment.range().end;
                segments.push(segment);
            }
        }
        if segments.is_empty() {
            return Err(MapError::NoSegments);
        }
        segments.sort_by_key(|s| s.start);
        if segments.windows(2).any(|pair| pair[0].range().end > pair[1].range().start) {
            return Err(MapError::Overlap);
        }
        Ok(Self { name, segments })
    }

    /// The name, without `@` and the blanks around it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The runs of sectors, ascending.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// The lowest address.
    pub fn start(&self) -> u32 {
        self.segments.first().map_or(0, |s| s.start)
    }

    /// What may be done at an address; `None` if the address does not exist.
    pub fn access(&self, address: u32) -> Option<Access> {
        let address = u64::from(address);
        self.segments.iter().find(|s| s.range().contains(&address)).map(|s| s.access)
    }

    /// Whether a sector begins at `address` and has `length` bytes.
    pub fn is_sector(&self, address: u32, length: usize) -> bool {
        let found = self.segments.iter().find(|s| s.range().contains(&u64::from(address)));
        found.is_some_and(|s| {
            (address - s.start).is_multiple_of(s.sector_size) && usize::try_from(s.sector_size) == Ok(length)
        })
    }

    /// Whether all of `length` bytes from `address` exist. False for an empty range.
    pub fn contains(&self, address: u32, length: usize) -> bool {
        self.all(address, length, |_| true)
    }

    /// Whether all of `length` bytes from `address` exist and have an access that `permits` accepts.
    pub fn all(&self, address: u32, length: usize, permits: impl Fn(Access) -> bool) -> bool {
        let Ok(length) = u64::try_from(length) else { return false };
        let mut reached = u64::from(address);
        let Some(end) = reached.checked_add(length).filter(|&end| end > reached) else { return false };
        for segment in &self.segments {
            if segment.range().contains(&reached) && permits(segment.access) {
                reached = segment.range().end;
            }
        }
        reached >= end
    }
}

fn parse_address(text: &str) -> Result<u64, MapError> {
    let text = text.trim();
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).ok_or(MapError::Address)?;
    if digits.len() > 8 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(MapError::Address);
    }
    u64::from_str_radix(digits, 16).map_err(|_| MapError::Address)
}

fn parse_run(text: &str, start: u64) -> Result<Segment, MapError> {
    let (count, rest) = text.trim().split_once('*').ok_or(MapError::Sectors)?;
    let letter = rest.chars().next_back().ok_or(MapError::Sectors)?;
    let access = Access::from_letter(letter).ok_or(MapError::Letter)?;
    let sized = &rest[..rest.len() - letter.len_utf8()];
    let (size, unit) = match sized.char_indices().next_back() {
        Some((at, 'B' | ' ')) => (&sized[..at], 1),
        Some((at, 'K')) => (&sized[..at], 1 << 10),
        Some((at, 'M')) => (&sized[..at], 1 << 20),
        _ => (sized, 1),
    };
    let sectors = parse_decimal(count)?;
    let sector_size = parse_decimal(size)?.checked_mul(unit).ok_or(MapError::Extent)?;
    let extent = u64::from(sectors) * u64::from(sector_size);
    let start = u32::try_from(start).map_err(|_| MapError::Extent)?;
    if extent == 0 || u64::from(start) + extent > 1 << 32 {
        return Err(MapError::Extent);
    }
    Ok(Segment { start, sectors, sector_size, access })
}

fn parse_decimal(text: &str) -> Result<u32, MapError> {
    if text.is_empty() || text.len() > 5 || !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(MapError::Sectors);
    }
    text.parse().map_err(|_| MapError::Sectors)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_the_duos_three_maps() {
        let dct = MemoryMap::parse("@DCT Flash   /0x00000000/01*016Kg").unwrap();
        assert_eq!((dct.name(), dct.start()), ("DCT Flash", 0));
        assert!(dct.contains(0, 0x4000) && !dct.contains(0, 0x4001) && !dct.contains(0x4000, 1));

        let internal =
            MemoryMap::parse("@Internal Flash   /0x08000000/01*016Ka,02*016Kg,01*016Kg,01*064Kg,07*128Kg")
                .unwrap();
        assert_eq!((internal.segments().len(), internal.start()), (5, 0x0800_0000));
        assert_eq!(internal.access(0x0800_0000).unwrap().letter(), 'a');
        assert_eq!(internal.access(0x0800_4000).unwrap().letter(), 'g');
        assert_eq!(internal.segments()[4].range(), 0x0802_0000..0x0810_0000);

        let serial =
            MemoryMap::parse("@Serial Flash   /0x00000000/192*004Kg,128*004Kg,64*004Kg,128*004Kg").unwrap();
        assert!(serial.contains(0, 512 * 4096) && !serial.contains(0, 512 * 4096 + 1));
    }

    #[test]
    fn a_sector_is_counted_in_bytes_kibibytes_or_mebibytes() {
        for (text, length) in
            [("2*3Bg", 6), ("2*3 g", 6), ("2*3g", 6), ("2*3Kg", 6 << 10), ("2*3Mg", 6 << 20)]
        {
            let map = MemoryMap::parse(&format!("@X/0x0/{text}")).unwrap();
            assert!(map.contains(0, length) && !map.contains(0, length + 1), "{text}");
        }
    }

    #[test]
    fn an_access_is_shown_as_its_letter() {
        assert_eq!(format!("{:?}", Access::from_letter('e')), "Some(Access('e'))");
    }

    #[test]
    fn letters_carry_three_bits() {
        let bits = |letter| {
            let access = Access::from_letter(letter).unwrap();
            (access.readable(), access.erasable(), access.writable())
        };
        assert_eq!(bits('a'), (true, false, false));
        assert_eq!(bits('b'), (false, true, false));
        assert_eq!(bits('e'), (true, false, true));
        assert_eq!(bits('g'), (true, true, true));
        assert!(['`', 'h', 'A', 'é', '\0'].into_iter().all(|c| Access::from_letter(c).is_none()));
    }

    #[test]
    fn several_regions_and_a_hole_between_them() {
        let map = MemoryMap::parse("@X/0x1000/2*1Kg/0x0/1*512 a,1*16Ba").unwrap();
        assert_eq!(map.start(), 0);
        assert!(map.contains(0, 528) && !map.contains(0, 529));
        assert!(!map.contains(500, 0x1000) && map.contains(0x1000, 2048));
        assert!(!map.all(0, 16, Access::writable) && map.all(0x1000, 2048, Access::writable));
    }

    #[test]
    fn a_range_may_span_segments_but_needs_the_access_everywhere() {
        let map = MemoryMap::parse("@X/0x0/1*1Kg,1*1Ka,1*1Kg").unwrap();
        assert!(map.all(0, 3072, Access::readable));
        assert!(map.all(0, 1024, Access::writable) && !map.all(0, 1025, Access::writable));
        assert!(!map.contains(0, 0));
    }

    #[test]
    fn refuses_what_is_not_a_map() {
        for (text, error) in [
            ("", MapError::NoAt),
            ("DCT Flash", MapError::NoAt),
            ("@DCT Flash", MapError::NoSegments),
            ("@DCT Flash/0x0", MapError::NoSegments),
            ("@X/0/1*1Kg", MapError::Address),
            ("@X/0x/1*1Kg", MapError::Address),
            ("@X/0x123456789/1*1Kg", MapError::Address),
            ("@X/0x+1/1*1Kg", MapError::Address),
            ("@X/0x0/", MapError::Sectors),
            ("@X/0x0/1*1Kh", MapError::Letter),
            ("@X/0x0/0*1Kg", MapError::Extent),
            ("@X/0x0/1*0Kg", MapError::Extent),
            ("@X/0x0/1*-1Kg", MapError::Sectors),
            ("@X/0x0/+1*1Kg", MapError::Sectors),
            ("@X/0x0/000001*1Kg", MapError::Sectors),
            ("@X/0x0/*1Kg", MapError::Sectors),
            ("@X/0x0/99999*99999Mg", MapError::Extent),
            ("@X/0xFFFFFFFF/1*2 g", MapError::Extent),
            ("@X/0xFFFFFFFF/1*1 g,1*1 g", MapError::Extent),
            ("@X/0x0/1*1Kg/0x3ff/1*1Kg", MapError::Overlap),
        ] {
            assert_eq!(MemoryMap::parse(text), Err(error), "{text}");
        }
        assert_eq!(MemoryMap::parse("@X/0xFFFFFFFF/1*1 g").unwrap().segments()[0].range().end, 1 << 32);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn any_text_is_parsed_or_refused(text in "\\PC{0,126}") {
            let _ = MemoryMap::parse(&text);
        }

        #[test]
        fn near_misses_keep_their_promises(text in "@[a-z ]{0,4}(/0x[0-9A-F]{0,9}/([0-9]{0,5}\\*[0-9]{0,4}[BKM ]?[`a-h],?){0,3}){0,3}") {
            if let Ok(map) = MemoryMap::parse(&text) {
                for segment in map.segments() {
                    prop_assert!(!segment.range().is_empty() && segment.range().end <= 1 << 32);
                    prop_assert!(map.contains(segment.start, 1));
                    prop_assert_eq!(map.access(segment.start), Some(segment.access));
                }
            }
        }
    }
}
