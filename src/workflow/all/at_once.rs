//! Several Duos at once: each has a thread of its own while it is worked on, since a Duo is read by calls that block.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

use super::find::Place;
use super::told_of::ToldOf;
use crate::dct::DeviceId;
use crate::error::{Code, Error};
use crate::workflow::context::Context;

/// How many are worked on at once.
const AT_ONCE: usize = 16;

/// A Duo, and what its work needs beside it.
pub(in crate::workflow) struct Piece<P> {
    pub place: Place,
    pub with: P,
}

/// What the work on one came to.
pub(in crate::workflow) struct Ended<T> {
    /// Which Duo was found.
    pub id: Option<DeviceId>,
    /// True if its key was on its way to the cloud at the end.
    pub sending: bool,
    pub result: Result<T, Error>,
}

/// Works on each of them, and hands over what one came to as soon as it has ended. Those that are not begun when somebody
/// asks to stop never are, and are not handed over.
pub(in crate::workflow) fn each<P: Sync, T: Send>(
    context: Context<'_>,
    pieces: &[Piece<P>],
    work: impl Fn(Context<'_>, &Piece<P>) -> Result<T, Error> + Sync,
    mut on_end: impl FnMut(&Place, Ended<T>),
) {
    let (next, work) = (&AtomicUsize::new(0), &work);
    let (sender, ended) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..pieces.len().min(AT_ONCE) {
            let sender = sender.clone();
            scope.spawn(move || {
                while !context.control.cancel().is_requested() {
                    let Some(piece) = pieces.get(next.fetch_add(1, Ordering::SeqCst)) else { return };
                    // Whoever receives lives as long as this scope.
                    let _ = sender.send((&piece.place, one(context, piece, work)));
                }
            });
        }
        drop(sender);
        for (place, ended) in ended {
            on_end(place, ended);
        }
    });
}

/// Works on one. A defect in it is its own.
fn one<P, T>(
    context: Context<'_>,
    piece: &Piece<P>,
    work: &impl Fn(Context<'_>, &Piece<P>) -> Result<T, Error>,
) -> Ended<T> {
    let place = &piece.place;
    let told = ToldOf::new(context.control, &place.path);
    let result = match place.absent() {
        Some(absent) => Err(absent),
        None => catch_unwind(AssertUnwindSafe(|| work(Context { control: &told, ..context }, piece)))
            .unwrap_or_else(|_| {
                Err(Error::new(Code::Internal, format!("a defect in the work on the Duo at {}", place.path)))
            }),
    };
    let seen = *told.seen();
    Ended { id: seen.id, sending: seen.sending, result: result.map_err(Place::explained) }
}
