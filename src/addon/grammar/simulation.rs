//! Options of virtual Duos and local clouds.

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
    /// The same to this tool.
    R4,
    /// System firmware from 0.3.0. Shows its device id in capitals, and writes its DCT as r3 and r4 do.
    R5,
    /// System firmware from 0.3.1, which does its DCT's reading and writing. Shows its device id in small letters.
    R6,
}

/// What a virtual Duo does whenever it starts.
#[cfg_attr(feature = "addon", napi_derive::napi(string_enum = "lowercase"))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum DuoMode {
    /// It stays in DFU mode, as if somebody held its buttons.
    Dfu,
    /// It runs its firmware.
    Normal,
}

/// Whose answers a local cloud gives.
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
    /// How many Duos, 1 to 16; 1 unless given.
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub duos: Option<u32>,
    /// Another board that is laid out as a Duo, to be in their place; duo unless given.
    #[arg(long, value_enum, value_name = "BOARD")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<crate::workflow::BoardName>"))]
    pub board: Option<BoardName>,
    /// The bootloader they have; r6 unless given.
    #[arg(long, value_enum, value_name = "RELEASE")]
    pub bootloader: Option<Bootloader>,
    /// What they do whenever they start: stay in DFU mode, or run their firmware, with a serial port; dfu unless given.
    #[arg(long, value_enum, value_name = "MODE")]
    pub mode: Option<DuoMode>,
    /// The port of the USB/IP server on 127.0.0.1; a free one unless given (3240 is USB/IP's own).
    #[arg(long = "usbip", value_name = "PORT")]
    pub usbip_port: Option<u16>,
    /// A fault that every Duo is armed with: KIND@7 strikes once, at the seventh control transfer, KIND@7+ from
    /// there on, and KIND@dfu7 counts DFU's requests alone. May be repeated. A mistyped one lists the kinds.
    #[arg(long = "fault", value_name = "FAULT")]
    pub faults: Option<Vec<String>>,
}

/// Options of `LocalCloud.start`, and of the local cloud of `simulate`.
#[derive(Args, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LocalCloudOptions {
    /// Whose answers to give; particle unless given.
    #[arg(long, value_enum, value_name = "SERVER")]
    pub flavor: Option<CloudFlavor>,
    /// The port on 127.0.0.1; a free one unless given (8080 is a local cloud's usual one).
    #[arg(long = "cloud", value_name = "PORT")]
    pub cloud_port: Option<u16>,
    /// Serve the devices' own handshake too, with which `verify` proves a pairing, on this port of 127.0.0.1; 0
    /// takes a free one (5683 is a cloud's usual one). Starting takes up to a second longer, for the cloud's key.
    #[arg(long, value_name = "PORT")]
    pub device_port: Option<u16>,
    /// The access token to accept; a new random one unless given.
    #[arg(skip)]
    pub token: Option<String>,
}

/// The shell that printed commands are typed into.
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

/// What `simulate` takes.
#[derive(Args, Serialize)]
pub struct SimulateArgs {
    /// The Duos.
    #[command(flatten)]
    pub duo: VirtualDuoOptions,
    /// The cloud.
    #[command(flatten)]
    pub cloud: LocalCloudOptions,
    /// The shell that the commands it prints are for; the one that this is typed into unless given.
    #[arg(long, value_enum, value_name = "SHELL", default_value_t = TypedInto::here(), hide_default_value = true)]
    pub shell: TypedInto,
}
