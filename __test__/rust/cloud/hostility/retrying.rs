//! Tests replies that ask the client to come back later, and the result if that does not help.

use std::time::{Duration, SystemTime};

use duo_provision::error::Code;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

use super::{NONSENSE, UNAVAILABLE, UNKNOWN, reply};
use crate::adversary::{Adversary, End, Script};
use crate::client::YES;
use crate::trial::{Outcome, Trial, all, sampled};

/// More requests than a polite client makes in a second.
const MANY: usize = 5;

fn date(from_now: i64) -> String {
    let date = OffsetDateTime::from(SystemTime::now()) + time::Duration::seconds(from_now);
    date.format(&Rfc2822).unwrap().replace("+0000", "GMT")
}

/// A value of `Retry-After`, and whether it ends within the deadline.
fn waits() -> Vec<(String, bool)> {
    let year = 366 * 24 * 3600;
    let texts = |list: &[&str], soon| list.iter().map(|text| ((*text).to_owned(), soon)).collect::<Vec<_>>();
    [
        texts(&["0", "-1", "", "soon", "0.1", "1e9", "0x7", "\u{663}", " ", "00000000000000000000"], true),
        texts(&["7", "31536000", "4294967296", "99999999999999999999999999"], false),
        vec![(date(-year), true), (date(60), false), (date(year), false)],
    ]
    .concat()
}

#[test]
fn whatever_time_is_asked_for() {
    let cases = ["429 Slow down", "503 Busy", "500 Oops"].into_iter().flat_map(|line| {
        waits().into_iter().enumerate().map(move |(number, (wait, soon))| {
            let again = reply(line, &format!("retry-after: {wait}\r\n"), "");
            let server = Adversary::start([Script::saying(again)]);
            let said = if line.starts_with("429") { Code::CloudRateLimited.into() } else { UNAVAILABLE };
            // The deadline may come while the last request is under way.
            let wanted = if soon { vec![said, UNKNOWN] } else { vec![said] };
            // Less than the shortest of the values that are too long.
            let seconds = if soon { 1 } else { 5 };
            let trial =
                Trial::against(format!("{line}, value {number} of waits()"), server, wanted).within(seconds);
            trial.check(move |told| match (told.heard.len(), soon) {
                (1, _) | (..=MANY, true) => Ok(()),
                (requests, _) => Err(format!("{requests} requests")),
            })
        })
    });
    sampled("retry-after", cases);
}

#[test]
fn what_is_said_after_several_tries() {
    let busy = || Script::saying(reply("503 Busy", "", ""));
    let slow = || Script::saying(reply("429 Slow down", "retry-after: 0\r\n", ""));
    let cases: Vec<(&str, Vec<Script>, Vec<Outcome>)> = vec![
        ("then yes", vec![busy(), Script::saying(YES)], vec![Outcome::Done]),
        ("slow, then yes", vec![slow(), Script::saying(YES)], vec![Outcome::Done]),
        ("then silence", vec![busy(), Script::silent().end(End::Hang)], vec![UNKNOWN]),
        ("then a reset", vec![busy(), Script::silent().end(End::Reset)], vec![UNKNOWN]),
        ("then half an answer", vec![slow(), Script::saying(&YES[..30])], vec![UNKNOWN]),
        (
            "then a redirect",
            vec![busy(), Script::saying(reply("307 Go", "location: /\r\n", ""))],
            vec![NONSENSE],
        ),
        // The cloud may have taken the first try, so "no" is not the whole result.
        ("then no", vec![busy(), Script::saying(reply("403 No", "", ""))], vec![UNAVAILABLE]),
        ("then slow", vec![Script::saying(reply("504 Late", "", "")), slow()], vec![UNAVAILABLE]),
        (
            "slow, then no",
            vec![slow(), Script::saying(reply("403 No", "", ""))],
            vec![Code::CloudPermissionDenied.into()],
        ),
        ("both", vec![slow(), busy()], vec![UNAVAILABLE, UNKNOWN]),
    ];
    all(
        "several tries",
        cases.into_iter().map(|(about, scripts, wanted)| {
            Trial::against(about, Adversary::start(scripts), wanted).within(4)
        }),
    );
}

#[test]
fn the_user_ends_a_wait() {
    let server = Adversary::start([Script::saying(reply("503 Busy", "", ""))]);
    let trial = Trial::against("stopped while it waits", server, [Code::Interrupted.into()]).cancelled();
    all("stopped while it waits", std::iter::once(trial));
}

#[test]
fn dates_are_read_against_this_clock() {
    let field = date(3600);
    let asked = duo_provision::cloud::retry::retry_after(&field, SystemTime::now()).unwrap();
    assert!((Duration::from_secs(3000)..Duration::from_secs(4000)).contains(&asked), "{field}: {asked:?}");
}
