//! Tests a cloud's public key, and what is done with it.

use duo_provision::keys::{KeyError, ServerKey};
use rsa::pkcs1::EncodeRsaPublicKey;
use rsa::pkcs8::{EncodePrivateKey, EncodePublicKey, LineEnding};
use rsa::{Pkcs1v15Encrypt, Pkcs1v15Sign, PrivateKey as Rsa};

use super::support::{Seeded, VECTORS};

fn rsa(bits: usize) -> Rsa {
    Rsa::new(&mut Seeded::new(7), bits).unwrap()
}

#[test]
fn particles_own_key_is_the_published_one() {
    // SHA-256 of the first 294 bytes of redbear/Duo's firmware/dct/server_public_key.der.
    assert_eq!(
        ServerKey::particle().fingerprint().to_string(),
        "aa8aba3c973ed4b668999047a09597948f36eefde525352e705fe8ef98c1677e"
    );
    assert!(ServerKey::particle().is_particle());
}

#[test]
fn every_form_is_read_and_what_stands_behind_does_not_matter() {
    let public = rsa(2048).to_public_key();
    let spki = public.to_public_key_der().unwrap().into_vec();
    let mut slot = spki.clone();
    slot.resize(768, 0xff);
    let forms = [
        spki.clone(),
        slot,
        public.to_public_key_pem(LineEnding::CRLF).unwrap().into_bytes(),
        public.to_pkcs1_der().unwrap().into_vec(),
    ];
    for form in forms {
        let key = ServerKey::read(&form).unwrap();
        assert_eq!(key.spki_der().as_slice(), spki);
        assert!(!key.is_particle());
    }
}

#[test]
fn what_is_no_clouds_key_is_refused() {
    assert_eq!(ServerKey::read(&VECTORS[0].spki), Err(KeyError::WrongServerSize(1024)));
    let private = rsa(2048).to_pkcs8_der().unwrap();
    assert_eq!(ServerKey::read(private.as_bytes()), Err(KeyError::PrivateKey));
    assert_eq!(ServerKey::read(&[0xff; 768]), Err(KeyError::Blank));
    assert_eq!(ServerKey::read(&[]), Err(KeyError::Empty));
    let spki = ServerKey::particle().spki_der();
    assert_eq!(ServerKey::read(&spki[..293]), Err(KeyError::Truncated));
}

#[test]
fn the_private_half_opens_what_was_encrypted() {
    let private = rsa(2048);
    let key = ServerKey::read(private.to_public_key().to_public_key_der().unwrap().as_bytes()).unwrap();
    let sent = key.encrypt(&mut Seeded::new(1), &[7; 214]).unwrap();
    assert_eq!(private.decrypt(Pkcs1v15Encrypt, &sent).unwrap(), [7; 214]);
    assert_eq!(key.encrypt(&mut Seeded::new(1), &[7; 246]), Err(KeyError::Arithmetic));
}

#[test]
fn only_what_the_private_half_signed_opens() {
    let private = rsa(2048);
    let key = ServerKey::read(private.to_public_key().to_public_key_der().unwrap().as_bytes()).unwrap();
    let signature = private.sign(Pkcs1v15Sign::new_unprefixed(), &[9; 20]).unwrap();
    let signature: [u8; 256] = signature.try_into().unwrap();
    assert_eq!(key.open(&signature), Some(vec![9; 20]));
    assert_eq!(ServerKey::particle().open(&signature), None);
    for at in [0, 128, 255] {
        let mut other = signature;
        other[at] ^= 1;
        assert_eq!(key.open(&other), None);
    }
    for nonsense in [[0; 256], [0xff; 256]] {
        assert_eq!(key.open(&nonsense), None);
    }
}
