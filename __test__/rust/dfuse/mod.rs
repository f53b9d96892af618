//! What the machines of `dfuse` promise, held against a device that is written from the firmware's sources.

use std::collections::BTreeMap;
use std::time::Duration;

use duo_provision::dfuse::{
    Action, Buffer, DfuError, Download, Failure, Geometry, Leave, Machine, MemoryMap, Operation, Recover,
    Reply, Request, Stage, Start, State, Touched, Upload,
};

mod anything;
use crate::common::mock_duo::{MockDuo, Trouble};

const DNLOAD: u8 = 1;
const UPLOAD: u8 = 2;
const GETSTATUS: u8 = 3;
const CLRSTATUS: u8 = 4;
const GETSTATE: u8 = 5;
const ABORT: u8 = 6;

const DEADLINE: Duration = Duration::from_secs(60);

fn dct() -> Geometry {
    Geometry::new(MemoryMap::parse("@DCT Flash   /0x00000000/01*016Kg").unwrap(), 4096)
}

/// Drives a machine against a device; a transfer takes no time unless it goes unanswered. Returns the
/// outcome and the time at the end.
fn drive<O: Operation>(duo: &mut MockDuo, operation: O) -> (Result<O::Output, DfuError>, Duration) {
    let mut machine = Machine::new(operation, DEADLINE);
    let mut now = Duration::ZERO;
    loop {
        match machine.poll(now) {
            Action::Done => return (machine.into_result(), now),
            Action::Wait { until } => {
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

fn upload(start: Start, address: u32, length: usize, passes: usize) -> Upload {
    Upload::new(&dct(), start, address, length, passes).unwrap()
}

fn download(start: Start, address: u32, data: &[u8]) -> Download {
    Download::new(&dct(), start, address, Buffer::new(data.to_vec())).unwrap()
}

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
        // 10 ms, twice as long each time up to a second: a flash write has time to end.
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
        assert_eq!(outcome(0), DfuError::NotInDfuMode { state: State::AppIdle });
        assert_eq!(outcome(1), DfuError::NotInDfuMode { state: State::AppDetach });
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
    fn reading_a_key_twice_takes_eight_requests() {
        let mut duo = MockDuo::new();
        let read = drive(&mut duo, upload(Start::Unknown, 34, 1216, 2)).0.unwrap();
        assert_eq!(read.len(), 2);
        assert!(read.iter().all(|pass| pass[..] == duo.memory[34..1250]));
        assert_eq!(
            duo.log,
            [
                (GETSTATE, 0, 1),
                (DNLOAD, 0, 5),
                (GETSTATUS, 0, 6),
                (GETSTATUS, 0, 6),
                (ABORT, 0, 0),
                (UPLOAD, 2, 1216),
                (UPLOAD, 2, 1216),
                (ABORT, 0, 0),
            ]
        );
        assert_eq!((duo.state, duo.pointer), (2, 34));
    }

    #[test]
    fn what_was_just_written_is_read_without_setting_the_address_again() {
        let mut duo = MockDuo { pointer: 34, ..MockDuo::new() };
        let read = drive(&mut duo, upload(Start::IdleAt(34), 34, 1216, 1)).0.unwrap();
        assert_eq!(read[0][..], duo.memory[34..1250]);
        assert_eq!(duo.requests(), [UPLOAD, ABORT]);

        let read = drive(&mut duo, upload(Start::IdleAt(34), 2082, 768, 1)).0.unwrap();
        assert_eq!(read[0][..], duo.memory[2082..2850]);
    }

    #[test]
    fn a_long_range_is_read_in_blocks_of_4096_numbered_from_two() {
        let mut duo = MockDuo::new();
        let read = drive(&mut duo, upload(Start::Idle, 100, 10_000, 2)).0.unwrap();
        assert!(read.iter().all(|pass| pass[..] == duo.memory[100..10_100]));
        let blocks: Vec<_> = duo.log.iter().filter(|r| r.0 == UPLOAD).map(|r| (r.1, r.2)).collect();
        assert_eq!(blocks, [(2, 4096), (3, 4096), (4, 1808), (2, 4096), (3, 4096), (4, 1808)]);
    }

    #[test]
    fn nothing_is_sent_for_a_range_outside_the_map() {
        for (address, length) in [(0x4000, 1), (0x3FFF, 2), (34, 0), (u32::MAX, 2), (0, 0x4001)] {
            let refused = Upload::new(&dct(), Start::Unknown, address, length, 1);
            assert!(matches!(refused, Err(DfuError::Range(_))), "{length} at {address:#x}");
        }
    }

    #[test]
    fn a_short_read_says_what_came() {
        let mut duo = MockDuo { short_reads: true, ..MockDuo::new() };
        assert_eq!(
            drive(&mut duo, upload(Start::Unknown, 34, 1216, 2)).0.unwrap_err(),
            DfuError::ShortRead { address: 34, expected: 1216, got: 1215 }
        );
    }

    #[test]
    fn a_refused_address_is_named() {
        let mut duo = MockDuo { addresses_refused: true, ..MockDuo::new() };
        let error = drive(&mut duo, upload(Start::Unknown, 34, 1216, 1)).0.unwrap_err();
        assert_eq!(error, DfuError::AddressRefused { address: 34 });
    }

    #[test]
    fn a_block_that_is_longer_than_asked_for_is_no_answer() {
        let mut machine = Machine::new(upload(Start::IdleAt(34), 34, 8, 1), DEADLINE);
        assert!(matches!(machine.poll(Duration::ZERO), Action::Send(_)));
        machine.reply(Duration::ZERO, Reply::Data(&[0; 9]));
        assert!(matches!(machine.into_result(), Err(DfuError::MalformedReply { length: 9, .. })));
    }

    #[test]
    fn a_read_may_be_stopped_at_any_time() {
        let mut machine = Machine::new(upload(Start::IdleAt(34), 34, 8, 1), DEADLINE);
        for reply in [Reply::Data(&[0; 8]), Reply::Sent] {
            assert!(machine.interruptible());
            assert!(matches!(machine.poll(Duration::ZERO), Action::Send(_)));
            machine.reply(Duration::ZERO, reply);
        }
        assert!(!machine.interruptible(), "it has ended");
    }

    #[test]
    fn an_error_in_either_field_of_a_status_is_the_devices_error() {
        for (status, code, state) in [
            ([8, 0, 0, 0, 5, 0], "errADDRESS", State::DnloadIdle),
            ([8, 0, 0, 0, 10, 0], "errADDRESS", State::Error),
            ([0, 0, 0, 0, 10, 0], "OK", State::Error),
        ] {
            let mut machine = Machine::new(upload(Start::Idle, 34, 8, 1), DEADLINE);
            for reply in [Reply::Sent, Reply::Data(&[0, 0, 0, 0, 4, 0]), Reply::Data(&status)] {
                assert!(matches!(machine.poll(Duration::ZERO), Action::Send(_)));
                machine.reply(Duration::ZERO, reply);
            }
            let Err(DfuError::Device { code: told, state: told_state, .. }) = machine.into_result() else {
                panic!("{status:?}");
            };
            assert_eq!((told.to_string().as_str(), told_state), (code, state));
        }
    }

    #[test]
    fn an_address_that_was_not_carried_out_is_not_read_from() {
        let mut machine = Machine::new(upload(Start::Idle, 34, 1216, 1), DEADLINE);
        for reply in [Reply::Sent, Reply::Data(&[0, 0, 0, 0, 5, 0])] {
            assert!(matches!(machine.poll(Duration::ZERO), Action::Send(_)));
            machine.reply(Duration::ZERO, reply);
        }
        let error = machine.into_result().unwrap_err();
        assert!(matches!(error, DfuError::UnexpectedState { state: State::DnloadIdle, .. }), "{error:?}");
    }

    #[test]
    fn a_poll_time_of_hours_is_not_waited_for() {
        let mut duo = MockDuo { poll: 0xFF_FFFF, ..MockDuo::new() };
        let (result, time) = drive(&mut duo, upload(Start::Unknown, 34, 1216, 1));
        assert!(result.is_ok());
        assert!(time <= Duration::from_secs(5), "{time:?}");
    }

    #[test]
    fn a_poll_time_left_over_in_a_state_that_is_not_busy_is_not_waited_for() {
        let mut duo = MockDuo { poll: 500, ..MockDuo::new() };
        let (_, time) = drive(&mut duo, upload(Start::Unknown, 34, 1216, 2));
        assert_eq!(time, Duration::from_millis(500), "once, for the one answer that said busy");
    }

    #[test]
    fn a_poll_time_with_dnload_sync_is_a_left_over_too() {
        let mut machine = Machine::new(upload(Start::Idle, 34, 1216, 1), DEADLINE);
        for reply in [Reply::Sent, Reply::Data(&[0, 0xF4, 1, 0, 3, 0])] {
            assert!(matches!(machine.poll(Duration::ZERO), Action::Send(_)));
            machine.reply(Duration::ZERO, reply);
        }
        let Action::Send(next) = machine.poll(Duration::ZERO) else { panic!() };
        assert_eq!(next.command.request(), Request::GetStatus);
    }

    #[test]
    fn no_wait_goes_past_the_deadline() {
        let mut duo = MockDuo { busy: u32::MAX, poll: 3700, ..MockDuo::new() };
        assert_eq!(drive(&mut duo, upload(Start::Unknown, 34, 1216, 1)).1, DEADLINE);
    }

    #[test]
    fn a_device_that_is_busy_for_ever_ends_with_the_deadline() {
        let mut duo = MockDuo { busy: u32::MAX, ..MockDuo::new() };
        let (result, time) = drive(&mut duo, upload(Start::Unknown, 34, 1216, 1));
        let Err(DfuError::Deadline { at }) = result else { panic!("{result:?}") };
        assert_eq!((at.stage, at.request), (Stage::SetAddress, Request::GetStatus));
        assert_eq!(time, DEADLINE);
    }
}

mod download {
    use super::*;

    #[test]
    fn writing_a_key_takes_eight_requests_and_seven_where_the_state_is_known() {
        let key = [0xA5; 1216];
        let mut duo = MockDuo::new();
        assert_eq!(drive(&mut duo, download(Start::Unknown, 34, &key)).0, Ok(()));
        assert_eq!(
            duo.log,
            [
                (GETSTATE, 0, 1),
                (DNLOAD, 0, 5),
                (GETSTATUS, 0, 6),
                (GETSTATUS, 0, 6),
                (DNLOAD, 2, 1216),
                (GETSTATUS, 0, 6),
                (GETSTATUS, 0, 6),
                (ABORT, 0, 0),
            ]
        );
        assert_eq!(duo.memory[34..1250], key);
        assert_eq!(duo.memory[1250..], MockDuo::new().memory[1250..]);
        assert_eq!((duo.state, duo.pointer), (2, 34));

        duo.log.clear();
        assert_eq!(drive(&mut duo, download(Start::Idle, 34, &key)).0, Ok(()));
        assert_eq!(duo.log.len(), 7);
    }

    #[test]
    fn a_write_sets_its_address_even_where_it_is_believed_to_be_right() {
        let mut duo = MockDuo { pointer: 0, ..MockDuo::new() };
        assert_eq!(drive(&mut duo, download(Start::IdleAt(34), 34, &[1; 8])).0, Ok(()));
        assert_eq!(duo.memory[34..42], [1; 8]);
    }

    #[test]
    fn more_than_one_block_and_nothing_at_all_are_refused() {
        for length in [0, 4097] {
            let refused = Download::new(&dct(), Start::Unknown, 0, Buffer::new(vec![0; length]));
            assert!(matches!(refused, Err(DfuError::Range(_))), "{length}");
        }
        let read_only = Geometry::new(MemoryMap::parse("@DCT Flash/0x0/01*016Ka").unwrap(), 4096);
        let refused = Download::new(&read_only, Start::Unknown, 0, Buffer::new(vec![0; 8]));
        assert!(matches!(refused, Err(DfuError::Range(_))));
    }

    #[test]
    fn a_stall_while_writing_is_a_refused_write() {
        let mut duo = MockDuo { writes_fail: true, ..MockDuo::new() };
        let error = drive(&mut duo, download(Start::Unknown, 34, &[0; 1216])).0.unwrap_err();
        assert_eq!(error, DfuError::WriteRefused { address: 34, length: 1216 });
        assert_eq!(error.touched(), Touched::Maybe);
    }

    /// Every kind of trouble with every request: the error never claims less than what happened.
    #[test]
    fn what_an_error_says_of_the_flash_holds() {
        for carried_out in [false, true] {
            for trouble in [Trouble::Stall, Trouble::Timeout, Trouble::Noise, Trouble::Gone] {
                for nth in 0..8 {
                    let trouble_at = BTreeMap::from([(nth, trouble)]);
                    let mut duo = MockDuo { trouble: trouble_at, carried_out, ..MockDuo::new() };
                    let result = drive(&mut duo, download(Start::Unknown, 34, &[0xA5; 1216])).0;
                    let case = format!("{trouble:?} at {nth}, {}: {result:?}", duo.written);
                    match result.as_ref().map_err(DfuError::touched) {
                        Ok(()) => assert_eq!(duo.written, 1, "{case}"),
                        Err(Touched::No) => {
                            assert_eq!(duo.written, 0, "{case}");
                            // A block without an answer may be pending in the device, unless that is gone.
                            let refused = matches!(trouble, Trouble::Stall | Trouble::Gone);
                            assert!(nth < 4 || (nth == 4 && refused), "{case}");
                        }
                        Err(Touched::Maybe) => assert!((4..=6).contains(&nth), "{case}"),
                        Err(Touched::Yes) => assert_eq!((duo.written, nth), (1, 7), "{case}"),
                    }
                }
            }
        }
    }

    #[test]
    fn no_answer_while_writing_means_that_the_outcome_is_unknown() {
        for trouble in [Trouble::Timeout, Trouble::Gone, Trouble::Noise] {
            let mut duo = MockDuo { trouble: BTreeMap::from([(5, trouble)]), ..MockDuo::new() };
            let (result, time) = drive(&mut duo, download(Start::Unknown, 34, &[0; 1216]));
            let failure = failure(trouble);
            assert_eq!(result, Err(DfuError::OutcomeUnknown { address: 34, length: 1216, failure }));
            let patience = if trouble == Trouble::Timeout { 10 } else { 0 };
            assert_eq!(time, Duration::from_secs(patience), "the write is given ten seconds");
        }
    }

    #[test]
    fn an_answer_that_makes_no_sense_while_writing_leaves_the_outcome_open() {
        for answer in [&[0, 0, 0, 0, 2, 0][..], &[0, 0, 0, 0, 5, 0], &[3, 0, 0, 0, 10, 0], &[0; 5], &[]] {
            let mut machine = Machine::new(download(Start::Idle, 34, &[7; 16]), DEADLINE);
            let pointed = [Reply::Sent, Reply::Data(&[0, 0, 0, 0, 4, 0]), Reply::Data(&[0, 0, 0, 0, 5, 0])];
            for reply in pointed.into_iter().chain([Reply::Sent, Reply::Data(answer)]) {
                assert!(matches!(machine.poll(Duration::ZERO), Action::Send(_)));
                machine.reply(Duration::ZERO, reply);
            }
            assert_eq!(machine.into_result().unwrap_err().touched(), Touched::Maybe, "{answer:?}");
        }
    }

    #[test]
    fn a_write_that_has_begun_outlives_the_deadline_and_one_that_has_not_does_not_begin() {
        let mut machine = Machine::new(download(Start::Idle, 34, &[7; 16]), Duration::from_secs(1));
        let now = Duration::from_millis(999);
        for reply in [&[][..], &[0, 0, 0, 0, 4, 0], &[0, 0, 0, 0, 5, 0]] {
            assert!(matches!(machine.poll(now), Action::Send(_)) && machine.interruptible());
            machine.reply(now, if reply.is_empty() { Reply::Sent } else { Reply::Data(reply) });
        }
        let Action::Send(block) = machine.poll(now) else { panic!() };
        assert_eq!((block.command.request(), block.timeout), (Request::Dnload, Duration::from_millis(1)));
        machine.reply(now, Reply::Sent);
        assert!(!machine.interruptible());
        let Action::Send(program) = machine.poll(now) else { panic!() };
        assert_eq!(
            (program.command.request(), program.timeout),
            (Request::GetStatus, Duration::from_secs(10))
        );
        machine.reply(Duration::from_secs(3), Reply::Data(&[0, 0, 0, 0, 4, 0]));
        assert!(matches!(machine.poll(Duration::from_secs(3)), Action::Send(_)));
        machine.reply(Duration::from_secs(3), Reply::Data(&[0, 0, 0, 0, 5, 0]));
        let Action::Send(finish) = machine.poll(Duration::from_secs(3)) else { panic!() };
        assert_eq!(finish.command.request(), Request::Abort);
        assert_eq!(machine.poll(Duration::from_millis(10_999)), Action::Done);
        assert_eq!(machine.into_result().unwrap_err().touched(), Touched::Yes);

        let mut late = Machine::new(download(Start::Idle, 34, &[7; 16]), Duration::from_secs(1));
        assert_eq!(late.poll(Duration::from_secs(1)), Action::Done);
        assert_eq!(late.into_result().unwrap_err().touched(), Touched::No);
    }
}

mod leave {
    use super::*;

    #[test]
    fn a_download_of_nothing_and_one_question_without_an_abort_between() {
        let mut duo = MockDuo::new();
        assert_eq!(drive(&mut duo, Leave::new(Start::Idle)).0, Ok(()));
        assert!(duo.leaving);
        assert_eq!(duo.log.iter().map(|r| (r.0, r.2)).collect::<Vec<_>>(), [(DNLOAD, 0), (GETSTATUS, 6)]);
    }

    #[test]
    fn a_disconnection_is_success_after_the_question_only() {
        let mut duo = MockDuo { trouble: BTreeMap::from([(1, Trouble::Gone)]), ..MockDuo::new() };
        assert_eq!(drive(&mut duo, Leave::new(Start::Idle)).0, Ok(()));

        let mut duo = MockDuo { trouble: BTreeMap::from([(0, Trouble::Gone)]), ..MockDuo::new() };
        assert!(drive(&mut duo, Leave::new(Start::Idle)).0.unwrap_err().is_disconnected());
    }

    #[test]
    fn a_lost_answer_is_asked_for_again() {
        for carried_out in [false, true] {
            let trouble = BTreeMap::from([(1, Trouble::Noise)]);
            let mut duo = MockDuo { trouble, carried_out, ..MockDuo::new() };
            assert_eq!(drive(&mut duo, Leave::new(Start::Idle)).0, Ok(()));
            assert!(duo.leaving);
        }
    }

    #[test]
    fn a_device_that_never_answers_is_asked_five_times() {
        let trouble = (1..20).map(|nth| (nth, Trouble::Noise)).collect();
        let mut duo = MockDuo { trouble, ..MockDuo::new() };
        let (result, time) = drive(&mut duo, Leave::new(Start::Idle));
        assert!(matches!(result, Err(DfuError::Transfer { failure: Failure::Other(_), .. })), "{result:?}");
        assert_eq!(duo.requests(), [DNLOAD, GETSTATUS, GETSTATUS, GETSTATUS, GETSTATUS, GETSTATUS]);
        assert_eq!(time, Duration::from_secs(1), "a quarter of a second apart");
    }

    #[test]
    fn it_may_be_stopped_until_the_leave_was_handed_over() {
        let mut machine = Machine::new(Leave::new(Start::Idle), DEADLINE);
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
            (4, "while writing (DFU_DNLOAD): CRC"),
            (5, "it is not known whether 1216 bytes were written at 0x00000022: CRC"),
            (7, "while going back to dfuIDLE (DFU_ABORT): CRC"),
        ] {
            assert_eq!(failed(Trouble::Noise, nth).to_string(), text);
        }
        let mut duo = MockDuo { trouble: BTreeMap::from([(1, Trouble::Noise)]), ..MockDuo::in_state(10) };
        let error = drive(&mut duo, Recover::new()).0.unwrap_err();
        assert_eq!(error.to_string(), "while bringing the device to dfuIDLE (DFU_CLRSTATUS): CRC");
        let mut duo = MockDuo { trouble: BTreeMap::from([(0, Trouble::Noise)]), ..MockDuo::new() };
        let error = drive(&mut duo, upload(Start::IdleAt(34), 34, 8, 1)).0.unwrap_err();
        assert_eq!(error.to_string(), "while reading (DFU_UPLOAD): CRC");
        let error =
            drive(&mut MockDuo { gone: true, ..MockDuo::new() }, Leave::new(Start::Idle)).0.unwrap_err();
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
        for nth in 0..8 {
            assert!(failed(Trouble::Gone, nth).is_disconnected(), "{nth}");
            assert!(!failed(Trouble::Noise, nth).is_disconnected(), "{nth}");
        }
        assert!(!DfuError::Leaving.is_disconnected());
    }
}
