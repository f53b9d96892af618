//! `dct restore`: writes fields of a dump back to a Duo, each in one block, each read back and compared.
//! [`restore_whole`] writes a whole DCT.
//!
//! The fields are written in the order of their offsets, the private key last: if anything fails before it, the old key
//! is still there. A field that already holds the dump's bytes is not written, so the same command continues after an
//! interruption.

use crate::workflow::commands::dct_restore::options::{ALREADY, DctRestoreOptions, DctRestored, terms};
use crate::workflow::describe::restored_field::{RestoredField, fields_against};

use crate::archive::{DeviceIdSource, Manifest};
use crate::bootloader::BootloaderGeneration;
use crate::dct::{DEVICE_ID, DEVICE_PRIVATE_KEY, DctCopy, DeviceId, Dump, FIELDS, Field, SERVER_PUBLIC_KEY};
use crate::disk::plain_path;
use crate::error::{Code, Error, KeyState};
use crate::journal::{OperationKind, Request};
use crate::workflow::context::{Action, Context, DeviceRef, Plan, Snapshot};
use crate::workflow::describe::server::is_for_particle;
use crate::workflow::input::dump_file::DumpFile;
use crate::workflow::input::key_file::{WritableKey, checked_manifest, public_slot};
use crate::workflow::network::other_key;
use crate::workflow::record::journal::absolute;
use crate::workflow::write::{Fields, Patch, Permitted, Proposal, Transaction, is_own, reserved};

/// Writes the named fields.
pub fn restore_fields(context: Context<'_>, options: &DctRestoreOptions) -> Result<DctRestored, Error> {
    let context = context.within(options.write.timeout)?;
    let file = DumpFile::read(context, &options.file)?;
    let source = Source::of(&file, options).map_err(|error| error.during("reading the dump"))?;

    let mut transaction = Transaction::open(context, terms(options))?;
    let held = transaction.opened.section_before_write()?;
    let (device, archive) = (transaction.opened.device.clone(), transaction.archive.as_ref());
    let on_it = |error: Error| error.on(&device, KeyState::Unchanged);
    source.check_generation(context, device.bootloader).map_err(on_it)?;
    source.check_device(&device, &held, options.allow_other_device).map_err(on_it)?;
    let key = source.key.as_ref();
    let evidence = key.map(|key| key.evidence(&device, &held, archive, options.allow_other_device));
    let evidence = evidence.transpose().map_err(on_it)?;
    let owner = key.map(|key| key.owner(&device, &held, archive)).transpose()?.flatten();
    let done = DctRestored {
        whole: false,
        written: false,
        fields: source.fields_against(&held, &device),
        previous: held.fingerprint(),
        fingerprint: key.map(|key| key.fingerprint),
        evidence,
        backup: None,
        left: false,
        dry_run: options.write.dry_run,
        device,
    };
    let request = Request {
        file: Some(absolute(&options.file)),
        fields: source.fields.iter().map(Field::kebab_name).collect(),
        allow_other_device: options.allow_other_device,
        owner,
        ..Request::default()
    };
    let keys = (done.previous, done.fingerprint);
    let started = transaction.started(OperationKind::DctRestore, keys, request);
    let writing = Fields::of_dct(held, source.patches()?);
    let differing = writing.differing();
    let mut plan = plan(&done, &writing.held, &differing);
    if plan.new.is_some() {
        let dump =
            source.dump.field(&SERVER_PUBLIC_KEY).filter(|_| source.fields.contains(&SERVER_PUBLIC_KEY));
        let server = dump.or_else(|| SERVER_PUBLIC_KEY.of(writing.held.image().bytes()));
        plan.cautions.extend(other_key::caution(context, &started, is_for_particle(server)));
    }
    let outcome = transaction.commit(Proposal::new(started, writing, plan, ALREADY))?;
    Ok(done.with(outcome, |field| differing.iter().any(|written| written.kebab_name() == field.name)))
}

fn plan(done: &DctRestored, held: &Snapshot, differing: &[Field]) -> Plan {
    let key_too = differing.contains(&DEVICE_PRIVATE_KEY);
    let differs = |name: &str| differing.iter().any(|field| field.kebab_name() == name);
    Plan {
        new: done.fingerprint.filter(|_| key_too),
        evidence: done.evidence.filter(|_| key_too),
        public_slot: public_slot(held).filter(|public| key_too && Some(*public) != done.fingerprint),
        changes: done.fields.iter().filter(|field| differs(&field.name)).map(RestoredField::change).collect(),
        ..Plan::of(Action::RestoreDct, &done.device, Some(held))
    }
}

/// The requested fields of a dump.
struct Source<'a> {
    dump: Dump<'a>,
    manifest: Option<Manifest>,
    fields: Vec<Field>,
    /// The private key, if it is among them.
    key: Option<WritableKey>,
}

impl<'a> Source<'a> {
    fn of(file: &'a DumpFile, options: &DctRestoreOptions) -> Result<Self, Error> {
        let path = plain_path(&options.file);
        let unusable = |why: &str| Error::new(Code::DumpUnusable, format!("{path}: {why}"));
        let dump = file.dump().ok_or_else(|| {
            file.given.instead(&options.file).unwrap_or_else(|| {
                unusable("it is no dump of a DCT").hint(
                    "a dump has 4,290, 8,423, 16,350, 16,384 or 32,768 bytes, or 1 MiB of the whole flash; a key file is \
                     written with: duo-provision restore FILE",
                )
            })
        })?;
        if dump.is_unreadable() {
            return Err(unusable(
                "every byte is the same: it was read from a Duo that could not read its DCT",
            )
            .hint("look for another backup with: duo-provision backups"));
        }
        if dump.is_disputed() && dump.copy().is_none() {
            return Err(unusable("which of the two copies in it counts depends on the Duo's firmware").hint(format!(
                "write all of it, as the Duo's own firmware reads it: --whole; or take out one field: duo-provision inspect \
                 {path} --extract device-private-key --copy first (or second)"
            )));
        }
        if dump.whole().is_some() && dump.section().is_none() {
            return Err(unusable("neither of the two copies in it is one that the firmware would use")
                .hint("look for another backup with: duo-provision backups"));
        }
        let manifest = checked_manifest(&options.file, &file.given)?;
        let fields = wanted(&dump, options)?;
        let key = fields.contains(&DEVICE_PRIVATE_KEY);
        let key = key.then(|| WritableKey::of_dump(&options.file, &dump, manifest.clone())).transpose()?;
        Ok(Self { dump, manifest, fields, key })
    }

    /// Refuses a dump from another bootloader generation: bytes that mean nothing to one are a setting to the other.
    fn check_generation(&self, context: Context<'_>, here: BootloaderGeneration) -> Result<(), Error> {
        let Some(there) = self.generation() else {
            context.note(
                "nothing says of which bootloader the dump is; the fields lie in the same places in all of them",
            );
            return self.check_reserved(here);
        };
        if there == here.to_string() {
            return self.check_reserved(here);
        }
        let message = format!("the dump is of a Duo with bootloader {there}, and this one has {here}");
        Err(Error::new(Code::DumpUnusable, message).hint(
            "its key alone can be taken out and restored: duo-provision inspect FILE --extract device-private-key",
        ))
    }

    /// The generation in the manifest; without a manifest, a version record shows firmware 0.3.2 or later.
    fn generation(&self) -> Option<String> {
        let told = self.manifest.as_ref().map(|manifest| manifest.bootloader.clone());
        let written = || {
            let versioned = self.dump.whole()?.copies().iter().any(DctCopy::has_record);
            versioned.then(|| BootloaderGeneration::R5R6.to_string())
        };
        told.or_else(written)
    }

    fn check_reserved(&self, here: BootloaderGeneration) -> Result<(), Error> {
        let reserved = self.fields.iter().find_map(|field| Some((field, reserved(field, here)?)));
        let Some((field, why)) = reserved else { return Ok(()) };
        Err(cannot_be_written(field, why))
    }

    /// Refuses fields that belong to another device. The key has its own evidence.
    fn check_device(&self, device: &DeviceRef, section: &Snapshot, allowed: bool) -> Result<(), Error> {
        let usb = device.device_id.filter(|_| device.device_id_source == Some(DeviceIdSource::UsbSerial));
        let in_dump = self.dump.field(&DEVICE_ID);
        if self.fields.contains(&DEVICE_ID) && !in_dump.is_some_and(|id| is_own(id, usb)) {
            return Err(cannot_be_written(
                &DEVICE_ID,
                "it is not this Duo's own, as the Duo tells it over USB",
            ));
        }
        let here = device.device_id.or_else(|| section.image().device_id());
        let (Some(other), Some(here)) = (self.device_id(), here) else { return Ok(()) };
        let belongs =
            |field: &&Field| Permitted::of(field) == Permitted::ToItsDevice && **field != DEVICE_PRIVATE_KEY;
        match self.fields.iter().find(belongs) {
            Some(field) if other != here && !allowed => Err(Error::new(
                Code::KeyOfOtherDevice,
                format!(
                    "the dump is of {other}, not of {here}, and {} belongs to a device",
                    field.kebab_name()
                ),
            )
            .hint(format!("choose a backup of {here}; if you really mean it, add --allow-other-device"))),
            _ => Ok(()),
        }
    }

    fn device_id(&self) -> Option<DeviceId> {
        let told = self.manifest.as_ref().and_then(|manifest| manifest.device_id);
        told.or_else(|| self.dump.device_id())
    }

    fn patches(&self) -> Result<Vec<Patch>, Error> {
        let patch = |field: &Field| match &self.key {
            Some(key) if *field == DEVICE_PRIVATE_KEY => Ok(Patch::key(&key.image)),
            _ => Patch::field_of(*field, self.dump.field(field).unwrap_or_default()),
        };
        self.fields.iter().map(patch).collect()
    }

    fn fields_against(&self, section: &Snapshot, device: &DeviceRef) -> Vec<RestoredField> {
        fields_against(&self.fields, section, device, &self.dump, self.device_id())
    }
}

/// The named fields, each once, in the order in which they are written.
fn wanted(dump: &Dump<'_>, options: &DctRestoreOptions) -> Result<Vec<Field>, Error> {
    let named = options.fields.iter().filter(|name| !name.trim().is_empty());
    let mut fields = named.map(|name| name.parse()).collect::<Result<Vec<Field>, _>>()?;
    fields.sort_by_key(|field| (*field == DEVICE_PRIVATE_KEY, field.offset));
    fields.dedup();
    if fields.is_empty() {
        let never = |field: &&Field| matches!(Permitted::of(field), Permitted::Never(_));
        let held = FIELDS.iter().filter(|field| dump.field(field).is_some() && !never(field));
        let held: Vec<String> = held.map(Field::kebab_name).collect();
        let message = format!("no field is named; the dump holds: {}", held.join(", "));
        return Err(Error::invalid(message)
            .hint("name what is to be restored: --fields device-private-key,server-public-key; or, of a whole DCT, all of it: --whole"));
    }
    for field in &fields {
        if let Permitted::Never(why) = Permitted::of(field) {
            return Err(cannot_be_written(field, why));
        }
        if dump.field(field).is_none() {
            let message = format!("the dump does not hold {}", field.kebab_name());
            return Err(Error::new(Code::DumpUnusable, message)
                .hint("see what it holds with: duo-provision dct show FILE"));
        }
    }
    Ok(fields)
}

fn cannot_be_written(field: &Field, why: &str) -> Error {
    Error::invalid(format!("{} cannot be restored: {why}", field.kebab_name()))
        .hint(format!("leave {} out of --fields", field.kebab_name()))
}
