//! Tests addresses that are acknowledged but not taken as sent, at every command that has one: data from another place
//! is never accepted, and writes and erasures act only at the right place.

use super::*;
use duo_provision::simulator::faults::Stuck;

/// How much of the DCT is read; short, because it is read some ten thousand times.
const LENGTH: usize = 2048;

/// A fault waits for the next command with an address. So it is armed before each of them and after the last: in a
/// write these are the first request and the ninth, which belongs to the read-back.
const AT_EACH_OF_A_WRITE: [u32; 3] = [1, 2, 10];

/// Ignored once, taken once with each bit wrong, and stuck: with each bit wrong, and at places that hold something.
fn kinds() -> Vec<Kind> {
    let places = [
        0,
        1,
        34,
        2082,
        0x3FFF,
        0x0800_0000,
        0x0800_0001,
        0x0800_4000,
        0x0800_8000,
        0x0800_C000,
        0x0801_0000,
    ];
    let mut kinds = vec![Kind::AddressSilent];
    for bit in 0..32 {
        kinds.extend([Kind::AddressOnceWrong(bit), Kind::AddressStuck(Stuck::Bit(bit))]);
    }
    kinds.extend(places.map(|place| Kind::AddressStuck(Stuck::At(place))));
    kinds
}

fn base(generation: Generation) -> usize {
    if generation < Generation::R5 { 0x4000 } else { 0x8000 }
}

/// A Duo with both copies of the DCT in use and data in every writable sector of its flash, so that no erasure stays
/// unseen.
fn full(generation: Generation) -> Bench {
    let mut bench = Bench::new(generation);
    bench.duo(|duo| duo.set_dct(1858, b"the second copy"));
    // Up to r5 the old copy is erased after a write.
    for copy in [base(generation), base(generation) + 0x4000] {
        if bench.duo(|duo| duo.internal_flash()[copy..copy + 0x4000].iter().all(|byte| *byte == 0xFF)) {
            bench.write(0, 0x0800_0000 + u32::try_from(copy).unwrap(), &[0x5A; 64]).0.unwrap();
        }
    }
    let sectors = [0xC000, 0x1_0000].into_iter().chain((1..8).map(|sector| sector * 0x2_0000));
    for sector in sectors.filter(|sector| *sector >= base(generation) + 0x8000) {
        bench.write(0, 0x0800_0000 + u32::try_from(sector).unwrap(), &[0x5A; 64]).0.unwrap();
    }
    bench.alt(2);
    bench.write(2, 0, &[0x5A; 64]).0.unwrap();
    bench.duo(|duo| {
        assert!(duo.internal_flash().chunks(0x2_0000).all(|sector| sector.iter().any(|byte| *byte != 0xFF)));
    });
    // The state after power-up.
    bench.alt(0);
    bench.point_at(0x0802_0000);
    bench
}

/// Everything that the Duo holds.
fn flash(bench: &Bench) -> (Vec<u8>, Vec<u8>) {
    bench.duo(|duo| (duo.internal_flash().to_vec(), duo.serial_flash()[..0x2000].to_vec()))
}

fn arm(bench: &Bench, kind: &Kind, nth: u32) {
    bench.duo(|duo| duo.faults().arm(Fault::once(kind.clone(), nth)));
}

fn acted(bench: &Bench) -> u32 {
    bench.duo(|duo| duo.faults().acted())
}

#[test]
fn what_two_passes_agree_on_is_the_beginning_unless_one_bit_is_wrong_in_both() {
    for generation in Generation::ALL {
        for kind in kinds() {
            // The two addresses are the second request and the eighth.
            for nth in [2, 3, 9] {
                let bench = Bench::new(generation);
                let section = bench.duo(|duo| duo.dct(0, 0x4000 + LENGTH));
                arm(&bench, &kind, nth);
                let read =
                    with_session(&bench, |session, deadline| session.read_twice(LENGTH, deadline).unwrap());
                assert_eq!(acted(&bench) > 0, nth <= 8);
                let first = nth <= 2;
                let zeros = generation == Generation::R6;
                let expected = match kind {
                    _ if nth > 8 => Some(section[..LENGTH].to_vec()),
                    Kind::AddressStuck(Stuck::Bit(bit @ 1..14)) if first => {
                        Some(section[1 << bit..][..LENGTH].to_vec())
                    }
                    // r6 reads zeros there, and zeros are the same everywhere.
                    Kind::AddressStuck(Stuck::Bit(14..) | Stuck::At(0x4000..)) if first && zeros => {
                        Some(vec![0; LENGTH])
                    }
                    // The bytes behind the DCT may be all the same too.
                    Kind::AddressStuck(Stuck::At(0x3FFF)) if first => {
                        let there = section[0x3FFF..][..LENGTH].to_vec();
                        there.iter().all(|byte| *byte == there[0]).then_some(there)
                    }
                    Kind::AddressStuck(Stuck::At(1)) if !first => Some(section[..LENGTH].to_vec()),
                    _ => None,
                };
                assert!(read.map(|read| read.to_vec()) == expected, "{generation} {kind} at {nth}");
            }
        }
    }
}

#[test]
fn a_key_is_written_to_its_place_or_not_at_all() {
    for generation in [Generation::R4, Generation::R6] {
        let pristine = full(generation);
        let (before, serial) = flash(&pristine);
        let held = pristine.duo(|duo| duo.dct(0, SECTION));
        let written = with_key(&held, &KEY);
        let dct = base(generation)..base(generation) + 0x8000;
        let (mut right, mut refused) = (0, 0);
        for kind in kinds() {
            for nth in AT_EACH_OF_A_WRITE {
                let bench = full(generation);
                let result = with_session(&bench, |session, deadline| {
                    session.read_twice(BACKUP, deadline).unwrap().unwrap();
                    arm(&bench, &kind, nth);
                    write_key(session, &held, deadline)
                });
                let case = format!("{generation} {kind} at {nth}: {:?}", result.as_ref().err());
                let (after, serial_after) = flash(&bench);
                let section = bench.duo(|duo| duo.dct(0, SECTION));
                assert!(section == held || section == written, "{case}: something else is in the DCT");
                assert!(
                    after[..dct.start] == before[..dct.start] && after[dct.end..] == before[dct.end..],
                    "{case}"
                );
                assert!(serial_after == serial, "{case}");
                match result {
                    Ok(read) if read[..] == written => {
                        assert!(section == written, "{case}");
                        right += 1;
                    }
                    // Data read back from another place does not look like what was written.
                    Ok(_) => assert!(acted(&bench) > 0, "{case}"),
                    Err(error) => {
                        let unproven = SessionError::Dfu(DfuError::PointerUnproven(34));
                        assert_eq!((error.touched(), error), (Touched::No, unproven), "{case}");
                        assert!(after == before, "{case}");
                        refused += 1;
                    }
                }
            }
        }
        assert!(right > 0 && refused > 0);
    }
}

#[test]
fn a_part_of_the_whole_dct_is_written_to_its_place_or_not_at_all() {
    const OFFSET: usize = 0x4010;
    for generation in [Generation::R4, Generation::R6] {
        let mut data = vec![0; 1000];
        data.iter_mut()
            .zip(0u32..)
            .for_each(|(byte, n)| *byte = n.wrapping_mul(2_654_435_761).to_be_bytes()[0]);
        let at = base(generation) + OFFSET;
        let (mut right, mut refused) = (0, 0);
        for kind in kinds() {
            for nth in AT_EACH_OF_A_WRITE {
                let bench = full(generation);
                bench.duo(|duo| {
                    let erased = [&duo.first_dct_area()[..0x4000], &[0xFF; 0x4000]].concat();
                    duo.set_dct_area(&erased);
                });
                let (before, serial) = flash(&bench);
                let mut written = before.clone();
                written[at..at + data.len()].copy_from_slice(&data);
                let result = with_session(&bench, |session, deadline| {
                    session.read_whole_dct_twice(deadline).unwrap().unwrap();
                    arm(&bench, &kind, nth);
                    session.write_whole_dct_and_read_back(OFFSET, &data, deadline)
                });
                let case = format!("{generation} {kind} at {nth}: {:?}", result.as_ref().err());
                let (after, serial_after) = flash(&bench);
                assert!(after == before || after == written, "{case}: something else is in the flash");
                assert!(serial_after == serial, "{case}");
                match result {
                    Ok(read) => {
                        assert!(after == written && read[..] == data, "{case}");
                        right += 1;
                    }
                    // The bootloader refuses to erase its own sectors, and says so.
                    Err(SessionError::Dfu(DfuError::WriteRefused { .. })) => {
                        assert!(after == before, "{case}");
                    }
                    Err(error) if error.touched() == Touched::No => {
                        assert!(after == before, "{case}");
                        refused += 1;
                    }
                    Err(error) => assert!(matches!(error, SessionError::ReadBack(_)), "{case}"),
                }
            }
        }
        assert!(right > 0 && refused > 0);
    }
}

#[test]
fn what_reads_back_as_erased_is_and_nothing_else_has_changed() {
    for generation in [Generation::R4, Generation::R6] {
        let (mut right, mut wrong, mut refused) = (0, 0, 0);
        for (copy, kind) in
            [0, 1].into_iter().flat_map(|copy| kinds().into_iter().map(move |kind| (copy, kind)))
        {
            // Before the sector is read, before the command, before the read-back, and after the last address.
            for nth in [1, 2, 11, 14] {
                let bench = full(generation);
                let (before, serial) = flash(&bench);
                let from = base(generation) + copy * 0x4000;
                let mut erased = before.clone();
                erased[from..from + 0x4000].fill(0xFF);
                let result = with_session(&bench, |session, deadline| {
                    session.read_whole_dct_twice(deadline).unwrap().unwrap();
                    arm(&bench, &kind, nth);
                    session.erase_whole_dct_sector(copy, &before[from..from + 0x4000], deadline)
                });
                let case = format!("{generation} {kind} at {nth}, copy {copy}: {:?}", result.as_ref().err());
                let (after, serial_after) = flash(&bench);
                assert!(serial_after == serial, "{case}");
                let whole = base(generation)..base(generation) + 0x8000;
                match result {
                    Ok(read) if read[..] == erased[whole.clone()] => {
                        assert!(after == erased, "{case}");
                        right += 1;
                    }
                    Ok(read) => {
                        assert!(read[..] == after[whole], "{case}: what is there is told");
                        wrong += 1;
                    }
                    // The bootloader refuses to erase its own sectors, and says so.
                    Err(SessionError::Dfu(DfuError::WriteRefused { .. })) => {
                        assert!(after == before, "{case}");
                    }
                    Err(error) if error.touched() == Touched::No => {
                        assert!(after == before, "{case}");
                        refused += 1;
                    }
                    Err(error) => assert!(matches!(error, SessionError::ReadBack(_)), "{case}"),
                }
            }
        }
        assert!(right > 0 && wrong > 0 && refused > 0);
    }
}
