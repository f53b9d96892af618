//! Defines what a workflow must describe about itself to take part in the matrix.

use duo_provision::error::{Code, Error};
use duo_provision::simulator::Generation;
use serde_json::Value;

use super::course::Course;
use crate::workflow::bench::{Asker, Bench, OLD, key};
use crate::workflow::typed;

/// The time limit of each step, in seconds.
pub const TIMEOUT: u32 = 10;

/// A workflow. A new one describes only its own properties here; the cases and the promises are the same for all.
pub trait Workflow: Sync {
    /// Its name in the name of a case.
    fn name(&self) -> &'static str;

    /// Prepares the bench. The Duo there holds [`OLD`].
    fn set_up(&self, _bench: &Bench) {}

    /// Runs it. `Err` also if the result reports an error instead of throwing it.
    fn run(&self, bench: &Bench, asker: &Asker) -> Result<(), Error>;

    /// The command and its options as they are typed, without `--timeout` and without the options that select the Duo;
    /// `None` if it prints no command to finish.
    #[cfg_attr(not(feature = "command-line"), allow(dead_code))]
    fn asked(&self, _bench: &Bench) -> Option<(&'static str, Value)> {
        None
    }

    /// True if it writes.
    fn writes(&self) -> bool {
        self.is_new(key(OLD)).is_some()
    }

    /// Where in the DCT it writes: offset and length.
    fn field(&self) -> (usize, usize) {
        (34, 1216)
    }

    /// Whether these are the bytes that it should write; `None` if it only reads.
    fn is_new(&self, _field: &[u8]) -> Option<bool> {
        None
    }

    /// True if it makes the Duo leave DFU mode at its end. A key that the Duo makes then also counts as
    /// [`Self::is_new`].
    fn leaves(&self) -> bool {
        false
    }

    /// True if it finds the Duo running its firmware and restarts it into DFU mode.
    fn enters(&self) -> bool {
        false
    }

    /// What it keeps of the undisturbed Duo in the archive, by default the field.
    fn keepsake(&self, bench: &Bench) -> Vec<u8> {
        let (offset, length) = self.field();
        bench.duo(|duo| duo.first_dct(offset, length))
    }

    /// True if it keeps the key in the archive: always before a write.
    fn keeps(&self) -> bool {
        self.writes()
    }

    /// True if it must know the device id; on r4 the test gives it the id.
    fn needs_id(&self) -> bool {
        false
    }

    /// Runs it once more with the printed command to finish.
    fn finish(&self, bench: &Bench, command: &str) -> Result<(), Error>;

    /// Runs the printed command that undoes the write.
    fn go_back(&self, bench: &Bench, command: &str) -> Result<(), Error> {
        bench.restore(&typed::restore(command)).map(drop)
    }

    /// Whether a Duo that nobody has written to may hold this in the field.
    fn is_untouched(&self, field: &[u8]) -> bool {
        (1..8).any(|made| field == key(OLD + made))
    }

    /// Whether both contents of the field count as the same.
    fn is_same(&self, one: &[u8], other: &[u8]) -> bool {
        one == other
    }

    /// Whether `now` may be there if the key is said to be unchanged.
    fn is_unchanged(&self, old: &[u8], now: &[u8]) -> bool {
        old == now
    }

    /// The code that a workflow that writes the key has for the same problem; [`Code::Internal`] if the code must not
    /// be reported here.
    fn word_for_a_key(&self, code: Code) -> Code {
        code
    }

    /// True if it writes several fields one after another.
    fn writes_several(&self) -> bool {
        false
    }

    /// True if it repeats a step that was not taken.
    fn tries_twice(&self) -> bool {
        false
    }

    /// The content of the field on the Duo that was there first, wherever that Duo is now.
    fn held(&self, bench: &Bench) -> Vec<u8> {
        let (offset, length) = self.field();
        bench.duo(|duo| duo.first_dct(offset, length))
    }

    /// Checks what must be true of the Duo however the run ends.
    fn always(&self, _bench: &Bench) -> Result<(), String> {
        Ok(())
    }

    /// Whether faults are tried at the `nth` transfer; false for some of many similar transfers.
    fn is_tried_at(&self, _generation: Generation, _course: &Course, _nth: u32) -> bool {
        true
    }

    /// How many writes to the flash one write phase may have.
    fn steps_of_a_write(&self) -> u32 {
        1
    }

    /// The lengths of the files that it keeps besides [`Self::keepsake`].
    fn keeps_files_of(&self) -> &'static [usize] {
        if self.writes() { &[8423] } else { &[] }
    }
}
