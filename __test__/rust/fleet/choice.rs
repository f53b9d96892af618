//! Tests which key of a device is chosen as its current one.

use duo_provision::fleet::choice::{Held, Made, Seen, choose};
use duo_provision::keys::Fingerprint;

fn key(letter: char) -> Fingerprint {
    letter.to_string().repeat(64).parse().unwrap()
}

fn seen(at: i64, held: Held) -> Seen {
    Seen { at: (at > 0).then_some(at), held }
}

fn read(at: i64, letter: char) -> Seen {
    seen(at, Held::Key(key(letter)))
}

fn made(at: i64, letter: char) -> Made {
    Made { at: (at > 0).then_some(at), key: key(letter) }
}

#[test]
fn the_newest_key_that_was_in_it_counts() {
    assert_eq!(choose(&[read(1, 'a')], &[]), Ok(key('a')));
    assert_eq!(choose(&[read(2, 'b'), read(1, 'a')], &[]), Ok(key('b')));
    // A restore has written the older one again.
    assert_eq!(choose(&[read(2, 'b'), read(1, 'a'), read(3, 'a')], &[]), Ok(key('a')));
    assert_eq!(
        choose(&[read(0, 'a'), read(0, 'a')], &[]),
        Ok(key('a')),
        "the same key without a time is no doubt"
    );
}

#[test]
fn what_is_not_known_is_not_guessed() {
    for (seen, made, words) in [
        (vec![read(1, 'a'), read(1, 'b')], vec![], "which key is newer"),
        (vec![read(1, 'a'), read(0, 'b')], vec![], "which key is newer"),
        (vec![read(1, 'a'), seen(2, Held::Unread)], vec![], "reset after its last backup"),
        (vec![read(1, 'a'), seen(2, Held::Unknown)], vec![], "broke off"),
        (vec![read(1, 'a')], vec![made(2, 'b')], "two keys are possible"),
        (vec![read(1, 'a')], vec![made(0, 'b')], "two keys are possible"),
        (vec![], vec![made(1, 'b')], "made by rotate"),
        (vec![], vec![], "no key of it is known"),
    ] {
        let problem = choose(&seen, &made).unwrap_err();
        assert!(problem.contains(words), "{problem}");
    }
}

#[test]
fn a_key_that_was_made_counts_once_it_was_seen_and_not_if_another_was_seen_later() {
    assert_eq!(choose(&[read(1, 'a'), read(3, 'b')], &[made(2, 'b')]), Ok(key('b')));
    assert_eq!(choose(&[read(3, 'a')], &[made(2, 'b')]), Ok(key('a')));
}
