//! Tests the address of a cloud that follows the key in the DCT.

use duo_provision::dct::{DEFAULT_DEVICE_PORT, SERVER_FIELD, ServerAddress, ServerAddressError};
use proptest::prelude::*;

/// A field with a made-up key, and the given bytes at +384 and +450.
fn field(address: &[u8], port: [u8; 2]) -> [u8; SERVER_FIELD] {
    let mut field = [0xff; SERVER_FIELD];
    field[..294].fill(0x30);
    field[384..384 + address.len()].copy_from_slice(address);
    field[450..452].copy_from_slice(&port);
    field
}

fn read(address: &[u8], port: [u8; 2]) -> Result<Option<String>, ServerAddressError> {
    let read = ServerAddress::read(&field(address, port))?;
    Ok(read.map(|address| address.to_string()))
}

#[test]
fn names_and_ip_addresses_are_read_with_their_ports() {
    assert_eq!(read(b"\x01\x0fdevice.spark.io\0", [0xff, 0xff]), Ok(Some("device.spark.io:5683".to_owned())));
    assert_eq!(read(b"\x00\x04\xc0\xa8\x01\x0a", [0x16, 0x34]), Ok(Some("192.168.1.10:5684".to_owned())));
    assert_eq!(read(b"\x01\x05cloud", [0, 0]), Ok(Some("cloud:5683".to_owned())));
}

#[test]
fn a_field_without_an_address_means_the_firmwares_own() {
    assert_eq!(read(&[], [0xff, 0xff]), Ok(None));
    assert_eq!(ServerAddress::default().to_string(), "device.spark.io:5683");
    assert_eq!(ServerAddress::default().with_port(8001).to_string(), "device.spark.io:8001");
}

#[test]
fn what_is_no_address_is_refused() {
    for address in [&b"\x00\x05\x01\x02\x03\x04\x05"[..], b"\x02\x04abcd", b"\x01\x00", b"\x01\x40aaaa"] {
        assert_eq!(read(address, [0, 0]), Err(ServerAddressError::Type), "{address:?}");
    }
    for address in
        [&b"\x01\x03a\x1b[1m"[..], b"\x01\x03a\0b", b"\x01\x03a b", b"\x01\x02\xff\xfe", b"\x01\x03a..b"]
    {
        assert_eq!(read(address, [0, 0]), Err(ServerAddressError::Name), "{address:?}");
    }
}

#[test]
fn the_mark_for_the_device_id_is_put_in() {
    let address = ServerAddress::read(&field(b"\x01\x0f$id.cloud.local", [0, 0])).unwrap().unwrap();
    assert_eq!(address.host("30001a000347343432313031"), "30001a000347343432313031.cloud.local");
}

#[test]
fn what_people_type_is_checked_as_what_a_device_holds() {
    assert_eq!(ServerAddress::new("cloud.local", 0).unwrap().port(), DEFAULT_DEVICE_PORT);
    assert_eq!(ServerAddress::new("10.0.0.1", 1).unwrap().to_string(), "10.0.0.1:1");
    for host in ["", "a b", "cloud.local:5683", "http://cloud.local", &"a".repeat(64)] {
        assert_eq!(ServerAddress::new(host, 0), Err(ServerAddressError::Name), "{host}");
    }
}

#[test]
fn a_mistyped_ip_address_is_no_name() {
    for host in ["192.168.1.300", "192.168.1", "10.0.0.1.2", "1.2.3.4.5", "300"] {
        assert_eq!(ServerAddress::new(host, 0), Err(ServerAddressError::Ip), "{host}");
    }
    for host in ["cloud_1.local", "a.b-c", "1.2.3.x4", "$id.cloud.local"] {
        assert!(ServerAddress::new(host, 0).is_ok(), "{host}");
    }
    let words = ServerAddressError::Name.to_string();
    assert!(words.contains("underscores") && words.contains("$id"), "{words}");
}

#[test]
fn to_a_device_some_addresses_are_the_device_itself() {
    for (host, itself) in [
        ("localhost", true),
        ("LOCALHOST", true),
        ("cloud.localhost", true),
        ("127.0.0.1", true),
        ("127.9.9.9", true),
        ("0.0.0.0", true),
        ("localhost.example.com", false),
        ("192.168.1.20", false),
        ("cloud.local", false),
    ] {
        assert_eq!(ServerAddress::new(host, 0).unwrap().is_the_device_itself(), itself, "{host}");
    }
}

/// From redbear/Duo, `firmware/dct/server_public_key.der`: the bytes from +384 to the end of that file.
const PUBLISHED: &[u8] = b"\x01\x0fdevice.spark.io\0";

#[test]
fn particles_own_address_is_written_as_it_was_published() {
    let written = ServerAddress::write(&[0x30; 294], Some(&ServerAddress::default())).unwrap();
    assert!(written == field(PUBLISHED, [0xff, 0xff]));
}

#[test]
fn an_ip_address_and_a_port_are_written_big_endian_and_nothing_in_between() {
    let address = ServerAddress::new("192.168.1.10", 5684).unwrap();
    let written = ServerAddress::write(&[0x30; 294], Some(&address)).unwrap();
    assert!(written == field(b"\x00\x04\xc0\xa8\x01\x0a", [0x16, 0x34]));
    assert!(ServerAddress::write(&[0x30; 294], None).unwrap() == field(&[], [0xff, 0xff]));
    assert_eq!(ServerAddress::write(&[0x30; 385], None), None, "a key that reaches the address");
}

/// What people may type: names of up to 63 bytes, with and without the mark, and IPv4 addresses.
fn host() -> impl Strategy<Value = String> {
    let name = prop::string::string_regex(r"([a-z0-9_-]{1,15}\.){0,3}[a-z-][a-z0-9-]{0,14}").unwrap();
    let marked = prop::string::string_regex(r"\$id\.[a-z]{1,59}").unwrap();
    prop_oneof![name, marked, any::<[u8; 4]>().prop_map(|ip| std::net::Ipv4Addr::from(ip).to_string())]
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(host in host(), port: u16, key in prop::collection::vec(any::<u8>(), 0..=384)) {
        let address = ServerAddress::new(&host, port).unwrap();
        let written = ServerAddress::write(&key, Some(&address)).unwrap();
        prop_assert_eq!(ServerAddress::read(&written), Ok(Some(address)));
        prop_assert_eq!(&written[..key.len()], &key[..]);
        prop_assert!(written[key.len()..384].iter().chain(&written[452..]).all(|&byte| byte == 0xff));
    }

    #[test]
    fn nothing_that_a_device_holds_is_taken_for_more_than_a_name(bytes in prop::collection::vec(any::<u8>(), 384)) {
        let mut field = [0; SERVER_FIELD];
        field[384..].copy_from_slice(&bytes);
        if let Ok(Some(address)) = ServerAddress::read(&field) {
            let host = address.host("30001a000347343432313031");
            prop_assert!(!host.is_empty() && host.len() <= 63 + 24 * 21);
            prop_assert!(host.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_".contains(&b)));
        }
    }
}
