//! `dct restore`: writes fields of a dump, or a whole DCT, to a Duo.

mod fields;
mod options;
mod whole;

pub use self::options::{DctRestoreOptions, DctRestored};

use self::fields::restore_fields;
use self::whole::restore_whole;
use crate::error::Error;
use crate::workflow::context::Context;

/// Checks the dump and the fields, backs up what is there, asks, and writes what differs, field by field; or the whole
/// DCT, if that was requested.
pub fn restore_dct(context: Context<'_>, options: &DctRestoreOptions) -> Result<DctRestored, Error> {
    if options.whole && !options.fields.is_empty() {
        return Err(Error::invalid("--whole and --fields were both given")
            .hint("give one of them: --whole writes all of the DCT, --fields the fields that are named"));
    }
    if options.whole { restore_whole(context, options) } else { restore_fields(context, options) }
}
