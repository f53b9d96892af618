//! Checks a whole manifest before anything is sent: which rows can be sent, and what is wrong with the others.

use std::collections::{HashMap, HashSet};

use crate::dct::DeviceId;
use crate::fleet::ledger::Stamp;
use crate::fleet::manifest::{Mistake, Sound};
use crate::keys::Fingerprint;

/// A device, and the key that the cloud is to have for it.
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
    /// The key file's state when it was read.
    pub stamp: Option<Stamp>,
    /// The key's fingerprint. The key itself is read again when it is sent: a hundred thousand keys would take most of
    /// the memory.
    pub key: Fingerprint,
    /// True if it was sent before and the outcome is unknown: a refusal now does not say that the cloud did not take it
    /// then.
    pub in_doubt: bool,
}

/// The most mistakes that are listed. All of them are counted.
pub const TOLD: usize = 20;

/// The most wishes that memory is reserved for at the start. A list with many lines per row has fewer.
const MAX_EXPECTED: usize = 200_000;

/// Half of a fingerprint: nobody can find a second key for it either.
type KeyMark = [u8; 16];

/// The result of a row.
#[derive(Debug)]
enum Place {
    /// One of the wishes.
    Wish(u32),
    /// Done before, or in another shard: nothing is sent for it.
    Nothing,
}

/// What happens with a valid row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is to be sent.
    Send,
    /// It is to be sent, and the cloud may have taken a key that was sent before.
    InDoubt,
    /// It was done before.
    Done,
    /// It is in another shard.
    OtherShard,
}

/// A manifest that was checked.
#[derive(Debug, Default)]
pub struct Checked {
    /// What is to be sent, in the order of the rows.
    pub wishes: Vec<Wish>,
    /// How many rows there are.
    pub total: u64,
    /// How many of them were done before.
    pub done: u64,
    /// How many are in another shard.
    pub others: u64,
    /// How many have a `problem` themselves.
    pub left_out: u64,
    /// How many are wrong, and in no other shard.
    pub wrong: u64,
    /// How many are wrong, in any shard.
    pub found: u64,
    /// The first mistakes, by line.
    pub mistakes: Vec<Mistake>,
    devices: HashMap<DeviceId, (u32, Place)>,
}

/// The results of the rows so far.
#[derive(Debug, Default)]
pub struct Check {
    so_far: Checked,
    /// The wishes that a later row puts in doubt.
    withdrawn: HashSet<u32>,
    keys: HashMap<KeyMark, DeviceId>,
    allow_shared_keys: bool,
}

impl Checked {
    /// True if the manifest has a row for this device.
    pub fn names(&self, device: DeviceId) -> bool {
        self.devices.contains_key(&device)
    }
}

impl Check {
    /// An empty check.
    pub fn new(allow_shared_keys: bool) -> Self {
        Self { allow_shared_keys, ..Self::default() }
    }

    /// Reserves memory for about this many rows. Wishes take most of the memory, and a list that grows is there twice
    /// while it is moved. Reserved memory that is not used costs nothing.
    #[must_use]
    pub fn expecting(mut self, rows: usize) -> Self {
        self.so_far.wishes.reserve_exact(rows.min(MAX_EXPECTED));
        self
    }

    /// Adds a row that says itself why it is not to be sent; `mine` unless it is in another shard.
    pub fn left_out(&mut self, line: u64, device: Option<DeviceId>, mine: bool) {
        self.so_far.total += 1;
        if let Some(device) = device {
            let line = u32::try_from(line).unwrap_or(u32::MAX);
            self.so_far.devices.entry(device).or_insert((line, Place::Nothing));
        }
        *(if mine { &mut self.so_far.left_out } else { &mut self.so_far.others }) += 1;
    }

    /// Adds a row that cannot be used, with its device if that can be read; `mine` unless it is in another shard.
    pub fn mistake(&mut self, mistake: Mistake, device: Option<DeviceId>, mine: bool) {
        self.so_far.total += 1;
        if let Some(device) = device {
            let line = u32::try_from(mistake.line).unwrap_or(u32::MAX);
            self.take_back(device);
            self.so_far.devices.entry(device).or_insert((line, Place::Nothing));
        }
        self.wrong(mistake, mine);
    }

    /// Adds a row whose key is known.
    pub fn row(&mut self, row: Sound, key: Fingerprint, stamp: Option<Stamp>, product_id: u32, fate: Fate) {
        self.so_far.total += 1;
        let line = u32::try_from(row.line).unwrap_or(u32::MAX);
        let device = row.device;
        if let Some((first, _)) = self.so_far.devices.get(&device) {
            let what = format!("{device} is in line {first}, too");
            self.take_back(device);
            return self.wrong(Mistake::new(row.line, what), fate != Fate::OtherShard);
        }
        if row.key_file.is_some() && !self.allow_shared_keys {
            let mark = mark(key);
            if let Some(other) = self.keys.get(&mark).copied() {
                let first = self.so_far.devices.get(&other).map_or(0, |(line, _)| *line);
                let what = format!(
                    "its key is that of {other} in line {first}, too: a clone? Two devices with one key are taken for each \
                     other; --allow-shared-keys sends them all the same"
                );
                self.so_far.devices.insert(device, (line, Place::Nothing));
                self.take_back(other);
                return self.wrong(Mistake::new(row.line, what), fate != Fate::OtherShard);
            }
            self.keys.insert(mark, device);
        }
        let mut place = Place::Nothing;
        match fate {
            Fate::Send | Fate::InDoubt => {
                let key_file = row.key_file.map(Into::into);
                let in_doubt = fate == Fate::InDoubt;
                self.so_far.wishes.push(Wish { line, device, product_id, key_file, stamp, key, in_doubt });
                place = Place::Wish(u32::try_from(self.so_far.wishes.len() - 1).unwrap_or(u32::MAX));
            }
            Fate::OtherShard => self.so_far.others += 1,
            Fate::Done => self.so_far.done += 1,
        }
        self.so_far.devices.insert(device, (line, place));
    }

    /// Nobody knows which of two rows is right, so the earlier one is not sent either.
    fn take_back(&mut self, device: DeviceId) {
        let Some((line, place)) = self.so_far.devices.get(&device) else { return };
        if let Place::Wish(at) = place
            && self.withdrawn.insert(*at)
        {
            let mistake = Mistake::new(u64::from(*line), format!("{device} is in doubt by a later line"));
            self.wrong(mistake, true);
        }
    }

    fn wrong(&mut self, mistake: Mistake, mine: bool) {
        *(if mine { &mut self.so_far.wrong } else { &mut self.so_far.others }) += 1;
        self.so_far.found += 1;
        let at = self.so_far.mistakes.partition_point(|known| known.line <= mistake.line);
        self.so_far.mistakes.insert(at, mistake);
        self.so_far.mistakes.truncate(TOLD);
    }

    /// Ends the check, after all rows.
    pub fn end(mut self) -> Checked {
        // In place: a second list would double the memory.
        let mut at = 0..;
        self.so_far.wishes.retain(|_| at.next().is_none_or(|at| !self.withdrawn.contains(&at)));
        self.so_far
    }
}

fn mark(fingerprint: Fingerprint) -> KeyMark {
    let mut mark = KeyMark::default();
    mark.copy_from_slice(&fingerprint.as_bytes()[..16]);
    mark
}
