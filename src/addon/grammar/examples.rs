//! Holds the examples below the help of each command.

pub const VERIFY_EXAMPLES: &str = "\
It connects to the cloud as the Duo itself would, and succeeds if three things are proven: the server
has the private half of the server key in the Duo, it knows this device, and it knows the device by the
public half of the Duo's private key. Nothing is written to the Duo. A device that is online may be
disconnected, and if Particle's cloud was last sent the generic key, it takes this key in its place.

Examples:
  duo-provision verify                                    the Duo in DFU mode, with the cloud that it names
  duo-provision verify --key duo.der                      the key in a backup, with Particle's cloud
  duo-provision verify --all                              every Duo that is connected
  duo-provision verify --server-key own.pem --host 192.168.1.10";

pub const TOP_EXAMPLES: &str = "\
Examples:
  duo-provision demo                                    see it all work without hardware
  duo-provision list                                    which Duos are connected
  duo-provision backup                                  save the key of the one in DFU mode
  duo-provision 30001a000347343432313031 --from-device  send its own public key to the cloud
  duo-provision 30001a000347343432313031                the same with the generic key

Where the Duo is at hand, --from-device is the better choice: anyone can hold the private half
of the generic key.
DFU mode: hold both buttons, release RESET, and release SETUP when the LED blinks yellow.
A Duo that runs normally needs no buttons: `duo-provision dfu`, or --enter-dfu with any command
that works on one.

Exit codes:
  0    done
  2    the arguments or the key file cannot be used
  3    there is no Duo, there are several, or it is another one
  4    the Duo cannot be opened over USB
  5    the Duo is at fault, and its key is unharmed
  6    the Duo's key is wrong, or its state is not known
  7    the cloud refused, or the keys are no pair
  8    the cloud cannot be reached, or is at fault
  9    a file or a folder is missing, exists, or cannot be read or written
  10   of several devices, some are done and some are not
  130  interrupted";

pub const PROVISION_EXAMPLES: &str = "\
Examples:
  duo-provision provision 30001a000347343432313031 --from-device
  duo-provision provision --all --from-device
  duo-provision provision 30001a000347343432313031 duo.pub.pem
  duo-provision provision 30001a000347343432313031 --api-url http://192.168.1.20:8080 --allow-http
  pass show particle | duo-provision provision 30001a000347343432313031 --token-file -";

pub const LIST_EXAMPLES: &str = "\
Examples:
  duo-provision list
  duo-provision list --json";

pub const DFU_EXAMPLES: &str = "\
Examples:
  duo-provision dfu                         the Duo that is connected
  duo-provision backup --enter-dfu          the same, and a backup
  duo-provision list --wait                 show what to press, and wait for it
The firmware restarts into DFU mode when its serial port is opened at 14400 baud. Its key is not touched.";

pub const BACKUP_EXAMPLES: &str = "\
Examples:
  duo-provision backup                      into the archive, under a name of its own
  duo-provision backup duo.der              duo.der, duo.pub.pem and duo.json
  duo-provision backup --path 1-2           the Duo at that port, when there are several
  duo-provision backup --all                every Duo that is connected
  duo-provision backup safe.pem --encrypt   behind a passphrase; safe.pem, safe.pub.pem and safe.json";

pub const RESTORE_EXAMPLES: &str = "\
Examples:
  duo-provision restore duo.der --leave     write, verify, and start the Duo
  duo-provision restore duo.der --dry-run   check everything, write nothing";

pub const RESET_EXAMPLES: &str = "\
Examples:
  duo-provision reset                       back up, erase, verify, restart
After it the Duo blinks white while it makes a new key, and has to be provisioned again.";

pub const DCT_BACKUP_EXAMPLES: &str = "\
Examples:
  duo-provision dct backup                  the application section: keys, server, settings
  duo-provision dct backup --whole          both copies, as they lie in the flash
Either is a secret: it holds the Duo's private key, and the whole DCT its Wi-Fi passwords, too.";

pub const DCT_SHOW_EXAMPLES: &str = "\
Examples:
  duo-provision dct show                    the Duo in DFU mode
  duo-provision dct show dump.bin           a file that dfu-util or `dct backup` has written
No secret is shown: a private key as its fingerprint, a claim code as being there.";

pub const SERVER_KEY_SHOW_EXAMPLES: &str = "\
Examples:
  duo-provision server-key show             the cloud of the Duo in DFU mode
  duo-provision server-key show server_public_key.der";

pub const DCT_RESTORE_EXAMPLES: &str = "\
Examples:
  duo-provision dct restore dct.bin --fields server-public-key
  duo-provision dct restore dct.bin --fields device-private-key,claim-code --dry-run
  duo-provision dct restore dct.bin         which fields there are
  duo-provision dct restore both.bin --whole
Run again, it goes on where it was cut short. What tells the bootloader what to do is never restored.";

pub const SERVER_KEY_SET_EXAMPLES: &str = "\
Examples:
  duo-provision server-key set own.pub.pem --host 192.168.1.10
  duo-provision server-key set own.pub.pem  a bare key: the address in the Duo is kept
  duo-provision server-key set own.der      with an address behind the key: that one";

pub const SERVER_KEY_RESTORE_EXAMPLES: &str = "\
Examples:
  duo-provision server-key restore --leave  back to Particle's cloud";

pub const ROTATE_EXAMPLES: &str = "\
It is safe to interrupt and run again: the same command goes on with the same new key. The old
key is backed up, and the new one saved in the archive. The old pair is tried, the cloud is told the new
key, and the new pair is proven as `verify` does it. Only then is the Duo written, and started. If the
cloud refuses, both stay as they were.

Examples:
  duo-provision rotate                      the Duo in DFU mode, with the cloud of your token
  duo-provision rotate --dry-run            check everything, change nothing
  duo-provision rotate --api-url http://192.168.1.20:8080 --allow-http --no-verify";

pub const INSPECT_EXAMPLES: &str = "\
Examples:
  duo-provision inspect device_private_key.der
  duo-provision inspect dump.bin --extract device-private-key --out duo.der
  duo-provision inspect whole.bin --extract device-private-key --copy second";

pub const KEY_NEW_EXAMPLES: &str = "\
Examples:
  duo-provision key new duo.der             duo.der, as a backup would be, and duo.pub.pem
  duo-provision key new safe.pem --encrypt  behind a passphrase
Then: duo-provision restore duo.der, and duo-provision DEVICE_ID duo.pub.pem";

pub const KEY_PUBLIC_EXAMPLES: &str = "\
Examples:
  duo-provision key public duo.der
  duo-provision key public duo.pem --out duo.pub.pem";

pub const BACKUPS_EXAMPLES: &str = "\
Examples:
  duo-provision backups
  duo-provision backups --device 30001a000347343432313031";

pub const STATUS_EXAMPLES: &str = "\
Examples:
  duo-provision status                      after a crash: what was in flight, and what to type
It reads the journal in your data directory, and asks no Duo. What is settled is in `history`.";

pub const HISTORY_EXAMPLES: &str = "\
Examples:
  duo-provision history
  duo-provision history --device 30001a000347343432313031 --limit 1    what was done to it last
It reads the journal in your data directory, and asks no Duo. What to type after a crash says `status`.";

pub const DOCTOR_EXAMPLES: &str = "\
It looks at the bootloader, the DCT, the key and the public key beside it, the cloud that the Duo is
meant for, its device id, the archive and the journal; with a token it asks the cloud what it knows
of the Duo. It writes nothing. Whether the keys are a pair no cloud tells; `verify` proves it. The exit
code is 5 if it found a problem. That a cloud cannot be reached is no problem of the Duo.

Examples:
  duo-provision doctor
  duo-provision doctor --cloud              ask the cloud, too, with particle-cli's login
  duo-provision doctor --fix                offer to put right what can be put right";

pub const SIMULATE_EXAMPLES: &str = "\
Examples:
  duo-provision simulate --duos 2 --usbip 3240 --cloud 8080
  duo-provision simulate --fault timeout-after@dfu13   one answer gets lost
  duo-provision list --usbip 127.0.0.1:3240            in another terminal";

pub const SHELL_INIT_EXAMPLES: &str = "\
For a particle-cli that is no Node module; beside one from npm, `particle-duo` needs no function.

Examples:
  eval \"$(duo-provision shell-init bash)\"     in ~/.bashrc; zsh in ~/.zshrc
  duo-provision shell-init fish | source      in ~/.config/fish/config.fish
  duo-provision shell-init pwsh | Out-String | Invoke-Expression";

pub const UDEV_PRINT_EXAMPLES: &str = "\
The rule lets whoever sits at the machine open a Duo, and keeps ModemManager away from its serial port.
These three lines put it in its place:

Examples:
  duo-provision udev print | sudo tee /etc/udev/rules.d/60-duo-provision.rules
  sudo udevadm control --reload
  sudo udevadm trigger --subsystem-match=usb --attr-match=idVendor=2b04";

pub const UDEV_INSTALL_EXAMPLES: &str = "\
A file of that name with other contents is left alone. Nothing else on the machine is changed, and sudo
is never run from here. Without root's rights, it says what to type with sudo.

Examples:
  duo-provision udev install        as root, in an image or a container";

pub const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  duo-provision completions bash >~/.local/share/bash-completion/completions/duo-provision
  duo-provision completions zsh >~/.zfunc/_duo-provision      where fpath has ~/.zfunc
  duo-provision completions fish >~/.config/fish/completions/duo-provision.fish
  duo-provision completions powershell >>$PROFILE
The same files are in the folder completions of the npm package.";

pub const MAN_EXAMPLES: &str = "\
Examples:
  duo-provision man | man -l -
  duo-provision man dct backup | man -l -
`npm install --global duo-provision` installs them for man itself.";

pub const FLEET_MANIFEST_EXAMPLES: &str = "\
Of each device its newest key; one that was made by rotate only if the journal says that it was written.
Where two keys are possible the row names a problem, and is not sent. Look through the list before you send it.

Examples:
  duo-provision fleet manifest > devices.csv
  duo-provision fleet manifest --archive batch-7 > devices.csv
  duo-provision fleet manifest --ids ids.txt > devices.csv     an id on each line, without keys";

pub const FLEET_PROVISION_EXAMPLES: &str = "\
The list is CSV with a line of titles, a JSON array, or JSON lines. It has device_id (24 hexadecimal digits)
and key_file (public or private, relative to the list), and may have fingerprint, product_id and others. All
of it is looked at before the first request. What became of each device stands in the ledger beside it
(LIST.provision.jsonl). The same command goes on: what is done is not sent again.

Examples:
  duo-provision fleet provision devices.csv --dry-run
  duo-provision fleet provision devices.csv
  duo-provision fleet provision devices.csv --shard 2/5        the second of five machines
  duo-provision fleet provision devices.csv --rate none --api-url http://127.0.0.1:8080

Exit codes: 0 all done, 10 some are not, 2 the list or the token, 7 the token was refused, 8 stopped because
of the cloud, 9 the ledger, 130 interrupted.";

pub const FLEET_VERIFY_EXAMPLES: &str = "\
Asking changes nothing. A cloud that does not tell of a device may have its key all the same: that is `not
told`, and no failure of the device. --handshake proves it, and speaks as the device: one in the field that
is online may be disconnected.

Examples:
  duo-provision fleet verify devices.csv
  duo-provision fleet verify devices.csv --handshake --server-key own.pem --host 192.168.1.10

Exit codes: 0 all are known or proven, 10 some are not, 8 or 7 stopped because of the cloud, 130 interrupted.";

pub const FLEET_REPORT_EXAMPLES: &str = "\
A list that was sent in parts takes the ledgers of all parts; one that is missing is a failure.

Examples:
  duo-provision fleet report devices.provision.jsonl
  duo-provision fleet report devices.provision.*-of-5.jsonl --format csv --output report.csv
  duo-provision fleet report devices.provision.jsonl --format manifest --only failed,unknown > again.csv

Exit codes: 0 the ledgers are all there, and every device is done; 10 otherwise.";
