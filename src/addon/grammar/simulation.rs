//! Defines the options of virtual Duos and local clouds.

use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};

use crate::workflow::Shell;

/// A release of the Duo's bootloader.
#[cfg_attr(feature = "addon", napi_derive::napi(string_enum = "lowercase"))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Bootloader {
    /// System firmware up to 0.2.4.
    R3,
    /// The same as r3 to this tool.
    R4,
    /// System firmware from 0.3.0. Shows its device id in capitals, and writes its DCT as r3 and r4 do.
    R5,
    /// System firmware from 0.3.1, which reads and writes its DCT. Shows its device id in small letters.
    R6,
}

/// What a virtual Duo does at each start.
#[cfg_attr(feature = "addon", napi_derive::napi(string_enum = "lowercase"))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum DuoMode {
    /// It stays in DFU mode, as if its buttons were held.
    Dfu,
    /// It runs its firmware.
    Normal,
}

/// Which cloud's answers a local cloud gives.
#[cfg_attr(feature = "addon", napi_derive::napi(string_enum = "lowercase"))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum CloudFlavor {
    /// api.particle.io.
    Particle,
    /// particle-iot/spark-server.
    Spark,
    /// Brewskey/spark-server.
    Brewskey,
}

/// A board that shares the Duo's bootloader and the layout of its DCT.
#[cfg_attr(feature = "addon", napi_derive::napi(string_enum = "lowercase"))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BoardName {
    /// RedBear's Duo.
    Duo,
    /// Particle's Photon.
    Photon,
    /// Particle's P1.
    P1,
    /// Particle's Electron.
    Electron,
}

/// Options of `VirtualDuo.start`, and of the virtual Duos of `simulate`.
#[derive(Args, Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VirtualDuoOptions {
    /// The number of Duos, 1 to 16; 1 unless given.
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub duos: Option<u32>,
    /// Another board with a Duo's layout, in their place; duo unless given.
    #[arg(long, value_enum, value_name = "BOARD")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<crate::workflow::BoardName>"))]
    pub board: Option<BoardName>,
    /// Their bootloader; r6 unless given.
    #[arg(long, value_enum, value_name = "RELEASE")]
    pub bootloader: Option<Bootloader>,
    /// What they do at each start: stay in DFU mode, or run their firmware, with a serial port; dfu unless given.
    #[arg(long, value_enum, value_name = "MODE")]
    pub mode: Option<DuoMode>,
    /// The port of the USB/IP server on 127.0.0.1; without it, a free one (3240 is USB/IP's own).
    #[arg(long = "usbip", value_name = "PORT")]
    pub usbip_port: Option<u16>,
    /// A fault for every Duo: KIND@7 strikes once, at the seventh control transfer, KIND@7+ from then on, and KIND@dfu7
    /// counts only DFU's requests. May be repeated. A mistyped one lists the kinds.
    #[arg(long = "fault", value_name = "FAULT")]
    pub faults: Option<Vec<String>>,
}

/// Options of `LocalCloud.start`, and of the local cloud of `simulate`.
#[derive(Args, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LocalCloudOptions {
    /// Which cloud's answers to give; particle unless given.
    #[arg(long, value_enum, value_name = "SERVER")]
    pub flavor: Option<CloudFlavor>,
    /// The port on 127.0.0.1; without it, a free one (8080 is a local cloud's usual one).
    #[arg(long = "cloud", value_name = "PORT")]
    pub cloud_port: Option<u16>,
    /// Serve the devices' handshake, with which `verify` proves a pairing, on this port of 127.0.0.1; 0 takes a free
    /// one (5683 is a cloud's usual one). Without it, `simulate` takes a free one for Duos, and the API has none.
    #[arg(long, value_name = "PORT")]
    pub device_port: Option<u16>,
    /// The access token to accept; without it, a new random one.
    #[arg(skip)]
    pub token: Option<String>,
}

/// The shell for which commands are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum TypedInto {
    /// sh, bash, zsh, fish.
    Posix,
    /// Windows' cmd.
    Cmd,
    /// PowerShell.
    Powershell,
}

impl TypedInto {
    fn here() -> Self {
        match Shell::here() {
            Shell::Posix => Self::Posix,
            Shell::Cmd => Self::Cmd,
            Shell::PowerShell => Self::Powershell,
        }
    }
}

/// Options of `simulate`.
#[derive(Args, Serialize)]
pub struct SimulateArgs {
    #[command(flatten)]
    pub duo: VirtualDuoOptions,
    #[command(flatten)]
    pub cloud: LocalCloudOptions,
    /// The shell for which commands are printed; without it, the shell that this is typed into.
    #[arg(long, value_enum, value_name = "SHELL", default_value_t = TypedInto::here(), hide_default_value = true)]
    pub shell: TypedInto,
}
