//! Writes a whole DCT, and finds out whether the write succeeded.
//!
//! Takes one step of [`next_step`] after another: it erases a sector or writes a block of it, and reads each back and
//! compares it before the next. If a reply is lost, or is not as expected, wait for the Duo and read it whole: what it
//! holds determines the next step. At the end the whole DCT is read once more. A step that failed is tried once more;
//! after that, the Duo is left as it is, and the error says what it holds.

use std::ops::Range;
use std::time::Duration;

use crate::dct::{Dump, Known, Step, next_step};
use crate::dfuse::{Buffer, Touched};
use crate::error::{Code, Error, KeyState};
use crate::journal;
use crate::keys::Fingerprint;
use crate::workflow::context::{DeviceRef, Phase, Snapshot, WholeHeld, interrupted};
use crate::workflow::device::opened::Opened;
use crate::workflow::device::reconcile::{Observed, Probe, reconcile};
use crate::workflow::device::whole_dct::differences;
use crate::workflow::next::Recovery;
use crate::workflow::record::backup::{Backups, Keeper};
use crate::workflow::record::journal::OperationRecord;
use crate::workflow::write::field::ended;
use crate::workflow::write::transaction::Writing;

/// The number of doubts at which the write is given up.
const DOUBTS: u32 = 2;

/// The phase, for errors.
const WRITING: &str = "writing the whole DCT";

/// The write of a whole DCT, both copies.
pub struct WholeDct<'f> {
    /// What the Duo held before the first step.
    pub held: WholeHeld,
    /// What the Duo should hold.
    pub image: &'f [u8],
    /// The key in the image.
    pub new: Fingerprint,
    /// What else is known of the Duo.
    pub known: Known,
}

impl Writing for WholeDct<'_> {
    /// The bootloader's own first bytes prove the pointer.
    fn check(&self, _opened: &Opened<'_>) -> Result<(), Error> {
        Ok(())
    }

    /// All of it is verified at once.
    fn parts(&self) -> usize {
        1
    }

    fn is_there(&self) -> bool {
        next_step(&self.held.bytes, self.image, self.known).is_none()
    }

    fn back_up(&self, keeper: &mut Keeper<'_, '_>) -> Result<Backups, Error> {
        keeper.whole(&self.held)
    }

    fn write<'a>(
        &mut self,
        opened: Opened<'a>,
        recovery: &Recovery<'_>,
        record: &mut OperationRecord<'_>,
    ) -> Result<Opened<'a>, Error> {
        let job = Rewrite {
            image: self.image,
            before: &self.held.bytes,
            known: self.known,
            old: self.held.current.as_ref().and_then(Snapshot::fingerprint),
            new: self.new,
            recovery,
        };
        rewrite(opened, &job, record)
    }
}

/// What is written, and what was there before.
struct Rewrite<'s> {
    image: &'s [u8],
    before: &'s [u8],
    known: Known,
    /// The key that the firmware used before.
    old: Option<Fingerprint>,
    new: Fingerprint,
    recovery: &'s Recovery<'s>,
}

/// Writes what differs. Returns once every step was read back and the bootloader reads the image's DCT.
fn rewrite<'a>(
    mut opened: Opened<'a>,
    job: &Rewrite<'_>,
    record: &mut OperationRecord<'_>,
) -> Result<Opened<'a>, Error> {
    let context = opened.context;
    let device = opened.device.clone();
    if context.control.cancel().is_requested() {
        return Err(interrupted().on(&device, KeyState::Unchanged));
    }
    record.before_a_write(journal::Step::Writing).map_err(|error| error.on(&device, KeyState::Unchanged))?;
    let _shield = context.control.cancel().shield();
    let mut course =
        Course { held: Buffer::new(job.before.to_vec()), known: job.known, doubts: 0, copy: None };
    loop {
        opened = course.steps(opened, job)?;
        let is_there;
        (opened, is_there) = course.is_read_at_the_end(opened, job)?;
        if is_there {
            break;
        }
    }
    confirm(&mut opened, job)?;
    ended(&opened, KeyState::Written, record)?;
    Ok(opened)
}

/// The state between the steps.
struct Course {
    /// What the Duo holds.
    held: Buffer,
    known: Known,
    /// How many steps, and reads at the end, were not as expected.
    doubts: u32,
    /// The copy that was written last.
    copy: Option<usize>,
}

impl Course {
    /// Takes one step after another, until none is left.
    fn steps<'a>(&mut self, mut opened: Opened<'a>, job: &Rewrite<'_>) -> Result<Opened<'a>, Error> {
        let context = opened.context;
        loop {
            let before = self.held.clone();
            let Some(step) = next_step(&before, job.image, self.known) else { return Ok(opened) };
            let then = step.done_to(&before).ok_or_else(|| Error::internal("a step has no place"))?;
            if self.copy.replace(step.copy()) != Some(step.copy()) {
                context.phase(Phase::Write);
            }
            let doubt = match take(&mut opened, &step, &before, &then) {
                StepOutcome::Yes => {
                    self.taken(&step, then);
                    continue;
                }
                StepOutcome::No(error) if self.doubts == 0 && before.as_slice() == job.before => {
                    return Err(error);
                }
                StepOutcome::No(error) => error.to_string(),
                StepOutcome::Doubtful(doubt) => doubt,
            };
            opened = self.learn(opened, &step, &then, &doubt, job)?;
        }
    }

    fn taken(&mut self, step: &Step<'_>, then: Buffer) {
        if let Step::Erase(copy) = step {
            self.known.erased[*copy] = true;
        }
        self.held = then;
    }

    /// Reads the Duo after a step whose outcome is unknown. The power may have gone, so an erasure does not count as
    /// complete, whatever the read shows.
    fn learn<'a>(
        &mut self,
        opened: Opened<'a>,
        step: &Step<'_>,
        then: &[u8],
        doubt: &str,
        job: &Rewrite<'_>,
    ) -> Result<Opened<'a>, Error> {
        let (context, device) = (opened.context, opened.device.clone());
        context.note(format!("the write did not end as it should ({doubt}); asking the Duo what it holds"));
        let Observed { opened, held } = reconcile(opened, &OfStep { held: &self.held, step })
            .map_err(|obstacle| unknown(doubt, obstacle, &device, job))?;
        let sector = self.held.get(step.range()).unwrap_or_default();
        let was_blank = sector.iter().all(|byte| *byte == 0xff);
        if matches!(step, Step::Erase(_)) && !was_blank && held.get(step.range()) == Some(sector) {
            return Err(not_erased(&held, &device, job));
        }
        self.known = Known { erased: [false; 2], after_cut: true, ..self.known };
        if held.as_slice() != then || matches!(step, Step::Erase(_)) {
            self.doubts += 1;
        }
        if self.doubts == DOUBTS {
            return Err(given_up(&held, &device, job));
        }
        (self.held, self.copy) = (held, None);
        Ok(opened)
    }

    /// Reads all of it again: a step that went to a wrong place was also read back from there. `false` if it is not the
    /// image.
    fn is_read_at_the_end<'a>(
        &mut self,
        mut opened: Opened<'a>,
        job: &Rewrite<'_>,
    ) -> Result<(Opened<'a>, bool), Error> {
        let (context, device) = (opened.context, opened.device.clone());
        let deadline = opened.context.deadline();
        let Observed { opened, held } = match all_of_it(&mut opened, deadline) {
            Ok(held) => Observed { opened, held },
            Err(error) => {
                let doubt = format!("all of it could not be read at the end: {error}");
                context.note(format!("{doubt}; asking the Duo what it holds"));
                reconcile(opened, &AtTheEnd { image: job.image })
                    .map_err(|obstacle| unknown(&doubt, obstacle, &device, job))?
            }
        };
        if held.as_slice() == job.image {
            return Ok((opened, true));
        }
        self.doubts += 1;
        if self.doubts == DOUBTS {
            return Err(given_up(&held, &device, job));
        }
        context.note("read whole at the end, the DCT is not the image; what differs is written again");
        (self.held, self.copy) = (held, None);
        Ok((opened, false))
    }
}

/// Asks the bootloader for the DCT, which must be the image's: the firmware decides which copy counts, and the
/// bootloader reads as the firmware does. All bytes were read back before. If it gives no answer, that is noted and is
/// no failure: some never answer (an r6 without its system firmware).
fn confirm(opened: &mut Opened<'_>, job: &Rewrite<'_>) -> Result<(), Error> {
    let context = opened.context;
    let section = match opened.section() {
        Ok(section) => section,
        Err(error) => {
            let why = error.message();
            context.note(format!(
                "every byte was read back; what the bootloader makes of them is not known: {why}"
            ));
            return Ok(());
        }
    };
    let image = Dump::recognise(job.image).ok_or_else(|| Error::internal("the image is none"))?;
    let image = image.by(job.known.rule);
    let different = differences(&image, &section);
    if different.is_empty() {
        return Ok(());
    }
    let (code, state) = if section.fingerprint() == Some(job.new) {
        (Code::DctWrong, KeyState::Written)
    } else {
        (Code::KeyStateUnknown, KeyState::Unknown)
    };
    let message = format!(
        "every byte of the image was read back, but the bootloader reads another DCT, which differs in: {}",
        different.join(", ")
    );
    Err(Error::new(code, message)
        .during("asking the bootloader for the DCT")
        .on(&opened.device, state)
        .hint(job.recovery.hint()))
}

/// The outcome of a step.
enum StepOutcome {
    /// A read-back shows it.
    Yes,
    /// Nothing was sent that changes the flash.
    No(Error),
    /// It may be done, half done or not done.
    Doubtful(String),
}

/// Takes a step and reads it back once. If the read is not as expected, the outcome is doubtful, since a read can be
/// wrong, too.
fn take(opened: &mut Opened<'_>, step: &Step<'_>, held: &[u8], then: &[u8]) -> StepOutcome {
    let deadline = opened.context.deadline();
    let outcome = match step {
        Step::Erase(copy) => {
            let sector = held.get(step.range()).unwrap_or_default();
            let read = opened.session.erase_whole_dct_sector(*copy, sector, deadline);
            read.map(|read| *read == *then)
        }
        Step::Write { offset, bytes } => {
            let read = opened.session.write_whole_dct_and_read_back(*offset, bytes, deadline);
            read.map(|read| then.get(step.range()) == Some(read.as_slice()))
        }
    };
    match outcome {
        Ok(true) => StepOutcome::Yes,
        Ok(false) => StepOutcome::Doubtful("other bytes were read back than were written".to_owned()),
        Err(error) if error.touched() == Touched::No => {
            StepOutcome::No(Error::from(error).during(WRITING).on(&opened.device, KeyState::Unchanged))
        }
        Err(error) => StepOutcome::Doubtful(error.to_string()),
    }
}

/// The question after a step whose outcome is in doubt.
struct OfStep<'s> {
    /// What the Duo held before it.
    held: &'s [u8],
    step: &'s Step<'s>,
}

impl Probe for OfStep<'_> {
    type Held = Buffer;

    /// The next step depends on this read alone. So it must be right even if the Duo has told its id.
    fn ask(&self, opened: &mut Opened<'_>, deadline: Duration) -> Result<Buffer, Error> {
        let held = opened.read_whole(deadline)?;
        if self.is_familiar(&held) {
            return Ok(held);
        }
        Err(Error::new(Code::ReadUnstable, "what the write does not touch reads otherwise than before it"))
    }

    /// A write changes nothing outside of its range. The address of an erasure cannot be proven beforehand, so it may
    /// have erased the other copy's sector; then its own sector is unchanged.
    fn is_familiar(&self, held: &Buffer) -> bool {
        let range = self.step.range();
        let same = |part: Range<usize>| held.get(part.clone()) == self.held.get(part);
        let others = [0..range.start, range.end..held.len()];
        let blank = |part: &Range<usize>| {
            held.get(part.clone()).is_some_and(|part| part.iter().all(|byte| *byte == 0xff))
        };
        let strayed = matches!(self.step, Step::Erase(_)) && same(range) && others.iter().all(blank);
        strayed || others.into_iter().all(same)
    }
}

/// Both copies; an error if the bytes cannot be those in the flash.
fn all_of_it(opened: &mut Opened<'_>, deadline: Duration) -> Result<Buffer, Error> {
    let held = opened.read_whole(deadline)?;
    if held.windows(2).all(|pair| pair[0] == pair[1]) {
        return Err(Error::new(Code::DctUnreadable, "every byte of the whole DCT reads the same"));
    }
    Ok(held)
}

/// The question after all steps, if the read at the end failed.
struct AtTheEnd<'s> {
    image: &'s [u8],
}

impl Probe for AtTheEnd<'_> {
    type Held = Buffer;

    fn ask(&self, opened: &mut Opened<'_>, deadline: Duration) -> Result<Buffer, Error> {
        all_of_it(opened, deadline)
    }

    fn is_familiar(&self, held: &Buffer) -> bool {
        held.as_slice() == self.image
    }
}

fn unknown(doubt: &str, obstacle: Error, device: &DeviceRef, job: &Rewrite<'_>) -> Error {
    let message =
        format!("the outcome of the write could not be learned: {doubt}; then: {}", obstacle.message());
    Error::new(Code::KeyStateUnknown, message)
        .during(WRITING)
        .on(device, KeyState::Unknown)
        .hint(format!(
            "{} (if the Duo answers nothing, press RESET first, and put it into DFU mode again)",
            job.recovery.hint()
        ))
        .because(obstacle)
}

/// The error if the Duo acknowledged an erasure and the sector is not erased: another sector may be.
fn not_erased(held: &[u8], device: &DeviceRef, job: &Rewrite<'_>) -> Error {
    let found = Dump::recognise(held).and_then(|dump| dump.section()).map(Snapshot::of_section);
    let key = found.and_then(Result::ok).as_ref().and_then(Snapshot::fingerprint);
    let state = match key {
        Some(key) if Some(key) == job.old => KeyState::Unchanged,
        Some(key) if key == job.new => KeyState::Written,
        _ => KeyState::Wrong,
    };
    let message = "the Duo acknowledged an erasure, and that sector of the DCT is not erased: another sector of its flash may \
                   be, with firmware in it (if the Duo does not start any more, install its system firmware with dfu-util)";
    Error::new(Code::DctWrong, message).during(WRITING).on(device, state).hint(job.recovery.hint())
}

/// The error if the Duo's DCT is still not the image; says what it holds.
fn given_up(held: &[u8], device: &DeviceRef, job: &Rewrite<'_>) -> Error {
    if held == job.before {
        return Error::new(Code::WriteFailed, "the Duo did not write: the old bytes are still there")
            .during(WRITING)
            .on(device, KeyState::Unchanged)
            .hint("run the same command again; if it ends like this every time, nothing is lost: its DCT is as it was");
    }
    let found =
        Dump::recognise(held).and_then(|dump| dump.by(job.known.rule).section()).map(Snapshot::of_section);
    let found = found.and_then(Result::ok);
    let key = found.as_ref().and_then(Snapshot::fingerprint);
    let (state, what) = match key {
        Some(key) if Some(key) == job.old && key == job.new => (
            KeyState::Unchanged,
            "the copy that counts has the key that was there, which is the image's, too",
        ),
        Some(key) if Some(key) == job.old => {
            (KeyState::Unchanged, "the copy that counts is still the one that was there")
        }
        Some(key) if key == job.new => (KeyState::Written, "the copy that counts is the image's already"),
        Some(_) => (KeyState::Wrong, "the copy that counts holds another key than either"),
        None => (KeyState::Wrong, "no copy counts that holds a key"),
    };
    let message = format!("the DCT is neither what it was nor what the image holds: {what}");
    Error::new(Code::DctWrong, message).during(WRITING).on(device, state).hint(job.recovery.hint())
}
