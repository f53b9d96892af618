//! Tests `server-key set` and `server-key restore`: what is written, which address follows the key, and what is
//! refused.

use std::fs;

use duo_provision::error::{Code, KeyState, exit};
use duo_provision::journal::OperationKind;
use duo_provision::keys::ServerKey;
use duo_provision::simulator::Generation;
use duo_provision::simulator::faults::{Fault, Kind};
use duo_provision::usb::{Bus, Device, Transport, UsbError};
use duo_provision::workflow::{
    Action, AddressSource, Context, Phase, ServerKeySetOptions, WriteOptions, set_server_key,
};

use crate::virtual_duo::options;
use crate::workflow::bench::{Asker, Bench, NEW, OLD, is_data, key, restore_of};
use crate::workflow::dct_bench::{field, is_dump, own_cloud, own_key};
use crate::workflow::typed;

impl Bench {
    fn server(&self) -> Vec<u8> {
        self.duo(|duo| duo.dct(2082, 768))
    }

    fn with_server_file(&self, bytes: &[u8]) -> ServerKeySetOptions {
        ServerKeySetOptions { file: Some(self.file("server.der", bytes)), ..ServerKeySetOptions::default() }
    }
}

fn old_server() -> Vec<u8> {
    let options = options(Generation::R6);
    field(&options.server_key, &options.server_address, [0xff; 2])
}

#[test]
fn all_768_bytes_are_written_in_one_block_and_nothing_beside_them() {
    for generation in [Generation::R4, Generation::R6] {
        let bench = Bench::new(generation);
        let mut marked = old_server();
        marked[500..].fill(0x5a);
        bench.duo(|duo| duo.set_dct(2082, &marked));
        let around = |bench: &Bench| bench.duo(|duo| (duo.dct(0, 2082), duo.dct(2850, 1000)));
        let before = around(&bench);
        let done = bench.set_server(&bench.with_server_file(&own_cloud())).unwrap();
        assert!(bench.server() == own_cloud(), "the tail too");
        assert!(around(&bench) == before && bench.writes() == 1);
        assert!(done.written && !done.left && !done.server.particle);
        assert_eq!(done.address_source, AddressSource::File);
        assert_eq!((done.server.host.as_deref(), done.server.port), (Some("10.0.0.1"), Some(5684)));
    }
}

#[test]
fn the_whole_section_is_kept_before_the_first_byte_is_written() {
    let bench = Bench::new(Generation::R6);
    let section = bench.duo(|duo| duo.dct(0, 8423));
    let (archive, hub, path) = (bench.archive(), bench.hub.clone(), bench.paths[0].clone());
    let wanted = section.clone();
    let asker = Asker::listening(move |event, _| {
        if *event == duo_provision::workflow::Event::Phase(Phase::Write) {
            let kept =
                crate::workflow::bench::names(&archive).into_iter().find(|name| is_dump(name)).unwrap();
            assert!(fs::read(archive.join(kept)).unwrap() == wanted);
            let data = hub.with_duo(&path, |duo, _| duo.log().filter(|transfer| is_data(transfer)).count());
            assert_eq!(data, Some(0));
        }
    });
    let done = bench.set_server_asking(&asker, &bench.with_server_file(&own_cloud())).unwrap();
    assert!(asker.phases().contains(&Phase::Write));
    assert!(fs::read(done.backup.unwrap()).unwrap() == section);
}

#[test]
fn a_bare_key_keeps_the_address_that_the_duo_has_and_says_so() {
    let bench = Bench::new(Generation::R6);
    bench.duo(|duo| duo.set_dct(2082, &field(&own_key()[..200], b"\x01\x09$id.local", [0x00, 0x50])));
    let asker = Asker::new();
    let done = bench.set_server_asking(&asker, &bench.with_server_file(&own_key())).unwrap();
    assert!(bench.server() == field(&own_key(), b"\x01\x09$id.local\0", [0x00, 0x50]));
    assert_eq!(done.address_source, AddressSource::Kept);
    assert!(
        asker.notes().contains("bare key") && asker.notes().contains("$id.local:80"),
        "{}",
        asker.notes()
    );
    let plan = asker.plan();
    assert_eq!(plan.action, Action::SetServerKey);
    let address = &plan.changes[1];
    assert_eq!((address.what.as_str(), address.now.as_str()), ("address", "$id.local:80"));
    assert!(address.then.contains("kept"), "{address:?}");
    assert_eq!(plan.new, None, "the device's key stays as it is");
}

/// A name, a file, options, and the resulting address and port.
type Case<'a> = (&'a str, &'a [u8], ServerKeySetOptions, &'a [u8], [u8; 2]);

#[test]
fn an_address_is_what_was_typed_else_the_files_else_none_where_that_was_typed() {
    let pem = format!(
        "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
        "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA".to_owned() + &"paWl".repeat(85) + "pQIDAQAB"
    );
    assert_eq!(ServerKey::read(pem.as_bytes()).unwrap().spki_der()[..], own_key()[..]);
    let host = |host: &str, port| ServerKeySetOptions {
        host: Some(host.to_owned()),
        port,
        ..ServerKeySetOptions::default()
    };
    let bare = ServerKeySetOptions { no_address: true, ..ServerKeySetOptions::default() };
    let port = ServerKeySetOptions { port: Some(1234), ..ServerKeySetOptions::default() };
    let short = own_cloud()[..512].to_vec();
    let cases: [Case<'_>; 7] = [
        ("typed", &own_cloud(), host("cloud.local", None), b"\x01\x0bcloud.local\0", [0xff, 0xff]),
        (
            "typed with a port",
            pem.as_bytes(),
            host("1.2.3.4", Some(80)),
            b"\x00\x04\x01\x02\x03\x04",
            [0, 80],
        ),
        ("a port alone", &own_cloud(), port.clone(), b"\x00\x04\x0a\x00\x00\x01", [0x04, 0xd2]),
        ("of 512 bytes", &short, ServerKeySetOptions::default(), b"\x00\x04\x0a\x00\x00\x01", [0x16, 0x34]),
        ("none", &own_cloud(), bare, b"", [0xff, 0xff]),
        ("kept", pem.as_bytes(), ServerKeySetOptions::default(), b"\x01\x0fdevice.spark.io\0", [0xff, 0xff]),
        ("kept, another port", pem.as_bytes(), port, b"\x01\x0fdevice.spark.io\0", [0x04, 0xd2]),
    ];
    for (name, file, options, address, port) in cases {
        let bench = Bench::new(Generation::R6);
        let file = bench.with_server_file(file).file;
        bench.set_server(&ServerKeySetOptions { file, ..options }).unwrap();
        assert!(bench.server() == field(&own_key(), address, port), "{name}");
    }
}

#[test]
fn particles_own_is_built_in_as_it_was_published() {
    let bench = Bench::new(Generation::R6);
    let done =
        bench.set_server(&ServerKeySetOptions { leave: true, ..ServerKeySetOptions::default() }).unwrap();
    let particle = ServerKey::particle().spki_der();
    assert!(bench.server() == field(&particle, b"\x01\x0fdevice.spark.io\0", [0xff, 0xff]));
    assert!(done.server.particle && !done.previous.particle && done.left);
    bench.clear_faults();
    let again = bench.set_server(&ServerKeySetOptions::default()).unwrap();
    assert!(!again.written && again.backup.is_none());
    assert_eq!(bench.writes(), 1);
}

#[test]
fn a_private_key_is_refused_and_not_shown() {
    let bench = Bench::new(Generation::R6);
    let asker = Asker::new();
    let error = bench.set_server_asking(&asker, &bench.with_server_file(&key(OLD)[..611])).unwrap_err();
    assert_eq!((error.code(), error.code().exit_code()), (Code::ServerKeyInvalid, exit::USAGE));
    assert!(error.to_string().contains("private key"), "{error}");
    assert!(asker.phases().is_empty(), "the Duo is not even looked for");
}

#[test]
fn what_cannot_be_meant_is_refused_before_anything_is_written() {
    let own = own_cloud();
    let damaged = field(&own_key(), b"\x07\x04abcd", [0, 0]);
    let broken = ServerKeySetOptions { host: Some("a b".to_owned()), ..ServerKeySetOptions::default() };
    let both = ServerKeySetOptions { no_address: true, port: Some(1), ..ServerKeySetOptions::default() };
    let zero = ServerKeySetOptions { port: Some(0), ..ServerKeySetOptions::default() };
    let cases: [(&[u8], ServerKeySetOptions, Code); 5] = [
        (&own, broken, Code::InvalidArgument),
        (&own, both, Code::InvalidArgument),
        (&own, zero, Code::InvalidArgument),
        (&damaged, ServerKeySetOptions::default(), Code::ServerKeyInvalid),
        (b"nonsense", ServerKeySetOptions::default(), Code::ServerKeyInvalid),
    ];
    for (file, options, code) in cases {
        let bench = Bench::new(Generation::R6);
        let file = bench.with_server_file(file).file;
        let error = bench.set_server(&ServerKeySetOptions { file, ..options }).unwrap_err();
        assert_eq!(error.code(), code, "{error}");
        assert!(error.hint_text().is_some() && bench.writes() == 0);
    }
}

#[test]
fn an_address_that_cannot_be_kept_has_to_be_typed() {
    let bench = Bench::new(Generation::R6);
    bench.duo(|duo| duo.set_dct(2082 + 384, &[7, 7, 7]));
    let bare = bench.with_server_file(&own_key());
    let error = bench.set_server(&bare).unwrap_err();
    assert_eq!((error.code(), error.key_state()), (Code::ServerKeySlotInvalid, Some(KeyState::Unchanged)));
    bench.duo(|duo| duo.set_dct(2082 + 384, &[0xff; 68]));
    let error = bench.set_server(&ServerKeySetOptions { port: Some(80), ..bare.clone() }).unwrap_err();
    assert_eq!(error.code(), Code::InvalidArgument);
    assert_eq!(bench.writes(), 0);
    let asker = Asker::new();
    let done = bench.set_server_asking(&asker, &bare).unwrap();
    assert_eq!(done.address_source, AddressSource::None);
    assert!(asker.notes().contains("device.spark.io"), "{}", asker.notes());
}

#[test]
fn a_refusal_and_a_dry_run_write_nothing() {
    let bench = Bench::new(Generation::R6);
    let options = bench.with_server_file(&own_cloud());
    let error = bench.set_server_asking(&Asker::refusing(), &options).unwrap_err();
    assert_eq!(error.code(), Code::ConfirmationRefused);
    let dry = bench
        .set_server(&ServerKeySetOptions {
            write: WriteOptions { dry_run: true, ..options.write },
            ..options
        })
        .unwrap();
    assert!(dry.dry_run && !dry.written && dry.server.host.as_deref() == Some("10.0.0.1"));
    assert!(bench.writes() == 0 && bench.server() == old_server());
}

#[test]
fn what_is_printed_after_half_a_write_names_the_address_and_works() {
    let bench = Bench::new(Generation::R6);
    bench.arm(Fault::once(Kind::WriteHalf(200), 1));
    let error = bench.set_server(&bench.with_server_file(&own_key())).unwrap_err();
    assert_eq!((error.code(), error.key_state()), (Code::FieldWrong, Some(KeyState::Unchanged)), "{error}");
    let (finish, back) = error.hint_text().unwrap().split_once("; ").unwrap();
    assert!(finish.contains("--host device.spark.io --port 5683"), "{finish}");
    assert!(back.contains("dct restore") && back.contains("--fields server-public-key"), "{back}");
    let report = bench.status().unwrap().in_flight.remove(0);
    assert_eq!(report.operation, OperationKind::ServerKeySet);
    assert!(report.meaning.contains("server key is neither"), "{}", report.meaning);
    let commands: Vec<&str> = report.next.iter().map(|next| next.command.as_str()).collect();
    assert!(commands[0].starts_with("duo-provision server-key show"), "{commands:?}");
    bench.clear_faults();
    bench.set_server(&typed::server_key_set(commands[1])).unwrap();
    assert!(bench.server() == field(&own_key(), b"\x01\x0fdevice.spark.io\0", [0xff, 0xff]));
    assert!(bench.status().unwrap().in_flight.is_empty(), "settled by the same field of the same Duo");
    bench.restore_dct(&typed::dct_restore_fields(commands[2])).unwrap();
    assert!(bench.server() == old_server());
}

#[test]
fn a_key_that_is_restored_settles_nothing_about_the_server_key_nor_the_other_way_round() {
    let bench = Bench::new(Generation::R6);
    bench.arm(Fault::once(Kind::WriteHalf(400), 1));
    bench.set_server(&bench.with_server_file(&own_cloud())).unwrap_err();
    bench.clear_faults();
    bench.restore(&bench.new_key()).unwrap();
    let open = |bench: &Bench| -> Vec<OperationKind> {
        bench.status().unwrap().in_flight.iter().map(|report| report.operation).collect()
    };
    assert_eq!(open(&bench), [OperationKind::ServerKeySet]);
    bench.arm(Fault::once(Kind::WriteHalf(600), 1));
    bench.restore(&restore_of(&bench.key_file(NEW + 1))).unwrap_err();
    bench.clear_faults();
    assert_eq!(open(&bench), [OperationKind::ServerKeySet, OperationKind::Restore]);
    bench.set_server(&bench.with_server_file(&own_cloud())).unwrap();
    assert_eq!(open(&bench), [OperationKind::Restore]);
}

/// The bench's Duos, on a bus that passes for the machine's own.
struct Real<'a>(&'a dyn Bus);

impl Bus for Real<'_> {
    fn is_virtual(&self) -> bool {
        false
    }

    fn list(&self, ids: &[(u16, u16)]) -> Result<Vec<Device>, UsbError> {
        self.0.list(ids)
    }

    fn open(&self, device: &Device) -> Result<Box<dyn Transport>, UsbError> {
        self.0.open(device)
    }
}

#[test]
fn an_address_at_which_a_real_duo_finds_itself_is_a_caution() {
    for (host, is_virtual, cautions) in [
        ("localhost", false, 1),
        ("127.0.0.1", false, 1),
        ("0.0.0.0", false, 1),
        ("10.0.0.1", false, 0),
        ("localhost", true, 0),
    ] {
        let bench = Bench::new(Generation::R6);
        let archive = Some(bench.archive().to_str().unwrap().to_owned());
        let options = ServerKeySetOptions {
            write: WriteOptions { archive, ..WriteOptions::default() },
            host: Some(host.to_owned()),
            ..bench.with_server_file(&own_key())
        };
        let asker = Asker::new();
        bench
            .run(&asker, |context| {
                let real = Real(context.bus);
                let bus: &dyn Bus = if is_virtual { context.bus } else { &real };
                set_server_key(Context { bus, ..context }, &options)
            })
            .unwrap();
        let said = asker.plan().cautions;
        assert_eq!(said.len(), cautions, "{host} {said:?}");
        assert!(said.iter().all(|caution| caution.contains("is the Duo itself")), "{said:?}");
    }
}

#[test]
fn a_mistyped_address_is_refused_before_the_duo_is_asked() {
    let bench = Bench::new(Generation::R6);
    let options =
        ServerKeySetOptions { host: Some("192.168.1.300".to_owned()), ..bench.with_server_file(&own_key()) };
    let error = bench.set_server(&options).unwrap_err();
    assert_eq!((error.code(), bench.writes()), (Code::InvalidArgument, 0));
    assert!(error.to_string().contains("IPv4 address"), "{error}");
}
