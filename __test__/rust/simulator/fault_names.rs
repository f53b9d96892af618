//! Checks that a fault's name can be read back as the same fault.

use duo_provision::simulator::faults::{Counting, Fault, Kind, Lie, Moment};
use proptest::prelude::*;

fn moment() -> impl Strategy<Value = Moment> {
    prop_oneof![Just(Moment::Before), Just(Moment::In), Just(Moment::After)]
}

fn lie() -> impl Strategy<Value = Lie> {
    prop_oneof![
        Just(Lie::Missing),
        Just(Lie::Empty),
        Just(Lie::Looping),
        Just(Lie::TooLong),
        Just(Lie::TooShort),
        prop::collection::vec(any::<u8>(), 1..60).prop_map(Lie::Bytes),
    ]
}

fn with_numbers() -> impl Strategy<Value = Kind> {
    let bytes = || any::<u16>().prop_map(usize::from);
    prop_oneof![
        bytes().prop_map(Kind::ShortRead),
        bytes().prop_map(Kind::ShortBy),
        bytes().prop_map(Kind::ReadFlipped),
        bytes().prop_map(Kind::WriteHalf),
        bytes().prop_map(Kind::PowerCut),
        any::<u8>().prop_map(Kind::State),
        (0..=0x00ff_ffff_u32).prop_map(Kind::PollTimeout),
        any::<u16>().prop_map(Kind::TransferSize),
    ]
}

fn kind() -> impl Strategy<Value = Kind> {
    prop_oneof![
        moment().prop_map(Kind::Stall),
        moment().prop_map(Kind::Timeout),
        moment().prop_map(Kind::Protocol),
        moment().prop_map(Kind::Reenumerate),
        moment().prop_map(Kind::Swap),
        (moment(), any::<bool>()).prop_map(|(moment, returns)| Kind::Disconnect { moment, returns }),
        with_numbers(),
        (any::<u8>(), any::<u8>(), lie()).prop_map(|(kind, index, lie)| Kind::Descriptor {
            kind,
            index,
            lie
        }),
        (any::<u8>(), "\\PC{0,60}").prop_map(|(alt, text)| Kind::AltName { alt, text }),
        "(?s).{0,60}".prop_map(Kind::Serial),
        prop::sample::select(Kind::catalogue()),
    ]
}

proptest! {
    #[test]
    fn a_fault_printed_is_read_again(kind in kind(), nth: u32, class: bool, once: bool) {
        let counting = if class { Counting::Class } else { Counting::All };
        let fault = Fault { kind, nth, counting, once };
        let name = fault.to_string();
        prop_assert!(!name.contains(char::is_whitespace) && name.is_ascii(), "{name}");
        prop_assert_eq!(name.parse::<Fault>(), Ok(fault));
    }

    #[test]
    fn what_is_read_is_printed_the_same(name in "[a-z]{3,9}-[a-z0-9]{1,6}@(dfu)?[0-9]{1,3}[+]?") {
        if let Ok(fault) = name.parse::<Fault>() {
            prop_assert_eq!(fault.to_string(), name);
        }
    }

    #[test]
    fn anything_may_be_asked_for(name in "(?s).{0,40}") {
        let _ = name.parse::<Fault>();
    }
}

#[test]
fn names_are_what_the_documentation_says() {
    let class = |kind, nth, once| Fault { kind, nth, counting: Counting::Class, once };
    let all = |kind, nth, once| Fault { kind, nth, counting: Counting::All, once };
    let names = [
        ("stall-before@7", all(Kind::Stall(Moment::Before), 7, true)),
        ("timeout-after@dfu7+", class(Kind::Timeout(Moment::After), 7, false)),
        ("unplug-in@1", all(Kind::Disconnect { moment: Moment::In, returns: false }, 1, true)),
        ("denied@0+", all(Kind::Denied, 0, false)),
        ("serial=..%2D%1B@3", all(Kind::Serial("..-\u{1b}".into()), 3, true)),
        ("descriptor-2.0-looping@1", all(Kind::Descriptor { kind: 2, index: 0, lie: Lie::Looping }, 1, true)),
    ];
    for (name, fault) in names {
        assert_eq!(name.parse::<Fault>(), Ok(fault.clone()));
        assert_eq!(fault.to_string(), name);
    }
}

#[test]
fn what_is_no_fault_is_refused_with_a_reason() {
    let names = [
        "",
        "@",
        "stall",
        "stall-before",
        "stall-before@",
        "stall-before@-1",
        "stall-before@07",
        "stall@7",
        "stall-between@7",
        "stall-before@7++",
        "stall-before@4294967296",
        "state-256@1",
        "poll-timeout-16777216@1",
        "descriptor-2.0@1",
        "descriptor-2.0-0@1",
        "descriptor-2-looping@1",
        "serial=%@1",
        "serial=%FF@1",
        "-@1",
        "@1",
    ];
    for name in names {
        let error = name.parse::<Fault>().unwrap_err().to_string();
        assert!(error.contains("is not a fault: "), "{name:?}: {error}");
    }
    assert!("x".repeat(10_000).parse::<Fault>().unwrap_err().to_string().len() < 200);
}

#[test]
fn the_catalogue_names_each_kind_once() {
    let names: std::collections::HashSet<String> = Kind::catalogue().iter().map(Kind::to_string).collect();
    assert_eq!(names.len(), Kind::catalogue().len());
}
