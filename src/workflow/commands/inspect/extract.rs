//! Writes one field of a DCT, or the key of a key file, to a new file.

use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::archive::{Owner, create_new, is_pem_name};
use crate::dct::{self, Dump, Field};
use crate::error::{Code, Error};
use crate::keys::{KeyFile, PrivateKey, PublicKey, Slot, SlotImage};
use crate::workflow::context::Context;
use crate::workflow::input::dump_file::absolute;
use crate::workflow::record::backup::{plain_pem, refuse_pem_name, warn_of_readers};

/// What is written to a file, and the file's extension.
pub struct Extract {
    bytes: Zeroizing<Vec<u8>>,
    extension: &'static str,
    /// The same as PEM, if that is possible.
    pem: Option<Zeroizing<Vec<u8>>>,
}

/// Where a field may be taken from.
pub enum Source<'a> {
    Dump(Dump<'a>),
    Key(Box<KeyFile>),
    /// Anything else; the text says what.
    Other(&'static str),
}

impl Extract {
    /// Takes one field. A private key becomes a whole slot in the device's form, which can be written to a device, or
    /// PEM if the file's name says so. The device's public key becomes PEM. Everything else stays as it is.
    pub fn take(source: &Source<'_>, field: Field) -> Result<Self, Error> {
        match source {
            Source::Dump(dump) => Self::of_dump(dump, field),
            Source::Key(key) => match &**key {
                KeyFile::Private(read) if field == dct::DEVICE_PRIVATE_KEY => Self::of_private(&read.key),
                key if field == dct::DEVICE_PUBLIC_KEY => Ok(Self::of_public(&key.public_key())),
                _ => Err(none(field, "a key file holds a device's keys and nothing else")),
            },
            Source::Other(what) => Err(none(field, &format!("the file is {what}"))),
        }
    }

    fn of_dump(dump: &Dump<'_>, field: Field) -> Result<Self, Error> {
        let bytes = dump.field(&field).ok_or_else(|| missing(dump, field))?;
        if field == dct::DEVICE_PRIVATE_KEY {
            let slot = dump.private_key_slot().map(Slot::classify);
            let key = slot.as_ref().and_then(Slot::key);
            let holds = slot.as_ref().map(ToString::to_string).unwrap_or_default();
            let key = key.ok_or_else(|| none(field, &format!("it holds {holds}")))?;
            return Self::of_private(&key.key);
        }
        if field == dct::DEVICE_PUBLIC_KEY {
            let key = PublicKey::read(bytes).map_err(|error| none(field, &error.to_string()))?;
            return Ok(Self::of_public(&key));
        }
        let extension = if field == dct::SERVER_PUBLIC_KEY { "der" } else { "bin" };
        Ok(Self { bytes: Zeroizing::new(bytes.to_vec()), extension, pem: None })
    }

    fn of_private(key: &PrivateKey) -> Result<Self, Error> {
        let image = SlotImage::of_key(key)?;
        let bytes = Zeroizing::new(image.as_bytes().to_vec());
        Ok(Self { bytes, extension: "der", pem: Some(plain_pem(key)?) })
    }

    fn of_public(key: &PublicKey) -> Self {
        let pem = Zeroizing::new(key.to_pem().into_bytes());
        Self { bytes: pem.clone(), extension: "pem", pem: Some(pem) }
    }

    /// Writes it to a new file of mode 0600: `out`, or `<name>.<field>.<extension>` beside the source file.
    pub fn write(
        &self,
        context: Context<'_>,
        from: &Path,
        field: Field,
        out: Option<&Path>,
    ) -> Result<PathBuf, Error> {
        let path = out.map_or_else(
            || {
                let mut name = from.file_stem().unwrap_or_default().to_owned();
                name.push(format!(".{}.{}", field.kebab_name(), self.extension));
                from.with_file_name(name)
            },
            Path::to_owned,
        );
        let path = absolute(&path);
        let bytes = if let (true, Some(pem)) = (is_pem_name(&path), &self.pem) {
            pem
        } else {
            refuse_pem_name(Some(&path), "this field")?;
            &self.bytes
        };
        if self.bytes.iter().all(|byte| *byte == 0xff) {
            let field = field.kebab_name();
            context.note(format!("the field {field} was never set: all of its bytes are 0xFF"));
        }
        let privacy = create_new(&path, bytes, &Owner::detect(&context.env))
            .map_err(|error| Error::from(error).during("writing the field to a file"))?;
        warn_of_readers(context, &path, privacy);
        Ok(path)
    }
}

/// The error if a dump does not have a field. If it is not known which copy of a whole DCT counts, the field may be in
/// either.
fn missing(dump: &Dump<'_>, field: Field) -> Error {
    let why = match dump.whole() {
        None => return none(field, "the dump begins behind it"),
        Some(_) if dump.is_disputed() => "which of its two copies counts depends on the Duo's firmware",
        Some(_) => "neither of its two copies is one that the firmware would use",
    };
    Error::invalid(format!("{} may be in either copy of the DCT: {why}", field.kebab_name()))
        .during("taking a field out of the file")
        .hint("see which keys they hold with: duo-provision inspect FILE; then name the copy: --copy first, or --copy second")
}

fn none(field: Field, reason: &str) -> Error {
    Error::new(Code::KeyUnrecognized, format!("there is no {} to be taken out: {reason}", field.kebab_name()))
        .during("taking a field out of the file")
        .hint("see what is in the file with: duo-provision inspect FILE")
}
