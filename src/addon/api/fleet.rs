//! Exports the functions for many devices from a list: `fleetManifest`, `provisionFleet`, `verifyFleet`, `fleetReport`.

use napi::{Env, Result};
use napi_derive::napi;

use crate::addon::call::{Mapped, Plain, Promised, go};
use crate::addon::grammar::{
    FleetManifestOptions, FleetProvisionOptions, FleetReportOptions, FleetVerifyOptions, server,
};
use crate::workflow;

fn fleet_manifest_options(given: FleetManifestOptions) -> Mapped<workflow::FleetManifestOptions> {
    let options = workflow::FleetManifestOptions {
        archive: given.archive.map(Into::into),
        ids: given.ids.map(Into::into),
    };
    Ok((options, None))
}

fn fleet_provision_options(given: FleetProvisionOptions) -> Mapped<workflow::FleetProvisionOptions> {
    let options = workflow::FleetProvisionOptions {
        manifest: given.manifest,
        ledger: given.ledger.map(Into::into),
        dry_run: given.dry_run.unwrap_or_default(),
        terms: workflow::FleetTerms {
            rate: given.rate,
            concurrency: given.concurrency,
            shard: given.shard,
            max_failures: given.max_failures,
            skip_invalid: given.skip_invalid.unwrap_or_default(),
            allow_generic: given.allow_generic.unwrap_or_default(),
            allow_shared_keys: given.allow_shared_keys.unwrap_or_default(),
            timeout: given.timeout,
        },
        product_id: given.product_id,
        cloud: given.cloud.into(),
    };
    Ok((options, None))
}

fn fleet_verify_options(given: FleetVerifyOptions) -> Mapped<workflow::FleetVerifyOptions> {
    let options = workflow::FleetVerifyOptions {
        manifest: given.manifest,
        handshake: given.handshake.unwrap_or_default(),
        server: server(given.server_key, given.host, given.port),
        rate: given.rate,
        concurrency: given.concurrency,
        cloud: given.cloud.into(),
        timeout: given.timeout,
    };
    Ok((options, None))
}

fn fleet_report_options(given: FleetReportOptions) -> Mapped<workflow::FleetReportOptions> {
    let options = workflow::FleetReportOptions {
        ledgers: given.ledgers.into_iter().map(Into::into).collect(),
        manifest: given.manifest.map(Into::into),
        format: given.format,
        only: given.only,
        output: given.output.map(Into::into),
    };
    Ok((options, None))
}

/// Makes a list of what would be sent, for a person to read first: the newest key of each device in an archive or, from
/// a list of ids, only the ids. If two keys of a device are possible, its row says so and is not sent.
///
/// @example
/// ```js
/// const { manifest, problems } = await fleetManifest({ archive: 'batch-7' })
/// ```
#[napi(
    ts_args_type = "options?: FleetManifestOptions, control?: Control",
    ts_return_type = "Promise<FleetManifestResult>"
)]
pub fn fleet_manifest<'a>(env: &'a Env, options: Plain<'_>, control: Plain<'_>) -> Result<Promised<'a>> {
    go(env, options, control, fleet_manifest_options, workflow::fleet_manifest)
}

/// Sends the public keys of a list of devices. Checks the whole list before the first request. The ledger beside the
/// list records the outcome of each device, and the same call continues after a stop. The promise is also fulfilled if
/// some devices are not done: `counts` and `stoppedBy` say so.
///
/// @example
/// ```js
/// const { counts, stoppedBy } = await provisionFleet({ manifest: 'devices.csv' })
/// if (counts.done + counts.alreadyDone < counts.total) console.error(stoppedBy?.message ?? counts)
/// ```
#[napi(
    ts_args_type = "options: FleetProvisionOptions, control?: Control",
    ts_return_type = "Promise<FleetProvisionResult>"
)]
pub fn provision_fleet<'a>(env: &'a Env, options: Plain<'_>, control: Plain<'_>) -> Result<Promised<'a>> {
    go(env, options, control, fleet_provision_options, workflow::provision_fleet)
}

/// Asks the cloud what it knows of each device of a list. With `handshake`, proves with the private keys that the cloud
/// has their public halves. The promise is also fulfilled if the cloud does not know every device: `counts` and
/// `stoppedBy` say so.
///
/// @example
/// ```js
/// const { counts } = await verifyFleet({ manifest: 'devices.csv' })
/// console.log(`${counts.known} known, ${counts.notTold} not told`)
/// ```
#[napi(
    ts_args_type = "options: FleetVerifyOptions, control?: Control",
    ts_return_type = "Promise<FleetVerifyResult>"
)]
pub fn verify_fleet<'a>(env: &'a Env, options: Plain<'_>, control: Plain<'_>) -> Result<Promised<'a>> {
    go(env, options, control, fleet_verify_options, workflow::verify_fleet)
}

/// Combines the ledgers of a list: the outcome of each device, and whether a shard is missing. Sends nothing.
///
/// @example
/// ```js
/// const { complete, problems } = await fleetReport({ ledgers: ['devices.provision.jsonl'] })
/// ```
#[napi(
    ts_args_type = "options: FleetReportOptions, control?: Control",
    ts_return_type = "Promise<FleetReportResult>"
)]
pub fn fleet_report<'a>(env: &'a Env, options: Plain<'_>, control: Plain<'_>) -> Result<Promised<'a>> {
    go(env, options, control, fleet_report_options, workflow::fleet_report)
}
