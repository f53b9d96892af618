//! Runs a workflow on a thread of its own, and settles a promise with the result.

use std::time::SystemTime;

use napi::Env;
use napi::bindgen_prelude::{PromiseRaw, ToNapiValue, Unknown};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::control::Remote;
use super::errors::rejection;
use super::objects::{copied, json, parse};
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
pub type Mapped<O> = Result<(O, Option<String>), Error>;

/// Runs a workflow with options from JavaScript, which `mapped` checks and converts to the workflow's; the promise is
/// fulfilled with its result, as a plain object.
pub fn go<'env, G: DeserializeOwned, O: Send + 'static, T: Serialize + 'static>(
    env: &'env Env,
    options: Plain<'_>,
    control: Plain<'_>,
    mapped: impl FnOnce(G) -> Mapped<O>,
    workflow: impl Fn(Context<'_>, &O) -> Result<T, Error> + Send + 'static,
) -> napi::Result<Promised<'env>> {
    let work = read(env, options).and_then(mapped).map(|(options, usbip)| {
        move |remote: &Remote| on_bus(remote, usbip.as_deref(), |context| json(&workflow(context, &options)?))
    });
    spawn(env, control, work, parse)
}

/// The same with a workflow that does something with all Duos.
pub fn go_all<'env, G: DeserializeOwned, O: Send + 'static, T: Serialize + 'static>(
    env: &'env Env,
    options: Plain<'_>,
    control: Plain<'_>,
    mapped: fn(G) -> Mapped<O>,
    workflow: impl Fn(Context<'_>, &O, &AllOptions) -> Result<AllDone<T>, Error> + Send + 'static,
) -> napi::Result<Promised<'env>> {
    let of_all = |given: OfAll<G>| {
        let all = AllOptions { paths: given.every.paths.map(Into::into) };
        mapped(given.each).map(|(each, usbip)| ((each, all), usbip))
    };
    go(env, options, control, of_all, move |context, (each, all)| workflow(context, each, all))
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
        let reason = subscription.map(|end| end.borrow_back(env)?.call(())).transpose()?;
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
        None => Box::new(LibusbBus::default()),
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
