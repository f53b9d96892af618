//! What a workflow has to tell of itself to take part in the matrix.

use duo_provision::error::{Code, Error};
use duo_provision::simulator::Generation;
use serde_json::Value;

use super::course::Course;
use crate::workflow::bench::{Asker, Bench, OLD, key};
use crate::workflow::typed;

/// Seconds that each step is given.
pub const TIMEOUT: u32 = 10;

/// A workflow. One that joins later says here what is its own; the cases and the promises are the same for all.
pub trait Workflow: Sync {
    /// Its name in a case's name.
    fn name(&self) -> &'static str;

    /// Puts into the bench what it needs. The Duo there holds [`OLD`].
    fn set_up(&self, _bench: &Bench) {}

    /// Runs it. `Err` also for a result that reports an error in place of throwing it.
    fn run(&self, bench: &Bench, asker: &Asker) -> Result<(), Error>;

    /// The command and its options, as they would be typed but for `--timeout` and what selects the Duo; `None` for one
    /// that prints no command to finish.
    #[cfg_attr(not(feature = "command-line"), allow(dead_code))]
    fn asked(&self, _bench: &Bench) -> Option<(&'static str, Value)> {
        None
    }

    /// True for one that writes.
    fn writes(&self) -> bool {
        self.is_new(key(OLD)).is_some()
    }

    /// Where in the DCT it writes: offset and length. The old bytes are what was there.
    fn field(&self) -> (usize, usize) {
        (34, 1216)
    }

    /// Whether these are the bytes that it is to write; `None` for one that only reads.
    fn is_new(&self, _field: &[u8]) -> Option<bool> {
        None
    }

    /// True where it makes the Duo leave DFU mode at its end. A key that the Duo makes then is [`Self::is_new`], too.
    fn leaves(&self) -> bool {
        false
    }

    /// True where it finds the Duo running its firmware, and has it restart into DFU mode.
    fn enters(&self) -> bool {
        false
    }

    /// What it keeps in the archive of the undisturbed Duo, by default the field.
    fn keepsake(&self, bench: &Bench) -> Vec<u8> {
        let (offset, length) = self.field();
        bench.duo(|duo| duo.first_dct(offset, length))
    }

    /// True where it keeps the key in the archive: always before a write.
    fn keeps(&self) -> bool {
        self.writes()
    }

    /// True for one that has to know the device id, and on r4 is told it.
    fn needs_id(&self) -> bool {
        false
    }

    /// Runs it once more, after what was printed as the way to finish.
    fn finish(&self, bench: &Bench, command: &str) -> Result<(), Error>;

    /// Types what was printed as the way back.
    fn go_back(&self, bench: &Bench, command: &str) -> Result<(), Error> {
        bench.restore(&typed::restore(command)).map(drop)
    }

    /// Whether this is what the field of a Duo holds that nobody has written to.
    fn is_untouched(&self, field: &[u8]) -> bool {
        (1..8).any(|made| field == key(OLD + made))
    }

    /// Whether the field holds the same.
    fn is_same(&self, one: &[u8], other: &[u8]) -> bool {
        one == other
    }

    /// Whether this is what may be there where the key is said to be unchanged.
    fn is_unchanged(&self, old: &[u8], now: &[u8]) -> bool {
        old == now
    }

    /// The word that a workflow which writes the key would have for it, and [`Code::Internal`] for one that is not to
    /// be said here.
    fn word_for_a_key(&self, code: Code) -> Code {
        code
    }

    /// True where several fields are written one after another.
    fn writes_several(&self) -> bool {
        false
    }

    /// True where a step that was not taken is tried once more.
    fn tries_twice(&self) -> bool {
        false
    }

    /// What it writes to, of the Duo that was there first, wherever it is now.
    fn held(&self, bench: &Bench) -> Vec<u8> {
        let (offset, length) = self.field();
        bench.duo(|duo| duo.first_dct(offset, length))
    }

    /// What has to be so of the Duo however it ends.
    fn always(&self, _bench: &Bench) -> Result<(), String> {
        Ok(())
    }

    /// Whether faults are tried at the `nth` transfer; not where it is one of many that are alike.
    fn is_tried_at(&self, _generation: Generation, _course: &Course, _nth: u32) -> bool {
        true
    }

    /// How many writes to the flash one phase of writing may have.
    fn steps_of_a_write(&self) -> u32 {
        1
    }

    /// How long the files are that it keeps, beside [`Self::keepsake`].
    fn keeps_files_of(&self) -> &'static [usize] {
        if self.writes() { &[8423] } else { &[] }
    }
}
