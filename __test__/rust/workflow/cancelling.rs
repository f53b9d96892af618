//! Tests requests to stop: before the write nothing is written; from its first byte on the write is completed and read
//! back.

use duo_provision::error::{Code, KeyState};
use duo_provision::simulator::Generation;
use duo_provision::workflow::{BackupOptions, Phase, ResetOptions, RestoreOptions, backup};

use crate::workflow::bench::{Asker, Bench, NEW, OLD, key, reset_image};

#[test]
fn before_the_write_the_key_is_unchanged() {
    for phase in [Phase::Find, Phase::ReadDct, Phase::Backup, Phase::Confirm] {
        let bench = Bench::new(Generation::R6);
        let error = bench.restore_asking(&Asker::stopping_at(phase), &bench.new_key()).unwrap_err();
        assert_eq!((error.code(), error.code().exit_code()), (Code::Interrupted, 130), "{phase:?}");
        assert_eq!(error.key_state(), Some(KeyState::Unchanged), "{phase:?}: {error}");
        assert!(bench.slot() == key(OLD) && bench.writes() == 0, "{phase:?}");
        assert!(!bench.archived().iter().any(|name| name.contains(".tmp")), "{phase:?}");
    }
}

#[test]
fn from_the_write_on_it_is_finished_and_read_back() {
    for phase in [Phase::Write, Phase::Verify, Phase::Leave] {
        let bench = Bench::new(Generation::R6);
        let options = RestoreOptions { leave: true, ..bench.new_key() };
        let asker = Asker::stopping_at(phase);
        let error = bench.restore_asking(&asker, &options).unwrap_err();
        assert_eq!(error.code(), Code::Interrupted, "{phase:?}: {error}");
        assert_eq!(error.key_state(), Some(KeyState::Written), "{phase:?}");
        assert!(bench.slot() == key(NEW), "{phase:?}");
        assert!(asker.phases().contains(&Phase::Verify), "{phase:?}");
        assert_eq!(bench.duo(|duo| duo.boots()), 0, "{phase:?}: not left");
    }
}

#[test]
fn a_reset_is_finished_too() {
    let bench = Bench::new(Generation::R6);
    let error = bench.reset_asking(&Asker::stopping_at(Phase::Write), &ResetOptions::default()).unwrap_err();
    assert_eq!((error.code(), error.key_state()), (Code::Interrupted, Some(KeyState::Written)));
    assert!(bench.slot() == reset_image());
}

#[test]
fn a_backup_that_is_stopped_leaves_nothing_behind() {
    let bench = Bench::new(Generation::R6);
    let archive = Some(bench.archive().to_str().unwrap().to_owned());
    let options = BackupOptions { archive, ..BackupOptions::default() };
    let error = bench.run(&Asker::stopping_at(Phase::Read), |context| backup(context, &options)).unwrap_err();
    assert_eq!(error.code(), Code::Interrupted);
    assert!(bench.archived().is_empty());
}
