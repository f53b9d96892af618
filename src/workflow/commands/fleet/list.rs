//! Opens a list of devices, and checks it as a whole before anything is sent.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::thread;

use sha2::{Digest, Sha256};

use crate::archive::hex;
use crate::dct::DeviceId;
use crate::disk::{FileError, plain_path};
use crate::error::{Code, Error};
use crate::fleet::check::{Check, Checked, Fate};
use crate::fleet::ledger::{Known, Stamp, State};
use crate::fleet::manifest::{self, ManifestError, Mistake, Row, Sound};
use crate::fleet::shard::Shard;
use crate::journal::FleetTerms;
use crate::keys::{Fingerprint, PublicKey};
use crate::workflow::context::{Cancel, interrupted};
use crate::workflow::input::listed_key::{listed_key, stamp_of};

/// The maximum size of a list, in bytes.
const MAX_LIST: u64 = 512 * 1024 * 1024;

/// How many rows are checked together.
const TOGETHER: usize = 256;

/// The name of this step in errors.
const CHECKING: &str = "checking the list";

/// A list of devices that is open.
pub(super) struct List {
    file: File,
    /// Its absolute path; `-` for standard input.
    pub name: String,
    /// The folder that key file names are relative to.
    folder: PathBuf,
    /// SHA-256, 64 hexadecimal digits.
    pub sha256: String,
    /// How many lines it has: at least as many as rows, if each row is on its own line.
    lines: usize,
}

/// How rows are checked.
pub(super) struct Rules<'r> {
    pub product_id: u32,
    pub terms: &'r FleetTerms,
    pub shard: Option<Shard>,
    /// What was sent before, and the cloud's API.
    pub before: Option<(&'r Known, &'r str)>,
}

impl List {
    /// Opens a list. Standard input is first read to its end, into a file without a name.
    pub fn open(name: &str) -> Result<Self, Error> {
        let during = |error: Error| error.during(CHECKING);
        let (file, path) = if name == "-" {
            (spooled().map_err(during)?, PathBuf::from("-"))
        } else {
            let path = std::path::absolute(name).unwrap_or_else(|_| name.into());
            (open_file(&path).map_err(during)?, path)
        };
        let folder = if name == "-" { PathBuf::from(".") } else { folder_of(&path) };
        let folder = std::path::absolute(&folder).unwrap_or(folder);
        let name = path.to_string_lossy().into_owned();
        let mut list = Self { file, name, folder, sha256: String::new(), lines: 0 };
        list.read_through().map_err(|error| during(unreadable(&list.name, &error)))?;
        Ok(list)
    }

    /// The ledger beside the list.
    pub fn ledger(&self, shard: Option<Shard>) -> Option<PathBuf> {
        if self.name == "-" {
            return None;
        }
        let part = shard.map(|shard| format!(".{}-of-{}", shard.index, shard.count)).unwrap_or_default();
        let path = Path::new(&self.name);
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        Some(self.folder.join(format!("{stem}.provision{part}.jsonl")))
    }

    /// The path of a key file.
    pub fn key_file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The folder that key file names are relative to.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Computes the digest, and counts the lines.
    fn read_through(&mut self) -> io::Result<()> {
        self.file.rewind()?;
        let (mut hash, mut buffer) = (Sha256::new(), vec![0; 64 * 1024]);
        loop {
            let read = (&self.file).read(&mut buffer)?;
            if read == 0 {
                self.sha256 = hex(&hash.finalize());
                return Ok(());
            }
            hash.update(&buffer[..read]);
            self.lines += buffer[..read].split(|byte| *byte == b'\n').skip(1).count();
        }
    }

    /// Passes on all rows, one after the other.
    pub fn rows(&self, each: &mut dyn FnMut(Result<Row, Mistake>) -> Result<(), Error>) -> Result<(), Error> {
        let named = |error: Error| {
            Error::new(error.code(), format!("{}: {}", crate::disk::plain(&self.name), error.message()))
                .hint(error.hint_text().unwrap_or_default())
                .during(CHECKING)
        };
        let failed = |error: &io::Error| unreadable(&self.name, error);
        let mut file = &self.file;
        file.rewind().map_err(|error| failed(&error))?;
        let mut stopped = None;
        let read = manifest::read(BufReader::with_capacity(64 * 1024, file), &mut |row| {
            each(row).map_err(|error| Stop::Asked(stopped.insert(error).code()))
        });
        match (read, stopped) {
            (_, Some(error)) => Err(error),
            (Err(Stop::List(error)), None) => Err(named(error.into())),
            (Err(Stop::Asked(code)), None) => Err(Error::new(code, "the list was not read to its end")),
            (Ok(_), None) => Ok(()),
        }
    }

    /// Checks the whole list: every row, every key. If rows are wrong, the error lists the first ones by line, unless
    /// wrong rows are left out.
    pub fn check(&self, rules: &Rules<'_>, cancel: &Cancel) -> Result<Checked, Error> {
        let mut check = Check::new(rules.terms.allow_shared_keys).expecting(self.lines);
        let mut waiting = Vec::with_capacity(TOGETHER);
        self.rows(&mut |row| {
            waiting.push(row);
            if waiting.len() == TOGETHER {
                self.look(rules, std::mem::take(&mut waiting), &mut check);
            }
            if cancel.is_requested() { Err(interrupted()) } else { Ok(()) }
        })?;
        self.look(rules, waiting, &mut check);
        let checked = check.end();
        if checked.found > 0 && !rules.terms.skip_invalid { Err(self.invalid(&checked)) } else { Ok(checked) }
    }

    /// Checks some rows on as many threads as there are processors, at most 16, and adds the results in the order of
    /// the rows.
    fn look(&self, rules: &Rules<'_>, rows: Vec<Result<Row, Mistake>>, check: &mut Check) {
        let threads = thread::available_parallelism().map_or(1, std::num::NonZero::get).min(16);
        let share = rows.len().div_ceil(threads).max(1);
        let looked = thread::scope(|scope| {
            let mut rows = rows;
            let mut shares = Vec::new();
            while !rows.is_empty() {
                let rest = rows.split_off(rows.len().min(share));
                let mine = std::mem::replace(&mut rows, rest);
                let work = move || mine.into_iter().map(|row| self.look_at(rules, row)).collect::<Vec<_>>();
                shares.push(scope.spawn(work));
            }
            let ended = shares.into_iter().map(|share| share.join().unwrap_or_default());
            ended.flatten().collect::<Vec<_>>()
        });
        for found in looked {
            match found {
                Looked::LeftOut(line, device, mine) => check.left_out(line, device, mine),
                Looked::Wrong(mistake, device, mine) => check.mistake(mistake, device, mine),
                Looked::Sound { row, key, stamp, product_id, fate } => {
                    check.row(*row, key, stamp, product_id, fate);
                }
            }
        }
    }

    fn look_at(&self, rules: &Rules<'_>, row: Result<Row, Mistake>) -> Looked {
        // Rows without a device id belong to the first shard.
        let first = rules.shard.is_none_or(|shard| shard.index == 1);
        let row = match row {
            Ok(row) => row,
            Err(mistake) => return Looked::Wrong(mistake, None, first),
        };
        let mine = |row: &Row| match (rules.shard, manifest::device(&row.device_id)) {
            (Some(shard), Ok(device)) => shard.has(device),
            _ => first,
        };
        if !row.problem.trim().is_empty() {
            return Looked::LeftOut(row.line, manifest::device(&row.device_id).ok(), mine(&row));
        }
        let sound = match row.sound(rules.terms.allow_generic) {
            Ok(sound) => sound,
            Err(mistake) => return Looked::Wrong(mistake, manifest::device(&row.device_id).ok(), mine(&row)),
        };
        let mine = mine(&row);
        match self.key(rules, &sound) {
            Err(error) => Looked::Wrong(Mistake::new(sound.line, error.message()), Some(sound.device), mine),
            Ok((key, _)) if sound.fingerprint.is_some_and(|wanted| wanted != key) => {
                let what = format!("the key is {}, and the fingerprint of the row is another", key.short());
                Looked::Wrong(Mistake::new(sound.line, what), Some(sound.device), mine)
            }
            Ok((key, stamp)) => {
                let product_id = sound.product_id.unwrap_or(rules.product_id);
                let fate = if mine { fate(rules, &sound, key, product_id) } else { Fate::OtherShard };
                Looked::Sound { row: Box::new(sound), key, stamp, product_id, fate }
            }
        }
    }

    /// The fingerprint of a row's key. A key that was sent before is not read again if its file is unchanged.
    fn key(&self, rules: &Rules<'_>, row: &Sound) -> Result<(Fingerprint, Option<Stamp>), Error> {
        let Some(name) = &row.key_file else {
            return Ok((PublicKey::generic().fingerprint(), None));
        };
        let path = self.key_file(name);
        if let Some((known, api)) = rules.before
            && let Some(last) = known.last(row.device, api)
            && last.state == State::Done
            && last.product == row.product_id.unwrap_or(rules.product_id)
            && last.file.is_some()
            && last.file == stamp_of(&path).ok()
        {
            return Ok((last.key, last.file));
        }
        listed_key(&path, row.device).map(|(key, stamp)| (key.fingerprint(), Some(stamp)))
    }

    fn invalid(&self, checked: &Checked) -> Error {
        let found = checked.found;
        let rows = if found == 1 { "1 row is".to_owned() } else { format!("{found} rows are") };
        let lines: Vec<String> = checked.mistakes.iter().map(ToString::to_string).collect();
        let more = found.saturating_sub(lines.len() as u64);
        let more = if more > 0 { format!("\n  and {more} more") } else { String::new() };
        let list = crate::disk::plain(&self.name);
        Error::new(
            Code::FleetManifestInvalid,
            format!("{list}: {rows} wrong, and nothing was sent:\n  {}{more}", lines.join("\n  ")),
        )
        .during(CHECKING)
        .hint("put them right; or leave them out and send the rest: add --skip-invalid")
    }
}

/// The result of checking a row.
enum Looked {
    LeftOut(u64, Option<DeviceId>, bool),
    Wrong(Mistake, Option<DeviceId>, bool),
    Sound { row: Box<Sound>, key: Fingerprint, stamp: Option<Stamp>, product_id: u32, fate: Fate },
}

/// Whether the key was sent before: the last one for this device and this cloud is the same, and was taken.
fn fate(rules: &Rules<'_>, row: &Sound, key: Fingerprint, product_id: u32) -> Fate {
    let last = rules.before.and_then(|(known, api)| known.last(row.device, api));
    let done =
        last.is_some_and(|last| last.state == State::Done && last.key == key && last.product == product_id);
    let doubt = last.is_some_and(|last| matches!(last.state, State::Sending | State::Unknown));
    match (done, doubt) {
        (true, _) => Fate::Done,
        (false, true) => Fate::InDoubt,
        (false, false) => Fate::Send,
    }
}

/// Why reading ended early.
enum Stop {
    List(ManifestError),
    Asked(Code),
}

impl From<ManifestError> for Stop {
    fn from(error: ManifestError) -> Self {
        Self::List(error)
    }
}

fn open_file(path: &Path) -> Result<File, Error> {
    let file = crate::disk::open(path, crate::disk::Links::Follow)?;
    let size = file.metadata().map_err(|error| unreadable(&path.to_string_lossy(), &error))?.len();
    if size > MAX_LIST {
        return Err(FileError::TooLarge { path: path.to_owned(), limit: MAX_LIST }.into());
    }
    Ok(file)
}

fn spooled() -> Result<File, Error> {
    let failed = |error: io::Error| {
        Error::new(Code::FileNotWritable, format!("standard input cannot be kept for a moment: {error}"))
            .hint("name a file instead of -")
    };
    let mut file = tempfile::tempfile().map_err(failed)?;
    let copied = io::copy(&mut io::stdin().lock().take(MAX_LIST + 1), &mut file).map_err(failed)?;
    file.flush().map_err(failed)?;
    if copied > MAX_LIST {
        return Err(Error::new(
            Code::FleetManifestInvalid,
            format!("standard input has more than {MAX_LIST} bytes"),
        )
        .hint("divide the list"));
    }
    Ok(file)
}

fn unreadable(name: &str, error: &io::Error) -> Error {
    Error::new(Code::FileUnreadable, format!("{} cannot be read: {error}", plain_path(Path::new(name))))
        .hint("check the file's permissions")
}

fn folder_of(path: &Path) -> PathBuf {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned()
}
