//! Remembers which primes this process has already proven.
//!
//! One command reads the same key several times: twice from the slot, from its backup, and in the read-back. Proving
//! two primes costs more than all the rest, so a digest of each pair that passed is remembered.

use std::cell::Cell;
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// SHA-256 of p and q.
pub(super) type Digest = [u8; 32];

/// How many pairs are remembered: more than one command reads, but a fixed number.
const REMEMBERED: usize = 64;

thread_local! {
    static PROOFS: Cell<u64> = const { Cell::new(0) };
}

/// How many pairs this thread has proven so far. For tests: a remembered pair is not proven again.
#[doc(hidden)]
pub fn proofs() -> u64 {
    PROOFS.get()
}

static PROVEN: Mutex<VecDeque<Digest>> = Mutex::new(VecDeque::new());

/// Runs `check`, unless primes with this digest have passed it before.
pub(super) fn once<E>(digest: Digest, check: impl FnOnce() -> Result<(), E>) -> Result<(), E> {
    if remembered().contains(&digest) {
        return Ok(());
    }
    PROOFS.set(PROOFS.get() + 1);
    check()?;
    let mut proven = remembered();
    if proven.len() == REMEMBERED {
        proven.pop_front();
    }
    proven.push_back(digest);
    Ok(())
}

fn remembered() -> std::sync::MutexGuard<'static, VecDeque<Digest>> {
    PROVEN.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_failed_is_checked_again_and_what_passed_is_not() {
        let digest = *b"a digest of nothing in particula";
        assert_eq!(once(digest, || Err("wrong")), Err("wrong"));
        assert_eq!(once(digest, || Err("still wrong")), Err("still wrong"));
        assert_eq!(once(digest, || Ok::<(), &str>(())), Ok(()));
        assert_eq!(once(digest, || Err("not asked")), Ok(()));
    }
}
