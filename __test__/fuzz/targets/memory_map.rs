//! Fuzzes the memory map in the name of an alternate setting, and the rules for transfers under it.
//!
//! The first eight bytes are a range and a `wTransferSize`, the rest is the name.

use duo_provision::dfuse::memory_map::Segment;
use duo_provision::dfuse::{Access, Geometry, MemoryMap};

use super::tape::Tape;

/// Reads a map, writes it down again, and compares every answer about it with a look at each address.
pub fn run(bytes: &[u8]) {
    let mut tape = Tape::new(bytes);
    let (address, length, transfer_size) = (tape.u32(), usize::from(tape.u16()), tape.u16());
    let Ok(map) = MemoryMap::parse(&String::from_utf8_lossy(tape.rest())) else { return };
    assert_eq!(map.name().trim(), map.name());
    assert_eq!(MemoryMap::parse(&written(&map)).as_ref(), Ok(&map), "{}", written(&map));
    segments_are_in_order(&map);
    access_is_the_segments(&map, address);
    for segment in map.segments() {
        let end = u32::try_from(segment.range().end).unwrap_or(u32::MAX);
        for at in [segment.start.wrapping_sub(1), segment.start, end - 1, end] {
            access_is_the_segments(&map, at);
        }
    }
    let geometry = Geometry::new(map, transfer_size);
    assert!(geometry.block() <= 4096 && geometry.block() <= transfer_size);
    for at in [address, geometry.map().start()] {
        transfers(&geometry, at, length);
        transfers(&geometry, at, length % 64);
    }
}

/// The map in the notation of UM0290 §10, one region per segment.
fn written(map: &MemoryMap) -> String {
    let region = |segment: &Segment| {
        let size = segment.sector_size;
        let (size, unit) = match size {
            _ if size > 99_999 && size.is_multiple_of(1 << 20) => (size >> 20, 'M'),
            _ if size > 99_999 => (size >> 10, 'K'),
            _ => (size, 'B'),
        };
        let letter = segment.access.letter();
        format!("/0x{:08x}/{}*{size}{unit}{letter}", segment.start, segment.sectors)
    };
    let regions: Vec<_> = map.segments().iter().map(region).collect();
    format!("@{}{}", map.name(), regions.concat())
}

fn segments_are_in_order(map: &MemoryMap) {
    assert!(!map.segments().is_empty());
    let mut reached = 0;
    for segment in map.segments() {
        let range = segment.range();
        assert!(reached <= range.start && range.start < range.end && range.end <= 1 << 32);
        assert!(('a'..='g').contains(&segment.access.letter()));
        reached = range.end;
    }
}

fn access_is_the_segments(map: &MemoryMap, address: u32) {
    let mut covering = map.segments().iter().filter(|s| s.range().contains(&u64::from(address)));
    assert_eq!(map.access(address), covering.next().map(|s| s.access));
    assert!(covering.next().is_none(), "no two segments overlap");
    assert_eq!(map.contains(address, 1), map.access(address).is_some());
    assert!(!map.contains(address, 0));
}

/// A transfer is allowed if and only if every byte of it may be transferred and the bootloader's buffer holds each of
/// its blocks.
fn transfers(geometry: &Geometry, address: u32, length: usize) {
    let everywhere = |permits: fn(Access) -> bool| {
        length > 0
            && (0..length).all(|offset| {
                let at = u32::try_from(offset).ok().and_then(|offset| address.checked_add(offset));
                at.and_then(|at| geometry.map().access(at)).is_some_and(permits)
            })
    };
    let block = usize::from(geometry.block());
    let may_write = everywhere(Access::writable) && length <= block;
    assert_eq!(geometry.check_write(address, length).is_ok(), may_write);
    // The step between blocks is always 4096, so only blocks of that length can follow each other.
    let may_read = everywhere(Access::readable) && (length <= block || block == 4096);
    assert_eq!(geometry.check_read(address, length).is_ok(), may_read);
}
