//! Tests a session on the virtual Duo: every defect at every request.

mod addresses;
mod every_fault;

use std::time::Duration;

use crate::virtual_duo::*;
use duo_provision::bootloader::DfuSession;
use duo_provision::bootloader::SessionError;
use duo_provision::dfuse::{Block, Buffer, DfuError, State, Touched};
use duo_provision::simulator::Generation;
use duo_provision::simulator::faults::{Fault, Kind, Moment};
use duo_provision::usb::Bus;
use duo_provision::usb::Clock;

const LIMIT: Duration = Duration::from_secs(30);
const KEY: [u8; 1216] = [0xA5; 1216];
/// What is read before a write and after it.
const SECTION: usize = 8423;
/// What a backup reads.
const BACKUP: usize = 4096;
/// The requests for the two passes over the whole DCT.
const WHOLE_REQUESTS: u32 = 27;

/// A block with a key for the slot of a Duo that holds `held`.
fn key_block(held: &[u8], key: &[u8]) -> Block {
    let proof = Buffer::new(held[34..1250].to_vec());
    Block { pointer: 34, proof, block: 0, data: Buffer::new(key.to_vec()) }
}

/// A section with another key in it.
fn with_key(section: &[u8], key: &[u8]) -> Vec<u8> {
    [&section[..34], key, &section[1250..]].concat()
}

/// Writes the key to a Duo that holds `held`; returns the section that is read back.
fn write_key(session: &mut DfuSession<'_>, held: &[u8], deadline: Duration) -> Result<Buffer, SessionError> {
    session.write_and_read_back(key_block(held, &KEY), SECTION, deadline)
}

/// Opens a session on a bench and passes it on with a deadline.
fn with_session<T>(bench: &Bench, body: impl FnOnce(&mut DfuSession<'_>, Duration) -> T) -> T {
    let device = &bench.bus.list(&[DFU]).unwrap()[0];
    let deadline = bench.clock.now() + LIMIT;
    let mut session = DfuSession::open(&bench.bus, device, &*bench.clock, &|| false, deadline).unwrap();
    body(&mut session, deadline)
}

/// Every defect once, and also lasting, if that makes a difference.
fn defects() -> Vec<(Kind, bool)> {
    let mut lasting = vec![Kind::Busy, Kind::WriteFails, Kind::PollTimeout(0), Kind::PollTimeout(0xFF_FFFF)];
    for moment in [Moment::Before, Moment::After] {
        lasting.extend([Kind::Stall(moment), Kind::Timeout(moment), Kind::Protocol(moment)]);
    }
    let mut passing = vec![Kind::Babble, Kind::ShortRead(0), Kind::ShortRead(5)];
    passing.extend([Moment::Before, Moment::After].map(|moment| Kind::Disconnect { moment, returns: false }));
    passing.extend([2, 3, 5, 6, 8, 9, 10, 15].map(Kind::State));
    passing.extend(lasting.iter().cloned());
    let once = passing.into_iter().map(|kind| (kind, true));
    once.chain(lasting.into_iter().map(|kind| (kind, false))).collect()
}

fn armed(kind: &Kind, once: bool, nth: u32) -> Bench {
    let bench = Bench::new(Generation::R6);
    bench.duo(|duo| duo.faults().arm(fault(kind, once, nth)));
    bench
}

fn fault(kind: &Kind, once: bool, nth: u32) -> Fault {
    if once { Fault::once(kind.clone(), nth) } else { Fault::from(kind.clone(), nth) }
}

fn blocks_sent(bench: &Bench) -> usize {
    bench.duo(|duo| {
        let is_block = |setup: &duo_provision::usb::Setup, length| {
            (setup.request_type, setup.request, setup.value) == (0x21, 1, 2) && length > 0
        };
        duo.log().filter(|l| is_block(&l.setup, l.length)).count()
    })
}

#[test]
fn the_figures_hold_on_every_bootloader() {
    for generation in Generation::ALL {
        let bench = Bench::new(generation);
        let section = bench.duo(|duo| duo.dct(0, SECTION));
        with_session(&bench, |session, deadline| {
            let read = session.read_twice(BACKUP, deadline).unwrap().unwrap();
            assert!(read[..] == section[..BACKUP], "{generation}");
            assert_eq!(session.class_requests(), 12);
            let back = write_key(session, &section, deadline).unwrap();
            assert!(back[..] == with_key(&section, &KEY), "{generation}");
            assert_eq!(session.class_requests(), 12 + 15);
        });
        assert_eq!(bench.duo(|duo| duo.dct(34, 1216)), KEY);
        assert_eq!(bench.duo(|duo| (duo.class_requests(), duo.state())), (27, 2));
        let after = bench.duo(|duo| duo.dct(0, SECTION));
        with_session(&bench, |session, deadline| {
            let read = session.read_twice(SECTION, deadline).unwrap().unwrap();
            assert!(read[..] == after, "{generation}");
            assert_eq!(session.class_requests(), 16);
        });
    }
}

#[test]
fn the_whole_application_part_is_read_in_blocks() {
    let bench = Bench::new(Generation::R6);
    let read = with_session(&bench, |session, deadline| session.read_twice(8192, deadline).unwrap());
    assert_eq!(read.unwrap()[..], bench.duo(|duo| duo.dct(0, 8192)));
}

/// Switches between the two memories before each read and before a write: the address of one memory is not used in the
/// other.
#[test]
fn the_whole_dct_is_read_from_the_flash_and_everything_else_from_the_dct() {
    for generation in Generation::ALL {
        let bench = Bench::new(generation);
        let base = if generation < Generation::R5 { 0x4000 } else { 0x8000 };
        let flash = bench.duo(|duo| duo.internal_flash().to_vec());
        let section = bench.duo(|duo| duo.dct(0, SECTION));
        with_session(&bench, |session, deadline| {
            session.read_twice(BACKUP, deadline).unwrap().unwrap();
            let read = session.read_whole_dct_twice(deadline).unwrap().unwrap();
            assert!(read[..] == flash[base..base + 0x8000], "{generation}");
            assert_eq!(bench.duo(|duo| duo.alt()), 0);
            assert!(session.read_twice(BACKUP, deadline).unwrap().unwrap()[..] == section[..BACKUP]);
            session.read_whole_dct_twice(deadline).unwrap().unwrap();
            let back = write_key(session, &section, deadline).unwrap();
            assert!(back[..] == with_key(&section, &KEY), "{generation}");
            assert_eq!(bench.duo(|duo| duo.alt()), 1);
        });
        assert_eq!(bench.duo(|duo| duo.dct(34, 1216)), KEY);
        let after = bench.duo(|duo| duo.internal_flash().to_vec());
        assert!(after[..base] == flash[..base] && after[base + 0x8000..] == flash[base + 0x8000..]);
    }
}

#[test]
fn a_whole_dct_is_right_or_an_error_with_every_defect_at_every_request() {
    for (kind, once) in defects() {
        for nth in 1..=WHOLE_REQUESTS + 3 {
            let bench = armed(&kind, once, nth);
            let read = with_session(&bench, |session, deadline| session.read_whole_dct_twice(deadline).ok());
            if let Some(read) = read.flatten() {
                let area = bench.duo(|duo| duo.internal_flash()[0x8000..0x10000].to_vec());
                assert!(read[..] == area[..], "{kind:?} at {nth}, once: {once}");
            }
        }
    }
}

/// All of the DCT is reached, and never the sectors around it. The bootloader is in the first of those.
#[test]
fn the_whole_dct_is_erased_and_written_and_nothing_else_of_the_flash_is_reached() {
    for generation in Generation::ALL {
        let bench = Bench::new(generation);
        let base = if generation < Generation::R5 { 0x4000 } else { 0x8000 };
        let flash = bench.duo(|duo| duo.internal_flash().to_vec());
        with_session(&bench, |session, deadline| {
            let mut held = session.read_whole_dct_twice(deadline).unwrap().unwrap();
            for copy in [0, 1] {
                let at = copy * 0x4000;
                let read = session.erase_whole_dct_sector(copy, &held[at..at + 0x4000], deadline).unwrap();
                held[at..at + 0x4000].fill(0xFF);
                assert!(read == held, "{generation}: this copy is erased, and the other is as it was");
            }
            for offset in (0..0x8000).step_by(0x1000) {
                let block = vec![u8::try_from(offset >> 8).unwrap(); 0x1000];
                let read = session.write_whole_dct_and_read_back(offset, &block, deadline).unwrap();
                assert!(read[..] == block[..], "{generation}");
            }
            // Without an erasure, a write can only clear bits.
            let read = session.write_whole_dct_and_read_back(0x1000, &[0x3F; 16], deadline).unwrap();
            assert_eq!(read[..], [0x10; 16]);
            let read = session.write_whole_dct_and_read_back(0x1FF0, &[0x0F; 16], deadline).unwrap();
            assert_eq!(read[..], [0; 16]);
            let before = session.class_requests();
            for copy in [2, 3, usize::MAX] {
                let error = session.erase_whole_dct_sector(copy, &held[..0x4000], deadline).unwrap_err();
                assert!(matches!(error, SessionError::OutsideWholeDct { .. }), "{error:?}");
                assert_eq!(error.touched(), Touched::No);
            }
            for (offset, length) in [(0x8000, 1), (0x7FFF, 2), (usize::MAX, 1), (usize::MAX - 0x4000 + 1, 1)]
            {
                let error = session.write_whole_dct_and_read_back(offset, &vec![0; length], deadline);
                assert!(matches!(error, Err(SessionError::OutsideWholeDct { .. })), "{error:?}");
            }
            assert!(session.write_whole_dct_and_read_back(0, &[0; 4097], deadline).is_err());
            assert!(session.write_whole_dct_and_read_back(16, &[0; 4081], deadline).is_err());
            assert!(session.write_whole_dct_and_read_back(0, &[], deadline).is_err());
            assert!(session.write_whole_dct_and_read_back(16, &[], deadline).is_err());
            assert_eq!(session.class_requests(), before, "nothing was sent");
            let area = session.read_whole_dct_twice(deadline).unwrap().unwrap();
            assert_eq!(
                [area[0xFFF], area[0x1000], area[0x1010], area[0x1FF0], area[0x2000]],
                [0, 0x10, 0x10, 0, 0x20]
            );
        });
        let after = bench.duo(|duo| duo.internal_flash().to_vec());
        assert!(after[..base] == flash[..base] && after[base + 0x8000..] == flash[base + 0x8000..]);
    }
}

/// With another layout of the sectors, more than the DCT would be erased.
#[test]
fn a_flash_of_other_sectors_is_not_written_to() {
    let maps = [
        "@Internal Flash   /0x08000000/01*016Ka,07*128Kg",
        "@Internal Flash   /0x08000000/02*016Ka,01*032Kg,01*064Kg,07*128Kg",
        "@Internal Flash   /0x08000000/02*016Ka,02*016Ka,01*064Kg,07*128Kg",
        "@Internal Flash   /0x08000000/02*016Ka,02*016Ke,01*064Kg,07*128Kg",
        "@Internal Flash   /0x08000000/01*016Ka,06*008Kg,01*064Kg,07*128Kg",
        "@Internal Flash   /0x08000000/02*016Ka,01*016Kg,01*016Ka,01*064Kg,07*128Kg",
    ];
    for map in maps {
        let bench = Bench::new(Generation::R6);
        let flash = bench.duo(|duo| duo.internal_flash().to_vec());
        let lie = Kind::AltName { alt: 0, text: map.to_owned() };
        bench.duo(|duo| duo.faults().arm(Fault::always(lie)));
        with_session(&bench, |session, deadline| {
            let held = session.read_whole_dct_twice(deadline).ok().flatten();
            let held = held.map_or_else(|| flash[0x8000..0x10000].to_vec(), |held| held.to_vec());
            assert!(session.erase_whole_dct_sector(0, &held[..0x4000], deadline).is_err(), "{map}");
            assert!(session.erase_whole_dct_sector(1, &held[0x4000..], deadline).is_err(), "{map}");
            assert!(session.write_whole_dct_and_read_back(0x4000, &[0; 16], deadline).is_err(), "{map}");
        });
        assert!(bench.duo(|duo| duo.internal_flash().to_vec()) == flash, "{map}");
    }
}

#[test]
fn an_erasure_is_proven_or_an_error_with_every_defect_at_every_request() {
    for (kind, once) in defects() {
        for nth in 1..=24 {
            let bench = Bench::new(Generation::R6);
            bench.duo(|duo| duo.set_dct(1858, b"the second copy"));
            let before = bench.duo(|duo| duo.first_dct_area().to_vec());
            let erased = with_session(&bench, |session, deadline| {
                session.read_whole_dct_twice(deadline).unwrap().unwrap();
                bench.duo(|duo| duo.faults().arm(fault(&kind, once, nth)));
                session.erase_whole_dct_sector(1, &before[0x4000..], deadline)
            });
            let after = bench.duo(|duo| duo.first_dct_area().to_vec());
            match erased {
                Ok(read) => assert!(read[..] == after[..], "{kind:?} at {nth}, once: {once}"),
                Err(error) if error.touched() == Touched::No => {
                    assert!(after == before, "{kind:?} at {nth}, once: {once}");
                }
                Err(_) => {}
            }
            assert!(after[..0x4000] == before[..0x4000], "{kind:?} at {nth}, once: {once}");
        }
    }
}

/// A bus reset puts a device back to its first setting, and the host notices only the transfer that failed.
#[test]
fn after_a_failure_the_dct_is_selected_anew() {
    let bench = Bench::new(Generation::R4);
    let dct = bench.duo(|duo| duo.dct(0, SECTION));
    with_session(&bench, |session, deadline| {
        session.read_twice(BACKUP, deadline).unwrap().unwrap();
        let reset = || {
            bench.duo(|duo| duo.faults().arm(Fault::from(Kind::Timeout(Moment::Before), 1)));
        };
        let over = || {
            bench.duo(|duo| duo.faults().clear());
            let device = &bench.bus.list(&[DFU]).unwrap()[0];
            bench.bus.open(device).unwrap().set_alt_setting(0, 0).unwrap();
        };
        reset();
        session.read_twice(BACKUP, deadline).unwrap_err();
        over();
        assert!(session.read_twice(BACKUP, deadline).unwrap().unwrap()[..] == dct[..BACKUP]);
        reset();
        write_key(session, &dct, deadline).unwrap_err();
        over();
        assert!(write_key(session, &dct, deadline).unwrap()[..] == with_key(&dct, &KEY));
    });
    assert_eq!(bench.duo(|duo| duo.dct(34, 1216)), KEY);
}

/// A device that says dfuDNBUSY for an address but never carries it out reads zeros outside r6's DCT. Both passes read
/// the same zeros; the caller has to recognise them.
#[test]
fn a_read_is_right_or_an_error_with_every_defect_at_every_request() {
    for (kind, once) in defects() {
        for nth in 1..=14 {
            let bench = armed(&kind, once, nth);
            let before = bench.clock.now();
            let result = with_session(&bench, |session, deadline| session.read_twice(BACKUP, deadline));
            let case = format!("{kind:?} at {nth}, once: {once}: {:?}", result.as_ref().err());
            assert!(bench.clock.now() <= before + LIMIT + Duration::from_secs(1), "{case}");
            if let Ok(Some(read)) = result {
                let section = bench.duo(|duo| duo.dct(0, BACKUP));
                let is_nothing = kind == Kind::Busy && !once && read.iter().all(|byte| *byte == 0);
                assert!(read[..] == section || is_nothing, "{case}");
            }
        }
    }
}

#[test]
fn a_write_is_proved_or_an_error_that_tells_the_truth() {
    for (kind, once) in defects() {
        for nth in 1..=19 {
            let bench = armed(&kind, once, nth);
            let before = bench.duo(|duo| duo.dct(0, SECTION));
            let result = with_session(&bench, |session, deadline| write_key(session, &before, deadline));
            let after = bench.duo(|duo| duo.dct(0, SECTION));
            let case = format!("{kind:?} at {nth}, once: {once}: {:?}", result.as_ref().err());
            assert!(blocks_sent(&bench) <= 1, "{case}");
            assert!(after[..34] == before[..34] && after[1250..] == before[1250..], "{case}");
            match result {
                // What is read from another place must not look like success.
                Ok(read) if read[..] == with_key(&before, &KEY) => assert!(read[..] == after, "{case}"),
                Ok(read) => assert!(read[..] == after || kind == Kind::Busy, "{case}"),
                Err(error) if error.touched() == Touched::No => assert!(after == before, "{case}"),
                Err(error) if error.touched() == Touched::Yes => {
                    assert!(matches!(error, SessionError::ReadBack(_)), "{case}");
                }
                Err(_) => {}
            }
        }
    }
}

#[test]
fn every_state_that_has_a_way_to_idle_is_left() {
    for state in 0..=20 {
        let bench = Bench::new(Generation::R6);
        bench.duo(|duo| duo.set_state(state));
        let result = with_session(&bench, |session, deadline| session.read_twice(BACKUP, deadline));
        match state {
            0 | 1 => {
                assert!(matches!(result, Err(SessionError::Dfu(DfuError::NotInDfuMode(_)))), "{state}");
            }
            8 => assert_eq!(result.unwrap_err(), SessionError::Dfu(DfuError::Leaving)),
            4 | 7 => {
                assert!(matches!(result, Err(SessionError::Dfu(DfuError::Stuck { .. })) | Ok(_)), "{state}");
            }
            2..=10 | 15 => assert!(result.is_ok(), "{state}: {result:?}"),
            _ => assert!(matches!(
                result,
                Err(SessionError::Dfu(DfuError::UnexpectedState { state: State::Unknown(_), .. }))
            )),
        }
    }
}

#[test]
fn a_block_that_another_program_left_pending_is_not_written() {
    let mut bench = Bench::new(Generation::R6);
    let before = bench.duo(|duo| duo.dct(0, 4096));
    bench.alt(1);
    bench.point_at(34);
    bench.dnload(2, &KEY).unwrap();
    with_session(&bench, |session, deadline| session.read_twice(BACKUP, deadline).unwrap());
    assert_eq!(bench.duo(|duo| duo.dct(0, 4096)), before);
}

#[test]
fn leaving_restarts_the_duo_into_its_firmware() {
    let bench = Bench::new(Generation::R6);
    with_session(&bench, |session, deadline| {
        session.read_twice(BACKUP, deadline).unwrap();
        session.leave(deadline).unwrap();
    });
    bench.wait(2000);
    assert_eq!(bench.duo(|duo| duo.boots()), 1);
}

#[test]
fn an_error_says_what_the_device_has_in_place_of_a_dct() {
    let text =
        |found: &[&str]| SessionError::NoDct(found.iter().map(|&name| name.to_owned()).collect()).to_string();
    let said = "the device has no memory named \"DCT Flash\"; it has: ";
    assert_eq!(text(&[]), format!("{said}none with a name"));
    assert_eq!(text(&["@A/0x0/1*1Kg", "@B"]), format!("{said}@A/0x0/1*1Kg, @B"));
}

#[test]
fn a_cancellation_tells_whether_the_flash_may_have_changed() {
    for touched in [Touched::No, Touched::Maybe, Touched::Yes] {
        assert_eq!(SessionError::Cancelled(touched).touched(), touched);
    }
}
