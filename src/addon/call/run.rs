//! Runs a workflow on a thread of its own, and settles a promise with the result.

use std::time::SystemTime;

use napi::Env;
use napi::bindgen_prelude::{PromiseRaw, ToNapiValue, Unknown};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::control::Remote;
use super::errors::rejection;
use super::objects::copied;
use super::plain::{json, parse};
use super::refusal::in_words;
use crate::addon::grammar::OfAll;
use crate::error::{Code, Error};
use crate::usb::Bus;
use crate::usb::clock::SystemClock;
use crate::usb::libusb::LibusbBus;
use crate::usb::usbip::UsbipBus;
use crate::workflow::{AllDone, AllOptions, Context, Timeout};

/// Reads an options object, only its own properties: unknown ones, wrong types and numbers out of range are errors.
/// `undefined` and `null` count as an empty object.
pub fn read<T: DeserializeOwned>(env: &Env, value: Plain<'_>) -> Result<T, Error> {
    let refused = |reason: &str| {
        Error::new(Code::InvalidArgument, format!("the options cannot be used: {reason}"))
            .hint("the names and types of all options are in index.d.ts")
    };
    let own = copied(env, value, "the options")?;
    env.from_js_value(own).map_err(|error| refused(&in_words::<T>(env, own, &error.reason)))
}

/// A value that JavaScript gives, if any.
pub type Plain<'a> = Option<Unknown<'a>>;

/// A promise of a plain object.
pub type Promised<'a> = PromiseRaw<'a, Unknown<'a>>;

/// A workflow's options, and the USB/IP server if one is named.
pub type Mapped<G> = Result<(<G as Given>::Options, Option<String>), Error>;

/// Options as JavaScript gives them.
pub trait Given: DeserializeOwned {
    /// The workflow's options.
    type Options: Send + 'static;

    /// Checks them, and converts them to the workflow's.
    fn mapped(self) -> Mapped<Self>;
}

impl<G: Given> Given for OfAll<G> {
    type Options = (G::Options, AllOptions);

    fn mapped(self) -> Mapped<Self> {
        let (each, usbip) = self.each.mapped()?;
        Ok(((each, self.every.given()), usbip))
    }
}

/// Runs a workflow with options from JavaScript; the promise is fulfilled with its result, as a plain object.
pub fn go<'env, G: Given, T: Serialize + 'static>(
    env: &'env Env,
    options: Plain<'_>,
    control: Plain<'_>,
    workflow: fn(Context<'_>, &G::Options) -> Result<T, Error>,
) -> napi::Result<Promised<'env>> {
    let work = read(env, options).and_then(G::mapped).map(|(options, usbip)| {
        move |remote: &Remote| on_bus(remote, usbip.as_deref(), |context| json(&workflow(context, &options)?))
    });
    spawn(env, control, work, parse)
}

/// A workflow that does something with all Duos.
type WithAll<O, T> = fn(Context<'_>, &O, &AllOptions) -> Result<AllDone<T>, Error>;

/// The same with all Duos.
pub fn go_all<'env, G: Given, T: Serialize + 'static>(
    env: &'env Env,
    options: Plain<'_>,
    control: Plain<'_>,
    workflow: WithAll<G::Options, T>,
) -> napi::Result<Promised<'env>> {
    let work = read(env, options).and_then(OfAll::<G>::mapped).map(|((each, all), usbip)| {
        move |remote: &Remote| {
            on_bus(remote, usbip.as_deref(), |context| json(&workflow(context, &each, &all)?))
        }
    });
    spawn(env, control, work, parse)
}

/// Settles a promise with the outcome of `work`, which runs on a blocking thread and is watched and stopped
/// through `control`. All events are delivered before the promise settles.
///
/// A wrong `control` also rejects the promise, and so does a signal that is aborted already: nothing is thrown, since
/// nobody may be listening yet.
///
/// A defect that panics is an `INTERNAL` error, not the end of the process.
pub fn spawn<'env, T, V, F>(
    env: &'env Env,
    control: Plain<'_>,
    work: Result<F, Error>,
    convert: impl FnOnce(&'env Env, T) -> napi::Result<V> + 'static,
) -> napi::Result<PromiseRaw<'env, V>>
where
    T: Send + 'static,
    V: ToNapiValue,
    F: FnOnce(&Remote) -> Result<T, Error> + Send + 'static,
{
    let (ready, subscription) = match work.and_then(|work| Ok((work, Remote::take(env, control)?))) {
        Ok((_, (remote, subscription))) if remote.cancel().is_requested() => {
            (Err(Error::new(Code::Interrupted, "stopped before anything was done")), subscription)
        }
        Ok((work, (remote, subscription))) => (Ok((work, remote)), subscription),
        Err(error) => (Err(error), None),
    };
    let future = async move {
        let (work, remote) = match ready {
            Ok(ready) => ready,
            Err(error) => return Ok(Err(error)),
        };
        let runner = remote.clone();
        let outcome = tokio::task::spawn_blocking(move || work(&runner))
            .await
            .unwrap_or_else(|panic| Err(Error::new(Code::Internal, panic.to_string())));
        remote.flush().await;
        Ok::<Result<T, Error>, napi::Error>(outcome)
    };
    env.spawn_future_with_callback(future, move |env, outcome| {
        let reason = subscription.map(|subscription| subscription.end(env)).transpose()?;
        convert(env, outcome.map_err(|error| rejection(env, &error, reason))?)
    })
}

/// Gives `work` the bus that `usbip` names, or the machine's own, which is not touched before its first use.
pub fn on_bus<T>(
    remote: &Remote,
    usbip: Option<&str>,
    work: impl FnOnce(Context<'_>) -> Result<T, Error>,
) -> Result<T, Error> {
    let bus: Box<dyn Bus> = match usbip {
        Some(address) => Box::new(UsbipBus::new(address).map_err(|error| {
            Error::new(Code::InvalidArgument, error.to_string())
                .hint("start virtual Duos with: duo-provision simulate --usbip 3240")
        })?),
        None => Box::new(LibusbBus::new()),
    };
    let clock = SystemClock::new();
    work(Context {
        bus: bus.as_ref(),
        clock: &clock,
        wall: &SystemTime::now,
        env: &|name| std::env::var_os(name),
        control: remote,
        cancelled: &|| remote.cancel().stops_now(),
        timeout: Timeout::DEFAULT,
    })
}
