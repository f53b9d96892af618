//! Measures how much memory a thread has allocated, and how long it has waited for a processor.
//!
//! A workflow runs on the thread that calls it, and the servers on others. So the memory of this thread is the memory
//! of the client.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::fs;
use std::time::Duration;

/// The system's allocator, with a count per thread: the bytes in use now, and the highest number so far.
pub struct Meter;

#[derive(Clone, Copy)]
struct Bytes {
    live: isize,
    peak: isize,
}

thread_local! {
    static BYTES: Cell<Bytes> = const { Cell::new(Bytes { live: 0, peak: 0 }) };
}

/// An allocation is at most half of the address space, so sizes fit.
fn count(change: isize) {
    // A thread that ends frees memory after its counters are gone.
    let _ = BYTES.try_with(|bytes| {
        let live = bytes.get().live + change;
        bytes.set(Bytes { live, peak: bytes.get().peak.max(live) });
    });
}

// SAFETY: every call goes to `System` with the arguments it came with; counting allocates nothing.
unsafe impl GlobalAlloc for Meter {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size().cast_signed());
        // SAFETY: the caller keeps `GlobalAlloc`'s contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-layout.size().cast_signed());
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// Runs `work`; returns the most by which this thread's memory grew.
pub fn growth<T>(work: impl FnOnce() -> T) -> (T, usize) {
    let before = BYTES.get().live;
    BYTES.set(Bytes { live: before, peak: before });
    let done = work();
    let grown = BYTES.get().peak - before;
    (done, usize::try_from(grown).unwrap_or(0))
}

/// How long this thread has waited for a processor since it began, if the system reports it (Linux,
/// `Documentation/scheduler/sched-stats.rst`). A deadline does not count the delays of a busy machine.
pub fn kept_waiting() -> Duration {
    let told = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let waited = told.split(' ').nth(1).and_then(|field| field.parse().ok());
    Duration::from_nanos(waited.unwrap_or(0))
}

#[test]
fn memory_is_counted_while_it_is_held() {
    let ((), grown) = growth(|| drop(vec![1_u8; 3 << 20]));
    assert!((3 << 20..4 << 20).contains(&grown), "{grown}");
    let (held, grown) = growth(|| vec![1_u8; 1 << 20]);
    assert!(held.len() <= grown && grown < 2 << 20, "{grown}");
    let ((), grown) = growth(|| std::thread::scope(|s| _ = s.spawn(|| vec![1_u8; 3 << 20]).join()));
    assert!(grown < 1 << 20, "another thread's: {grown}");
}
