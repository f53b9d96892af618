//! Tests `dct restore --whole`: which images are written, to which Duo, and what the Duo holds meanwhile.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use duo_provision::dct::{CopyRule, Dump, WholeDct};
use duo_provision::error::{Code, KeyState, exit};
use duo_provision::keys::PrivateKey;
use duo_provision::simulator::duo::SystemFirmware;
use duo_provision::simulator::faults::{Fault, Kind, Moment};
use duo_provision::simulator::{Duo, DuoOptions, Generation};
use duo_provision::workflow::{
    Action, DctRestoreOptions, Event, Evidence, InspectOptions, Phase, Target, WriteOptions, inspect,
};

use crate::virtual_duo::options;
use crate::workflow::bench::{Asker, Bench, NEW, OLD, dry_run, id, key, names, two, writing_to};
use crate::workflow::dct_bench::whole;
use crate::workflow::typed;

/// How the bootloader of this generation decides which copy is current.
fn rule(generation: Generation) -> CopyRule {
    if generation == Generation::R6 { CopyRule::R6 } else { CopyRule::R3ToR5 }
}

fn current(area: &[u8], generation: Generation) -> Option<usize> {
    WholeDct::new(area).and_then(|whole| whole.current(rule(generation)))
}

#[test]
fn an_image_is_written_as_it_was_read_and_nothing_beside_it() {
    for generation in Generation::ALL {
        for back in [true, false] {
            let bench = Bench::new(generation);
            let image = bench.image("image.bin", back);
            let flash = bench.duo(|duo| duo.internal_flash().to_vec());
            let before = bench.area();
            let asker = Asker::new();
            let done = bench.restore_dct_asking(&asker, &whole(&image)).unwrap();
            assert!(bench.area() == fs::read(&image).unwrap(), "{generation}");
            assert!(bench.slot() == key(NEW) && done.whole && done.written);
            let base = if generation < Generation::R5 { 0x4000 } else { 0x8000 };
            let after = bench.duo(|duo| duo.internal_flash().to_vec());
            assert!(after[..base] == flash[..base] && after[base + 0x8000..] == flash[base + 0x8000..]);
            assert!(fs::read(done.backup.unwrap()).unwrap() == before, "both copies, as they were");
            assert!(bench.keeps(key(OLD)), "and the key in a file of its own");
            let changed: Vec<&str> = done.fields.iter().map(|field| field.name.as_str()).collect();
            assert_eq!(changed, ["device-private-key", "claim-code"]);
            assert!(bench.status().unwrap().in_flight.is_empty());
        }
    }
}

#[test]
fn the_question_says_what_is_lost_and_shows_both_keys() {
    let bench = Bench::new(Generation::R6);
    let asker = Asker::refusing();
    let before = bench.area();
    let error = bench.restore_dct_asking(&asker, &whole(&bench.image("image.bin", true))).unwrap_err();
    assert_eq!((error.code(), bench.writes()), (Code::ConfirmationRefused, 0));
    assert!(bench.area() == before);
    let plan = asker.plan();
    let fingerprint = |nth| PrivateKey::read(key(nth)).unwrap().key.public_key().fingerprint();
    assert_eq!(plan.action, Action::RestoreWholeDct);
    assert_eq!((plan.current, plan.new), (Some(fingerprint(OLD)), Some(fingerprint(NEW))));
    assert_eq!(plan.evidence, Some(Evidence::Dump));
    let cautions = plan.cautions.join("\n");
    for word in ["is lost", "Wi-Fi", "claim code", "power is cut", "same command"] {
        assert!(cautions.contains(word), "{word}: {cautions}");
    }
    assert!(!cautions.contains("nothing says of which bootloader"), "the sequence number tells: {cautions}");
    assert!(plan.backup.is_some_and(|backup| backup.exists()));
}

#[test]
fn what_is_there_already_is_left_alone_sector_by_sector() {
    let bench = Bench::new(Generation::R6);
    let image = bench.image("image.bin", false);
    let mut area = fs::read(&image).unwrap();
    let done = bench.restore_dct(&whole(&image)).unwrap();
    assert!(done.written);
    let writes = bench.writes();
    let again = bench.restore_dct(&whole(&image)).unwrap();
    assert!(!again.written && again.backup.is_none() && bench.writes() == writes);
    // Only the stale copy differs, so only its sector is written.
    let stale = 1 - current(&area, Generation::R6).unwrap();
    area[stale * 0x4000 + 600] ^= 0x10;
    bench.duo(|duo| duo.set_dct_area(&area));
    let erased = erasures(&bench);
    bench.restore_dct(&whole(&image)).unwrap();
    assert_eq!(erasures(&bench) - erased, 1);
    assert!(bench.area() == fs::read(&image).unwrap());
}

/// Counts the erasures. Like the setting of an address, an erasure is a DNLOAD of five bytes as block 0.
fn erasures(bench: &Bench) -> usize {
    let log: Vec<_> =
        bench.duo(|duo| duo.log().map(|t| (t.setup.request, t.setup.value, t.length)).collect());
    // The command, two GETSTATUS, and then the command that sets the address for the read-back. After every other
    // command comes ABORT.
    let erasure =
        |w: &&[(u8, u16, u16)]| w[0] == (1, 0, 5) && w[1].0 == 3 && w[2].0 == 3 && w[3] == (1, 0, 5);
    log.windows(4).filter(erasure).count()
}

#[test]
fn what_must_not_be_written_is_refused_before_any_duo_is_looked_for() {
    let bench = Bench::new(Generation::R6);
    let image = fs::read(bench.image("image.bin", true)).unwrap();
    let with = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = image.clone();
        change(&mut bytes);
        bytes
    };
    // A DCT with `put` in the slot of the current copy, without a checksum, which is the firmware's task and not tested
    // here.
    let slot = |bytes: &mut Vec<u8>, put: &[u8]| {
        let legacy = Bench::new(Generation::R4);
        legacy.duo(|duo| duo.set_dct(34, put));
        *bytes = legacy.area();
    };
    let pkcs8 = PrivateKey::read(key(NEW)).unwrap().key.to_pkcs8_der().unwrap();
    let mut padded = pkcs8.to_vec();
    padded.resize(1216, 0xff);
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("a section", image[7548..7548 + 8423].to_vec(), "32768"),
        ("cut short", image[..32_767].to_vec(), "32768"),
        ("zeros", vec![0; 32_768], "neither half"),
        ("ones", vec![0xff; 32_768], "neither half"),
        ("text", vec![b'x'; 32_768], "neither half"),
        ("no current copy", with(&|b| (b[8], b[16_392]) = (1, 1)), "firmware would use"),
        ("the first half is something else", with(&|b| b[..16_384].fill(0x11)), "its first half is neither"),
        ("so is the second", with(&|b| b[16_384..].fill(0)), "its second half is neither"),
        ("a blank key", with(&|b| slot(b, &[0xff; 1216])), "destroy the Duo's key"),
        ("zeros for a key", with(&|b| slot(b, &[0; 1216])), "without a key"),
        ("PKCS#8", with(&|b| slot(b, &padded)), "without a key"),
    ];
    bench.duo(Duo::unplug);
    for (name, bytes, why) in cases {
        let error = bench.restore_dct(&whole(&bench.file("bad.bin", &bytes))).unwrap_err();
        assert_eq!(
            (error.code(), error.code().exit_code()),
            (Code::DumpUnusable, exit::USAGE),
            "{name}: {error}"
        );
        assert!(error.message().contains(why), "{name}: {error}");
        let hint = error.hint_text().unwrap();
        if why.contains("key") {
            let named = ["duo-provision reset", "server-key restore", "--fields"];
            assert!(named.iter().all(|command| hint.contains(command)), "{hint}");
        }
    }
    let both = DctRestoreOptions { fields: vec!["claim-code".into()], ..whole(&bench.file("x", &image)) };
    assert_eq!(bench.restore_dct(&both).unwrap_err().code(), Code::InvalidArgument);
}

#[test]
fn an_image_of_the_other_generation_is_refused() {
    let (old, new) = (Bench::new(Generation::R4), Bench::new(Generation::R6));
    // The manifest shows it.
    let of_r4 = old.saved("r4.bin", true).path;
    let error = new.restore_dct(&whole(&of_r4)).unwrap_err();
    assert_eq!((error.code(), new.writes()), (Code::DumpUnusable, 0), "{error}");
    // Without it, the sequence number or else the device id shows it.
    let of_r6 = fs::read(new.image("r6.bin", true)).unwrap();
    for strip in [false, true] {
        let mut bytes = of_r6.clone();
        if strip {
            for copy in [0, 0x4000] {
                bytes[copy + 16_008] = 0;
            }
        }
        let error = old.restore_dct(&whole(&old.file("r6.bin", &bytes))).unwrap_err();
        assert_eq!((error.code(), old.writes()), (Code::DumpUnusable, 0), "{error}");
    }
    // If nothing shows it, a caution says so.
    let asker = Asker::new();
    old.restore_dct_asking(&asker, &whole(&old.image("unknown.bin", true))).unwrap();
    let cautions = asker.plan().cautions.join("\n");
    assert!(cautions.contains("nothing says of which bootloader"), "{cautions}");
}

#[test]
fn another_devices_image_goes_to_no_duo_unless_that_is_allowed() {
    let bench = Bench::with(two(Generation::R6));
    let at = |file: &Path| DctRestoreOptions {
        write: writing_to(Target::parse(Some(&id(1)), None).unwrap()),
        ..whole(file)
    };
    let other = bench.file("other.bin", &bench.duo_at(1, |duo| duo.first_dct_area().to_vec()));
    let error = bench.restore_dct(&at(&other)).unwrap_err();
    assert_eq!((error.code(), error.key_state()), (Code::KeyOfOtherDevice, Some(KeyState::Unchanged)));
    assert_eq!(bench.writes(), 0);
    let asker = Asker::new();
    let allowed = DctRestoreOptions { allow_other_device: true, ..at(&other) };
    let done = bench.restore_dct_asking(&asker, &allowed).unwrap();
    assert_eq!(done.evidence, Some(Evidence::AllowedOtherDevice));
    assert!(asker.plan().cautions.join("\n").contains("another device's"));
}

#[test]
fn a_manifest_that_describes_other_bytes_is_refused() {
    let bench = Bench::new(Generation::R6);
    let saved = bench.saved("saved.bin", true).path;
    let mut bytes = fs::read(&saved).unwrap();
    bytes[600] ^= 1;
    fs::write(&saved, bytes).unwrap();
    assert_eq!(bench.restore_dct(&whole(&saved)).unwrap_err().code(), Code::ManifestMismatch);
    assert_eq!(bench.writes(), 0);
}

#[test]
fn a_dry_run_writes_nothing_anywhere() {
    let bench = Bench::new(Generation::R6);
    let before = bench.area();
    let options = DctRestoreOptions { write: dry_run(), ..whole(&bench.image("image.bin", true)) };
    let done = bench.restore_dct(&options).unwrap();
    assert!(done.dry_run && !done.written && done.fields.len() == 2);
    assert!(bench.area() == before && bench.writes() == 0 && names(&bench.archive()).is_empty());
}

#[test]
fn a_duo_whose_system_firmware_is_broken_gets_its_dct_back() {
    let bench =
        Bench::with([DuoOptions { firmware: Some(SystemFirmware::Missing), ..options(Generation::R6) }]);
    let image = bench.image("image.bin", false);
    let asker = Asker::new();
    bench.restore_dct_asking(&asker, &whole(&image)).unwrap();
    assert!(asker.notes().contains("unconfirmed"), "{}", asker.notes());
    assert!(bench.area() == fs::read(&image).unwrap());
}

/// The shipped bootloaders boot and read each other's DCTs.
#[test]
fn an_image_of_r5_goes_to_r6_and_the_other_way_round() {
    let (r5, r6) = (Bench::new(Generation::R5), Bench::new(Generation::R6));
    for (of, to) in [(&r5, &r6), (&r6, &r5)] {
        let image = of.image("other.bin", false);
        to.restore_dct(&whole(&image)).unwrap();
        assert!(to.area() == fs::read(&image).unwrap() && to.slot() == key(NEW));
    }
}

/// A bootloader that finds no DCT makes a new one at the first request for it.
#[test]
fn where_no_copy_counts_the_bootloader_is_not_asked_before_what_is_there_is_kept() {
    let bench = Bench::new(Generation::R4);
    let image = bench.image("image.bin", false);
    let mut area = bench.area();
    area[8] = 1;
    bench.duo(|duo| duo.set_dct_area(&area));
    let asker = Asker::refusing();
    let error = bench.restore_dct_asking(&asker, &whole(&image)).unwrap_err();
    assert_eq!((error.code(), bench.writes()), (Code::ConfirmationRefused, 0), "{error}");
    assert!(bench.area() == area, "nothing has made a new one");
    assert!(asker.notes().contains("no copy of the Duo's DCT counts"), "{}", asker.notes());
    assert!(bench.keeps(&area) && bench.keeps(key(OLD)));
    bench.restore_dct(&whole(&image)).unwrap();
    assert!(bench.area() == fs::read(&image).unwrap());
}

#[test]
fn a_duo_without_a_dct_that_counts_gets_one_and_is_told_what_a_cut_means() {
    let bench =
        Bench::with([DuoOptions { firmware: Some(SystemFirmware::Missing), ..options(Generation::R6) }]);
    let image = bench.image("image.bin", false);
    let mut area = bench.area();
    area[8] = 1;
    bench.duo(|duo| duo.set_dct_area(&area));
    let asker = Asker::new();
    let done = bench.restore_dct_asking(&asker, &whole(&image)).unwrap();
    assert!(done.previous.is_none() && bench.area() == fs::read(&image).unwrap());
    assert!(asker.plan().cautions.join("\n").contains("it has none until the same command"));
    assert!(bench.keeps(&area), "what was there is kept all the same");
    assert!(bench.keeps(key(OLD)), "and each key in it in a file of its own");
    // Erased flash: either nothing was read, or nothing was ever there.
    bench.duo(|duo| duo.set_dct_area(&vec![0xff; 32_768]));
    let writes = bench.writes();
    let error = bench.restore_dct(&whole(&image)).unwrap_err();
    assert_eq!((error.code(), bench.writes()), (Code::DctUnreadable, writes), "{error}");
}

/// The cable is pulled at every fourth request, and the write under way is carried out half. The Duo still has a whole
/// copy, its own or the image's, and the same command completes the restore. (The fault matrix tries every request.)
#[test]
fn cut_short_anywhere_the_duo_has_a_dct_and_the_same_command_goes_on() {
    for generation in [Generation::R4, Generation::R6] {
        let mut cuts = 0;
        for nth in (1..).step_by(4) {
            let bench = Bench::new(generation);
            let image = bench.image("image.bin", generation == Generation::R4);
            bench.arm(Fault::once(Kind::Disconnect { moment: Moment::In, returns: false }, nth));
            let asker = Asker::new();
            let ended = bench.restore_dct_asking(&asker, &whole(&image));
            if bench.duo(|duo| duo.faults().acted()) == 0 {
                break;
            }
            assert!(current(&bench.area(), generation).is_some(), "{generation} at {nth}");
            assert!([key(OLD), key(NEW)].contains(&&bench.slot()[..]), "{generation} at {nth}");
            let Err(error) = ended else {
                assert!(asker.notes().contains("what the bootloader makes of them is not known"));
                assert!(bench.area() == fs::read(&image).unwrap(), "{generation} at {nth}");
                continue;
            };
            bench.clear_faults();
            if error.code() == Code::KeyStateUnknown {
                cuts += 1;
                let report = bench.status().unwrap().in_flight.remove(0);
                assert!(report.meaning.contains("whole DCT"), "{}", report.meaning);
                bench.restore_dct(&typed::dct_restore_whole(&report.next[1].command)).unwrap();
                assert!(bench.status().unwrap().in_flight.is_empty());
            } else {
                bench.restore_dct(&whole(&image)).unwrap();
            }
            assert!(bench.area() == fs::read(&image).unwrap(), "{generation} at {nth}");
            assert!(bench.keeps(key(OLD)));
        }
        assert!(cuts > 12, "{cuts} cuts with {generation}");
    }
}

#[test]
fn a_duo_that_does_not_write_is_left_as_it_is_and_what_it_has_is_said() {
    let bench = Bench::new(Generation::R6);
    // Some bytes must be cleared, so the first step is a write.
    bench.duo(|duo| duo.set_dct(1758, b"DE"));
    let image = bench.image("image.bin", false);
    let before = bench.area();
    bench.arm(Fault::from(Kind::WriteFails, 1));
    let error = bench.restore_dct(&whole(&image)).unwrap_err();
    assert_eq!((error.code(), error.key_state()), (Code::WriteFailed, Some(KeyState::Unchanged)), "{error}");
    assert!(bench.area() == before);
    bench.clear_faults();
    bench.arm(Fault::from(Kind::WriteHalf(600), 1));
    let error = bench.restore_dct(&whole(&image)).unwrap_err();
    assert_eq!((error.code(), error.code().exit_code()), (Code::DctWrong, exit::KEY), "{error}");
    assert_eq!(error.key_state(), Some(KeyState::Unchanged), "the old copy counts");
    let (finish, back) = error.hint_text().unwrap().split_once("; ").unwrap();
    bench.clear_faults();
    let report = bench.status().unwrap().in_flight.remove(0);
    assert!(report.meaning.contains("the key that was there"), "{}", report.meaning);
    bench.restore_dct(&typed::dct_restore_whole(finish)).unwrap();
    assert!(bench.area() == fs::read(&image).unwrap() && bench.status().unwrap().in_flight.is_empty());
    bench.restore_dct(&typed::dct_restore_whole(back)).unwrap();
    assert!(bench.slot() == key(OLD) && Dump::recognise(&bench.area()).is_some());
}

/// The bootloader waits forever for a flash that does not erase.
#[test]
fn a_duo_that_falls_silent_in_an_erasure_is_said_to_need_a_reset() {
    let bench = Bench::new(Generation::R6);
    let image = bench.image("image.bin", false);
    bench.arm(Fault::once(Kind::WriteFails, 1));
    let error = bench.restore_dct(&whole(&image)).unwrap_err();
    assert_eq!(
        (error.code(), error.key_state()),
        (Code::KeyStateUnknown, Some(KeyState::Unknown)),
        "{error}"
    );
    assert!(error.hint_text().unwrap().contains("press RESET first"), "{error:?}");
    assert!(bench.slot() == key(OLD));
    bench.clear_faults();
    let (finish, _) = error.hint_text().unwrap().split_once("; ").unwrap();
    bench.restore_dct(&typed::dct_restore_whole(finish)).unwrap();
    assert!(bench.area() == fs::read(&image).unwrap());
}

/// What the second attempt finds is what the first one left, which may already be the image's key.
#[test]
fn the_way_back_from_a_second_attempt_is_to_what_was_there_before_the_first() {
    for (generation, no_backup) in [(Generation::R4, false), (Generation::R6, false), (Generation::R6, true)]
    {
        let (bench, image) = (1..)
            .find_map(|nth| {
                let bench = Bench::new(generation);
                let image = bench.image("image.bin", generation == Generation::R4);
                bench.arm(Fault::once(Kind::Disconnect { moment: Moment::In, returns: false }, nth));
                let options = DctRestoreOptions {
                    write: WriteOptions { no_backup, ..WriteOptions::default() },
                    ..whole(&image)
                };
                let ended = bench.restore_dct(&options);
                bench.clear_faults();
                let of_the_image = bench.slot() == key(NEW) && bench.area() != fs::read(&image).unwrap();
                of_the_image.then(|| assert_eq!(ended.unwrap_err().code(), Code::KeyStateUnknown));
                of_the_image.then_some((bench, image))
            })
            .unwrap();
        bench.arm(Fault::from(Kind::WriteHalf(600), 1));
        let error = bench.restore_dct(&whole(&image)).unwrap_err();
        assert_eq!(error.code(), Code::DctWrong, "{error}");
        bench.clear_faults();
        let (_, back) = error.hint_text().unwrap().split_once("; ").unwrap();
        if no_backup {
            assert!(back.contains("no backup"), "{back}");
        } else {
            bench.restore_dct(&typed::dct_restore_whole(back)).unwrap();
            assert!(bench.slot() == key(OLD), "{generation}: {back}");
        }
    }
}

#[test]
fn one_step_that_is_not_taken_is_tried_once_more() {
    let bench = Bench::new(Generation::R6);
    // Some bytes must be cleared, so the first step changes something.
    bench.duo(|duo| duo.set_dct(1758, b"DE"));
    let image = bench.image("image.bin", false);
    bench.arm(Fault::once(Kind::WriteSilent, 1));
    let asker = Asker::new();
    bench.restore_dct_asking(&asker, &whole(&image)).unwrap();
    assert!(asker.notes().contains("asking the Duo what it holds"), "{}", asker.notes());
    assert!(bench.area() == fs::read(&image).unwrap());
}

/// All bytes are read back; then the DCT is changed just before the final questions to the bootloader.
#[test]
fn where_the_bootloader_reads_another_dct_than_was_written_it_is_not_done() {
    for (offset, code, state) in
        [(300, Code::KeyStateUnknown, KeyState::Unknown), (1800, Code::DctWrong, KeyState::Written)]
    {
        let looks = |change_at: Option<usize>| {
            let bench = Bench::new(Generation::R6);
            let image = bench.image("image.bin", false);
            let (hub, path, seen) = (bench.hub.clone(), bench.paths[0].clone(), AtomicUsize::new(0));
            let count = Arc::new(seen);
            let counted = count.clone();
            let asker = Asker::listening(move |event, _| {
                if *event == Event::Phase(Phase::ReadDct)
                    && Some(counted.fetch_add(1, Ordering::Relaxed)) == change_at
                {
                    hub.with_duo(&path, |duo, _| {
                        let byte = duo.dct(offset, 1)[0] ^ 1;
                        duo.set_dct(offset, &[byte]);
                    });
                }
            });
            let outcome = bench.restore_dct_asking(&asker, &whole(&image));
            (outcome, count.load(Ordering::Relaxed), bench)
        };
        let (undisturbed, all, _) = looks(None);
        assert!(undisturbed.unwrap().written);
        let (outcome, _, bench) = looks(Some(all - 1));
        let error = outcome.unwrap_err();
        assert_eq!((error.code(), error.key_state()), (code, Some(state)), "{error}");
        assert_eq!(error.code().exit_code(), exit::KEY);
        assert!(error.message().contains("the bootloader reads another DCT"), "{error}");
        let (finish, _) = error.hint_text().unwrap().split_once("; ").unwrap();
        bench.restore_dct(&typed::dct_restore_whole(finish)).unwrap();
        assert!(bench.slot() == key(NEW));
    }
}

#[test]
fn a_wish_to_stop_is_heard_before_the_first_step_and_after_the_last() {
    let bench = Bench::new(Generation::R6);
    let image = bench.image("image.bin", false);
    let error = bench.restore_dct_asking(&Asker::stopping_at(Phase::Confirm), &whole(&image)).unwrap_err();
    assert_eq!((error.code(), bench.writes()), (Code::Interrupted, 0));
    let error = bench.restore_dct_asking(&Asker::stopping_at(Phase::Write), &whole(&image)).unwrap_err();
    assert_eq!((error.code(), error.key_state()), (Code::Interrupted, Some(KeyState::Written)));
    assert!(bench.area() == fs::read(&image).unwrap(), "half of it helps nobody");
}

/// The state after a power cut during the firmware's own write: both copies have the mark, and r6 reads the second.
fn cut_in_a_write() -> Bench {
    let bench = Bench::new(Generation::R6);
    bench.duo(|duo| duo.set_dct_cut_short(34, key(2)));
    let area = bench.area();
    assert_eq!((area[9], area[0x4000 + 9], current(&area, Generation::R6)), (1, 1, Some(1)));
    bench
}

#[test]
fn after_a_power_cut_in_the_firmwares_own_write_the_dct_is_backed_up_shown_and_restored() {
    let bench = cut_in_a_write();
    let image = bench.image("image.bin", true);
    let before = bench.area();
    let saved = bench.saved("cut.bin", true);
    let of = |nth| Some(PrivateKey::read(key(nth)).unwrap().key.public_key().fingerprint());
    assert_eq!(saved.fingerprint, of(2), "the key that the firmware reads");
    let options = InspectOptions { file: saved.path, ..InspectOptions::default() };
    let seen = bench.run(&Asker::new(), |context| inspect(context, &options)).unwrap();
    assert_eq!(seen.fingerprint, of(2), "and so says the file, by its manifest");
    let done = bench.restore_dct(&whole(&image)).unwrap();
    assert_eq!(done.previous, of(2));
    assert!(bench.area() == fs::read(&image).unwrap() && bench.keeps(&before) && bench.keeps(key(2)));
}

#[test]
fn an_image_of_a_dct_that_was_cut_short_goes_back_as_it_was_read() {
    let bench = cut_in_a_write();
    let cut = bench.saved("cut.bin", true).path;
    bench.set_slot(key(NEW));
    bench.restore_dct(&whole(&cut)).unwrap();
    assert!(bench.area() == fs::read(&cut).unwrap() && bench.slot() == key(2));
}

/// The power fails in any step; the Duo's bootloader restarts and may find two copies with a mark.
#[test]
fn after_a_power_cut_anywhere_the_promised_recovery_works() {
    for generation in [Generation::R5, Generation::R6] {
        for back in [true, false] {
            let mut cuts = 0;
            for nth in (1..).step_by(7) {
                let bench = Bench::new(generation);
                let image = bench.image("image.bin", back);
                bench.arm(Fault::once(Kind::PowerCut(16), nth));
                let ended = bench.restore_dct(&whole(&image));
                if bench.duo(|duo| duo.faults().acted()) == 0 {
                    break;
                }
                bench.clear_faults();
                cuts += u32::from(ended.is_err());
                bench.saved(&format!("after-{nth}.bin"), true);
                bench.restore_dct(&whole(&image)).unwrap();
                assert!(bench.area() == fs::read(&image).unwrap(), "{generation} at {nth}");
                bench.saved("end.bin", true);
            }
            assert!(cuts < 3, "what is cut once goes on by itself: {cuts} did not");
        }
    }
}

/// A key that the firmware misreads is still a key, and this may be its only copy.
#[test]
fn a_slot_with_a_key_in_another_form_gets_a_file_of_its_own() {
    let bench = Bench::new(Generation::R6);
    let image = bench.image("image.bin", true);
    let pkcs8 = PrivateKey::read(key(2)).unwrap().key.to_pkcs8_der().unwrap();
    bench.set_slot(&pkcs8);
    let slot = bench.slot();
    bench.restore_dct(&whole(&image)).unwrap();
    assert!(bench.keeps(&slot), "{:?}", bench.archived());
}

#[test]
fn both_sectors_are_known_to_be_writable_before_the_first_step() {
    for map in [
        "@Internal Flash   /0x08000000/02*016Ka,01*016Kg,01*016Ka,01*064Kg,07*128Kg",
        "@Internal Flash   /0x08000000/02*016Ka,01*032Kg,01*064Kg,07*128Kg",
    ] {
        let bench = Bench::new(Generation::R6);
        let image = bench.image("image.bin", true);
        bench.arm(Fault::always(Kind::AltName { alt: 0, text: map.to_owned() }));
        let error = bench.restore_dct(&whole(&image)).unwrap_err();
        assert_eq!((error.code(), bench.writes()), (Code::NotADuo, 0), "{error}");
        assert!(bench.archived().is_empty(), "nothing is begun");
    }
}

/// Cut short in the last erasure, so the DCT reads like the image.
#[test]
fn a_sector_that_reads_as_erased_after_a_cut_is_erased_again() {
    let (bench, image, cut) = (1..)
        .find_map(|nth| {
            let bench = Bench::new(Generation::R6);
            let image = bench.file("image.bin", &bench.area());
            bench.duo(|duo| duo.set_dct(34, key(NEW)));
            bench.arm(Fault::once(Kind::Disconnect { moment: Moment::After, returns: false }, nth));
            let ended = bench.restore_dct(&whole(&image));
            (bench.area() == fs::read(&image).unwrap()).then_some((bench, image, ended))
        })
        .unwrap();
    assert_eq!(cut.unwrap_err().code(), Code::KeyStateUnknown);
    bench.clear_faults();
    let erased = erasures(&bench);
    let done = bench.restore_dct(&whole(&image)).unwrap();
    assert!(done.written && erasures(&bench) == erased + 1);
    assert!(!bench.restore_dct(&whole(&image)).unwrap().written, "once");
}

/// Without a device id and without a key, nothing shows which Duo the first attempt was for.
#[test]
fn where_the_way_back_cannot_be_told_that_is_said() {
    let bench = Bench::new(Generation::R4);
    let image = bench.image("image.bin", false);
    bench.arm(Fault::from(Kind::WriteHalf(600), 1));
    assert_eq!(bench.restore_dct(&whole(&image)).unwrap_err().code(), Code::DctWrong);
    bench.clear_faults();
    let mut area = bench.area();
    (area[8], area[0x4000 + 8]) = (1, 1);
    bench.duo(|duo| duo.set_dct_area(&area));
    bench.arm(Fault::from(Kind::WriteHalf(600), 1));
    let error = bench.restore_dct(&whole(&image)).unwrap_err();
    assert!(error.hint_text().unwrap().contains("cannot be told"), "{error:?}");
}

#[test]
fn an_image_that_is_read_both_ways_says_which_copy_this_duo_will_read() {
    let bench = cut_in_a_write();
    let image = bench.file("cut.bin", &bench.area());
    let of = |nth| PrivateKey::read(key(nth)).unwrap().key.public_key().fingerprint();
    for (generation, nth, word) in [(Generation::R5, OLD, "first"), (Generation::R6, 2, "second")] {
        let bench = Bench::new(generation);
        bench.set_slot(key(NEW));
        let asker = Asker::new();
        let done = bench.restore_dct_asking(&asker, &whole(&image)).unwrap();
        assert_eq!(done.fingerprint, Some(of(nth)), "{generation}");
        let cautions = asker.plan().cautions.join("\n");
        assert!(cautions.contains(&format!("this Duo's reads the {word} one")), "{cautions}");
        assert!(bench.slot() == key(nth));
    }
}
