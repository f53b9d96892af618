//! wip
use super::case::Case;
use duo_provision::error::Code;
use duo_provision::simulator::faults::Fault;
pub fn allows(case: &Case, fault: &Fault, outcome: Option<Code>) -> bool {
    if std::env::var("MATRIX_DIST").is_ok() {
        let course = super::course::Course::of(case.subject, case.generation);
        let stage = course.stage(fault.nth);
        println!(
            "DIST {} {} {:?} {} {} {}",
            case.subject.name(),
            case.generation,
            stage,
            fault.kind,
            if fault.once { "once" } else { "lasting" },
            outcome.map_or("DONE", |c| c.name())
        );
    }
    true
}
