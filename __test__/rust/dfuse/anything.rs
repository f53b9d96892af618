//! Tests the machines against devices that give arbitrary answers.

use proptest::prelude::*;

use super::*;

/// One made-up answer.
#[derive(Clone, Debug)]
enum Answer {
    Sent,
    Data(Vec<u8>),
    Failed(Trouble),
}

fn answer() -> impl Strategy<Value = Answer> {
    let status = (prop_oneof![9 => Just(0u8), 1 => any::<u8>()], any::<[u8; 3]>(), 0..16u8)
        .prop_map(|(code, [a, b, c], state)| Answer::Data(vec![code, a, b, c, state, 0]));
    prop_oneof![
        6 => status,
        3 => Just(Answer::Sent),
        3 => (0..16u8).prop_map(|state| Answer::Data(vec![state])),
        1 => proptest::collection::vec(any::<u8>(), 0..20).prop_map(Answer::Data),
        2 => Just(Answer::Data(vec![0; 1216])),
        1 => prop_oneof![Just(Trouble::Stall), Just(Trouble::Timeout), Just(Trouble::Noise), Just(Trouble::Gone)]
            .prop_map(Answer::Failed),
    ]
}

/// Drives a machine with these made-up answers, repeated over and over; only waits take time.
fn exhaust<O: Operation>(operation: O, answers: &[Answer]) -> Result<(), TestCaseError> {
    let mut machine = Machine::new(operation, DEADLINE);
    let mut now = Duration::ZERO;
    // A machine whose answers never end it asks every 10 ms until its deadline.
    for answer in answers.iter().cycle().take(7000) {
        match machine.poll(now) {
            Action::Done => return Ok(()),
            Action::Wait(until) => {
                prop_assert!(until > now && until <= DEADLINE + Duration::from_secs(10));
                now = until;
                continue;
            }
            Action::Send(transfer) => {
                prop_assert!(!transfer.timeout.is_zero());
                prop_assert!(transfer.command.value() != 1, "block 1 is never sent");
            }
        }
        machine.reply(
            now,
            match answer {
                Answer::Sent => Reply::Sent,
                Answer::Data(bytes) => Reply::Data(bytes),
                Answer::Failed(trouble) => Reply::Failed(failure(*trouble)),
            },
        );
    }
    prop_assert!(false, "the machine did not end; it is {now:?}");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn every_machine_ends_whatever_is_answered(answers in proptest::collection::vec(answer(), 1..12)) {
        exhaust(Recover::new(), &answers)?;
        exhaust(upload(Start::Unknown, 34, 1216), &answers)?;
        exhaust(upload(Start::Ready, 0, 10_000), &answers)?;
        // A proof that is among the answers.
        let block = Block { proof: Buffer::new(vec![0; 1216]), ..block(34, &[0; 1216]) };
        exhaust(Download::new(&dct(), Start::Ready, block).unwrap(), &answers)?;
        exhaust(Leave::new(Start::Ready), &answers)?;
    }

    #[test]
    fn an_operation_from_any_state_ends_in_idle_or_in_an_error_within_few_requests(
        state: u8,
        getstate_stalls: bool,
        busy in 0u32..4,
        poll in 0u32..2000,
    ) {
        let mut duo = MockDuo { poll, getstate_stalls, busy, ..MockDuo::in_state(state) };
        let result = drive(&mut duo, Recover::new()).0;
        prop_assert!(duo.log.len() <= 16);
        prop_assert_eq!(result.is_ok(), duo.state == 2);

        let mut duo = MockDuo { poll, getstate_stalls, busy, ..MockDuo::in_state(state) };
        if let Ok(read) = drive(&mut duo, upload(Start::Unknown, 34, 1216)).0 {
            prop_assert_eq!(&read[0][..], &duo.memory[34..1250]);
            prop_assert_eq!(duo.state, 2);
        }
    }
}
