//! Checks the `use` lines of `src/`: in `workflow/` no import runs up, and files import each other in a circle only if
//! ARCHITECTURE.md names the circle.

use std::collections::{BTreeMap, BTreeSet};

use crate::layers::{Source, open, sources};

/// The rooms of `workflow/`, from the top floor down.
const FLOORS: [&str; 10] =
    ["commands", "write", "all", "device", "network", "input", "next", "record", "describe", "context"];

/// Each circle of files, by its first file. ARCHITECTURE.md says why each exists.
const CIRCLES: [&str; 4] = ["bootloader/identity", "keys/firmware", "simulator/cloud", "simulator/duo"];

/// Each module by its path, with slashes, and the modules that it imports.
type Imports = BTreeMap<String, BTreeSet<String>>;

/// `workflow/write` for `workflow/write/mod.rs`.
fn module(source: &Source) -> String {
    let path = source.path.trim_end_matches(".rs");
    path.trim_end_matches("/mod").to_owned()
}

/// The paths of the `use` lines at the top of a file.
fn used(source: &Source) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (at, _) in source.code.match_indices("use ") {
        let line = source.code[..at].rsplit('\n').next().unwrap();
        if line.is_empty() || line.starts_with("pub") {
            open("", &source.code[at + "use ".len()..], &mut found);
        }
    }
    found
}

/// The known module that a path leads into.
fn target(path: &str, here: &str, modules: &BTreeSet<String>) -> Option<String> {
    let mut base: Vec<&str> = here.split('/').collect();
    let mut rest: Vec<&str> = path.split("::").collect();
    match rest[0] {
        "crate" => base.clear(),
        "self" => {}
        "super" => {
            while rest[1..].first() == Some(&"super") {
                rest.remove(0);
                base.pop();
            }
            base.pop();
        }
        first if modules.contains(&format!("{here}/{first}")) => base.push(first),
        _ => return None,
    }
    let steps: Vec<&str> = base.into_iter().chain(rest.drain(1..)).collect();
    (1..=steps.len()).rev().map(|length| steps[..length].join("/")).find(|path| modules.contains(path))
}

fn imports() -> Imports {
    let sources: Vec<Source> = sources().into_iter().filter(|source| source.path != "lib.rs").collect();
    let modules: BTreeSet<String> = sources.iter().map(module).collect();
    let of = |source: &Source| {
        let here = module(source);
        let targets = used(source).into_iter().filter_map(|path| target(&path, &here, &modules));
        (here.clone(), targets.filter(|target| *target != here).collect())
    };
    sources.iter().map(of).collect()
}

/// What can be reached from a module.
fn reached<'i>(imports: &'i Imports, from: &'i str) -> BTreeSet<&'i str> {
    let (mut seen, mut open) = (BTreeSet::new(), vec![from]);
    while let Some(module) = open.pop() {
        for next in imports.get(module).into_iter().flatten() {
            if seen.insert(next.as_str()) {
                open.push(next);
            }
        }
    }
    seen
}

#[test]
fn paths_lead_to_modules() {
    let modules: BTreeSet<String> = ["a", "a/b", "a/b/c", "d"].map(str::to_owned).into();
    let to = |path| target(path, "a/b", &modules);
    assert_eq!(to("crate::d::Thing").as_deref(), Some("d"));
    assert_eq!(to("super::super::d::Thing").as_deref(), Some("d"));
    assert_eq!(to("self::c::Thing").as_deref(), Some("a/b/c"));
    assert_eq!(to("c::Thing").as_deref(), Some("a/b/c"));
    assert_eq!(to("super::Thing").as_deref(), Some("a"));
    assert_eq!(to("std::fmt"), None);
}

#[test]
fn in_workflow_no_import_runs_up_and_no_command_imports_another() {
    let floor = |module: &str| {
        let room = module.strip_prefix("workflow/")?.split('/').next()?;
        Some(
            FLOORS.iter().position(|floor| *floor == room).unwrap_or_else(|| panic!("{module} has no floor")),
        )
    };
    let command =
        |module: &str| Some(module.strip_prefix("workflow/commands/")?.split('/').next()?.to_owned());
    let mut wrong = Vec::new();
    for (from, targets) in &imports() {
        for to in targets {
            let up = matches!((floor(from), floor(to)), (Some(from), Some(to)) if from > to);
            let sideways = matches!((command(from), command(to)), (Some(from), Some(to)) if from != to);
            if up || sideways {
                wrong.push(format!("{from} imports {to}"));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn files_import_each_other_only_where_it_is_said() {
    let imports = imports();
    let reach: BTreeMap<&str, BTreeSet<&str>> =
        imports.keys().map(|module| (module.as_str(), reached(&imports, module))).collect();
    let circle = |module: &&str| {
        let others = reach[*module].iter().filter(|other| reach[**other].contains(*module));
        others.copied().collect::<BTreeSet<_>>()
    };
    let circles: BTreeSet<BTreeSet<&str>> =
        reach.keys().map(circle).filter(|circle| !circle.is_empty()).collect();
    let firsts: Vec<&str> = circles.iter().map(|circle| *circle.first().unwrap()).collect();
    assert_eq!(firsts, CIRCLES, "{circles:#?}");
}
