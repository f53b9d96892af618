//! Defines the options of the commands that change the machine itself.

use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};

/// Options of `installUdevRule`.
#[derive(Args, Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UdevInstallOptions {
    /// For tests: another root folder in place of /, which you may write to. The rule goes below it, and the udevadm
    /// below it is run.
    #[arg(long, value_name = "DIR", hide = true)]
    pub root: Option<String>,
}

/// A shell that can get a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Shell {
    Bash,
    Zsh,
    Fish,
    Pwsh,
}
