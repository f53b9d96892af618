//! Tests every fault at every transfer of every operation: what a session reports is true of the flash.

use std::sync::Arc;
use std::time::Duration;

use super::{BACKUP, SECTION, key_block, with_key};
use crate::virtual_duo::{DFU, device_keys, key_maker, options};
use duo_provision::bootloader::DfuSession;
use duo_provision::bootloader::SessionError;
use duo_provision::dfuse::Touched;
use duo_provision::simulator::faults::{Fault, Kind};
use duo_provision::simulator::{Duo, Generation, Hub, VirtualBus, VirtualClock};
use duo_provision::usb::Bus;
use duo_provision::usb::Clock;
use duo_provision::usb::PortPath;

const ALLOWED: Duration = Duration::from_secs(10);
/// The time that an operation may take beyond its deadline: its last transfer, and cleaning up.
const GRACE: Duration = Duration::from_secs(10);

struct Bench {
    clock: Arc<VirtualClock>,
    hub: Arc<Hub>,
    bus: VirtualBus,
    path: PortPath,
}

impl Bench {
    fn new(generation: Generation) -> Self {
        let clock = Arc::new(VirtualClock::new());
        let hub = Hub::new(clock.clone());
        let path = hub.plug(Duo::new(options(generation), key_maker(0)));
        Self { bus: VirtualBus::new(hub.clone()), clock, hub, path }
    }

    /// The start of the DCT of the Duo that was there first, wherever it is now.
    fn section(&self, length: usize) -> Vec<u8> {
        self.hub.with_duo(&self.path, |duo, _| duo.first_dct(0, length)).unwrap()
    }

    fn requests(&self) -> u64 {
        self.hub.with_duo(&self.path, |duo, _| duo.class_requests()).unwrap()
    }

    /// Opens a session, arms `fault` and runs `operation` within the time allowed.
    fn run<T>(
        &self,
        fault: Option<Fault>,
        operation: impl FnOnce(&mut DfuSession, Duration) -> Result<T, SessionError>,
    ) -> Result<T, SessionError> {
        let never = || false;
        let deadline = self.clock.now() + ALLOWED;
        let device = self.bus.list(&[DFU]).unwrap().remove(0);
        let mut session = DfuSession::open(&self.bus, &device, &*self.clock, &never, deadline).unwrap();
        if let Some(fault) = fault {
            self.hub.with_duo(&self.path, |duo, _| duo.faults().arm(fault)).unwrap();
        }
        let result = operation(&mut session, deadline);
        assert!(self.clock.now() <= deadline + GRACE, "it took until {:?}", self.clock.now());
        result
    }
}

/// Runs `check` for every kind of fault, once and lasting, at each of the `requests` requests of an operation and at
/// three more for its second attempts.
fn everywhere(requests: u64, check: impl Fn(Generation, Fault)) {
    for generation in [Generation::R4, Generation::R6] {
        for kind in Kind::catalogue().into_iter().filter(|kind| !is_of_an_address(kind)) {
            for nth in 1..=u32::try_from(requests).unwrap() + 3 {
                check(generation, Fault::once(kind.clone(), nth));
                check(generation, Fault::from(kind.clone(), nth));
            }
        }
    }
}

/// These kinds have tests of their own, in `addresses`.
fn is_of_an_address(kind: &Kind) -> bool {
    matches!(kind, Kind::AddressSilent | Kind::AddressOnceWrong(_) | Kind::AddressStuck(_))
}

/// How many requests an undisturbed operation takes.
fn count<T>(operation: impl FnOnce(&mut DfuSession, Duration) -> Result<T, SessionError>) -> u64 {
    let bench = Bench::new(Generation::R6);
    bench.run(None, operation).unwrap();
    bench.requests()
}

#[test]
fn write_that_reads_back_right_is_in_the_flash_and_untouched_means_untouched() {
    let new = &device_keys()[60].slot[..];
    let section = |bench: &Bench| bench.section(SECTION);
    let held = section(&Bench::new(Generation::R6));
    let requests = count(|s, deadline| s.write_and_read_back(key_block(&held, new), SECTION, deadline));
    assert_eq!(requests, 16);
    everywhere(requests, |generation, fault| {
        let bench = Bench::new(generation);
        let before = section(&bench);
        let result = bench.run(Some(fault.clone()), |s, deadline| {
            s.write_and_read_back(key_block(&before, new), SECTION, deadline)
        });
        let (after, wanted) = (section(&bench), with_key(&before, new));
        match result {
            Ok(back) => assert!(back[..] != wanted || after == wanted, "{generation} {fault:?}"),
            Err(error) => {
                assert!(error.touched() != Touched::No || after == before, "{generation} {fault:?}: {error}");
            }
        }
    });
}

/// Reads that are all zeros or all ones, or a pointer that no command moves: every place looks the same. The caller
/// knows what should be where.
fn shows_the_same_everywhere(fault: &Fault) -> bool {
    !fault.once && matches!(fault.kind, Kind::ReadZeros | Kind::ReadOnes | Kind::Busy)
}

#[test]
fn two_reads_that_agree_are_the_flash_unless_the_device_lies_twice() {
    let requests = count(|s, deadline| s.read_twice(BACKUP, deadline));
    assert_eq!(requests, 12);
    everywhere(requests, |generation, fault| {
        let bench = Bench::new(generation);
        let before = bench.section(BACKUP);
        let result = bench.run(Some(fault.clone()), |s, deadline| s.read_twice(BACKUP, deadline));
        assert!(bench.section(BACKUP) == before, "reading changes nothing: {generation} {fault:?}");
        if let Ok(Some(read)) = result
            && !shows_the_same_everywhere(&fault)
        {
            assert!(read[..] == before[..], "{generation} {fault:?}");
        }
    });
}

fn leave(session: &mut DfuSession, deadline: Duration) -> Result<(), SessionError> {
    session.leave(deadline)
}

#[test]
fn leave_that_succeeds_has_left() {
    let requests = count(leave);
    everywhere(requests, |generation, fault| {
        let bench = Bench::new(generation);
        let result = bench.run(Some(fault.clone()), leave);
        bench.clock.advance(Duration::from_secs(5));
        bench.bus.list(&[DFU]).unwrap();
        let (boots, unplugged) =
            bench.hub.with_duo(&bench.path, |duo, _| (duo.boots(), duo.enumeration() > 1)).unwrap();
        // These are excused. A Duo that is gone counts as success here. The answer that completes a leave says only
        // that nothing is left to do, so a state that changes by itself in between cannot be noticed. Nor can a Duo
        // that agrees to leave and stays: the workflow looks at the bus for that.
        let excused = matches!(
            fault.kind,
            Kind::Disconnect { .. }
                | Kind::Reenumerate(_)
                | Kind::Swap(_)
                | Kind::State(_)
                | Kind::LeaveHangs
                | Kind::LeaveVanishes
        );
        if result.is_ok() && !excused {
            assert!(boots == 1 && unplugged, "{generation} {fault:?}: it is still there");
        }
    });
}
