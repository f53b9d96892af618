//! Exports the functions for many devices from a list: `fleetManifest`, `provisionFleet`, `verifyFleet`, `fleetReport`.

use napi::{Env, Result};
use napi_derive::napi;

use crate::addon::call::{Given, Mapped, Plain, Promised, go};
use crate::addon::grammar::{
    FleetManifestOptions, FleetProvisionOptions, FleetReportOptions, FleetVerifyOptions,
};
use crate::workflow;

impl Given for FleetManifestOptions {
    type Options = workflow::FleetManifestOptions;

    fn mapped(self) -> Mapped<Self> {
        let options = workflow::FleetManifestOptions {
            archive: self.archive.map(Into::into),
            ids: self.ids.map(Into::into),
        };
        Ok((options, None))
    }
}

impl Given for FleetProvisionOptions {
    type Options = workflow::FleetProvisionOptions;

    fn mapped(self) -> Mapped<Self> {
        let options = workflow::FleetProvisionOptions {
            manifest: self.manifest,
            ledger: self.ledger.map(Into::into),
            dry_run: self.dry_run.unwrap_or_default(),
            terms: workflow::FleetTerms {
                rate: self.rate,
                concurrency: self.concurrency,
                shard: self.shard,
                max_failures: self.max_failures,
                skip_invalid: self.skip_invalid.unwrap_or_default(),
                allow_generic: self.allow_generic.unwrap_or_default(),
                allow_shared_keys: self.allow_shared_keys.unwrap_or_default(),
                timeout: self.timeout,
            },
            product_id: self.product_id,
            api_url: self.cloud.api_url,
            allow_http: self.cloud.allow_http.unwrap_or_default(),
            token_file: self.cloud.token_file,
            token: self.cloud.token,
        };
        Ok((options, None))
    }
}

impl Given for FleetVerifyOptions {
    type Options = workflow::FleetVerifyOptions;

    fn mapped(self) -> Mapped<Self> {
        let options = workflow::FleetVerifyOptions {
            manifest: self.manifest,
            handshake: self.handshake.unwrap_or_default(),
            server_key: self.server_key.map(Into::into),
            host: self.host,
            port: self.port,
            rate: self.rate,
            concurrency: self.concurrency,
            api_url: self.cloud.api_url,
            allow_http: self.cloud.allow_http.unwrap_or_default(),
            token_file: self.cloud.token_file,
            token: self.cloud.token,
            timeout: self.timeout,
        };
        Ok((options, None))
    }
}

impl Given for FleetReportOptions {
    type Options = workflow::FleetReportOptions;

    fn mapped(self) -> Mapped<Self> {
        let options = workflow::FleetReportOptions {
            ledgers: self.ledgers.into_iter().map(Into::into).collect(),
            manifest: self.manifest.map(Into::into),
            format: self.format,
            only: self.only,
            output: self.output.map(Into::into),
        };
        Ok((options, None))
    }
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
    go::<FleetManifestOptions, _>(env, options, control, workflow::fleet_manifest)
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
    go::<FleetProvisionOptions, _>(env, options, control, workflow::provision_fleet)
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
    go::<FleetVerifyOptions, _>(env, options, control, workflow::verify_fleet)
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
    go::<FleetReportOptions, _>(env, options, control, workflow::fleet_report)
}
