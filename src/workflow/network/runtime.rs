//! Where a workflow, which is synchronous, waits for the network: a runtime of its own, on the thread it runs on.

use std::future::Future;

use crate::error::{Code, Error};

/// Runs a future to its end.
pub(in crate::workflow) fn wait_for<F: Future>(future: F) -> Result<F::Output, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Error::new(Code::Internal, error.to_string()))?;
    let output = runtime.block_on(future);
    // A look-up of a name can hang in a thread of the runtime's own; it is not waited for.
    runtime.shutdown_background();
    Ok(output)
}
