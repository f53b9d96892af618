//! Works on several Duos at once. Each has its own thread while it is worked on, since the calls that read a Duo block.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

use super::find::Place;
use super::told_of::ToldOf;
use crate::dct::DeviceId;
use crate::error::Error;
use crate::workflow::context::Context;

/// How many Duos are worked on at once.
const AT_ONCE: usize = 16;

/// A Duo, and what else the work on it needs.
pub struct Piece<P> {
    pub place: Place,
    pub with: P,
}

/// The result of the work on one Duo.
pub struct Ended<T> {
    /// The id of the Duo that was found.
    pub id: Option<DeviceId>,
    /// True if its key was being sent to the cloud at the end.
    pub sending: bool,
    pub result: Result<T, Error>,
}

/// Works on each of them, and passes each result on as soon as it is there. After a request to stop, no further one is
/// begun; those have no result.
pub fn each<P: Sync, T: Send>(
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
                    // The receiver lives as long as this scope.
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

/// Works on one. A panic ends only the work on this one.
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
                Err(Error::internal(format!("a defect in the work on the Duo at {}", place.path)))
            }),
    };
    let seen = *told.seen();
    Ended { id: seen.id, sending: seen.sending, result: result.map_err(Place::explained) }
}
