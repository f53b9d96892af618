//! Defines the one grammar: every option is declared here once, for three readers.
//!
//! A struct is an options object of the API (`JsonSchema`, and the JSDoc of `index.d.ts`), the options of a command
//! (`clap::Args`, and the text of `--help`), and the shape that objects from JavaScript must have (`serde`, which
//! refuses unknown properties). Defaults are not here: the workflows have them, for all readers.

mod dct;
mod device;
mod examples;
mod files;
mod fleet;
mod groups;
mod operation;
mod pairing;
mod simulation;
mod system;

use clap::{ArgMatches, Args, FromArgMatches, Parser, Subcommand};

pub use dct::*;
pub use device::*;
pub use files::*;
pub use fleet::*;
pub use groups::*;
pub use pairing::*;
pub use simulation::*;
pub use system::*;

/// The command line.
#[derive(Parser)]
#[command(
    name = "duo-provision",
    version,
    about = "Back up, restore, reset and provision the keys of a RedBear Duo.",
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    subcommand_value_name = "COMMAND",
    arg_required_else_help = true,
    max_term_width = 100,
    after_help = examples::TOP_EXAMPLES
)]
pub struct CommandLine {
    /// What to do; without it, provision.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// `duo-provision <device-id> [key-file]`, the old script's form.
    #[command(flatten)]
    pub provision: OldForm,
    /// Print one JSON object a line on standard output: events, then one result or error.
    #[arg(long, global = true, help_heading = "Everywhere")]
    pub json: bool,
    /// Do not ask before a write.
    #[arg(long, short = 'y', global = true, help_heading = "Everywhere")]
    pub yes: bool,
    /// Also name the causes of an error.
    #[arg(long, short = 'v', global = true, action = clap::ArgAction::Count, help_heading = "Everywhere")]
    pub verbose: u8,
    /// Print results, questions and errors only.
    #[arg(long, short = 'q', global = true, help_heading = "Everywhere")]
    pub quiet: bool,
    /// Show whole fingerprints: 64 digits in place of the first eight.
    #[arg(long, global = true, help_heading = "Everywhere")]
    pub full: bool,
}

/// Options of `provision` if no command was typed. Written by hand, since clap's derive does not say whether optional
/// options are there if groups are flattened into them.
pub struct OldForm(pub Option<ProvisionOptions>);

impl FromArgMatches for OldForm {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let given = matches.contains_id("device_id");
        given.then(|| ProvisionOptions::from_arg_matches(matches)).transpose().map(Self)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for OldForm {
    fn augment_args(command: clap::Command) -> clap::Command {
        ProvisionOptions::augment_args(command)
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        ProvisionOptions::augment_args_for_update(command)
    }
}

/// The device id is required unless `--all` is given.
fn or_all(argument: clap::Arg) -> clap::Arg {
    if argument.get_id() != "device_id" {
        return argument;
    }
    argument.required(false).required_unless_present("all")
}

/// The commands.
#[derive(Subcommand)]
pub enum Command {
    /// Send the Duo's public key to the cloud
    #[command(after_help = examples::PROVISION_EXAMPLES, mut_args(or_all))]
    Provision(OneOrAll<ProvisionOptions>),
    /// List the Duos, with their ids and the fingerprints of their keys
    #[command(after_help = examples::LIST_EXAMPLES)]
    List(ListOptions),
    /// Put a Duo that runs normally into DFU mode, without its buttons
    #[command(after_help = examples::DFU_EXAMPLES)]
    Dfu(DfuOptions),
    /// Save the Duo's private key to a new file
    #[command(after_help = examples::BACKUP_EXAMPLES)]
    Backup(OneOrAll<BackupOptions>),
    /// Write a saved private key to the Duo, and read it back
    #[command(after_help = examples::RESTORE_EXAMPLES)]
    Restore(RestoreOptions),
    /// Erase the Duo's private key, so that the Duo makes a new one
    #[command(after_help = examples::RESET_EXAMPLES)]
    Reset(ResetOptions),
    /// Replace the key on the Duo and in the cloud; safe to run again
    #[command(after_help = examples::ROTATE_EXAMPLES)]
    Rotate(RotateOptions),
    /// Save, show and restore the table that holds the Duo's keys (DCT)
    #[command(subcommand, arg_required_else_help = false)]
    Dct(DctCommand),
    /// Show or set which cloud the Duo connects to
    #[command(subcommand, arg_required_else_help = false)]
    ServerKey(ServerKeyCommand),
    /// Show what is in a file: a key, a backup, or a dump of a DCT
    #[command(after_help = examples::INSPECT_EXAMPLES)]
    Inspect(InspectOptions),
    /// Make a new key file, or take the public key out of one
    #[command(subcommand, arg_required_else_help = false)]
    Key(KeyCommand),
    /// Check that the cloud accepts this Duo's key
    #[command(after_help = examples::VERIFY_EXAMPLES)]
    Verify(OneOrAll<VerifyOptions>),
    /// Send the keys of many devices from a list; needs no Duo
    #[command(subcommand, arg_required_else_help = false)]
    Fleet(FleetCommand),
    /// List the backups in the archive
    #[command(after_help = examples::BACKUPS_EXAMPLES)]
    Backups(BackupsOptions),
    /// Show what was interrupted, and what to type next
    #[command(after_help = examples::STATUS_EXAMPLES)]
    Status(StatusOptions),
    /// List what was done to which Duo, newest first
    #[command(after_help = examples::HISTORY_EXAMPLES)]
    History(HistoryOptions),
    /// Say what is wrong with a Duo, and what to type
    #[command(after_help = examples::DOCTOR_EXAMPLES)]
    Doctor(DoctorArgs),
    /// Let your user open a Duo: print or install the rule (Linux)
    #[command(subcommand, arg_required_else_help = false)]
    Udev(UdevCommand),
    /// Run virtual Duos and a local cloud until Ctrl-C
    #[command(after_help = examples::SIMULATE_EXAMPLES)]
    Simulate(SimulateArgs),
    /// See it all work, on a virtual Duo and a local cloud
    Demo,
    /// Print a completion script
    #[command(after_help = examples::COMPLETIONS_EXAMPLES)]
    Completions {
        /// The shell.
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
    /// Print a shell function for `particle duo`, beside particle-cli
    #[command(after_help = examples::SHELL_INIT_EXAMPLES)]
    ShellInit {
        /// The shell.
        #[arg(value_enum)]
        shell: Shell,
    },
    /// Print a man page
    #[command(after_help = examples::MAN_EXAMPLES)]
    Man {
        /// The command to describe; the whole program unless given.
        #[arg(value_name = "COMMAND")]
        command: Vec<String>,
    },
}

/// The commands for the udev rule.
#[derive(Subcommand)]
pub enum UdevCommand {
    /// Print the rule
    #[command(after_help = examples::UDEV_PRINT_EXAMPLES)]
    Print,
    /// Write the rule to /etc/udev/rules.d and reload udev's rules; as root
    #[command(after_help = examples::UDEV_INSTALL_EXAMPLES)]
    Install(UdevInstallOptions),
}

/// The commands for key files.
#[derive(Subcommand)]
pub enum KeyCommand {
    /// Make a new RSA-1024 key file, in the form that the Duo's firmware reads
    #[command(after_help = examples::KEY_NEW_EXAMPLES)]
    New(NewKeyOptions),
    /// Print the public key of any key file, as PEM
    #[command(after_help = examples::KEY_PUBLIC_EXAMPLES)]
    Public(PublicKeyOptions),
}

/// The commands for a list of devices.
#[derive(Subcommand)]
pub enum FleetCommand {
    /// Make a list of what would be sent: the newest key of each device in the archive
    #[command(after_help = examples::FLEET_MANIFEST_EXAMPLES)]
    Manifest(FleetManifestOptions),
    /// Send the public keys of a list to the cloud; run it again to continue after a stop
    #[command(after_help = examples::FLEET_PROVISION_EXAMPLES)]
    Provision(FleetProvisionOptions),
    /// Ask the cloud what it knows of the devices of a list, or prove it with their keys
    #[command(after_help = examples::FLEET_VERIFY_EXAMPLES)]
    Verify(FleetVerifyOptions),
    /// Show the outcome for each device of a list, and whether a part is missing
    #[command(after_help = examples::FLEET_REPORT_EXAMPLES)]
    Report(FleetReportOptions),
}

/// The commands for a DCT.
#[derive(Subcommand)]
pub enum DctCommand {
    /// Save the application section of the DCT, or all of it, to a new file
    #[command(after_help = examples::DCT_BACKUP_EXAMPLES)]
    Backup(OneOrAll<DctBackupOptions>),
    /// Show what the fields of the DCT hold, except secrets
    #[command(after_help = examples::DCT_SHOW_EXAMPLES)]
    Show(DctShowOptions),
    /// Write fields of a dump back to the Duo; backs up what is there first
    #[command(after_help = examples::DCT_RESTORE_EXAMPLES)]
    Restore(DctRestoreOptions),
}

/// The commands for a cloud's public key.
#[derive(Subcommand)]
pub enum ServerKeyCommand {
    /// Show the cloud's public key and its address, from the Duo or from a file
    #[command(after_help = examples::SERVER_KEY_SHOW_EXAMPLES)]
    Show(ServerKeyShowOptions),
    /// Write a cloud's public key and its address to the Duo; backs up what is there first
    #[command(after_help = examples::SERVER_KEY_SET_EXAMPLES)]
    Set(ServerKeySetOptions),
    /// Write the key and the address of Particle's own cloud to the Duo; backs up what is there first
    #[command(after_help = examples::SERVER_KEY_RESTORE_EXAMPLES)]
    Restore(ServerKeyRestoreOptions),
}
