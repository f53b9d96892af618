//! Exports virtual Duos and a local cloud as classes, so that users can test their own pipelines.

use std::sync::{Arc, Mutex, PoisonError};

use napi::Env;
use napi::bindgen_prelude::{Buffer, PromiseRaw, Uint8Array, Unknown};
use napi_derive::napi;

use crate::addon::call::{plain, read, rejection, spawn};
use crate::addon::grammar::{
    BoardName, Bootloader, CloudFlavor, DuoMode, LocalCloudOptions, VirtualDuoOptions,
};
use crate::error::{Code, Error};
use crate::simulator::cloud::{self, Flavor};
use crate::simulator::faults::{self, Fault, FaultError, Kind};
use crate::simulator::{Bench, BenchError, BenchOptions, Board, Duo, Generation, NoSuchPort};
use crate::usb::clock::SystemClock;

/// Virtual Duos behind a USB/IP server on loopback. A simulation: no hardware is involved.
#[napi]
pub struct VirtualDuo {
    bench: Mutex<Option<Bench>>,
    address: String,
}

#[napi]
impl VirtualDuo {
    /// Starts one Duo or several. Each has a new key. It is in DFU mode, and returns to it after each restart, as if
    /// its buttons were held. With the mode `normal` it runs its firmware at each start.
    #[napi(ts_return_type = "Promise<VirtualDuo>")]
    pub fn start<'env>(
        env: &'env Env,
        #[napi(ts_arg_type = "VirtualDuoOptions")] options: Option<Unknown<'_>>,
    ) -> napi::Result<PromiseRaw<'env, VirtualDuo>> {
        let work = read(env, options).map(|given: VirtualDuoOptions| {
            move |_: &_| {
                let generation = match given.bootloader.unwrap_or(Bootloader::R6) {
                    Bootloader::R3 => Generation::R3,
                    Bootloader::R4 => Generation::R4,
                    Bootloader::R5 => Generation::R5,
                    Bootloader::R6 => Generation::R6,
                };
                let faults = given.faults.iter().flatten().map(|name| read_fault(name));
                let faults = faults.collect::<Result<Vec<Fault>, Error>>()?;
                let clock = Arc::new(SystemClock::new());
                let (duos, port) = (given.duos.unwrap_or(1), given.usbip_port.unwrap_or(0));
                let hands_off = given.mode == Some(DuoMode::Normal);
                let board = match given.board.unwrap_or(BoardName::Duo) {
                    BoardName::Duo => Board::Duo,
                    BoardName::Photon => Board::Photon,
                    BoardName::P1 => Board::P1,
                    BoardName::Electron => Board::Electron,
                };
                let options = BenchOptions { count: duos, board, generation, hands_off };
                let bench = Bench::start(&options, port, clock).map_err(|error| bench_error(&error))?;
                bench.arm_all(&faults);
                Ok(bench)
            }
        });
        spawn(env, None, work, |_, bench: Bench| {
            Ok(Self { address: bench.address().to_string(), bench: Mutex::new(Some(bench)) })
        })
    }

    /// The value for the option `usbip`: `127.0.0.1:PORT`.
    #[napi(getter)]
    pub fn address(&self) -> String {
        self.address.clone()
    }

    /// The Duos as they are now, ordered by path; none after `stop`.
    #[napi(ts_return_type = "Array<VirtualDuoInfo>")]
    pub fn duos<'env>(&self, env: &'env Env) -> napi::Result<Unknown<'env>> {
        let bench = self.bench.lock().unwrap_or_else(PoisonError::into_inner);
        plain(env, &bench.as_ref().map(Bench::duos).unwrap_or_default())
    }

    /// The names of faults to try: one or more of every kind, without the transfer at which they strike. Arm a fault as
    /// `NAME@7` (once, at the seventh control transfer), `NAME@7+` (from then on), `NAME@dfu7` or `NAME@dfu7+` (counts
    /// only DFU's class requests).
    #[napi]
    pub fn faults() -> Vec<String> {
        Kind::catalogue().iter().map(Kind::to_string).collect()
    }

    /// Arms the Duo in a port with a fault, such as `timeout-after@dfu9`. Counting begins now. An unknown name, or a
    /// port without a Duo, is `INVALID_ARGUMENT`.
    #[napi]
    pub fn arm(&self, env: &Env, path: String, fault: String) -> napi::Result<()> {
        let fault = read_fault(&fault).map_err(|error| rejection(env, &error, None))?;
        self.at_the_bench(env, |bench| bench.at(&path, |duo, _| duo.faults().arm(fault)))
    }

    /// Disarms every fault of the Duo in a port.
    #[napi]
    pub fn clear_faults(&self, env: &Env, path: String) -> napi::Result<()> {
        self.at_the_bench(env, |bench| bench.at(&path, |duo, _| duo.faults().clear()))
    }

    /// Pulls the cable of the Duo in a port.
    #[napi]
    pub fn unplug(&self, env: &Env, path: String) -> napi::Result<()> {
        self.at_the_bench(env, |bench| bench.at(&path, |duo, _| duo.unplug()))
    }

    /// Plugs the cable in again: the Duo starts, and is in its mode some 700 ms later. Does nothing if it is plugged
    /// in.
    #[napi]
    pub fn plug_in(&self, env: &Env, path: String) -> napi::Result<()> {
        self.at_the_bench(env, |bench| bench.at(&path, Duo::plug_in))
    }

    /// Presses RESET: the Duo drops off the bus, starts, and is in its mode some 700 ms later.
    #[napi]
    pub fn press_reset(&self, env: &Env, path: String) -> napi::Result<()> {
        self.at_the_bench(env, |bench| bench.at(&path, Duo::restart))
    }

    /// Presses both buttons, and releases SETUP at the right time: the Duo is in DFU mode some 700 ms later, in either
    /// mode.
    #[napi]
    pub fn press_buttons(&self, env: &Env, path: String) -> napi::Result<()> {
        self.at_the_bench(env, |bench| bench.at(&path, Duo::enter_dfu))
    }

    /// Replaces the Duo in a port by another one with its own id and key; the next call puts the first one back. The
    /// Duo in the port is in DFU mode some 700 ms later. Armed faults stay with the port.
    #[napi]
    pub fn swap(&self, env: &Env, path: String) -> napi::Result<()> {
        self.at_the_bench(env, |bench| bench.at(&path, Duo::swap))
    }

    /// The 1,216 bytes of a Duo's key slot, read without USB.
    #[napi]
    pub fn key_slot(&self, env: &Env, path: String) -> napi::Result<Buffer> {
        self.at_the_bench(env, |bench| bench.key_slot(&path)).map(|slot| Buffer::from(slot.as_slice()))
    }

    /// Changes the 1,216 bytes of a Duo's key slot, without USB.
    #[napi]
    pub fn set_key_slot(&self, env: &Env, path: String, bytes: Uint8Array) -> napi::Result<()> {
        let slot = bytes.as_ref().try_into().map_err(|_| {
            let message = format!("a key slot holds 1216 bytes, not {}", bytes.len());
            rejection(env, &Error::new(Code::InvalidArgument, message), None)
        })?;
        self.at_the_bench(env, |bench| bench.set_key_slot(&path, slot))
    }

    /// Writes a cloud's public key, PEM, and its address into the DCT of every Duo, as the tools for a cloud of one's
    /// own do. `verify` then uses them. The address is `HOST:PORT`.
    #[napi]
    pub fn set_server(&self, env: &Env, server_key: String, address: String) -> napi::Result<()> {
        let refused = |message: String| rejection(env, &Error::new(Code::InvalidArgument, message), None);
        let bench = self.bench.lock().unwrap_or_else(PoisonError::into_inner);
        let bench = bench.as_ref().ok_or_else(|| refused("these virtual Duos were stopped".to_owned()))?;
        bench.set_server(&server_key, &address).map_err(|error| refused(error.to_string()))
    }

    /// Closes every connection; the port is free when the promise is fulfilled. A second call does nothing.
    #[napi(ts_return_type = "Promise<void>")]
    pub fn stop<'env>(&self, env: &'env Env) -> napi::Result<PromiseRaw<'env, ()>> {
        let bench = self.bench.lock().unwrap_or_else(PoisonError::into_inner).take();
        let stop = move |_: &_| {
            bench.into_iter().for_each(Bench::stop);
            Ok(())
        };
        spawn(env, None, Ok(stop), |_, ()| Ok(()))
    }
}

impl VirtualDuo {
    /// Calls `f` with the running bench.
    fn at_the_bench<R>(&self, env: &Env, f: impl FnOnce(&Bench) -> Result<R, NoSuchPort>) -> napi::Result<R> {
        let bench = self.bench.lock().unwrap_or_else(PoisonError::into_inner);
        let refused = |message: String, hint| {
            rejection(env, &Error::new(Code::InvalidArgument, message).hint(hint), None)
        };
        let bench = bench.as_ref().ok_or_else(|| {
            refused("these virtual Duos were stopped".to_owned(), "start others with VirtualDuo.start")
        })?;
        f(bench).map_err(|error| refused(error.to_string(), "the ports are those that duos() lists"))
    }
}

fn bench_error(error: &BenchError) -> Error {
    match error {
        BenchError::Count(_) => Error::new(Code::InvalidArgument, error.to_string()),
        BenchError::Port { .. } => {
            Error::new(Code::SimulatorFailed, error.to_string()).hint("leave the port out for a free one")
        }
    }
}

fn read_fault(name: &str) -> Result<Fault, Error> {
    name.parse().map_err(|error: FaultError| {
        let forms = faults::catalogue::forms().join(", ");
        Error::new(Code::InvalidArgument, error.to_string()).hint(format!(
            "KIND@7 strikes once, at the seventh control transfer; KIND@7+ from there on; KIND@dfu7 \
                counts DFU's requests alone. The kinds: {forms}"
        ))
    })
}

/// A cloud on loopback that takes public keys and remembers them. A simulation: nothing leaves the machine.
#[napi]
pub struct LocalCloud {
    cloud: Mutex<Option<cloud::LocalCloud>>,
    url: String,
    token: String,
    device_address: Option<String>,
    server_key: Option<String>,
}

#[napi]
impl LocalCloud {
    /// Starts a cloud on 127.0.0.1.
    #[napi(ts_return_type = "Promise<LocalCloud>")]
    pub fn start<'env>(
        env: &'env Env,
        #[napi(ts_arg_type = "LocalCloudOptions")] options: Option<Unknown<'_>>,
    ) -> napi::Result<PromiseRaw<'env, LocalCloud>> {
        let work = read(env, options).map(|given: LocalCloudOptions| {
            move |_: &_| {
                let token = given.token;
                let options = cloud::Options {
                    flavor: match given.flavor.unwrap_or(CloudFlavor::Particle) {
                        CloudFlavor::Particle => Flavor::Particle,
                        CloudFlavor::Spark => Flavor::Spark,
                        CloudFlavor::Brewskey => Flavor::Brewskey,
                    },
                    port: given.cloud_port.unwrap_or(0),
                    device_port: given.device_port,
                    accounts: token.iter().map(|token| (token.clone(), "you".to_owned())).collect(),
                    ..cloud::Options::default()
                };
                let started = tokio::runtime::Handle::current().block_on(cloud::LocalCloud::start(options));
                let cloud = started.map_err(|error| {
                    let ports: Vec<String> =
                        given.cloud_port.iter().chain(&given.device_port).map(u16::to_string).collect();
                    let message =
                        format!("port {} of 127.0.0.1 cannot be listened on: {error}", ports.join(" or "));
                    Error::new(Code::SimulatorFailed, message).hint("leave the port out for a free one")
                })?;
                Ok((token.unwrap_or_else(|| cloud.token()), cloud))
            }
        });
        spawn(env, None, work, |_, (token, cloud): (String, cloud::LocalCloud)| {
            Ok(Self {
                url: cloud.url(),
                token,
                device_address: cloud.device_address().map(|address| address.to_string()),
                server_key: cloud.server_key().map(str::to_owned),
                cloud: Mutex::new(Some(cloud)),
            })
        })
    }

    /// The API's URL, for the option `apiUrl`.
    #[napi(getter)]
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// A token that it accepts; only for this cloud.
    #[napi(getter)]
    pub fn token(&self) -> String {
        self.token.clone()
    }

    /// Where devices connect to, `127.0.0.1:PORT`; absent without `devicePort`.
    #[napi(getter)]
    pub fn device_address(&self) -> Option<String> {
        self.device_address.clone()
    }

    /// The cloud's own public key, RSA-2048, as PEM; absent without `devicePort`.
    #[napi(getter)]
    pub fn server_key(&self) -> Option<String> {
        self.server_key.clone()
    }

    /// What was provisioned so far, one entry for each device; nothing after `stop`.
    #[napi(ts_return_type = "Array<ProvisionedDevice>")]
    pub fn provisioned<'env>(&self, env: &'env Env) -> napi::Result<Unknown<'env>> {
        let cloud = self.cloud.lock().unwrap_or_else(PoisonError::into_inner);
        plain(env, &cloud.as_ref().map(cloud::LocalCloud::provisioned).unwrap_or_default())
    }

    /// Lets requests in flight finish and stops. A second call does nothing.
    #[napi(ts_return_type = "Promise<void>")]
    pub fn stop<'env>(&self, env: &'env Env) -> napi::Result<PromiseRaw<'env, ()>> {
        let cloud = self.cloud.lock().unwrap_or_else(PoisonError::into_inner).take();
        let stop = move |_: &_| {
            if let Some(cloud) = cloud {
                tokio::runtime::Handle::current().block_on(cloud.stop());
            }
            Ok(())
        };
        spawn(env, None, Ok(stop), |_, ()| Ok(()))
    }
}
