//! The workflow that writes all of the DCT: `dct restore --whole`.
//!
//! On r4 the image's current copy goes to the place of the Duo's own, so three sectors are written. On r6 it goes to
//! the other sector, so two are written.

use duo_provision::dct::{CopyRule, DctCopy, WholeDct};
use duo_provision::error::{Code, Error};
use duo_provision::simulator::Generation;
use duo_provision::workflow::DctRestoreOptions;

use serde_json::{Value, json};

use super::course::{Course, Stage};
use super::workflow::{TIMEOUT, Workflow};
use crate::workflow::bench::{Asker, Bench, NEW, OLD, key, within};
use crate::workflow::dct_bench::whole;
use crate::workflow::typed;

/// One in this many similar transfers is tried.
const ONE_OF: u32 = 17;

/// The section that the firmware reads; the firmware of r6 leaves a record in every copy.
fn section(area: &[u8]) -> Option<&[u8]> {
    let whole = WholeDct::new(area)?;
    let r6 = whole.copies().iter().any(DctCopy::has_record);
    let current = whole.current(if r6 { CopyRule::R6 } else { CopyRule::R3ToR5 })?;
    Some(whole.copies()[current].section())
}

pub struct DctRestoreWhole;

impl Workflow for DctRestoreWhole {
    fn name(&self) -> &'static str {
        "dct-restore-whole"
    }

    fn set_up(&self, bench: &Bench) {
        let back = bench.duo(|duo| duo.options().generation) == Generation::R4;
        bench.image("image.bin", back);
    }

    fn asked(&self, bench: &Bench) -> Option<(&'static str, Value)> {
        let file = bench.folder.path().join("image.bin");
        Some(("dct restore", json!({ "file": file, "whole": true, "archive": bench.archive() })))
    }

    fn run(&self, bench: &Bench, asker: &Asker) -> Result<(), Error> {
        let image = bench.folder.path().join("image.bin");
        let options = DctRestoreOptions { write: within(TIMEOUT), ..whole(&image) };
        bench.restore_dct_asking(asker, &options).map(drop)
    }

    fn held(&self, bench: &Bench) -> Vec<u8> {
        bench.area()
    }

    fn is_new(&self, area: &[u8]) -> Option<bool> {
        Some(
            section(area)
                .is_some_and(|section| section[34..1250] == *key(NEW) && section[1762..1770] == *b"a claim "),
        )
    }

    fn writes(&self) -> bool {
        true
    }

    fn keepsake(&self, bench: &Bench) -> Vec<u8> {
        bench.area()
    }

    fn keeps_files_of(&self) -> &'static [usize] {
        &[1216]
    }

    fn finish(&self, bench: &Bench, command: &str) -> Result<(), Error> {
        bench.restore_dct(&typed::dct_restore_whole(command)).map(drop)?;
        let image = std::fs::read(bench.folder.path().join("image.bin")).unwrap();
        assert!(bench.area() == image, "all of it, byte for byte");
        Ok(())
    }

    fn go_back(&self, bench: &Bench, command: &str) -> Result<(), Error> {
        bench.restore_dct(&typed::dct_restore_whole(command)).map(drop)
    }

    /// Whatever goes wrong, the firmware finds a whole copy with the old key or the image's key.
    fn always(&self, bench: &Bench) -> Result<(), String> {
        let area = bench.area();
        let found = section(&area).is_some_and(|section| [key(OLD), key(NEW)].contains(&&section[34..1250]));
        if found { Ok(()) } else { Err("no copy of the DCT counts, or one with another key".to_owned()) }
    }

    /// On r6 every transfer of the first block and of the first erasure; one in `ONE_OF` of all others.
    fn is_tried_at(&self, generation: Generation, course: &Course, nth: u32) -> bool {
        let writes = course.writes();
        let [block, erasure] = [true, false].map(|block| {
            let found = writes.iter().find(|(_, length)| (*length > 0) == block);
            found.is_some_and(|(range, _)| range.contains(&nth))
        });
        let behind = course.stage(nth) > Stage::Read;
        behind && generation == Generation::R6 && (block || erasure) || nth.is_multiple_of(ONE_OF)
    }

    /// Each step is a write, and a sector has seven.
    fn steps_of_a_write(&self) -> u32 {
        7
    }

    fn word_for_a_key(&self, code: Code) -> Code {
        match code {
            Code::DctWrong => Code::KeyWrong,
            code => code,
        }
    }

    fn writes_several(&self) -> bool {
        true
    }

    fn tries_twice(&self) -> bool {
        true
    }
}
