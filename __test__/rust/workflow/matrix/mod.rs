//! Tries every kind of fault at every control transfer of every workflow: nothing is lost, and nothing is called done
//! that isn't.
//!
//! - [`workflow`]: what a workflow describes about itself to take part;
//! - [`subjects`]: the workflows; [`fields`]: those that write other fields than the key; [`whole`]: the one that
//!   writes all of the DCT;
//! - [`course`]: the transfers of a run, and the purpose of each; [`undisturbed`]: a run without a fault;
//! - [`case`]: a workflow, a bootloader and what goes wrong, and its name;
//! - [`promises`]: a run under faults, and what is checked after it;
//! - [`expected`]: which errors a kind of fault may lead to, written down by hand;
//! - [`crowd`]: many cases on all processors, what failed, and a table of what was run;
//! - [`pairs`]: two faults at once, drawn by number.
//!
//! A case has a name, such as `restore-leave r6 stall-before@7+`, and can be replayed by it:
//! `MATRIX_CASE='restore-leave r6 stall-before@7+' cargo test --features schema --test core replay`.

mod case;
mod course;
mod crowd;
mod expected;
mod fields;
mod pairs;
mod promises;
mod subjects;
mod undisturbed;
mod whole;
mod workflow;

use duo_provision::simulator::Generation;
use duo_provision::simulator::faults::{Counting, Fault, Kind};

use self::case::{Case, GENERATIONS};
use self::course::Stage;
use crate::common::sample::Sample;

/// Cases that differ only in the transfer of a stage at which the fault strikes.
type Sort = (&'static str, Generation, String, Stage);

/// Whether this is a case of its own. A kind that lasts does so even if it is armed for one time, and an address that
/// is wrong every time is the same as one that is stuck.
fn is_another(kind: &Kind, once: bool) -> bool {
    if once { !kind.lasts() } else { !matches!(kind, Kind::AddressOnceWrong(_)) }
}

/// Each kind at each transfer, once and from there on. `before`, `in` and `after` are kinds of their own. A kind that
/// does not apply to a transfer waits for the next one that it applies to, so both are the same case. A sample has each
/// kind at the first transfer of each stage.
fn cases(only: &str, sample: &mut Sample<Sort>) -> Vec<Case> {
    let mut cases = Vec::new();
    for &subject in subjects::ALL {
        for generation in GENERATIONS {
            let course = undisturbed::course(subject, generation);
            for kind in Kind::catalogue() {
                for nth in course.where_it_acts(&kind) {
                    if !subject.is_tried_at(generation, &course, nth) {
                        continue;
                    }
                    for once in [true, false].into_iter().filter(|once| is_another(&kind, *once)) {
                        let fault = Fault { kind: kind.clone(), nth, counting: Counting::All, once };
                        let case = Case { subject, generation, faults: vec![fault] };
                        let sort = (subject.name(), generation, case.kinds(), course.stage(nth));
                        let name = case.to_string();
                        if name.contains(only) && sample.takes(sort, &name) {
                            cases.push(case);
                        }
                    }
                }
            }
        }
    }
    cases
}

#[test]
fn every_kind_at_every_transfer_of_every_workflow() {
    let only = std::env::var("MATRIX_ONLY").unwrap_or_default();
    let mut sample = if only.is_empty() { Sample::new() } else { Sample::of(true) };
    let ran = crowd::of("fault matrix", &cases(&only, &mut sample));
    ran.print_table();
    sample.say("the fault matrix");
    ran.assert_all_kept();
}

/// Pairs of faults that once broke a promise.
#[test]
fn what_two_faults_once_did_they_do_no_more() {
    let names = [
        // Another memory has the DCT's name, and the DCT has a name that cannot be read.
        "dct-restore r4 descriptor-3.7-too-long@9 alt-name-0=%40DCT%20Flash%20%20%20/0x00000000/01%2A016Kg@4+",
        // The Duo is swapped while it restarts, and the serial number of the other one is no id.
        "enter-backup r6 serial=00000000010C@47 swap-after@6",
        // The data is read through a pointer that did not move.
        "doctor r4 state-5@23 busy@2+",
        "dct-show r4 state-5@23 state-4@22",
        // Two memories have the DCT's name, one after the other.
        "list r4 alt-name-1=%40DCT%20Flash%20%20%20/0x00000000/99999999%2A999Mg@1 \
         alt-name-0=%40DCT%20Flash%20%20%20/0x00000000/01%2A016Kg@8",
        // A second Duo has the same id, and the first one is selected by this id.
        "restore-leave r6 power-cut-600@9 twin@7",
        "dfu r6 twin@7 reenumerate-before@7+",
        "enter-backup r6 twin@51 serial=../../../../tmp/key@9+",
    ];
    let cases: Vec<Case> = names.iter().map(|name| name.parse().unwrap()).collect();
    crowd::of("pairs that ended wrong", &cases).assert_all_kept();
}

#[test]
fn a_case_is_replayed_by_its_name() {
    let name = std::env::var("MATRIX_CASE").unwrap_or_else(|_| "restore-leave r6 stall-before@7+".to_owned());
    let case: Case = name.parse().unwrap();
    assert_eq!(case.to_string(), name);
    crowd::of("replay", &[case]).assert_all_kept();
}
