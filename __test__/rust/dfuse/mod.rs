//! Tests the promises of the `dfuse` machines against a device that is written from the firmware's sources.

use std::collections::BTreeMap;
use std::time::Duration;

use duo_provision::dfuse::{
    Action, Block, Buffer, DfuError, Download, Erase, Failure, Geometry, Leave, Machine, MemoryMap,
    Operation, Part, Recover, Reply, Request, Stage, Start, State, Touched, Upload,
};

mod anything;
pub mod suffix;
use crate::common::mock_duo::{MockDuo, Pointing, Trouble};

const DNLOAD: u8 = 1;
const UPLOAD: u8 = 2;
const GETSTATUS: u8 = 3;
const CLRSTATUS: u8 = 4;
const GETSTATE: u8 = 5;
const ABORT: u8 = 6;

const DEADLINE: Duration = Duration::from_secs(60);

/// The length of a proof: the slot of a key.
const PROOF: usize = 1216;

fn dct() -> Geometry {
    Geometry::new(MemoryMap::parse("@DCT Flash   /0x00000000/01*016Kg").unwrap(), 4096)
}

/// Drives a machine against a device. Only an unanswered transfer takes time. Returns the outcome and the time at the
/// end.
fn drive<O: Operation>(duo: &mut MockDuo, operation: O) -> (Result<O::Output, DfuError>, Duration) {
    let mut machine = Machine::new(operation, DEADLINE);
    let mut now = Duration::ZERO;
    loop {
        match machine.poll(now) {
            Action::Done => return (machine.into_result(), now),
            Action::Wait(until) => {
                assert!(until > now && until <= DEADLINE);
                now = until;
            }
            Action::Send(transfer) => {
                assert!(!transfer.timeout.is_zero());
                let (code, value) = (transfer.command.request().code(), transfer.command.value());
                let timeout = transfer.timeout;
                let answer = match transfer.command.reply_length() {
                    Some(length) => duo.control_in(code, value, length.into()).map(Some),
                    None => duo.control_out(code, value, transfer.command.data()).map(|()| None),
                };
                if answer == Err(Trouble::Timeout) {
                    now += timeout;
                }
                machine.reply(
                    now,
                    match &answer {
                        Ok(Some(bytes)) => Reply::Data(bytes),
                        Ok(None) => Reply::Sent,
                        Err(trouble) => Reply::Failed(failure(*trouble)),
                    },
                );
            }
        }
    }
}

fn failure(trouble: Trouble) -> Failure {
    match trouble {
        Trouble::Stall => Failure::Stall,
        Trouble::Timeout => Failure::Timeout,
        Trouble::Gone => Failure::Disconnected,
        Trouble::Noise => Failure::Other("CRC".into()),
    }
}

fn upload(start: Start, address: u32, length: usize) -> Upload {
    Upload::new(&dct(), start, address, &[Part::first(length)]).unwrap()
}

/// The content of a device that nothing was written to.
fn untouched(address: u32, length: usize) -> Vec<u8> {
    let address = address as usize;
    MockDuo::new().memory[address..address + length].to_vec()
}

/// A block to write at `address` of a device that still holds its first content.
fn block(address: u32, data: &[u8]) -> Block {
    let proof = Buffer::new(untouched(address, PROOF));
    Block { pointer: address, proof, block: 0, data: Buffer::new(data.to_vec()) }
}

fn download(start: Start, address: u32, data: &[u8]) -> Download {
    Download::new(&dct(), start, block(address, data)).unwrap()
}

/// Gives these answers, one after the other, to a machine that sends a request for each.
fn answer<O: Operation>(machine: &mut Machine<O>, now: Duration, replies: &[&[u8]]) {
    for reply in replies {
        assert!(matches!(machine.poll(now), Action::Send(_)) && machine.interruptible());
        machine.reply(now, if reply.is_empty() { Reply::Sent } else { Reply::Data(reply) });
    }
}

const BUSY: &[u8] = &[0, 0, 0, 0, 4, 0];
const SENT: &[u8] = &[];

mod recover {
    use super::*;

    #[test]
    fn a_device_in_dfu_idle_costs_one_request() {
        let mut duo = MockDuo::new();
        assert_eq!(drive(&mut duo, Recover::new()).0, Ok(()));
        assert_eq!(duo.requests(), [GETSTATE]);
    }

    #[test]
    fn comes_to_idle_from_every_state_that_has_a_way_there() {
        for (state, way) in [
            (3, vec![GETSTATE, ABORT, GETSTATE]),
            (5, vec![GETSTATE, ABORT, GETSTATE]),
            (6, vec![GETSTATE, ABORT, GETSTATE]),
            (9, vec![GETSTATE, ABORT, GETSTATE]),
            (10, vec![GETSTATE, CLRSTATUS, GETSTATE]),
            (15, vec![GETSTATE, CLRSTATUS, GETSTATE, CLRSTATUS, GETSTATE]),
        ] {
            let mut duo = MockDuo::in_state(state);
            assert_eq!(drive(&mut duo, Recover::new()).0, Ok(()), "from {state}");
            assert_eq!((duo.state, duo.requests()), (2, way), "from {state}");
        }
    }

    #[test]
    fn a_block_or_a_leave_that_was_left_pending_is_discarded() {
        let mut duo = MockDuo::in_state(3);
        assert_eq!(drive(&mut duo, Recover::new()).0, Ok(()));
        assert_eq!(duo.written, 0);

        let mut duo = MockDuo::in_state(6);
        assert_eq!(drive(&mut duo, Recover::new()).0, Ok(()));
        assert!(!duo.leaving);
    }

    #[test]
    fn a_device_that_is_busy_for_ever_is_given_up_in_time() {
        let mut duo = MockDuo::in_state(4);
        let (result, time) = drive(&mut duo, Recover::new());
        assert_eq!(result, Err(DfuError::Stuck { state: Some(State::DnBusy), requests: 16 }));
        // 10 ms, doubled each time up to a second, so that a flash write has time to end.
        assert_eq!(time, Duration::from_millis(9270));
        assert!(duo.requests().iter().all(|&r| r == GETSTATE));
    }

    #[test]
    fn a_device_without_getstate_is_asked_for_its_status_once_nothing_is_pending() {
        for state in [2, 3, 5, 6, 9, 10, 15] {
            let mut duo = MockDuo { getstate_stalls: true, ..MockDuo::in_state(state) };
            assert_eq!(drive(&mut duo, Recover::new()).0, Ok(()), "from {state}");
            assert_eq!((duo.state, duo.written, duo.leaving), (2, 0, false), "from {state}");
        }
    }

    #[test]
    fn states_without_a_way_to_idle_are_told_apart() {
        let outcome = |state| drive(&mut MockDuo::in_state(state), Recover::new()).0.unwrap_err();
        assert_eq!(outcome(8), DfuError::Leaving);
        assert_eq!(outcome(0), DfuError::NotInDfuMode(State::AppIdle));
        assert_eq!(outcome(1), DfuError::NotInDfuMode(State::AppDetach));
        assert!(matches!(outcome(77), DfuError::UnexpectedState { state: State::Unknown(77), .. }));
    }

    #[test]
    fn status_is_never_cleared_outside_of_error_and_15() {
        for state in (0..=255).filter(|s| ![10, 15].contains(s)) {
            let mut duo = MockDuo::in_state(state);
            let _ = drive(&mut duo, Recover::new());
            assert!(!duo.requests().contains(&CLRSTATUS), "from {state}");
            assert!(!duo.requests().contains(&GETSTATUS), "from {state}");
        }
    }
}

mod upload {
    use super::*;

    #[test]
    fn reading_a_key_takes_six_requests() {
        let mut duo = MockDuo::new();
        let read = drive(&mut duo, upload(Start::Unknown, 34, 1216)).0.unwrap();
        assert_eq!(read.len(), 1);
        assert_eq!(read[0][..], duo.memory[34..1250]);
        assert_eq!(
            duo.log,
            [
                (GETSTATE, 0, 1),
                (DNLOAD, 0, 5),
                (GETSTATUS, 0, 6),
                (ABORT, 0, 0),
                (UPLOAD, 2, 1216),
                (ABORT, 0, 0),
            ]
        );
        assert_eq!((duo.state, duo.pointer), (2, 34));
    }

    /// The abort follows the first answer with dfuDNBUSY, however many more the device would give.
    #[test]
    fn an_abort_after_the_first_question_is_all_that_an_address_takes() {
        for busy in [0, 1, 1000] {
            let mut duo = MockDuo { busy, ..MockDuo::new() };
            let read = drive(&mut duo, upload(Start::Ready, 34, 1216)).0.unwrap();
            assert_eq!(read[0][..], duo.memory[34..1250]);
            assert_eq!(duo.requests(), [DNLOAD, GETSTATUS, ABORT, UPLOAD, ABORT], "{busy}");
        }
    }

    #[test]
    fn an_address_is_set_straight_out_of_dnload_idle() {
        let mut duo = MockDuo::in_state(5);
        let read = drive(&mut duo, upload(Start::Ready, 34, 1216)).0.unwrap();
        assert_eq!(read[0][..], duo.memory[34..1250]);
        assert_eq!(duo.requests(), [DNLOAD, GETSTATUS, ABORT, UPLOAD, ABORT]);

        let mut duo = MockDuo::in_state(5);
        assert_eq!(drive(&mut duo, download(Start::Ready, 34, &[1; 8])).0, Ok(()));
        assert_eq!((duo.state, duo.log.len()), (5, 8));
        duo.log.clear();
        let read = drive(&mut duo, upload(Start::Ready, 34, 8)).0.unwrap();
        assert_eq!((&read[0][..], duo.log.len()), (&[1; 8][..], 5));
    }

    #[test]
    fn a_read_sets_its_address_even_where_it_is_believed_to_be_right() {
        let mut duo = MockDuo { pointer: 34, ..MockDuo::new() };
        for (address, length) in [(34, 1216), (34, 1216), (2082, 768)] {
            duo.log.clear();
            let read = drive(&mut duo, upload(Start::Ready, address, length)).0.unwrap();
            assert_eq!(read[0][..], untouched(address, length));
            assert_eq!(duo.log[0], (DNLOAD, 0, 5), "{length} at {address}");
        }
        assert_eq!(duo.pointed, 3);
    }

    #[test]
    fn a_long_range_is_read_in_blocks_of_4096_numbered_from_two() {
        let mut duo = MockDuo::new();
        let read = drive(&mut duo, upload(Start::Ready, 100, 10_000)).0.unwrap();
        assert_eq!(read[0][..], duo.memory[100..10_100]);
        let blocks: Vec<_> = duo.log.iter().filter(|r| r.0 == UPLOAD).map(|r| (r.1, r.2)).collect();
        assert_eq!(blocks, [(2, 4096), (3, 4096), (4, 1808)]);
    }

    #[test]
    fn several_parts_are_read_behind_one_pointer() {
        let mut duo = MockDuo::new();
        let parts = [Part::first(16), Part { block: 2, length: 5000 }, Part { block: 1, length: 7 }];
        let read = drive(&mut duo, Upload::new(&dct(), Start::Ready, 100, &parts).unwrap()).0.unwrap();
        assert_eq!(read.len(), 3);
        assert_eq!(read[0][..], untouched(100, 16));
        assert_eq!(read[1][..], untouched(100 + 2 * 4096, 5000));
        assert_eq!(read[2][..], untouched(100 + 4096, 7));
        let blocks: Vec<_> = duo.log.iter().filter(|r| r.0 == UPLOAD).map(|r| (r.1, r.2)).collect();
        assert_eq!(blocks, [(2, 16), (4, 4096), (5, 904), (3, 7)]);
        assert_eq!((duo.pointed, duo.count(ABORT)), (1, 2));
    }

    #[test]
    fn nothing_is_sent_for_a_range_outside_the_map() {
        for (address, length) in [(0x4000, 1), (0x3FFF, 2), (34, 0), (u32::MAX, 2), (0, 0x4001)] {
            let refused = Upload::new(&dct(), Start::Unknown, address, &[Part::first(length)]);
            assert!(matches!(refused, Err(DfuError::Range(_))), "{length} at {address:#x}");
        }
        for (block, length) in [(4, 1), (3, 4097), (u16::MAX, 1)] {
            let parts = [Part::first(1), Part { block, length }];
            let refused = Upload::new(&dct(), Start::Unknown, 0, &parts);
            assert!(matches!(refused, Err(DfuError::Range(_))), "{length} in block {block}");
        }
        assert!(matches!(Upload::new(&dct(), Start::Unknown, 0, &[]), Err(DfuError::Range(_))), "nothing");
    }

    /// Block numbers have 16 bits and start at two, so the last two blocks have no number.
    #[test]
    fn a_block_that_has_no_number_is_not_read() {
        let whole = Geometry::new(MemoryMap::parse("@X/0x0/512*1Mg").unwrap(), 4096);
        for block in [u16::MAX - 2, u16::MAX - 1, u16::MAX] {
            let made = Upload::new(&whole, Start::Ready, 0, &[Part { block, length: 4096 }]);
            assert_eq!(made.is_ok(), block == u16::MAX - 2, "{block}");
        }
        let two = [Part { block: u16::MAX - 2, length: 4097 }];
        assert!(matches!(Upload::new(&whole, Start::Ready, 0, &two), Err(DfuError::Range(_))));
    }

    #[test]
    fn a_short_read_says_what_came() {
        let mut duo = MockDuo { short_reads: true, ..MockDuo::new() };
        assert_eq!(
            drive(&mut duo, upload(Start::Unknown, 34, 1216)).0.unwrap_err(),
            DfuError::ShortRead { address: 34, expected: 1216, got: 1215 }
        );
    }

    #[test]
    fn a_refused_address_is_named() {
        let mut duo = MockDuo { addresses_refused: true, ..MockDuo::new() };
        let error = drive(&mut duo, upload(Start::Unknown, 34, 1216)).0.unwrap_err();
        assert_eq!(error, DfuError::AddressRefused(34));
    }

    #[test]
    fn a_block_that_is_longer_than_asked_for_is_no_answer() {
        let mut machine = Machine::new(upload(Start::Ready, 34, 8), DEADLINE);
        answer(&mut machine, Duration::ZERO, &[SENT, BUSY, SENT, &[0; 9]]);
        assert!(matches!(machine.into_result(), Err(DfuError::MalformedReply { length: 9, .. })));
    }

    #[test]
    fn a_read_may_be_stopped_at_any_time() {
        let mut machine = Machine::new(upload(Start::Ready, 34, 8), DEADLINE);
        answer(&mut machine, Duration::ZERO, &[SENT, BUSY, SENT, &[0; 8], SENT]);
        assert!(!machine.interruptible(), "it has ended");
    }

    #[test]
    fn an_error_in_either_field_of_a_status_is_the_devices_error() {
        for (status, code, state) in [
            ([8, 0, 0, 0, 5, 0], "errADDRESS", State::DnloadIdle),
            ([8, 0, 0, 0, 10, 0], "errADDRESS", State::Error),
            ([0, 0, 0, 0, 10, 0], "OK", State::Error),
        ] {
            let mut machine = Machine::new(upload(Start::Ready, 34, 8), DEADLINE);
            answer(&mut machine, Duration::ZERO, &[SENT, &status]);
            let Err(DfuError::Device { code: told, state: told_state, .. }) = machine.into_result() else {
                panic!("{status:?}");
            };
            assert_eq!((told.to_string().as_str(), told_state), (code, state));
        }
    }

    #[test]
    fn an_address_that_was_not_carried_out_is_not_read_from() {
        let mut machine = Machine::new(upload(Start::Ready, 34, 1216), DEADLINE);
        answer(&mut machine, Duration::ZERO, &[SENT, &[0, 0, 0, 0, 5, 0]]);
        let error = machine.into_result().unwrap_err();
        assert!(matches!(error, DfuError::UnexpectedState { state: State::DnloadIdle, .. }), "{error:?}");
    }

    #[test]
    fn a_poll_time_of_hours_is_not_waited_for() {
        let mut duo = MockDuo { poll: 0xFF_FFFF, ..MockDuo::new() };
        let (result, time) = drive(&mut duo, upload(Start::Unknown, 34, 1216));
        assert!(result.is_ok());
        assert!(time <= Duration::from_secs(5), "{time:?}");
    }

    #[test]
    fn a_poll_time_left_over_in_a_state_that_is_not_busy_is_not_waited_for() {
        let mut duo = MockDuo { poll: 500, ..MockDuo::new() };
        let (_, time) = drive(&mut duo, upload(Start::Unknown, 34, 1216));
        assert_eq!(time, Duration::from_millis(500), "once, for the one answer that said busy");
    }

    #[test]
    fn a_poll_time_with_dnload_sync_is_a_left_over_too() {
        let mut machine = Machine::new(upload(Start::Ready, 34, 1216), DEADLINE);
        answer(&mut machine, Duration::ZERO, &[SENT, &[0, 0xF4, 1, 0, 3, 0]]);
        let Action::Send(next) = machine.poll(Duration::ZERO) else { panic!() };
        assert_eq!(next.command.request(), Request::GetStatus);
    }

    #[test]
    fn an_address_that_is_never_carried_out_ends_with_the_deadline() {
        let mut duo = MockDuo { idles: true, ..MockDuo::new() };
        let (result, time) = drive(&mut duo, upload(Start::Unknown, 34, 1216));
        let Err(DfuError::Deadline(at)) = result else { panic!("{result:?}") };
        assert_eq!((at.stage, at.request), (Stage::SetAddress, Request::GetStatus));
        assert_eq!((time, duo.count(UPLOAD)), (DEADLINE, 0));
    }
}

mod download {
    use super::*;

    #[test]
    fn writing_a_key_takes_nine_requests_and_eight_where_the_state_is_known() {
        let key = [0xA5; 1216];
        let mut duo = MockDuo::new();
        assert_eq!(drive(&mut duo, download(Start::Unknown, 34, &key)).0, Ok(()));
        assert_eq!(
            duo.log,
            [
                (GETSTATE, 0, 1),
                (DNLOAD, 0, 5),
                (GETSTATUS, 0, 6),
                (ABORT, 0, 0),
                (UPLOAD, 2, 1216),
                (ABORT, 0, 0),
                (DNLOAD, 2, 1216),
                (GETSTATUS, 0, 6),
                (GETSTATUS, 0, 6),
            ]
        );
        assert_eq!(duo.memory[34..1250], key);
        assert_eq!(duo.memory[..34], MockDuo::new().memory[..34]);
        assert_eq!(duo.memory[1250..], MockDuo::new().memory[1250..]);
        assert_eq!((duo.state, duo.pointer), (5, 34), "it ends in dfuDNLOAD-IDLE");

        let mut duo = MockDuo::new();
        assert_eq!(drive(&mut duo, download(Start::Ready, 34, &key)).0, Ok(()));
        assert_eq!((duo.log.len(), &duo.memory[34..1250]), (8, &key[..]));
    }

    #[test]
    fn a_write_sets_its_address_even_where_it_is_believed_to_be_right() {
        for pointer in [0, 34] {
            let mut duo = MockDuo { pointer, ..MockDuo::new() };
            assert_eq!(drive(&mut duo, download(Start::Ready, 34, &[1; 8])).0, Ok(()));
            assert_eq!((duo.log[0], duo.pointed), ((DNLOAD, 0, 5), 1));
            assert_eq!(duo.memory[34..42], [1; 8]);
        }
    }

    #[test]
    fn a_block_lies_as_many_blocks_behind_the_pointer_as_it_says() {
        let mut duo = MockDuo::new();
        let block = Block { block: 2, ..block(100, &[1; 8]) };
        assert_eq!(block.address(), 100 + 2 * 4096);
        assert_eq!(drive(&mut duo, Download::new(&dct(), Start::Ready, block).unwrap()).0, Ok(()));
        assert_eq!((duo.pointer, duo.memory[8292..8300].to_vec()), (100, vec![1; 8]));
        assert!(duo.log.contains(&(DNLOAD, 4, 8)) && duo.written == 1);
    }

    fn pointers_that_are_not_right() -> Vec<Pointing> {
        let mut pointings: Vec<_> = (0..32).map(Pointing::BitWrong).collect();
        let places = [0, 33, 35, 34 + 251, 1250, 2082, 0x3FFF, 0x4000, 0x0800_0000, 0x0802_0000, u32::MAX];
        pointings.extend(places.map(Pointing::At));
        pointings.push(Pointing::Unmoved);
        pointings
    }

    #[test]
    fn nothing_is_sent_through_a_pointer_that_is_not_proven() {
        // Unlike in the mock's own memory, every place of this one has different content.
        let memory: Vec<u8> =
            (0..0x4000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 23).to_le_bytes()[0]).collect();
        for pointing in pointers_that_are_not_right() {
            for (start, pointer) in
                [(Start::Unknown, 0x0802_0000), (Start::Ready, 0x0802_0000), (Start::Ready, 0)]
            {
                let pointing = (0, pointing);
                let mut duo = MockDuo { pointing, pointer, memory: memory.clone(), ..MockDuo::new() };
                let proof = Buffer::new(memory[34..1250].to_vec());
                let block = Block { proof, ..block(34, &[0xA5; 1216]) };
                let error = drive(&mut duo, Download::new(&dct(), start, block).unwrap()).0.unwrap_err();
                assert_eq!(error, DfuError::PointerUnproven(34), "{pointing:?}");
                assert_eq!(error.touched(), Touched::No);
                let sent: Vec<_> = duo.log.iter().filter(|r| r.0 == DNLOAD).collect();
                assert_eq!(sent, [&(DNLOAD, 0, 5)], "{pointing:?}: the address and nothing else");
                assert!(duo.written == 0 && duo.memory == memory);
            }
        }
    }

    #[test]
    fn every_byte_of_the_proof_counts() {
        for at in 0..PROOF {
            let mut wrong = block(34, &[0xA5; 1216]);
            wrong.proof[at] ^= 0x10;
            let mut duo = MockDuo::new();
            let error = drive(&mut duo, Download::new(&dct(), Start::Ready, wrong).unwrap()).0.unwrap_err();
            assert_eq!((error, duo.written), (DfuError::PointerUnproven(34), 0), "{at}");
        }
        // A proof that starts right but is too short or too long is no proof either.
        for length in [0, 1, 1215, 1217] {
            let mut machine = Machine::new(download(Start::Ready, 34, &[0xA5; 1216]), DEADLINE);
            answer(&mut machine, Duration::ZERO, &[SENT, BUSY, SENT]);
            assert!(matches!(machine.poll(Duration::ZERO), Action::Send(_)));
            machine.reply(Duration::ZERO, Reply::Data(&untouched(34, length)));
            assert_eq!(machine.poll(Duration::ZERO), Action::Done);
            let error = machine.into_result().unwrap_err();
            assert!(matches!(error, DfuError::MalformedReply { .. }), "{length}: {error:?}");
            assert_eq!(error.touched(), Touched::No);
        }
    }

    #[test]
    fn a_write_without_a_proof_is_refused() {
        let with = |length| Block { proof: Buffer::new(vec![0; length]), ..block(0, &[0; 8]) };
        for length in [0, 4097, 0x4001] {
            let refused = Download::new(&dct(), Start::Unknown, with(length));
            assert!(matches!(refused, Err(DfuError::Range(_))), "{length}");
        }
        assert!(Download::new(&dct(), Start::Unknown, with(1)).is_ok());
        assert!(Download::new(&dct(), Start::Unknown, with(4096)).is_ok());
        let outside = Block { pointer: 0x4000, ..block(0, &[0; 8]) };
        assert!(matches!(Download::new(&dct(), Start::Unknown, outside), Err(DfuError::Range(_))));
    }

    #[test]
    fn more_than_one_block_and_nothing_at_all_are_refused() {
        for length in [0, 4097] {
            let refused = Download::new(&dct(), Start::Unknown, block(0, &vec![0; length]));
            assert!(matches!(refused, Err(DfuError::Range(_))), "{length}");
        }
        let read_only = Geometry::new(MemoryMap::parse("@DCT Flash/0x0/01*016Ka").unwrap(), 4096);
        let refused = Download::new(&read_only, Start::Unknown, block(0, &[0; 8]));
        assert!(matches!(refused, Err(DfuError::Range(_))));
        for number in [4, u16::MAX] {
            let behind = Block { block: number, ..block(0, &[0; 8]) };
            assert!(
                matches!(Download::new(&dct(), Start::Unknown, behind), Err(DfuError::Range(_))),
                "{number}"
            );
        }
    }

    #[test]
    fn a_block_that_has_no_number_is_not_written() {
        let whole = Geometry::new(MemoryMap::parse("@X/0x0/512*1Mg").unwrap(), 4096);
        for number in [u16::MAX - 2, u16::MAX - 1, u16::MAX] {
            let made = Download::new(&whole, Start::Ready, Block { block: number, ..block(0, &[0; 8]) });
            assert_eq!(made.is_ok(), number == u16::MAX - 2, "{number}");
        }
    }

    #[test]
    fn a_stall_while_writing_is_a_refused_write() {
        let mut duo = MockDuo { writes_fail: true, ..MockDuo::new() };
        let error = drive(&mut duo, download(Start::Unknown, 34, &[0; 1216])).0.unwrap_err();
        assert_eq!(error, DfuError::WriteRefused { address: 34, length: 1216 });
        assert_eq!(error.touched(), Touched::Maybe);
    }

    /// Every kind of trouble at every request: the error never claims less than what happened.
    #[test]
    fn what_an_error_says_of_the_flash_holds() {
        for carried_out in [false, true] {
            for trouble in [Trouble::Stall, Trouble::Timeout, Trouble::Noise, Trouble::Gone] {
                for nth in 0..10 {
                    let trouble_at = BTreeMap::from([(nth, trouble)]);
                    let mut duo = MockDuo { trouble: trouble_at, carried_out, ..MockDuo::new() };
                    let result = drive(&mut duo, download(Start::Unknown, 34, &[0xA5; 1216])).0;
                    let case = format!("{trouble:?} at {nth}, {}: {result:?}", duo.written);
                    match result.as_ref().map_err(DfuError::touched) {
                        Ok(()) => assert_eq!(duo.written, 1, "{case}"),
                        Err(Touched::No) => {
                            assert_eq!(duo.written, 0, "{case}");
                            // A block without an answer may be pending in the device, unless the device is gone.
                            let refused = matches!(trouble, Trouble::Stall | Trouble::Gone);
                            assert!(nth < 6 || (nth == 6 && refused), "{case}");
                        }
                        Err(Touched::Maybe) => assert!((6..=8).contains(&nth), "{case}"),
                        Err(Touched::Yes) => {
                            panic!("a write is not known to be done before it has ended: {case}")
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn no_answer_while_writing_means_that_the_outcome_is_unknown() {
        for trouble in [Trouble::Timeout, Trouble::Gone, Trouble::Noise] {
            let mut duo = MockDuo { trouble: BTreeMap::from([(7, trouble)]), ..MockDuo::new() };
            let (result, time) = drive(&mut duo, download(Start::Unknown, 34, &[0; 1216]));
            let failure = failure(trouble);
            assert_eq!(result, Err(DfuError::OutcomeUnknown { address: 34, length: 1216, failure }));
            let patience = if trouble == Trouble::Timeout { 10 } else { 0 };
            assert_eq!(time, Duration::from_secs(patience), "the write is given ten seconds");
        }
    }

    #[test]
    fn an_answer_that_makes_no_sense_while_writing_leaves_the_outcome_open() {
        for nonsense in [&[0, 0, 0, 0, 2, 0][..], &[0, 0, 0, 0, 5, 0], &[3, 0, 0, 0, 10, 0], &[0; 5], &[]] {
            let mut machine = Machine::new(download(Start::Ready, 34, &[7; 16]), DEADLINE);
            answer(&mut machine, Duration::ZERO, &[SENT, BUSY, SENT, &untouched(34, PROOF), SENT, SENT]);
            assert!(matches!(machine.poll(Duration::ZERO), Action::Send(_)));
            machine.reply(Duration::ZERO, Reply::Data(nonsense));
            assert_eq!(machine.into_result().unwrap_err().touched(), Touched::Maybe, "{nonsense:?}");
        }
    }

    #[test]
    fn a_write_that_has_begun_outlives_the_deadline_and_one_that_has_not_does_not_begin() {
        for is_done in [false, true] {
            let mut machine = Machine::new(download(Start::Ready, 34, &[7; 16]), Duration::from_secs(1));
            let now = Duration::from_millis(999);
            answer(&mut machine, now, &[SENT, BUSY, SENT, &untouched(34, PROOF), SENT]);
            let Action::Send(block) = machine.poll(now) else { panic!() };
            assert_eq!((block.command.request(), block.timeout), (Request::Dnload, Duration::from_millis(1)));
            machine.reply(now, Reply::Sent);
            assert!(!machine.interruptible());
            let Action::Send(program) = machine.poll(now) else { panic!() };
            assert_eq!(
                (program.command.request(), program.timeout),
                (Request::GetStatus, Duration::from_secs(10))
            );
            machine.reply(Duration::from_secs(3), Reply::Data(BUSY));
            assert!(matches!(machine.poll(Duration::from_millis(10_998)), Action::Send(_)));
            if is_done {
                machine.reply(Duration::from_millis(10_998), Reply::Data(&[0, 0, 0, 0, 5, 0]));
            }
            assert_eq!(machine.poll(Duration::from_millis(10_999)), Action::Done);
            let outcome = machine.into_result().map_err(|error| error.touched());
            assert_eq!(outcome, if is_done { Ok(()) } else { Err(Touched::Maybe) });
        }

        let mut late = Machine::new(download(Start::Ready, 34, &[7; 16]), Duration::from_secs(1));
        assert_eq!(late.poll(Duration::from_secs(1)), Action::Done);
        assert_eq!(late.into_result().unwrap_err().touched(), Touched::No);
    }

    #[test]
    fn no_wait_goes_past_the_deadline() {
        let mut duo = MockDuo { busy: u32::MAX, poll: 3700, ..MockDuo::new() };
        assert_eq!(drive(&mut duo, download(Start::Unknown, 34, &[7; 16])).1, DEADLINE);
    }

    #[test]
    fn a_device_that_is_busy_for_ever_ends_with_the_deadline() {
        let mut duo = MockDuo { busy: u32::MAX, ..MockDuo::new() };
        let (result, time) = drive(&mut duo, download(Start::Unknown, 34, &[7; 16]));
        let Err(DfuError::Deadline(at)) = result else { panic!("{result:?}") };
        assert_eq!((at.stage, at.request, at.touched), (Stage::Write, Request::GetStatus, Touched::Maybe));
        assert_eq!(time, DEADLINE);
    }
}

mod erase {
    use super::*;

    /// The second copy of the DCT.
    const SECTOR: u32 = 0x0800_C000;

    fn flash() -> Geometry {
        let map = "@Internal Flash   /0x08000000/02*016Ka,02*016Kg,01*064Kg,07*128Kg";
        Geometry::new(MemoryMap::parse(map).unwrap(), 4096)
    }

    fn erase(start: Start) -> Erase {
        Erase::new(&flash(), start, SECTOR, 0x4000).unwrap()
    }

    #[test]
    fn one_sector_takes_three_requests_and_is_polled_to_dnload_idle() {
        for state in [2, 5] {
            let mut duo = MockDuo { alt: 0, ..MockDuo::in_state(state) };
            assert_eq!(drive(&mut duo, erase(Start::Ready)).0, Ok(()));
            assert_eq!(duo.log, [(DNLOAD, 0, 5), (GETSTATUS, 0, 6), (GETSTATUS, 0, 6)]);
            assert_eq!((duo.state, duo.pointer), (5, SECTOR), "it has moved the pointer, too");
            let before = MockDuo::new().internal;
            assert!(duo.internal[0xC000..0x1_0000].iter().all(|byte| *byte == 0xFF));
            assert!(duo.internal[..0xC000] == before[..0xC000]);
            assert!(duo.internal[0x1_0000..] == before[0x1_0000..]);
        }
        let mut duo = MockDuo { alt: 0, ..MockDuo::in_state(3) };
        assert_eq!(drive(&mut duo, erase(Start::Unknown)).0, Ok(()));
        assert_eq!(duo.requests()[..3], [GETSTATE, ABORT, GETSTATE], "what was pending is discarded");
    }

    #[test]
    fn what_is_not_one_sector_that_may_be_erased_is_refused() {
        for (address, length) in
            [(0x0800_4000, 0x4000), (0x0800_C000, 0x8000), (0x0800_C001, 0x4000), (0x0800_8000, 0x1000)]
        {
            let refused = Erase::new(&flash(), Start::Ready, address, length);
            assert!(matches!(refused, Err(DfuError::Range(_))), "{length:#x} at {address:#x}");
        }
    }

    #[test]
    fn what_an_error_says_of_the_flash_holds() {
        for carried_out in [false, true] {
            for trouble in [Trouble::Stall, Trouble::Timeout, Trouble::Noise, Trouble::Gone] {
                for nth in 0..3 {
                    let trouble_at = BTreeMap::from([(nth, trouble)]);
                    let mut duo = MockDuo { trouble: trouble_at, carried_out, alt: 0, ..MockDuo::new() };
                    let error = drive(&mut duo, erase(Start::Ready)).0.unwrap_err();
                    let case = format!("{trouble:?} at {nth}: {error:?}");
                    let refused = nth == 0 && matches!(trouble, Trouble::Stall | Trouble::Gone);
                    assert_eq!(error.touched(), if refused { Touched::No } else { Touched::Maybe }, "{case}");
                    assert!(!refused || duo.written == 0, "{case}");
                }
            }
        }
    }
}

mod leave {
    use super::*;

    #[test]
    fn a_download_of_nothing_and_one_question_without_an_abort_between() {
        let mut duo = MockDuo::new();
        assert_eq!(drive(&mut duo, Leave::new(Start::Ready)).0, Ok(()));
        assert!(duo.leaving);
        assert_eq!(duo.log.iter().map(|r| (r.0, r.2)).collect::<Vec<_>>(), [(DNLOAD, 0), (GETSTATUS, 6)]);
    }

    #[test]
    fn a_disconnection_is_success_after_the_question_only() {
        let mut duo = MockDuo { trouble: BTreeMap::from([(1, Trouble::Gone)]), ..MockDuo::new() };
        assert_eq!(drive(&mut duo, Leave::new(Start::Ready)).0, Ok(()));

        let mut duo = MockDuo { trouble: BTreeMap::from([(0, Trouble::Gone)]), ..MockDuo::new() };
        assert!(drive(&mut duo, Leave::new(Start::Ready)).0.unwrap_err().is_disconnected());
    }

    #[test]
    fn a_lost_answer_is_asked_for_again() {
        for carried_out in [false, true] {
            let trouble = BTreeMap::from([(1, Trouble::Noise)]);
            let mut duo = MockDuo { trouble, carried_out, ..MockDuo::new() };
            assert_eq!(drive(&mut duo, Leave::new(Start::Ready)).0, Ok(()));
            assert!(duo.leaving);
        }
    }

    #[test]
    fn a_device_that_never_answers_is_asked_five_times() {
        let trouble = (1..20).map(|nth| (nth, Trouble::Noise)).collect();
        let mut duo = MockDuo { trouble, ..MockDuo::new() };
        let (result, time) = drive(&mut duo, Leave::new(Start::Ready));
        assert!(matches!(result, Err(DfuError::Transfer { failure: Failure::Other(_), .. })), "{result:?}");
        assert_eq!(duo.requests(), [DNLOAD, GETSTATUS, GETSTATUS, GETSTATUS, GETSTATUS, GETSTATUS]);
        assert_eq!(time, Duration::from_secs(1), "a quarter of a second apart");
    }

    #[test]
    fn it_may_be_stopped_until_the_leave_was_handed_over() {
        let mut machine = Machine::new(Leave::new(Start::Ready), DEADLINE);
        assert!(machine.interruptible());
        assert!(matches!(machine.poll(Duration::ZERO), Action::Send(_)));
        machine.reply(Duration::ZERO, Reply::Sent);
        assert!(!machine.interruptible());
    }

    #[test]
    fn a_device_that_is_leaving_already_has_left() {
        assert_eq!(drive(&mut MockDuo::in_state(8), Leave::new(Start::Unknown)).0, Ok(()));
    }
}

mod errors {
    use super::*;

    fn failed(trouble: Trouble, nth: usize) -> DfuError {
        let mut duo = MockDuo { trouble: BTreeMap::from([(nth, trouble)]), ..MockDuo::new() };
        drive(&mut duo, download(Start::Unknown, 34, &[0; 1216])).0.unwrap_err()
    }

    #[test]
    fn say_at_which_request_of_which_stage_it_was() {
        for (nth, text) in [
            (0, "while bringing the device to dfuIDLE (DFU_GETSTATE): CRC"),
            (1, "while setting the address (DFU_DNLOAD): CRC"),
            (2, "while setting the address (DFU_GETSTATUS): CRC"),
            (3, "while setting the address (DFU_ABORT): CRC"),
            (4, "while setting the address (DFU_UPLOAD): CRC"),
            (5, "while setting the address (DFU_ABORT): CRC"),
            (6, "while writing (DFU_DNLOAD): CRC"),
            (7, "it is not known whether 1216 bytes were written at 0x00000022: CRC"),
        ] {
            assert_eq!(failed(Trouble::Noise, nth).to_string(), text);
        }
        let mut duo = MockDuo { trouble: BTreeMap::from([(1, Trouble::Noise)]), ..MockDuo::in_state(10) };
        let error = drive(&mut duo, Recover::new()).0.unwrap_err();
        assert_eq!(error.to_string(), "while bringing the device to dfuIDLE (DFU_CLRSTATUS): CRC");
        for (nth, text) in
            [(3, "while reading (DFU_UPLOAD): CRC"), (4, "while going back to dfuIDLE (DFU_ABORT): CRC")]
        {
            let mut duo = MockDuo { trouble: BTreeMap::from([(nth, Trouble::Noise)]), ..MockDuo::new() };
            let error = drive(&mut duo, upload(Start::Ready, 34, 8)).0.unwrap_err();
            assert_eq!(error.to_string(), text);
        }
        let unproven = DfuError::PointerUnproven(34).to_string();
        assert!(unproven.contains("0x00000022") && unproven.ends_with("nothing was written"), "{unproven}");
        let error =
            drive(&mut MockDuo { gone: true, ..MockDuo::new() }, Leave::new(Start::Ready)).0.unwrap_err();
        assert_eq!(error.to_string(), "while leaving DFU mode (DFU_DNLOAD): the device was disconnected");
    }

    #[test]
    fn of_a_device_that_does_not_come_to_idle_tell_its_last_state() {
        let stuck = |state| DfuError::Stuck { state, requests: 16 }.to_string();
        let said = "the device did not come to dfuIDLE within 16 requests; ";
        assert_eq!(stuck(Some(State::DnBusy)), format!("{said}its last state was dfuDNBUSY"));
        assert_eq!(stuck(None), format!("{said}its state is not known"));
    }

    #[test]
    fn only_a_device_that_is_gone_is_disconnected() {
        for nth in 0..9 {
            assert!(failed(Trouble::Gone, nth).is_disconnected(), "{nth}");
            assert!(!failed(Trouble::Noise, nth).is_disconnected(), "{nth}");
        }
        assert!(!DfuError::Leaving.is_disconnected());
    }
}
