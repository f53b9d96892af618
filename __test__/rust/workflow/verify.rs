//! Tests `verify` against the local cloud: what it proves, with which key, and where; and what it says if it proves
//! nothing.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;

use duo_provision::error::{Code, Error, KeyState};
use duo_provision::keys::{Fingerprint, PrivateKey, ServerKey};
use duo_provision::simulator::Generation;
use duo_provision::simulator::cloud::{LocalCloud, Options};
use duo_provision::workflow::{
    BackupOptions, ProvisionOptions, ServerOptions, Target, VerifyDone, VerifyOptions, provision, verify,
};
use tokio::runtime::Runtime;

use crate::workflow::bench::{Asker, Bench, NEW, OLD, cloud_at, id, key, server_slot};

/// The server's field in the DCT, and what the firmware reads of it (redbear/firmware `dct.h`).
const SERVER_FIELD: u32 = 2082;
const ADDRESS: usize = 384;
const PORT: usize = 450;

/// A cloud that knows a Duo's key, and the Duo that belongs to it.
struct Place {
    _runtime: Runtime,
    cloud: LocalCloud,
    bench: Bench,
}

impl Place {
    fn new(generation: Generation) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let options = Options { device_port: Some(0), ..Options::default() };
        let cloud = runtime.block_on(LocalCloud::start(options)).unwrap();
        let place = Self { _runtime: runtime, cloud, bench: Bench::new(generation) };
        place.set_field(&place.field());
        place.tell_key(OLD);
        place
    }

    fn address(&self) -> SocketAddr {
        self.cloud.device_address().unwrap()
    }

    fn server(&self) -> ServerKey {
        ServerKey::read(self.cloud.server_key().unwrap().as_bytes()).unwrap()
    }

    /// The server's field as particle-cli would write it: the key, an IPv4 address, a port.
    fn field(&self) -> Vec<u8> {
        let mut field = vec![0xff; 768];
        field[..294].copy_from_slice(&self.server().spki_der());
        field[ADDRESS..ADDRESS + 6].copy_from_slice(&[0, 4, 127, 0, 0, 1]);
        field[PORT..PORT + 2].copy_from_slice(&self.address().port().to_be_bytes());
        field
    }

    fn set_field(&self, field: &[u8]) {
        self.bench.duo(|duo| duo.set_dct(SERVER_FIELD as usize, field));
    }

    /// Tells the cloud that the fixtures' `nth` key is the Duo's key.
    fn tell_key(&self, nth: usize) {
        let file = self.bench.file("told.der", &key(nth)[..611]).to_str().unwrap().to_owned();
        let options = ProvisionOptions {
            device_id: id(1),
            key_file: Some(file),
            cloud: cloud_at(self.cloud.url(), self.cloud.token()),
            ..ProvisionOptions::default()
        };
        self.bench.run(&Asker::new(), |context| provision(context, &options)).unwrap();
    }

    /// A backup of the Duo's key, with its manifest beside it.
    fn saved(&self) -> PathBuf {
        self.bench.backup(&BackupOptions::default()).unwrap().path
    }

    /// The cloud's address for devices.
    fn port(&self) -> ServerOptions {
        let host = Some("127.0.0.1".to_owned());
        ServerOptions { host, port: Some(self.address().port()), ..ServerOptions::default() }
    }

    /// Options for a key file, with the cloud's address from options.
    fn of_file(&self, file: PathBuf) -> VerifyOptions {
        VerifyOptions {
            key_file: Some(file),
            server: ServerOptions {
                key_file: Some(self.bench.file("server.pem", self.cloud.server_key().unwrap().as_bytes())),
                ..self.port()
            },
            ..VerifyOptions::default()
        }
    }

    fn run(&self, options: &VerifyOptions) -> Result<VerifyDone, Error> {
        self.bench.run(&Asker::new(), |context| verify(context, options))
    }

    fn refused(&self, options: &VerifyOptions, code: Code) -> Error {
        let error = self.run(options).unwrap_err();
        assert_eq!(error.code(), code, "{error}");
        assert_eq!(self.bench.writes(), 0);
        error
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        assert_eq!(self.bench.slot(), key(OLD), "nothing was written");
    }
}

fn fingerprint(nth: usize) -> Fingerprint {
    PrivateKey::read(key(nth)).unwrap().key.public_key().fingerprint()
}

fn hint(error: &Error) -> &str {
    error.hint_text().unwrap_or_default()
}

#[test]
fn the_key_in_the_duo_is_proven_with_the_cloud_that_it_is_meant_for() {
    let place = Place::new(Generation::R6);
    let done = place.run(&VerifyOptions::default()).unwrap();
    assert_eq!(done.device_id.to_string(), id(1));
    assert_eq!(done.fingerprint, fingerprint(OLD));
    assert_eq!(done.server_fingerprint, place.server().fingerprint());
    assert!(!done.particle);
    assert_eq!(done.server, place.address().to_string());
    assert_eq!(done.device.unwrap().device_id.unwrap().to_string(), id(1));
}

#[test]
fn keys_that_are_no_pair_are_told_from_a_cloud_that_is_not_there() {
    let place = Place::new(Generation::R6);
    place.tell_key(NEW);
    let error = place.refused(&VerifyOptions::default(), Code::PairingRefused);
    assert_eq!(error.key_state(), Some(KeyState::Unchanged));
    let told = format!("duo-provision {} --from-device --api-url {};", id(1), place.cloud.url());
    let backups = format!("duo-provision backups --device {}", id(1));
    assert!(hint(&error).contains(&told) && hint(&error).contains(&backups), "{error:?}");
    assert!(hint(&error).find("Brewskey") > hint(&error).find(&told), "the rare comes last: {error:?}");
    // Another server key would not help here.
    let nobody = { std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port() };
    let options = VerifyOptions {
        server: ServerOptions { port: Some(nobody), ..ServerOptions::default() },
        ..VerifyOptions::default()
    };
    let error = place.refused(&options, Code::CloudUnreachable);
    assert_eq!(error.key_state(), Some(KeyState::Unchanged));
    assert!(!hint(&error).contains("restore") && !hint(&error).contains("--from-device"), "{error:?}");
    // The address was typed, so the Duo's own may be right.
    assert!(!hint(&error).contains("server-key set"), "{error:?}");
    let field = server_slot(place.cloud.server_key().unwrap(), ([127, 0, 0, 1], nobody).into());
    place.bench.duo(|duo| duo.set_dct(2082, &field));
    let error = place.refused(&VerifyOptions::default(), Code::CloudUnreachable);
    let other = format!("duo-provision server-key set FILE --host NAME --device {}", id(1));
    assert!(hint(&error).ends_with(&other), "{error:?}");
}

/// A cloud's API has another address than its device port, and the Duo has only the latter.
#[test]
fn the_cloud_to_be_told_is_the_one_of_the_last_request_else_it_has_to_be_named() {
    let place = Place::new(Generation::R6);
    place.tell_key(NEW);
    fs::remove_dir_all(place.bench.journal().parent().unwrap()).unwrap();
    let error = place.refused(&VerifyOptions::default(), Code::PairingRefused);
    let named = format!("duo-provision {} --from-device --api-url URL;", id(1));
    assert!(hint(&error).contains(&named), "{error:?}");
    let mut field = place.field();
    field[..294].copy_from_slice(&ServerKey::particle().spki_der());
    place.set_field(&field);
    let error = place.refused(&VerifyOptions::default(), Code::PairingRefused);
    assert!(hint(&error).contains(&format!("duo-provision {} --from-device;", id(1))), "{error:?}");
}

#[test]
fn a_duo_that_tells_no_id_is_the_one_that_the_user_says() {
    let place = Place::new(Generation::R4);
    let error = place.refused(&VerifyOptions::default(), Code::DeviceIdUnverifiable);
    assert!(hint(&error).contains("--device ID --path"), "{error:?}");
    let target = Target::parse(Some(&id(1)), Some("1-1")).unwrap();
    let done = place.run(&VerifyOptions { target, ..VerifyOptions::default() }).unwrap();
    assert_eq!(done.device_id.to_string(), id(1));
}

#[test]
fn a_saved_key_is_proven_without_a_duo_and_is_of_the_device_that_its_manifest_names() {
    let place = Place::new(Generation::R6);
    let saved = place.saved();
    let done = place.run(&place.of_file(saved.clone())).unwrap();
    assert_eq!((done.device_id.to_string(), done.fingerprint), (id(1), fingerprint(OLD)));
    assert_eq!(done.device, None);

    // A manifest for other bytes says nothing about this file.
    let manifest = saved.with_extension("json");
    let text = fs::read_to_string(&manifest).unwrap();
    let other = place.bench.file("other.der", &key(NEW)[..611]);
    fs::write(other.with_extension("json"), &text).unwrap();
    let error = place.refused(&place.of_file(other), Code::InvalidArgument);
    assert!(hint(&error).contains("--device ID"), "{error:?}");

    let bare = place.bench.file("bare.der", &key(OLD)[..611]);
    place.refused(&place.of_file(bare.clone()), Code::InvalidArgument);
    let target = Target::parse(Some(&id(1)), None).unwrap();
    place.run(&VerifyOptions { target, ..place.of_file(bare) }).unwrap();
}

#[test]
fn of_another_cloud_than_particles_a_key_file_needs_both_the_key_and_the_address() {
    let place = Place::new(Generation::R6);
    let whole = place.of_file(place.saved());
    let without_key = ServerOptions { key_file: None, ..whole.server.clone() };
    let without_host = ServerOptions { host: None, ..whole.server.clone() };
    for server in [without_key, without_host] {
        let error = place.refused(&VerifyOptions { server, ..whole.clone() }, Code::InvalidArgument);
        assert!(hint(&error).contains("--server-key FILE and --host NAME together"), "{error:?}");
    }
    let server = ServerOptions { port: Some(0), ..whole.server };
    let nowhere = VerifyOptions { server, ..whole };
    assert!(hint(&place.refused(&nowhere, Code::InvalidArgument)).contains("5683"));
}

#[test]
fn an_address_in_the_duo_that_is_none_does_not_matter_where_another_is_typed() {
    let place = Place::new(Generation::R6);
    let mut field = place.field();
    field[ADDRESS] = 7;
    place.set_field(&field);
    let error = place.refused(&VerifyOptions::default(), Code::ServerKeySlotInvalid);
    assert!(hint(&error).contains("--host NAME"), "{error:?}");
    let typed = VerifyOptions { server: place.port(), ..VerifyOptions::default() };
    place.run(&typed).unwrap();
}

#[test]
fn a_duo_that_knows_no_cloud_needs_the_key_of_one() {
    let place = Place::new(Generation::R6);
    let field = place.field();
    place.set_field(&[0xff; 768]);
    let error = place.refused(&VerifyOptions::default(), Code::ServerKeySlotInvalid);
    assert!(hint(&error).contains("--server-key FILE --host NAME"), "{error:?}");

    // A dump that dfu-util reads from there on without a length: the key, and the rest of the DCT.
    let mut dump = field;
    dump.resize(16_384 - SERVER_FIELD as usize, 0);
    let dumped = VerifyOptions {
        server: ServerOptions { key_file: Some(place.bench.file("server.bin", &dump)), ..place.port() },
        ..VerifyOptions::default()
    };
    place.run(&dumped).unwrap();
    // No key is as large as this, but a file may be.
    let large = place.bench.file("large.bin", &vec![0; 65_537]);
    let server = ServerOptions { key_file: Some(large), ..dumped.server };
    place.refused(&VerifyOptions { server, ..dumped }, Code::KeyUnrecognized);
}
