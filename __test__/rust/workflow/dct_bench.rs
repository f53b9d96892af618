//! Helpers for the tests of whole DCTs and of fields other than the key: a bench that writes them, and the data to
//! write.

use std::path::{Path, PathBuf};

use duo_provision::error::Error;
use duo_provision::keys::ServerKey;
use duo_provision::workflow::{
    DctBackupDone, DctBackupOptions, DctRestoreOptions, DctRestored, ServerKeySetOptions, ServerKeyWritten,
    backup_dct, restore_dct, set_server_key,
};

use crate::workflow::bench::{Asker, Bench, NEW, key};

impl Bench {
    pub fn restore_dct(&self, options: &DctRestoreOptions) -> Result<DctRestored, Error> {
        self.restore_dct_asking(&Asker::new(), options)
    }

    pub fn restore_dct_asking(
        &self,
        asker: &Asker,
        options: &DctRestoreOptions,
    ) -> Result<DctRestored, Error> {
        let write = self.write_options(&options.write);
        self.run(asker, |context| restore_dct(context, &DctRestoreOptions { write, ..options.clone() }))
    }

    /// Saves the DCT to a file with this name.
    pub fn saved(&self, name: &str, whole: bool) -> DctBackupDone {
        let file = Some(self.folder.path().join(name));
        let options = DctBackupOptions { file, whole, ..DctBackupOptions::default() };
        self.run(&Asker::new(), |context| backup_dct(context, &options)).unwrap()
    }

    pub fn set_server(&self, options: &ServerKeySetOptions) -> Result<ServerKeyWritten, Error> {
        self.set_server_asking(&Asker::new(), options)
    }

    pub fn set_server_asking(
        &self,
        asker: &Asker,
        options: &ServerKeySetOptions,
    ) -> Result<ServerKeyWritten, Error> {
        let write = self.write_options(&options.write);
        self.run(asker, |context| set_server_key(context, &ServerKeySetOptions { write, ..options.clone() }))
    }

    pub fn area(&self) -> Vec<u8> {
        self.duo(|duo| duo.first_dct_area().to_vec())
    }

    /// The Duo's DCT with [`NEW`] and other fields, as its firmware writes them, in a file without a manifest. The Duo
    /// is left as it was. One write moves the DCT to its other copy, and a second one moves it back.
    pub fn image(&self, name: &str, back: bool) -> PathBuf {
        let before = self.area();
        if !back {
            self.duo(|duo| duo.set_dct(1762, b"z"));
        }
        self.duo(|duo| duo.set_dct(1762, b"a claim code of old"));
        self.duo(|duo| duo.set_dct(34, key(NEW)));
        let image = self.area();
        self.duo(|duo| duo.set_dct_area(&before));
        self.file(name, &image)
    }
}

pub fn fields(file: &Path, names: &str) -> DctRestoreOptions {
    DctRestoreOptions {
        file: file.to_owned(),
        fields: names.split(',').map(ToOwned::to_owned).collect(),
        ..DctRestoreOptions::default()
    }
}

pub fn whole(file: &Path) -> DctRestoreOptions {
    DctRestoreOptions { file: file.to_owned(), whole: true, ..DctRestoreOptions::default() }
}

/// Whether a name in the archive is the name of a dump, and not of its manifest.
pub fn is_dump(name: &str) -> bool {
    name.contains("-dct-") && name.split_once('.').is_some_and(|(_, end)| end == "bin")
}

/// The 768 bytes of a key, an address at +384 and a port at +450; the numbers are those of redbear/firmware `dct.h`.
pub fn field(key: &[u8], address: &[u8], port: [u8; 2]) -> Vec<u8> {
    let mut field = vec![0xff; 768];
    field[..key.len()].copy_from_slice(key);
    field[384..384 + address.len()].copy_from_slice(address);
    field[450..452].copy_from_slice(&port);
    field
}

/// The SubjectPublicKeyInfo of a made-up modulus: nothing has to be decrypted here.
pub fn own_key() -> Vec<u8> {
    let mut spki = ServerKey::particle().spki_der().to_vec();
    spki[33..289].copy_from_slice(&[0xa5; 256]);
    spki
}

/// The field of a self-hosted cloud with its address, as a DCT holds it.
pub fn own_cloud() -> Vec<u8> {
    field(&own_key(), b"\x00\x04\x0a\x00\x00\x01", [0x16, 0x34])
}
