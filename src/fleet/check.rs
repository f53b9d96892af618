//! The whole of a manifest, looked at before anything is sent: which rows can be, and what is wrong with the others.

use std::collections::{HashMap, HashSet};

use crate::dct::DeviceId;
use crate::fleet::ledger::Stamp;
use crate::fleet::manifest::{Mistake, Sound};
use crate::keys::Fingerprint;

/// A device and the key that it is to have in the cloud.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// The row.
    pub line: u32,
    /// The device.
    pub device: DeviceId,
    /// The product.
    pub product_id: u32,
    /// The key file, as the manifest names it; none for the generic key.
    pub key_file: Option<Box<str>>,
    /// What the file was when it was read.
    pub stamp: Option<Stamp>,
    /// The key's name. The key itself is read again when it is sent: of a hundred thousand it would be most of the memory.
    pub key: Fingerprint,
    /// True if it was sent before, and nobody knows whether the cloud took it: a refusal now does not say that it did not.
    pub in_doubt: bool,
}

/// How many mistakes are told. All of them are counted.
pub const TOLD: usize = 20;

/// For how many wishes there is room from the start, at most: a list that spends many lines on a row has fewer.
const MAX_EXPECTED: usize = 200_000;

/// Half of a fingerprint, which nobody finds a second key for either.
type KeyMark = [u8; 16];

/// What a row came to.
#[derive(Debug)]
enum Place {
    /// One of the wishes.
    Wish(u32),
    /// Done before, or another shard's: nothing is sent for it.
    Nothing,
}

/// What is known of the rows so far.
#[derive(Debug, Default)]
pub struct Check {
    wishes: Vec<Wish>,
    /// Those of them that are in doubt by a later row.
    withdrawn: HashSet<u32>,
    devices: HashMap<DeviceId, (u32, Place)>,
    keys: HashMap<KeyMark, DeviceId>,
    mistakes: Vec<Mistake>,
    wrong: u64,
    found: u64,
    left_out: u64,
    done: u64,
    others: u64,
    total: u64,
    allow_shared_keys: bool,
}

/// What becomes of a sound row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is to be sent.
    Send,
    /// The same, and the cloud may have taken a key that was sent before.
    InDoubt,
    /// It was done before.
    Done,
    /// It is another shard's.
    OtherShard,
}

/// A manifest that was looked at.
#[derive(Debug)]
pub struct Checked {
    /// What is to be sent, in the order of the rows.
    pub wishes: Vec<Wish>,
    /// How many rows there are.
    pub total: u64,
    /// How many of them were done before.
    pub done: u64,
    /// How many are another shard's.
    pub others: u64,
    /// How many name a problem themselves.
    pub left_out: u64,
    /// How many are wrong, and no other shard's.
    pub wrong: u64,
    /// How many are wrong, whosever they are.
    pub found: u64,
    /// What is wrong, the first of it by line.
    pub mistakes: Vec<Mistake>,
    devices: HashMap<DeviceId, (u32, Place)>,
}

impl Checked {
    /// True if a row is about this device.
    pub fn names(&self, device: DeviceId) -> bool {
        self.devices.contains_key(&device)
    }
}

impl Check {
    /// Begins.
    pub fn new(allow_shared_keys: bool) -> Self {
        Self { allow_shared_keys, ..Self::default() }
    }

    /// There will be so many rows, or about that. Wishes take most of the memory, and a list of them that grows is twice
    /// there while it is moved; what is not used of it costs nothing.
    #[must_use]
    pub fn expecting(mut self, rows: usize) -> Self {
        self.wishes.reserve_exact(rows.min(MAX_EXPECTED));
        self
    }

    /// A row that says itself why it is not to be sent; `mine` unless it is another shard's.
    pub fn left_out(&mut self, line: u64, device: Option<DeviceId>, mine: bool) {
        self.total += 1;
        if let Some(device) = device {
            let line = u32::try_from(line).unwrap_or(u32::MAX);
            self.devices.entry(device).or_insert((line, Place::Nothing));
        }
        *(if mine { &mut self.left_out } else { &mut self.others }) += 1;
    }

    /// A row that cannot be used, and its device as far as that can be told; `mine` unless it is another shard's.
    pub fn mistake(&mut self, mistake: Mistake, device: Option<DeviceId>, mine: bool) {
        self.total += 1;
        if let Some(device) = device {
            let line = u32::try_from(mistake.line).unwrap_or(u32::MAX);
            self.take_back(device);
            self.devices.entry(device).or_insert((line, Place::Nothing));
        }
        self.wrong(mistake, mine);
    }

    /// A row whose key is known.
    pub fn row(&mut self, row: Sound, key: Fingerprint, stamp: Option<Stamp>, product_id: u32, fate: Fate) {
        self.total += 1;
        let line = u32::try_from(row.line).unwrap_or(u32::MAX);
        let device = row.device;
        if let Some((first, _)) = self.devices.get(&device) {
            let what = format!("{device} is in line {first}, too");
            self.take_back(device);
            return self.wrong(Mistake::new(row.line, what), fate != Fate::OtherShard);
        }
        if row.key_file.is_some() && !self.allow_shared_keys {
            let mark = mark(key);
            if let Some(other) = self.keys.get(&mark).copied() {
                let first = self.devices.get(&other).map_or(0, |(line, _)| *line);
                let what = format!(
                    "its key is that of {other} in line {first}, too: a clone? Two devices with one key are taken for each \
                     other; --allow-shared-keys sends them all the same"
                );
                self.devices.insert(device, (line, Place::Nothing));
                self.take_back(other);
                return self.wrong(Mistake::new(row.line, what), fate != Fate::OtherShard);
            }
            self.keys.insert(mark, device);
        }
        let place = match fate {
            Fate::Send | Fate::InDoubt => {
                let key_file = row.key_file.map(Into::into);
                let in_doubt = fate == Fate::InDoubt;
                self.wishes.push(Wish { line, device, product_id, key_file, stamp, key, in_doubt });
                Place::Wish(u32::try_from(self.wishes.len() - 1).unwrap_or(u32::MAX))
            }
            Fate::OtherShard => {
                self.others += 1;
                Place::Nothing
            }
            Fate::Done => {
                self.done += 1;
                Place::Nothing
            }
        };
        self.devices.insert(device, (line, place));
    }

    /// Which of two rows is meant nobody knows: the earlier one is not sent either.
    fn take_back(&mut self, device: DeviceId) {
        let Some((line, place)) = self.devices.get(&device) else { return };
        if let Place::Wish(at) = place
            && self.withdrawn.insert(*at)
        {
            let mistake = Mistake::new(u64::from(*line), format!("{device} is in doubt by a later line"));
            self.wrong(mistake, true);
        }
    }

    fn wrong(&mut self, mistake: Mistake, mine: bool) {
        *(if mine { &mut self.wrong } else { &mut self.others }) += 1;
        self.found += 1;
        self.tell(mistake);
    }

    fn tell(&mut self, mistake: Mistake) {
        let at = self.mistakes.partition_point(|known| known.line <= mistake.line);
        self.mistakes.insert(at, mistake);
        self.mistakes.truncate(TOLD);
    }

    /// All rows were looked at.
    pub fn end(mut self) -> Checked {
        // In its place: a second list of them would double the memory.
        let mut at = 0..;
        self.wishes.retain(|_| at.next().is_none_or(|at| !self.withdrawn.contains(&at)));
        let Self { wishes, total, done, others, left_out, wrong, found, mistakes, devices, .. } = self;
        Checked { wishes, total, done, others, left_out, wrong, found, mistakes, devices }
    }
}

fn mark(fingerprint: Fingerprint) -> KeyMark {
    let mut mark = KeyMark::default();
    mark.copy_from_slice(&fingerprint.as_bytes()[..16]);
    mark
}
