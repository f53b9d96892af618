//! Tests what a session promises, on a mock of the Duo behind the `Bus` and `Transport` traits.

use std::collections::BTreeMap;
use std::time::Duration;

use duo_provision::bootloader::identity::BootloaderGeneration;
use duo_provision::bootloader::identity::identify;
use duo_provision::bootloader::session::DfuSession;
use duo_provision::bootloader::session::SessionError;
use duo_provision::dfuse::{Block, Buffer, DfuError, Touched};
use duo_provision::error::{Code, Error};
use duo_provision::usb::{Clock, NodeError, PortPath, UsbError};

use crate::common::mock_bus::{DCT, INTERNAL, MockBus, Model, VirtualClock, device, string};
use crate::common::mock_duo::{MockDuo, Pointing, Trouble};

const DEADLINE: Duration = Duration::from_secs(30);
/// Opens a session on a model and passes it on.
fn with_session<T>(model: Model, body: impl FnOnce(&MockBus, &mut DfuSession<'_>) -> T) -> T {
    let (bus, clock) = (MockBus::new(model), VirtualClock::default());
    let mut session = DfuSession::open(&bus, &device(), &clock, &|| false, DEADLINE).unwrap();
    body(&bus, &mut session)
}

fn open_error(model: Model) -> SessionError {
    let (bus, clock) = (MockBus::new(model), VirtualClock::default());
    let result = DfuSession::open(&bus, &device(), &clock, &|| false, DEADLINE);
    assert_eq!(bus.model().duo.log, [], "no class request is sent before all is known to be well");
    result.err().expect("it is refused")
}

mod opening {
    use super::*;

    #[test]
    fn claims_and_selects_the_dct_without_a_class_request() {
        with_session(Model::new(), |bus, session| {
            assert_eq!(bus.model().calls, ["claim 0", "alt 0/1"]);
            assert_eq!(session.class_requests(), 0);
            assert_eq!(session.geometry().map().name(), "DCT Flash");
        });
    }

    #[test]
    fn the_dct_is_found_by_name_and_map_wherever_it_is() {
        let alts = vec![Some(DCT.into()), Some("no map".into()), Some(INTERNAL.into())];
        with_session(Model { alts, ..Model::new() }, |bus, _| {
            assert_eq!(bus.model().calls, ["claim 0", "alt 0/0"]);
        });
        let alts = vec![Some("no map".into()), Some(INTERNAL.into()), Some(DCT.into())];
        with_session(Model { alts, ..Model::new() }, |bus, _| {
            assert_eq!(bus.model().calls, ["claim 0", "alt 0/2"]);
        });
    }

    /// The unreadable one may be the DCT, and the one with the DCT's name may be another memory.
    #[test]
    fn a_memory_whose_name_cannot_be_read_is_not_passed_over() {
        let alts = vec![Some(DCT.into()), None, Some(INTERNAL.into())];
        assert_eq!(open_error(Model { alts, ..Model::new() }), SessionError::NameUnread(1));
    }

    #[test]
    fn a_device_without_a_dct_is_described() {
        let alts = vec![Some("@DCT\u{1b}[2J/0x0/1*1Kg".into()), Some(INTERNAL.into())];
        let error = open_error(Model { alts, ..Model::new() });
        let SessionError::NoDct(found) = &error else { panic!("{error:?}") };
        assert_eq!(found[0], "@DCT\\u{1b}[2J/0x0/1*1Kg");
        assert!(!error.to_string().contains('\u{1b}'));
    }

    #[test]
    fn a_dct_that_is_laid_out_otherwise_is_refused() {
        for map in ["0x00000000/01*015Kg", "0x00000000/01*016Ka", "0x08000000/01*016Kg", "0x0/8*1Kg,8*1Kd"] {
            let alts = vec![Some(INTERNAL.into()), Some(format!("@DCT Flash   /{map}"))];
            let error = open_error(Model { alts, ..Model::new() });
            assert!(matches!(error, SessionError::UnexpectedDct(_)), "{map}: {error:?}");
        }
    }

    #[test]
    fn a_block_that_does_not_hold_a_key_is_refused_and_an_incredible_one_is_not_believed() {
        let with_size = |size| Model { functional: Some((0x0B, size, 0x011A)), ..Model::new() };
        for size in [0, 64, 1215] {
            assert_eq!(
                open_error(with_size(size)),
                SessionError::TransferSize { offered: size, needed: 1216 }
            );
        }
        for (size, block) in [(1216, 1216), (4096, 4096), (65535, 4096)] {
            with_session(with_size(size), |_, session| assert_eq!(session.geometry().block(), block));
        }
    }

    #[test]
    fn what_is_not_dfuse_both_ways_is_refused() {
        let with = |functional| Model { functional, ..Model::new() };
        assert_eq!(open_error(with(None)), SessionError::NoFunctional);
        assert_eq!(open_error(with(Some((0x0B, 4096, 0x0110)))), SessionError::NotDfuSe(0x0110));
        for attributes in [0x01, 0x02, 0x08] {
            assert_eq!(
                open_error(with(Some((attributes, 4096, 0x011A)))),
                SessionError::Incapable(attributes)
            );
        }
    }

    #[test]
    fn another_device_in_its_place_is_not_taken_for_it() {
        assert_eq!(open_error(Model { product_id: 0xD006, ..Model::new() }), UsbError::Gone.into());
    }

    #[test]
    fn an_interface_in_use_is_reported_as_such() {
        let model = Model { claim: Err(UsbError::Busy), ..Model::new() };
        assert_eq!(open_error(model), UsbError::Busy.into());
    }

    #[test]
    fn the_deadline_holds_while_opening() {
        let (bus, clock) = (MockBus::new(Model::new()), VirtualClock::default());
        clock.sleep(DEADLINE);
        let result = DfuSession::open(&bus, &device(), &clock, &|| false, DEADLINE);
        assert_eq!(result.err(), Some(SessionError::Deadline("device descriptor")));
    }
}

mod identity {
    use super::*;

    fn identity(model: Model) -> duo_provision::bootloader::identity::Identity {
        let bus = MockBus::new(model);
        let identity = identify(&bus, &device(), &VirtualClock::default(), DEADLINE).unwrap();
        assert_eq!(bus.model().calls, [""; 0], "asking who it is claims nothing");
        identity
    }

    #[test]
    fn the_serial_number_of_r5_and_r6_is_the_device_id() {
        let found = identity(Model::new());
        assert_eq!(found.manufacturer.as_deref(), Some("RedBear"));
        assert_eq!(found.product.as_deref(), Some("Duo DFU Mode"));
        assert_eq!(found.serial.as_deref(), Some("00112233445566778899AABB"));
        assert_eq!((found.generation, found.bcd_device), (BootloaderGeneration::R5R6, 0x0250));
        assert_eq!(found.device_id_hex().as_deref(), Some("00112233445566778899aabb"));
    }

    #[test]
    fn the_serial_number_of_r3_and_r4_identifies_nothing() {
        for serial in ["00000000010C", "00112233445566778899aabb"] {
            let found = identity(Model { bcd_device: 0x0200, serial: string(serial), ..Model::new() });
            assert_eq!(found.generation, BootloaderGeneration::R3R4);
            assert_eq!((found.serial.as_deref(), found.device_id_hex()), (Some(serial), None));
        }
    }

    #[test]
    fn a_serial_number_that_is_no_device_id_is_kept_and_not_used() {
        for serial in ["../../etc/passwd", "\0\u{1b}[31m", "00112233445566778899aab", "", "ééééééééébéé"]
        {
            let found = identity(Model { serial: string(serial), ..Model::new() });
            assert_eq!((found.serial.as_deref(), found.device_id_hex()), (Some(serial), None));
        }
    }

    #[test]
    fn a_serial_number_that_cannot_be_read_is_none() {
        for serial in [vec![], vec![200, 3, 65, 0], vec![3, 3, 65], vec![4, 9, 65, 0]] {
            assert_eq!(identity(Model { serial, ..Model::new() }).serial, None);
        }
    }

    #[test]
    fn an_unknown_bootloader_is_refused() {
        let error = open_error(Model { bcd_device: 0x0300, ..Model::new() });
        assert_eq!(error, SessionError::UnknownGeneration(0x0300));
    }
}

mod reading_and_writing {
    use super::*;

    const KEY: [u8; 1216] = [0xA5; 1216];
    /// What is read before a write and after it (redbear/firmware `dct.h`, from 0.3.2).
    const SECTION: usize = 8423;
    /// What a backup reads.
    const BACKUP: usize = 4096;

    /// The key, as a block to write to a mock that still holds its first content.
    fn key() -> Block {
        let proof = Buffer::new(MockDuo::new().memory[34..1250].to_vec());
        Block { pointer: 34, proof, block: 0, data: Buffer::new(KEY.to_vec()) }
    }

    /// The mock's section, with the key in it.
    fn written() -> Vec<u8> {
        let mut section = MockDuo::new().memory[..SECTION].to_vec();
        section[34..1250].copy_from_slice(&KEY);
        section
    }

    fn troubled(nth: usize, trouble: Trouble, carried_out: bool) -> Model {
        let trouble = BTreeMap::from([(nth, trouble)]);
        Model { duo: MockDuo { trouble, carried_out, ..MockDuo::new() }, ..Model::new() }
    }

    /// How often a block of data was sent.
    fn blocks_sent(duo: &MockDuo) -> usize {
        duo.log.iter().filter(|&&(request, block, length)| request == 1 && block == 2 && length > 0).count()
    }

    #[test]
    fn the_figures_that_are_promised() {
        with_session(Model::new(), |bus, session| {
            let read = session.read_twice(BACKUP, DEADLINE).unwrap().unwrap();
            assert_eq!(read[..], bus.model().duo.memory[..BACKUP]);
            assert_eq!(session.class_requests(), 12);
        });
        with_session(Model::new(), |bus, session| {
            let read = session.read_twice(SECTION, DEADLINE).unwrap().unwrap();
            assert_eq!(read[..], bus.model().duo.memory[..SECTION]);
            assert_eq!(session.class_requests(), 16);
            let back = session.write_and_read_back(key(), SECTION, DEADLINE).unwrap();
            assert_eq!(back[..], written());
            assert_eq!(session.class_requests() - 16, 15);
        });
        with_session(Model::new(), |_, session| {
            assert_eq!(session.write_and_read_back(key(), SECTION, DEADLINE).unwrap()[..], written());
            assert_eq!(session.class_requests(), 16, "from a state that is not known");
        });
    }

    #[test]
    fn every_read_is_of_the_beginning_and_sets_its_addresses_anew() {
        with_session(Model::new(), |bus, session| {
            for (nth, length) in [1216, 4096, 4096, 10, 2, 8423, 0x4000].into_iter().enumerate() {
                let read = session.read_twice(length, DEADLINE).unwrap().unwrap();
                assert_eq!(read[..], bus.model().duo.memory[..length]);
                let duo = &bus.model().duo;
                assert_eq!((duo.pointed, duo.pointer), (2 * (nth + 1), 1));
            }
            let requests = session.class_requests();
            for length in [0, 1, 0x4001, usize::MAX] {
                assert!(matches!(
                    session.read_twice(length, DEADLINE),
                    Err(SessionError::Dfu(DfuError::Range(_)))
                ));
            }
            assert_eq!(session.class_requests(), requests, "nothing was sent");
        });
    }

    #[test]
    fn two_passes_behind_pointers_that_are_not_right_do_not_agree() {
        let length = 2048;
        let places = [0, 1, 34, 2082, 0x3000].map(Pointing::At);
        let bits = (0..32).map(Pointing::BitWrong);
        for pointing in bits.chain(places).chain([Pointing::Unmoved]) {
            for from in [0, 1] {
                let duo = MockDuo { pointing: (from, pointing), pointer: 34, ..MockDuo::new() };
                let memory = duo.memory.clone();
                with_session(Model { duo, ..Model::new() }, |_, session| {
                    let read = session.read_twice(length, DEADLINE).unwrap();
                    // A bit that is wrong in both passes moves both by the same distance; the caller has to notice the
                    // place.
                    let moved = match pointing {
                        Pointing::BitWrong(bit @ 1..14) if from == 0 => {
                            Some(memory[1 << bit..][..length].to_vec())
                        }
                        Pointing::BitWrong(14..) if from == 0 => Some(vec![0; length]),
                        Pointing::At(1) if from == 1 => Some(memory[..length].to_vec()),
                        _ => None,
                    };
                    assert!(read.map(|read| read.to_vec()) == moved, "{pointing:?} from {from}");
                });
            }
        }
    }

    #[test]
    fn nothing_is_written_through_a_pointer_that_is_not_proven() {
        for pointing in (0..32).map(Pointing::BitWrong).chain([Pointing::Unmoved, Pointing::At(0)]) {
            let duo = MockDuo { pointing: (2, pointing), ..MockDuo::new() };
            with_session(Model { duo, ..Model::new() }, |bus, session| {
                session.read_twice(BACKUP, DEADLINE).unwrap().unwrap();
                let error = session.write_and_read_back(key(), SECTION, DEADLINE).unwrap_err();
                assert_eq!(error, SessionError::Dfu(DfuError::PointerUnproven(34)));
                assert_eq!(error.touched(), Touched::No);
                let duo = &bus.model().duo;
                assert_eq!((duo.written, blocks_sent(duo), duo.state), (0, 0, 2), "{pointing:?}");
            });
        }
    }

    #[test]
    fn a_read_back_does_not_use_the_pointer_of_the_write() {
        for pointing in (0..32).map(Pointing::BitWrong).chain([Pointing::Unmoved, Pointing::At(34)]) {
            let duo = MockDuo { pointing: (1, pointing), ..MockDuo::new() };
            with_session(Model { duo, ..Model::new() }, |bus, session| {
                let back = session.write_and_read_back(key(), SECTION, DEADLINE).unwrap();
                assert!(back[..] != written(), "{pointing:?}: what is read is not what was to be there");
                assert!(bus.model().duo.memory[..SECTION] == written(), "the write itself is right");
            });
        }
    }

    #[test]
    fn a_read_that_fails_once_is_tried_again_and_one_that_fails_twice_is_not() {
        for nth in 0..11 {
            for trouble in [Trouble::Stall, Trouble::Noise, Trouble::Timeout] {
                with_session(troubled(nth, trouble, false), |bus, session| {
                    let read = session.read_twice(BACKUP, DEADLINE).unwrap().expect("they agree");
                    assert_eq!(read[..], bus.model().duo.memory[..BACKUP], "{trouble:?} at {nth}");
                });
            }
        }
        let duo = MockDuo { short_reads: true, ..MockDuo::new() };
        with_session(Model { duo, ..Model::new() }, |bus, session| {
            let error = session.read_twice(BACKUP, DEADLINE).unwrap_err();
            assert!(matches!(error, SessionError::Dfu(DfuError::ShortRead { .. })));
            assert_eq!(bus.model().duo.count(2), 2);
        });
    }

    #[test]
    fn a_device_that_is_gone_is_asked_nothing_more() {
        with_session(troubled(3, Trouble::Gone, false), |bus, session| {
            assert!(session.read_twice(BACKUP, DEADLINE).is_err());
            assert_eq!(bus.model().duo.log.len(), 4);
        });
    }

    #[test]
    fn a_write_is_never_repeated_and_never_left_pending() {
        for carried_out in [false, true] {
            for trouble in [Trouble::Stall, Trouble::Noise, Trouble::Timeout] {
                for nth in 0..18 {
                    with_session(troubled(nth, trouble, carried_out), |bus, session| {
                        let result = session.write_and_read_back(key(), SECTION, DEADLINE);
                        let model = bus.model();
                        let case =
                            format!("{trouble:?} at {nth}, {carried_out}: {:?}", result.as_ref().err());
                        assert!(blocks_sent(&model.duo) <= 1, "{case}");
                        assert_eq!((model.duo.state, &model.duo.pending), (2, &None), "{case}");
                        match result {
                            Ok(read) => assert!(read[..] == written(), "{case}"),
                            Err(error) if error.touched() == Touched::No => {
                                assert_eq!(model.duo.written, 0, "{case}");
                            }
                            Err(_) => {}
                        }
                    });
                }
            }
        }
    }

    #[test]
    fn a_failed_way_back_to_idle_does_not_keep_a_write_from_being_read_back() {
        with_session(troubled(15, Trouble::Stall, false), |bus, session| {
            assert_eq!(session.write_and_read_back(key(), SECTION, DEADLINE).unwrap()[..], written());
            assert_eq!(bus.model().duo.log[15].0, 6, "DFU_ABORT");
        });
    }

    #[test]
    fn a_write_that_cannot_be_read_back_has_touched_the_flash() {
        for nth in 9..16 {
            with_session(troubled(nth, Trouble::Gone, false), |_, session| {
                let error = session.write_and_read_back(key(), SECTION, DEADLINE).unwrap_err();
                assert!(matches!(error, SessionError::ReadBack(_)), "{error:?}");
                assert_eq!(error.touched(), Touched::Yes);
            });
        }
    }

    #[test]
    fn a_refused_write_can_be_looked_into_in_the_same_session() {
        let duo = MockDuo { writes_fail: true, ..MockDuo::new() };
        with_session(Model { duo, ..Model::new() }, |bus, session| {
            let error = session.write_and_read_back(key(), SECTION, DEADLINE).unwrap_err();
            assert_eq!(error, SessionError::Dfu(DfuError::WriteRefused { address: 34, length: 1216 }));
            let now = session.read_twice(BACKUP, DEADLINE).unwrap().unwrap();
            assert_eq!(now[..], bus.model().duo.memory[..BACKUP]);
            assert_ne!(now[34..1250], KEY);
        });
    }

    #[test]
    fn a_transport_that_claims_too_many_bytes_is_an_error() {
        with_session(Model { babbles: true, ..Model::new() }, |_, session| {
            let error = session.read_twice(BACKUP, DEADLINE).unwrap_err();
            assert!(matches!(error, SessionError::Dfu(DfuError::Transfer { .. })), "{error:?}");
        });
    }

    #[test]
    fn leaving_is_done_once_the_device_has_been_asked() {
        with_session(Model::new(), |bus, session| {
            session.read_twice(BACKUP, DEADLINE).unwrap().unwrap();
            let before = session.class_requests();
            session.leave(DEADLINE).unwrap();
            assert!(bus.model().duo.leaving);
            assert_eq!(session.class_requests() - before, 2);
        });
    }

    #[test]
    fn nothing_is_sent_after_the_deadline() {
        let (bus, clock) = (MockBus::new(Model::new()), VirtualClock::default());
        let mut session = DfuSession::open(&bus, &device(), &clock, &|| false, DEADLINE).unwrap();
        clock.sleep(DEADLINE);
        assert!(matches!(session.read_twice(8, DEADLINE), Err(SessionError::Dfu(DfuError::Deadline(_)))));
        let error = session.write_and_read_back(key(), SECTION, DEADLINE).unwrap_err();
        assert_eq!(error.touched(), Touched::No);
        assert_eq!((session.class_requests(), bus.model().duo.log.len()), (0, 0));
    }

    /// A cancellation after any number of requests: a block that was sent is completed up to its read-back, a block
    /// that was not sent is not sent any more, and the device is left in dfuIDLE.
    #[test]
    fn a_cancellation_never_strikes_between_a_block_and_its_read_back() {
        for after in 0..=17 {
            let mut duo = MockDuo::new();
            duo.poll = 1000;
            let (bus, clock) = (MockBus::new(Model { duo, ..Model::new() }), VirtualClock::default());
            let cancelled = || bus.model().duo.log.len() >= after;
            let mut session = DfuSession::open(&bus, &device(), &clock, &cancelled, DEADLINE).unwrap();
            let result = session.write_and_read_back(key(), SECTION, DEADLINE);
            let duo = &bus.model().duo;
            assert_eq!((duo.state, &duo.pending), (2, &None), "after {after}");
            if after <= 6 {
                assert_eq!(result, Err(SessionError::Cancelled(Touched::No)), "after {after}");
                assert_eq!((duo.written, blocks_sent(duo)), (0, 0), "after {after}");
            } else {
                assert!(result.unwrap()[..] == written(), "after {after}");
                assert_eq!(duo.log.len(), 16, "after {after}");
            }
        }
    }

    #[test]
    fn a_write_that_uses_up_the_time_allowed_is_read_back_all_the_same() {
        let duo = MockDuo { poll: 1500, ..MockDuo::new() };
        let (bus, clock) = (MockBus::new(Model { duo, ..Model::new() }), VirtualClock::default());
        let mut session = DfuSession::open(&bus, &device(), &clock, &|| false, DEADLINE).unwrap();
        clock.sleep(DEADLINE.saturating_sub(Duration::from_secs(2)));
        assert_eq!(session.write_and_read_back(key(), SECTION, DEADLINE).unwrap()[..], written());
        // Setting an address takes 1 s here, because the wait for it is limited to that. So the block is sent 1 s
        // before the deadline and takes 1.5 s; then the address of the read-back takes 1 s.
        assert_eq!(clock.now(), DEADLINE + Duration::from_millis(1500));
    }

    #[test]
    fn a_cancellation_between_the_two_steps_of_a_leave_waits_for_the_second() {
        let (bus, clock) = (MockBus::new(Model::new()), VirtualClock::default());
        let cancelled = || bus.model().duo.log.len() >= 2;
        let mut session = DfuSession::open(&bus, &device(), &clock, &cancelled, DEADLINE).unwrap();
        session.leave(DEADLINE).unwrap();
        assert!(bus.model().duo.leaving);
    }

    #[test]
    fn a_cancellation_is_noticed_in_the_middle_of_a_wait() {
        let mut duo = MockDuo::new();
        duo.poll = 4000;
        let (bus, clock) = (MockBus::new(Model { duo, ..Model::new() }), VirtualClock::default());
        let cancelled = || clock.now() >= Duration::from_millis(300);
        let mut session = DfuSession::open(&bus, &device(), &clock, &cancelled, DEADLINE).unwrap();
        let error = session.read_twice(BACKUP, DEADLINE).unwrap_err();
        assert_eq!(error, SessionError::Cancelled(Touched::No));
        assert!(clock.now() < Duration::from_secs(1));
    }
}

mod the_whole_dct {
    use super::*;

    const BASE: usize = 0x8000;
    const LENGTH: usize = 0x8000;
    const FLASH: DfuError = DfuError::PointerUnproven(0x0800_0000);

    /// A model whose bootloader starts with these words of the vector table.
    fn beginning_with(words: &[u32]) -> Model {
        let mut duo = MockDuo::new();
        for (cell, byte) in duo.internal.iter_mut().zip(words.iter().flat_map(|word| word.to_le_bytes())) {
            *cell = byte;
        }
        Model { duo, ..Model::new() }
    }

    #[test]
    fn both_copies_are_read_behind_a_pointer_that_the_bootloader_proves() {
        with_session(Model::new(), |bus, session| {
            let read = session.read_whole_dct_twice(DEADLINE).unwrap().unwrap();
            let duo = &bus.model().duo;
            assert!(read[..] == duo.internal[BASE..BASE + LENGTH]);
            assert_eq!((duo.pointer, duo.pointed, duo.alt, duo.state), (0x0800_0001, 2, 0, 2));
            assert_eq!(session.class_requests(), 29);
        });
    }

    #[test]
    fn what_does_not_begin_with_the_bootloader_is_refused() {
        const STACK: u32 = 0x2002_0000;
        let blank = vec![u32::MAX; 1024];
        let zeros = vec![0; 1024];
        let others: [&[u32]; 13] = [
            &blank,
            &zeros,
            // A stack that is not in the RAM.
            &[0x2002_0001],
            &[0x1FFF_FFFF],
            &[0x0800_0000],
            &[0x1000_0000],
            // The firmware's entry point, one in the DCT, one below the flash, and one that is not Thumb code.
            &[STACK, 0x0802_0101],
            &[STACK, 0x0800_8001],
            &[STACK, 0x0800_9001],
            &[STACK, 0x07FF_FFFF],
            &[STACK, 0x0800_0188],
            &[STACK, u32::MAX],
            &[STACK, 0],
        ];
        for words in others {
            with_session(beginning_with(words), |bus, session| {
                let case = format!("{:x?}", &words[..words.len().min(2)]);
                assert_eq!(
                    session.read_whole_dct_twice(DEADLINE).err(),
                    Some(SessionError::NoBootloader(0x0800_0000)),
                    "{case}"
                );
                let requests = session.class_requests();
                let held = bus.model().duo.internal[BASE..BASE + 0x4000].to_vec();
                let erased = session.erase_whole_dct_sector(0, &held, DEADLINE).unwrap_err();
                let written = session.write_whole_dct_and_read_back(0, &[0; 16], DEADLINE).unwrap_err();
                for error in [erased, written] {
                    assert_eq!((&error, error.touched()), (&SessionError::Dfu(FLASH), Touched::No), "{case}");
                }
                assert_eq!((session.class_requests(), bus.model().duo.written), (requests, 0), "{case}");
            });
        }
        for words in [[0x2000_0000, 0x0800_0001], [STACK, 0x0800_7FFF]] {
            with_session(beginning_with(&words), |_, session| {
                assert!(session.read_whole_dct_twice(DEADLINE).unwrap().is_some(), "{words:x?}");
            });
        }
        // Up to r4 the DCT starts one sector earlier, and the bootloader ends there.
        for (entry, is_taken) in [(0x0800_3FFF, true), (0x0800_4001, false)] {
            let model = Model { bcd_device: 0x0200, ..beginning_with(&[STACK, entry]) };
            with_session(model, |_, session| {
                assert_eq!(session.read_whole_dct_twice(DEADLINE).is_ok(), is_taken, "{entry:#x}");
            });
        }
    }

    #[test]
    fn what_a_wrong_pointer_shows_is_not_the_whole_dct() {
        let places = [0, 1, 0x0800_0000, 0x0800_0001, 0x0800_8000, 0x0801_0000].map(Pointing::At);
        for pointing in (0..32).map(Pointing::BitWrong).chain(places).chain([Pointing::Unmoved]) {
            for from in [0, 1] {
                let duo = MockDuo { pointing: (from, pointing), ..MockDuo::new() };
                let held = duo.internal[BASE..BASE + LENGTH].to_vec();
                with_session(Model { duo, ..Model::new() }, |_, session| {
                    let read = session.read_whole_dct_twice(DEADLINE);
                    let is_right = (from, pointing) == (1, Pointing::At(0x0800_0001));
                    match read {
                        Ok(Some(read)) => assert!(is_right && read[..] == held, "{pointing:?} from {from}"),
                        Ok(None) => assert!(!is_right, "{pointing:?} from {from}"),
                        Err(error) => {
                            let there = SessionError::NoBootloader(0x0800_0000);
                            assert_eq!(error, there, "{pointing:?} from {from}");
                        }
                    }
                });
            }
        }
    }

    #[test]
    fn nothing_is_erased_or_written_before_the_bootloader_was_read() {
        with_session(Model::new(), |bus, session| {
            session.read_twice(4096, DEADLINE).unwrap().unwrap();
            let requests = session.class_requests();
            let held = bus.model().duo.internal[BASE..BASE + 0x4000].to_vec();
            let erased = session.erase_whole_dct_sector(0, &held, DEADLINE).unwrap_err();
            let written = session.write_whole_dct_and_read_back(0, &[0; 16], DEADLINE).unwrap_err();
            assert_eq!([erased, written], [FLASH, FLASH].map(SessionError::Dfu));
            assert_eq!(session.class_requests(), requests);
        });
    }

    #[test]
    fn a_sector_that_does_not_hold_what_it_should_is_not_erased() {
        for (at, copy) in [(0, 0), (0x3FFF, 0), (0x1234, 1)] {
            with_session(Model::new(), |bus, session| {
                let read = session.read_whole_dct_twice(DEADLINE).unwrap().unwrap();
                let mut held = read[copy * 0x4000..][..0x4000].to_vec();
                held[at] ^= 1;
                let error = session.erase_whole_dct_sector(copy, &held, DEADLINE).unwrap_err();
                assert!(matches!(error, SessionError::Dfu(DfuError::PointerUnproven(_))), "{error:?}");
                assert_eq!((error.touched(), bus.model().duo.written), (Touched::No, 0));
                for length in [0, 0x3FFF] {
                    assert!(session.erase_whole_dct_sector(copy, &held[..length], DEADLINE).is_err());
                }
                assert_eq!(bus.model().duo.written, 0);
            });
        }
    }

    #[test]
    fn what_lies_in_front_of_a_part_is_sent_as_it_may_stay() {
        with_session(Model::new(), |bus, session| {
            let read = session.read_whole_dct_twice(DEADLINE).unwrap().unwrap();
            let all = session.erase_whole_dct_sector(1, &read[0x4000..], DEADLINE).unwrap();
            assert!(all[..0x4000] == read[..0x4000] && all[0x4000..].iter().all(|byte| *byte == 0xFF));
            session.write_whole_dct_and_read_back(0x4000, &[0x11; 16], DEADLINE).unwrap();
            let back = session.write_whole_dct_and_read_back(0x4010, &[0x22; 4080], DEADLINE).unwrap();
            assert!(back.len() == 4080 && back.iter().all(|byte| *byte == 0x22));
            assert_eq!(bus.model().duo.internal[BASE + 0x4000..][..16], [0x11; 16]);
            assert_eq!(bus.model().duo.internal[BASE + 0x5000..][..16], [0xFF; 16]);
        });
    }
}

fn hint(error: UsbError) -> String {
    Error::from(error).hint_text().unwrap_or_default().to_owned()
}

#[test]
fn a_missing_driver_is_cured_according_to_the_bootloader() {
    let old = hint(UsbError::WrongDriver(0x0200));
    assert!(old.contains("r3 and r4") && old.contains("https://zadig.akeo.ie"), "{old}");
    let new = hint(UsbError::WrongDriver(0x0250));
    assert!(new.contains("r5 and r6") && new.contains("Do not use Zadig"), "{new}");
    assert!(new.contains("uninstall") && new.contains("plug it in again"), "{new}");
    let unknown = hint(UsbError::WrongDriver(0x0300));
    assert!(unknown.contains("none of the Duo's"), "{unknown}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_missing_permission_names_the_command_that_gives_it() {
    let hint = hint(UsbError::AccessDenied);
    assert!(hint.contains("duo-provision udev print | sudo tee /etc/udev/rules.d/"), "{hint}");
    assert!(hint.contains("sudo udevadm control --reload && sudo udevadm trigger"), "{hint}");
    assert!(!hint.contains("sudo npx"), "{hint}");
}

/// Each problem has its own solution, and none of them is another cable.
#[test]
fn what_the_node_says_leads_to_what_helps() {
    let node = || "/dev/bus/usb/001/007".to_owned();
    for (problem, said, cure) in [
        (NodeError::NotListed(node()), "lets no program here open", "--device-cgroup-rule"),
        (NodeError::Missing(node()), "its node /dev/bus/usb/001/007 is not", "-v /dev/bus/usb:/dev/bus/usb"),
        (NodeError::Policy(node()), "not even root", "SELinux"),
        (NodeError::MappedRoot(node()), "another user outside", "udev print | sudo tee"),
    ] {
        let error = Error::from(UsbError::Node(problem));
        assert_eq!(error.code(), Code::UsbAccessDenied);
        let (message, hint) = (error.to_string(), error.hint_text().unwrap());
        assert!(message.contains(said), "{message}");
        assert!(hint.contains(cure) && !hint.contains("cable"), "{hint}");
        assert!(hint.contains("\"Containers, WSL, virtual machines, snap\""), "{hint}");
    }
}

#[test]
fn ports_are_ordered_by_their_numbers() {
    let mut paths = [(1, &[10][..]), (2, &[1]), (1, &[2]), (1, &[2, 4]), (1, &[1, 10]), (1, &[1, 9])]
        .map(|(bus, ports)| PortPath::new(bus, ports));
    paths.sort();
    assert_eq!(paths.map(|path| path.to_string()), ["1-1.9", "1-1.10", "1-2", "1-2.4", "1-10", "2-1"]);
}
