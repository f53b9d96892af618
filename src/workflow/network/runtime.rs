//! Waits for the network in a workflow, which is synchronous: a runtime of its own, on the workflow's thread.

use std::future::Future;

use crate::error::Error;

/// Runs a future to its end.
pub fn wait_for<F: Future>(future: F) -> Result<F::Output, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(Error::internal)?;
    let output = runtime.block_on(future);
    // A DNS lookup can hang in one of the runtime's threads; do not wait for it.
    runtime.shutdown_background();
    Ok(output)
}
