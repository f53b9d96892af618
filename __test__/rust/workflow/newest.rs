//! Tests what is known of the newest key of a Duo, and of the key that its cloud has: what the doctor says, and the
//! warning before a write that breaks the pair.

use std::path::Path;

use duo_provision::keys::PrivateKey;
use duo_provision::simulator::Generation;
use duo_provision::workflow::{
    BackupOptions, DctRestoreOptions, ProvisionOptions, ResetOptions, RestoreOptions, RotateOptions,
    ServerKeySetOptions, ServerOptions, Target, Verdict, VerifyOptions, rotate, verify,
};

use crate::workflow::bench::{Asker, NEW, OLD, cloud_at, dry_run, id, key, restore_of, writing_to};
use crate::workflow::dct_bench::{fields, whole};
use crate::workflow::doubts::{Place, found, own_key};

#[test]
fn what_a_cloud_was_told_last_is_the_newest_key_until_the_duos_is_told_or_proven() {
    let place = Place::new();
    place.provision(own_key()).unwrap();
    let newer = |place: &Place| found(&place.examined(false, None), "NEWER_KEY_KNOWN").cloned();
    assert!(newer(&place).is_none());
    let file = place.bench.key_file(NEW).to_str().unwrap().to_owned();
    place.provision(ProvisionOptions { key_file: Some(file), ..ProvisionOptions::default() }).unwrap();
    let told = newer(&place).unwrap();
    assert!(told.message.contains(&place.cloud.url()) && told.message.contains("2026-01-31"), "{told:?}");
    let advice = told.advice.unwrap();
    assert!(advice.contains("--from-device") && advice.contains(&place.cloud.url()), "{advice}");
    place.provision(own_key()).unwrap();
    assert!(newer(&place).is_none());

    // The generic key, which a self-hosted cloud keeps.
    place.provision(ProvisionOptions::default()).unwrap();
    assert!(newer(&place).is_some());
    // Another program sends the cloud the Duo's own key.
    let journal = place.bench.records();
    place.provision(own_key()).unwrap();
    place.bench.set_journal(&journal);
    assert!(newer(&place).is_some());
    assert_eq!(place.examined(true, None).verdict, Verdict::Paired);
    assert!(newer(&place).is_none(), "the proof is written down");
}

/// The Duo then has the key that was written to it last, but the pair is broken. It is said before the write, and by
/// the doctor, whose command mends it.
#[test]
fn a_key_that_is_written_after_the_cloud_took_another_breaks_the_pair() {
    let place = Place::new();
    let old = restore_of(&place.bench.file("old.der", &key(OLD)[..611]));
    let new = place.bench.new_key();
    let caution = |options: &RestoreOptions| {
        let asker = Asker::new();
        place.bench.restore_asking(&asker, options).unwrap();
        asker.plan().cautions.concat()
    };
    let newer = || found(&place.examined(false, None), "NEWER_KEY_KNOWN").cloned();
    assert_eq!((caution(&new), caution(&old)), (String::new(), String::new()), "no cloud was told");
    place.provision(own_key()).unwrap();
    let dry = RestoreOptions { write: dry_run(), ..new.clone() };
    let asker = Asker::new();
    place.bench.restore_asking(&asker, &dry).unwrap();
    assert!(asker.notes().contains("the cloud has another key of this Duo"), "{}", asker.notes());
    assert!(newer().is_none());

    let key_file = place.bench.backup(&BackupOptions::default()).unwrap().path;
    let said = caution(&new);
    assert!(
        said.contains(&place.cloud.url())
            && said.contains(&format!("duo-provision doctor --device {}", id(1)))
    );
    let found_now = newer().unwrap();
    let (prove, advice) = (found_now.command.unwrap(), found_now.advice.unwrap());
    assert!(prove.starts_with("duo-provision doctor --verify"), "{prove}");
    assert!(advice.contains(&format!("duo-provision restore {}", key_file.display())), "{advice}");
    let tell = format!("duo-provision {} --from-device --api-url {}", id(1), place.cloud.url());
    assert!(advice.contains(&tell), "{advice}");
    assert_eq!(caution(&old), "", "that is the key that the cloud has");
    assert!(newer().is_none());

    // A field of a dump, or all of it, is a write like any other.
    for (name, all) in [("fields.bin", false), ("whole.bin", true)] {
        let dump = place.bench.image(name, false);
        let asker = Asker::new();
        let options = if all { whole(&dump) } else { fields(&dump, "device-private-key") };
        place.bench.restore_dct_asking(&asker, &options).unwrap();
        assert!(asker.plan().cautions.concat().contains("the cloud has another key of this Duo"), "{name}");
        place.bench.restore(&old).unwrap();
    }
}

/// A rotation tells the cloud and writes to the Duo.
#[test]
fn going_back_to_the_key_before_a_rotation_breaks_the_pair() {
    let place = Place::new();
    let options = RotateOptions {
        cloud: cloud_at(place.cloud.url(), place.cloud.token()),
        no_verify: true,
        archive: Some(place.bench.archive().to_str().unwrap().to_owned()),
        ..RotateOptions::default()
    };
    let make = || Ok(PrivateKey::read(key(NEW)).unwrap().key);
    place.bench.run(&Asker::new(), |context| rotate(context, &options, &make)).unwrap();
    place.bench.clear_faults();
    assert!(found(&place.examined(false, None), "NEWER_KEY_KNOWN").is_none());
    place.bench.restore(&restore_of(&place.bench.file("old.der", &key(OLD)[..611]))).unwrap();
    let found_now = place.examined(false, None);
    let newer = found(&found_now, "NEWER_KEY_KNOWN").unwrap();
    assert!(newer.message.contains(&place.cloud.url()), "{newer:?}");
    // The proof that the cloud knows the Duo by this key, which another program sent, is newer.
    let journal = place.bench.records();
    place.provision(own_key()).unwrap();
    place.bench.set_journal(&journal);
    assert_eq!(place.examined(true, None).verdict, Verdict::Paired);
    assert!(found(&place.examined(false, None), "NEWER_KEY_KNOWN").is_none());
}

/// Which key was in the Duo in between does not matter.
#[test]
fn the_key_that_the_cloud_was_told_comes_before_one_that_only_was_in_the_duo() {
    let place = Place::new();
    place.provision(own_key()).unwrap();
    place.bench.restore(&place.bench.new_key()).unwrap();
    place.bench.reset(&ResetOptions::default()).unwrap();
    place.bench.clear_faults();
    place.bench.set_slot(key(30));
    let found_now = place.examined(false, None);
    let newer = found(&found_now, "NEWER_KEY_KNOWN").unwrap();
    let old = PrivateKey::read(key(OLD)).unwrap().key.public_key().fingerprint();
    assert!(newer.message.contains(&old.short()), "{newer:?}");
}

/// A proof at another cloud than the Duo's shows nothing of the Duo's own.
#[test]
fn a_proof_counts_only_at_the_cloud_that_the_duo_names() {
    let place = Place::new();
    place.provision(own_key()).unwrap();
    place.bench.set_slot(key(NEW));
    let newer = || found(&place.examined(false, None), "NEWER_KEY_KNOWN").is_some();
    let elsewhere = Place::new();
    let file = place.bench.key_file(NEW).to_str().unwrap().to_owned();
    elsewhere.provision(ProvisionOptions { key_file: Some(file), ..ProvisionOptions::default() }).unwrap();
    let server_key = place.bench.file("server.pem", elsewhere.cloud.server_key().unwrap().as_bytes());
    let address = elsewhere.cloud.device_address().unwrap();
    let server = ServerOptions {
        key_file: Some(server_key),
        host: Some("127.0.0.1".into()),
        port: Some(address.port()),
    };
    let options = VerifyOptions { server, timeout: Some(5), ..VerifyOptions::default() };
    place.bench.run(&Asker::new(), |context| verify(context, &options)).unwrap();
    assert!(newer());
}

/// The cloud that counts is the one that the Duo names after the write.
#[test]
fn a_write_that_changes_the_cloud_is_judged_by_the_new_one() {
    let place = Place::new();
    let old = place.bench.file("old.der", &key(OLD)[..611]);
    place
        .provision(ProvisionOptions {
            key_file: Some(old.to_str().unwrap().into()),
            ..ProvisionOptions::default()
        })
        .unwrap();
    let cautions = |dump: &Path, all: bool| {
        let asker = Asker::new();
        let both = fields(dump, "server-public-key,device-private-key");
        let options = DctRestoreOptions { write: dry_run(), ..if all { whole(dump) } else { both } };
        place.bench.restore_dct_asking(&asker, &options).unwrap();
        asker.notes().contains("another key of this Duo")
    };
    let same = place.bench.image("same.bin", false);
    assert!(cautions(&same, false) && cautions(&same, true));
    let section = place.bench.area();
    place.bench.name_particle();
    let particle = place.bench.image("particle.bin", false);
    place.bench.duo(|duo| duo.set_dct_area(&section));
    assert!(!cautions(&particle, false) && !cautions(&particle, true));
}

/// A Duo with bootloader r4 does not tell its id; the archive knows whose key is in it.
#[test]
fn the_owner_of_the_key_is_the_duo_that_the_warning_is_about() {
    let place = Place::of(Generation::R4);
    place.provision(ProvisionOptions { path: Some("1-1".into()), ..own_key() }).unwrap();
    let target =
        Target { device: Some(id(1).parse().unwrap()), path: Some("1-1".into()), ..Target::default() };
    for nth in [NEW, OLD] {
        place.bench.set_slot(key(nth));
        place.bench.backup(&BackupOptions { target: target.clone(), ..BackupOptions::default() }).unwrap();
    }
    let asker = Asker::new();
    let by_port = Target { path: Some("1-1".into()), ..Target::default() };
    let options = RestoreOptions { write: writing_to(by_port), ..place.bench.new_key() };
    place.bench.restore_asking(&asker, &options).unwrap();
    let said = asker.plan().cautions.concat();
    assert!(said.contains(&format!("duo-provision doctor --device {} --path 1-1", id(1))), "{said}");
}

/// The Duo's own cloud key is damaged, so that the cloud's is given, and does not know the Duo.
#[test]
fn the_way_out_of_a_broken_pair_repeats_that_the_address_is_not_proven() {
    let place = Place::of(Generation::R4);
    let server = Some(place.bench.file("server.pem", place.cloud.server_key().unwrap().as_bytes()));
    let port = Some(place.cloud.device_address().unwrap().port());
    let server = ServerOptions { key_file: server, host: Some("127.0.0.1".into()), port };
    place.bench.duo(|duo| duo.set_dct(2082, &[0xff; 768]));
    let target = Target {
        device: Some(id(1).parse().unwrap()),
        path: Some("1-1".into()),
        allow_unproven_address: true,
        ..Target::default()
    };
    let options = VerifyOptions { target, server, timeout: Some(5), ..VerifyOptions::default() };
    let error = place.bench.run(&Asker::new(), |context| verify(context, &options)).unwrap_err();
    let hint = error.hint_text().unwrap();
    assert!(hint.contains("--from-device --path 1-1 --allow-unproven-address"), "{hint}");

    let key_file = Some(place.bench.key_file(OLD));
    let target = Target { path: None, ..options.target.clone() };
    let options = VerifyOptions { key_file, target, ..options };
    let error = place.bench.run(&Asker::new(), |context| verify(context, &options));
    assert!(error.unwrap_err().message().contains("are for an attached Duo"));
}

/// Reset, and then restored only half: the backup of the key that the cloud took is the one to restore.
#[test]
fn a_slot_without_a_key_gets_the_one_that_the_cloud_has() {
    let place = Place::new();
    let old = place.bench.backup(&BackupOptions::default()).unwrap().path;
    place.provision(own_key()).unwrap();
    place.bench.set_slot(key(NEW));
    place.bench.backup(&BackupOptions::default()).unwrap();
    place.bench.set_slot(&key(OLD)[..300]);
    let found_now = place.examined(false, None);
    let command = found(&found_now, "KEY_SLOT_GARBAGE").unwrap().command.clone().unwrap();
    assert!(command.starts_with(&format!("duo-provision restore {}", old.display())), "{command}");
}

/// The API of the new one is not known yet.
#[test]
fn after_a_move_to_another_cloud_the_old_ones_api_is_not_printed() {
    let place = Place::new();
    let printed = || {
        let dry = ResetOptions { write: dry_run(), ..ResetOptions::default() };
        place.bench.reset(&dry).unwrap().provision_command
    };
    place.provision(own_key()).unwrap();
    assert!(printed().contains(&place.cloud.url()));
    let earlier = String::from_utf8(place.bench.records()).unwrap().replace("2026-01-31", "2026-01-30");
    place.bench.set_journal(earlier.as_bytes());
    assert!(printed().contains(&place.cloud.url()));
    let other = Place::new();
    let file = Some(place.bench.file("server.pem", other.cloud.server_key().unwrap().as_bytes()));
    let host = Some("127.0.0.1".to_owned());
    let moving = ServerKeySetOptions { file, host, ..ServerKeySetOptions::default() };
    let dump = place.bench.image("before.bin", false);
    place.bench.set_server(&moving).unwrap();
    assert!(printed().ends_with(" --api-url URL"), "{}", printed());
    // The same by a dump; and where nothing is written, the Duo has not moved.
    place.bench.set_journal(earlier.as_bytes());
    place.bench.set_server(&moving).unwrap();
    assert!(printed().contains(&place.cloud.url()), "{}", printed());
    place.bench.restore_dct(&fields(&dump, "server-public-key")).unwrap();
    assert!(printed().ends_with(" --api-url URL"), "{}", printed());
}

/// What Particle's cloud was told does not matter to a Duo of another cloud, and the other way round.
#[test]
fn what_another_cloud_was_told_does_not_matter() {
    let place = Place::new();
    place.provision(own_key()).unwrap();
    place.bench.set_slot(key(NEW));
    let newer = || found(&place.examined(false, None), "NEWER_KEY_KNOWN").is_some();
    assert!(newer());
    let journal = String::from_utf8(place.bench.records()).unwrap();
    place.bench.set_journal(journal.replace(&place.cloud.url(), "https://api.particle.io").as_bytes());
    assert!(!newer());
    place.bench.name_particle();
    assert!(newer());
    place.bench.set_journal(journal.as_bytes());
    assert!(!newer());
}

/// A new key that no cloud has taken does not count.
#[test]
fn a_new_key_counts_once_a_cloud_took_it() {
    let place = Place::new();
    let newer = || found(&place.examined(false, None), "NEWER_KEY_KNOWN").is_some();
    let options = RotateOptions {
        cloud: cloud_at(place.cloud.url(), "never-a-good-one"),
        no_verify: true,
        archive: Some(place.bench.archive().to_str().unwrap().to_owned()),
        ..RotateOptions::default()
    };
    let make = || Ok(PrivateKey::read(key(NEW)).unwrap().key);
    place.bench.run(&Asker::new(), |context| rotate(context, &options, &make)).unwrap_err();
    place.bench.clear_faults();
    assert!(!newer(), "nobody was told of it");
    place.leave_ahead(&place);
    assert!(newer());
}
