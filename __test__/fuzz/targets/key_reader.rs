//! Fuzzes the readers of keys: bytes of a slot, a dump, a file.
//!
//! Every accepted private key is RSA-1024 with e = 65537 and survives being written in every form. The model of the
//! firmware's reader reads the same numbers from its device form.

use duo_provision::keys::{
    EncryptedKey, Fingerprint, Form, KeyError, KeyFile, Number, Passphrase, PrivateKey, PublicKey, ReadKey,
    SLOT_LEN, Slot, SlotImage, Work, firmware,
};

/// Reads `bytes` as everything that can be a key.
pub fn run(bytes: &[u8]) {
    let private = PrivateKey::read(bytes);
    let public = PublicKey::read(bytes);
    assert!(private.is_err() || public.is_err(), "private or public, never both");
    match KeyFile::read(bytes) {
        Ok(KeyFile::Private(read)) => assert_eq!(Ok(read), private),
        Ok(KeyFile::Public(key)) => assert_eq!(Ok(key), public),
        Err(error) => assert!(private.is_err(), "{error}"),
    }
    if let Ok(read) = &private {
        assert!(read.behind < bytes.len());
        assert!(!format!("{read:?}").contains(&hex(&read.key.number(Number::P))), "Debug is redacted");
        sound(&read.key);
        writable(&read.key);
        survives_every_form(&read.key);
        survives_publicly(&read.key.public_key());
    }
    if let Ok(key) = &public {
        survives_publicly(key);
    }
    slot(bytes);
    encrypted(bytes);
}

/// A key with a passphrase is not read as a plain key, and the work that it asks for is limited. Only little work is
/// done.
fn encrypted(bytes: &[u8]) {
    let Ok(encrypted) = EncryptedKey::read(bytes) else { return };
    assert_eq!(KeyFile::read(bytes).err(), Some(KeyError::Encrypted));
    let little = match encrypted.work() {
        Work::Pbkdf2(rounds) => {
            assert!(rounds <= 10_000_000);
            rounds <= 2048
        }
        Work::Scrypt { memory, passes } => {
            assert!(memory <= 256 << 20 && passes <= 16);
            memory <= 1 << 20
        }
    };
    if little {
        let passphrase = Passphrase::new("duo vier fünf").expect("a passphrase");
        if let Ok(read) = encrypted.open(&passphrase) {
            sound(&read.key);
            writable(&read.key);
        }
    }
}

/// An RSA-1024 key: pq = n with all of its bits, p ≠ q.
fn sound(key: &PrivateKey) {
    let [n, d, p, q, dp, dq, qinv] = Number::ALL.map(|number| key.number(number));
    assert_eq!((n.len(), d.len(), p.len(), q.len()), (128, 128, 64, 64));
    assert_eq!((dp.len(), dq.len(), qinv.len()), (64, 64, 64));
    assert!(n[0] & 0x80 != 0 && n[127] & 1 == 1, "1024 bits, odd");
    assert_eq!(*n, product(&p, &q));
    assert_ne!(*p, *q);
    assert!(*d < *n && *dp < *p && *dq < *q && *qinv < *p);
}

/// The key can be written to a device: the firmware reads the same numbers from the image.
fn writable(key: &PrivateKey) {
    let image = SlotImage::of_key(key).expect("in the device's form the firmware reads every key");
    let bytes: &[u8; SLOT_LEN] = image.as_bytes().try_into().expect("a whole slot");
    assert_eq!(bytes[..11], [0x30, 0x82, 0x02, 0x5F, 0x02, 0x01, 0x00, 0x02, 0x81, 0x81, 0x00]);
    assert_eq!(bytes[139..144], [0x02, 0x03, 0x01, 0x00, 0x01], "e = 65537");
    assert!(bytes[611..].iter().all(|&byte| byte == 0xFF), "nothing of an older key stays");
    let loaded = firmware::load(bytes).expect("long enough");
    assert_eq!(loaded, Number::ALL.map(|number| key.number(number)));
    let read = ReadKey { key: key.clone(), form: Form::Device, behind: SLOT_LEN - 611 };
    assert_eq!(Slot::classify(bytes), Slot::Key(read));
}

fn survives_every_form(key: &PrivateKey) {
    let read = |bytes: &[u8]| {
        let read = PrivateKey::read(bytes).expect("what was written is read");
        assert_eq!((&read.key, read.behind), (key, 0));
        read.form
    };
    assert!(matches!(read(&key.to_pkcs1_der().expect("encodable")), Form::Pkcs1 | Form::Device));
    assert_eq!(read(&key.to_pkcs8_der().expect("encodable")), Form::Pkcs8);
    assert_eq!(read(key.to_pkcs8_pem().expect("encodable").as_bytes()), Form::Pkcs8Pem);
}

fn survives_publicly(key: &PublicKey) {
    let n = key.modulus();
    assert!(n[0] & 0x80 != 0 && n[127] & 1 == 1, "1024 bits, odd");
    assert_eq!(PublicKey::read(&key.spki_der()).as_ref(), Ok(key));
    assert_eq!(PublicKey::read(key.to_pem().as_bytes()).as_ref(), Ok(key));
    assert_eq!(key.fingerprint().to_string().parse::<Fingerprint>(), Ok(key.fingerprint()));
}

/// Puts the start of the bytes into a slot of erased flash.
fn slot(bytes: &[u8]) {
    let mut slot = [0xFF; SLOT_LEN];
    let length = bytes.len().min(SLOT_LEN);
    slot[..length].copy_from_slice(&bytes[..length]);
    let found = Slot::classify(&slot);
    // redbear/firmware `dct.h`: a first byte of 0xFF, and nothing else, makes the firmware generate a key.
    let makes_new_key =
        matches!(found, Slot::Blank | Slot::ResetImage | Slot::Garbage(KeyError::BeginsErased));
    assert_eq!(makes_new_key, slot[0] == 0xFF);
    assert_eq!(found.key(), PrivateKey::read(&slot).ok().as_ref());
    if let Some(read) = found.key() {
        let as_firmware = firmware::gate(&slot, &read.key);
        assert_eq!(matches!(found, Slot::Key(_)), as_firmware.is_ok(), "{as_firmware:?}");
    }
    let _ = firmware::load(bytes);
}

/// The product of two big-endian numbers of 64 bytes, by long multiplication.
fn product(a: &[u8], b: &[u8]) -> Vec<u8> {
    let mut digits = vec![0; a.len() + b.len()];
    for (i, x) in a.iter().rev().enumerate() {
        let mut carry = 0;
        for (j, y) in b.iter().rev().enumerate() {
            let sum = u32::from(digits[i + j]) + u32::from(*x) * u32::from(*y) + carry;
            digits[i + j] = sum.to_le_bytes()[0];
            carry = sum >> 8;
        }
        digits[i + b.len()] = carry.to_le_bytes()[0];
    }
    digits.reverse();
    digits
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
}
