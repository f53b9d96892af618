//! Options of what is done to the machine itself.

use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};

/// Options of `installUdevRule`.
#[derive(Args, Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UdevInstallOptions {
    /// For tests: another root folder in place of /, which the caller may write to. The rule goes below it, and the
    /// udevadm below it is run.
    #[arg(long, value_name = "DIR", hide = true)]
    pub root: Option<String>,
}

/// A shell that functions are printed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Shell {
    Bash,
    Zsh,
    Fish,
    Pwsh,
}
