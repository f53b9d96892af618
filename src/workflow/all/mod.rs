//! Performs one operation on every connected Duo, several at a time. The failure of one does not affect the others.

mod at_once;
mod find;
mod port_list;
mod report;
mod told_of;

pub use at_once::{Ended, Piece, each};
pub use find::{AllOptions, Place, Wanted, one_or_all};
pub use report::{AllCounts, AllDone, OfOne, OneDone, Report};

use crate::error::Error;
use crate::workflow::context::{Context, Target};

/// Performs the operation on each of them.
pub fn run<T: OfOne + Send>(
    context: Context<'_>,
    wanted: &Wanted,
    places: Vec<Place>,
    work: impl Fn(Context<'_>, Target) -> Result<T, Error> + Sync,
) -> AllDone<T> {
    let mut report = Report::new(context);
    let pieces: Vec<Piece<()>> = places.into_iter().map(|place| Piece { place, with: () }).collect();
    let one = |context: Context<'_>, piece: &Piece<()>| work(context, wanted.target(&piece.place));
    each(context, &pieces, one, |place, ended| report.add(place, ended));
    report.finish(pieces.iter().map(|piece| &piece.place))
}
