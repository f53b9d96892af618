# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_duo_provision_global_optspecs
    string join \n passphrase-file= from-device product-id= api-url= allow-http token-file= path= enter-dfu wait allow-unproven-address usbip= timeout= dry-run json y/yes v/verbose h/help V/version
end

function __fish_duo_provision_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_duo_provision_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_duo_provision_using_subcommand
    set -l cmd (__fish_duo_provision_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c duo-provision -n "__fish_duo_provision_needs_command" -l passphrase-file -d 'A file whose first line is the passphrase of the key file, or - for standard input' -r
complete -c duo-provision -n "__fish_duo_provision_needs_command" -l product-id -d 'The product id; 88, the Duo\'s, unless given' -r
complete -c duo-provision -n "__fish_duo_provision_needs_command" -l api-url -d 'The cloud\'s API; https://api.particle.io, or that of your particle-cli profile when its token is used, unless given' -r
complete -c duo-provision -n "__fish_duo_provision_needs_command" -l token-file -d 'A file that holds the access token, or - for standard input' -r
complete -c duo-provision -n "__fish_duo_provision_needs_command" -l path -d 'With `--from-device`: the USB port that the Duo is plugged into, as `list` shows it' -r
complete -c duo-provision -n "__fish_duo_provision_needs_command" -l usbip -d 'With `--from-device`: work on a virtual Duo, the USB/IP server of a running `simulate`' -r
complete -c duo-provision -n "__fish_duo_provision_needs_command" -l timeout -d 'Seconds that one step (reading, or sending with all retries) may take, 1 to 3600; 30 unless given' -r
complete -c duo-provision -n "__fish_duo_provision_needs_command" -l from-device -d 'Send the public key that belongs to the private key in the attached Duo, read over USB'
complete -c duo-provision -n "__fish_duo_provision_needs_command" -l allow-http -d 'Send the token over plain HTTP to another machine, for your own cloud on a network you trust'
complete -c duo-provision -n "__fish_duo_provision_needs_command" -l enter-dfu -d 'With `--from-device`: put the Duo into DFU mode through its serial port where it runs its firmware'
complete -c duo-provision -n "__fish_duo_provision_needs_command" -l wait -d 'With `--from-device`: where no Duo is in DFU mode, show what to press and wait for one, up to ten minutes'
complete -c duo-provision -n "__fish_duo_provision_needs_command" -l allow-unproven-address -d 'Go on where nothing shows that the Duo reads where it is told to: no device id that it tells over USB, and no cloud\'s public key in its slot'
complete -c duo-provision -n "__fish_duo_provision_needs_command" -l dry-run -d 'Check everything and say what would be sent; send nothing'
complete -c duo-provision -n "__fish_duo_provision_needs_command" -l json -d 'Print one JSON object a line on standard output: events, then one result or error'
complete -c duo-provision -n "__fish_duo_provision_needs_command" -s y -l yes -d 'Do not ask before a write'
complete -c duo-provision -n "__fish_duo_provision_needs_command" -s v -l verbose -d 'Name the causes of an error too'
complete -c duo-provision -n "__fish_duo_provision_needs_command" -s h -l help -d 'Print help'
complete -c duo-provision -n "__fish_duo_provision_needs_command" -s V -l version -d 'Print version'
complete -c duo-provision -n "__fish_duo_provision_needs_command" -f -a "provision" -d 'Send the Duo\'s public key to the cloud'
complete -c duo-provision -n "__fish_duo_provision_needs_command" -f -a "list" -d 'List the Duos in DFU mode, with their keys\' fingerprints'
complete -c duo-provision -n "__fish_duo_provision_needs_command" -f -a "dfu" -d 'Put a Duo that runs its firmware into DFU mode, without its buttons'
complete -c duo-provision -n "__fish_duo_provision_needs_command" -f -a "backup" -d 'Save the Duo\'s private key to a new file'
complete -c duo-provision -n "__fish_duo_provision_needs_command" -f -a "restore" -d 'Write a saved private key to the Duo, and read it back'
complete -c duo-provision -n "__fish_duo_provision_needs_command" -f -a "reset" -d 'Erase the Duo\'s private key, so that the Duo makes a new one'
complete -c duo-provision -n "__fish_duo_provision_needs_command" -f -a "rotate" -d 'Give the Duo and the cloud a new key, in the one order in which neither is left alone'
complete -c duo-provision -n "__fish_duo_provision_needs_command" -f -a "dct" -d 'Save, show and restore the Duo\'s device configuration table (DCT), which holds its keys'
complete -c duo-provision -n "__fish_duo_provision_needs_command" -f -a "server-key" -d 'Show or set which cloud the Duo connects to: its public key and its address'
complete -c duo-provision -n "__fish_duo_provision_needs_command" -f -a "inspect" -d 'Say what a file holds: a key, a dump of a DCT, a manifest; and whether the Duo\'s firmware would read it'
complete -c duo-provision -n "__fish_duo_provision_needs_command" -f -a "key" -d 'Make a new key file, or take the public key out of one'
complete -c duo-provision -n "__fish_duo_provision_needs_command" -f -a "verify" -d 'Prove that the Duo\'s key and the cloud\'s are a pair, by the Duo\'s own handshake'
complete -c duo-provision -n "__fish_duo_provision_needs_command" -f -a "backups" -d 'List the backups in the archive, with their devices and keys'
complete -c duo-provision -n "__fish_duo_provision_needs_command" -f -a "status" -d 'Say what was in flight when a command was cut short, and what to type next'
complete -c duo-provision -n "__fish_duo_provision_needs_command" -f -a "history" -d 'List what was done to which Duo, newest first'
complete -c duo-provision -n "__fish_duo_provision_needs_command" -f -a "doctor" -d 'Say what is wrong with the Duos in DFU mode, and what to type'
complete -c duo-provision -n "__fish_duo_provision_needs_command" -f -a "udev" -d 'Let the users of this machine open a Duo: print or install the udev rule for it (Linux)'
complete -c duo-provision -n "__fish_duo_provision_needs_command" -f -a "simulate" -d 'Run virtual Duos and a local cloud until Ctrl-C'
complete -c duo-provision -n "__fish_duo_provision_needs_command" -f -a "demo" -d 'Show the whole story on a virtual Duo and a local cloud; needs no hardware'
complete -c duo-provision -n "__fish_duo_provision_needs_command" -f -a "completions" -d 'Print a completion script'
complete -c duo-provision -n "__fish_duo_provision_needs_command" -f -a "shell-init" -d 'Print a shell function that makes `particle duo` of this program, beside particle-cli'
complete -c duo-provision -n "__fish_duo_provision_needs_command" -f -a "man" -d 'Print a man page'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand provision" -l passphrase-file -d 'A file whose first line is the passphrase of the key file, or - for standard input' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand provision" -l product-id -d 'The product id; 88, the Duo\'s, unless given' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand provision" -l api-url -d 'The cloud\'s API; https://api.particle.io, or that of your particle-cli profile when its token is used, unless given' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand provision" -l token-file -d 'A file that holds the access token, or - for standard input' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand provision" -l path -d 'With `--from-device`: the USB port that the Duo is plugged into, as `list` shows it' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand provision" -l usbip -d 'With `--from-device`: work on a virtual Duo, the USB/IP server of a running `simulate`' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand provision" -l timeout -d 'Seconds that one step (reading, or sending with all retries) may take, 1 to 3600; 30 unless given' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand provision" -l from-device -d 'Send the public key that belongs to the private key in the attached Duo, read over USB'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand provision" -l allow-http -d 'Send the token over plain HTTP to another machine, for your own cloud on a network you trust'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand provision" -l enter-dfu -d 'With `--from-device`: put the Duo into DFU mode through its serial port where it runs its firmware'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand provision" -l wait -d 'With `--from-device`: where no Duo is in DFU mode, show what to press and wait for one, up to ten minutes'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand provision" -l allow-unproven-address -d 'Go on where nothing shows that the Duo reads where it is told to: no device id that it tells over USB, and no cloud\'s public key in its slot'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand provision" -l dry-run -d 'Check everything and say what would be sent; send nothing'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand provision" -l json -d 'Print one JSON object a line on standard output: events, then one result or error'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand provision" -s y -l yes -d 'Do not ask before a write'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand provision" -s v -l verbose -d 'Name the causes of an error too'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand provision" -s h -l help -d 'Print help'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand list" -l device -d 'The device id of the Duo, 24 hexadecimal digits' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand list" -l path -d 'The USB port that the Duo is plugged into, as `list` and dfu-util show it: 1-2 or 1-1.4' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand list" -l usbip -d 'Work on a virtual Duo: the USB/IP server of a running `simulate`, on loopback only' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand list" -l timeout -d 'Seconds that one step (finding, reading, writing, leaving) may take, 1 to 3600; 30 unless given' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand list" -l enter-dfu -d 'Put the Duo into DFU mode through its serial port where it runs its firmware'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand list" -l wait -d 'Where no Duo is in DFU mode, show what to press and wait for one, up to ten minutes'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand list" -l json -d 'Print one JSON object a line on standard output: events, then one result or error'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand list" -s y -l yes -d 'Do not ask before a write'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand list" -s v -l verbose -d 'Name the causes of an error too'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand list" -s h -l help -d 'Print help'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand dfu" -l device -d 'The device id of the Duo, 24 hexadecimal digits' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand dfu" -l path -d 'The USB port that the Duo is plugged into: 1-2 or 1-1.4' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand dfu" -l usbip -d 'Work on a virtual Duo: the USB/IP server of a running `simulate`, on loopback only' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand dfu" -l timeout -d 'Seconds that one step (finding, restarting) may take, 1 to 3600; 30 unless given' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand dfu" -l wait -d 'Where no Duo is connected, show what to press and wait for one, up to ten minutes'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand dfu" -l json -d 'Print one JSON object a line on standard output: events, then one result or error'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand dfu" -s y -l yes -d 'Do not ask before a write'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand dfu" -s v -l verbose -d 'Name the causes of an error too'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand dfu" -s h -l help -d 'Print help'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand backup" -l passphrase-file -d 'A file whose first line is the passphrase, or - for standard input' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand backup" -l archive -d 'The folder of the archive; else DUO_PROVISION_ARCHIVE, else your data directory' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand backup" -l device -d 'The device id of the Duo, 24 hexadecimal digits' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand backup" -l path -d 'The USB port that the Duo is plugged into, as `list` and dfu-util show it: 1-2 or 1-1.4' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand backup" -l usbip -d 'Work on a virtual Duo: the USB/IP server of a running `simulate`, on loopback only' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand backup" -l timeout -d 'Seconds that one step (finding, reading, writing, leaving) may take, 1 to 3600; 30 unless given' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand backup" -l raw -d 'Save the bytes of the key slot even when they are no key'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand backup" -l encrypt -d 'Put the key behind a passphrase: PKCS#8 with PBES2 and AES-256, as PEM, which `openssl pkey` opens'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand backup" -l enter-dfu -d 'Put the Duo into DFU mode through its serial port where it runs its firmware'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand backup" -l wait -d 'Where no Duo is in DFU mode, show what to press and wait for one, up to ten minutes'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand backup" -l allow-unproven-address -d 'Go on where nothing shows that the Duo reads where it is told to: no device id that it tells over USB, and no cloud\'s public key in its slot'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand backup" -l json -d 'Print one JSON object a line on standard output: events, then one result or error'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand backup" -s y -l yes -d 'Do not ask before a write'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand backup" -s v -l verbose -d 'Name the causes of an error too'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand backup" -s h -l help -d 'Print help'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand restore" -l archive -d 'The folder of the archive; else DUO_PROVISION_ARCHIVE, else your data directory' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand restore" -l passphrase-file -d 'A file whose first line is the passphrase, of the key file and of the backup, or - for standard input' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand restore" -l device -d 'The device id of the Duo, 24 hexadecimal digits' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand restore" -l path -d 'The USB port that the Duo is plugged into, as `list` and dfu-util show it: 1-2 or 1-1.4' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand restore" -l usbip -d 'Work on a virtual Duo: the USB/IP server of a running `simulate`, on loopback only' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand restore" -l timeout -d 'Seconds that one step (finding, reading, writing, leaving) may take, 1 to 3600; 30 unless given' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand restore" -l leave -d 'Leave DFU mode once the key is in place and verified'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand restore" -l allow-other-device -d 'Write the key even though it is known to be another device\'s'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand restore" -l no-backup -d 'Do not back up what is in the key slot now'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand restore" -l i-accept-that-the-key-may-be-lost -d 'With `--no-backup`, for bootloaders r3 to r5: their firmware programs the new bytes over the old ones in place, so a power cut can leave neither the old key nor the new one'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand restore" -l encrypt -d 'Put the backup behind a passphrase: PKCS#8 with PBES2 and AES-256, as PEM, which `openssl pkey` opens'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand restore" -l dry-run -d 'Check everything and say what would be done; write nothing anywhere'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand restore" -l enter-dfu -d 'Put the Duo into DFU mode through its serial port where it runs its firmware'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand restore" -l wait -d 'Where no Duo is in DFU mode, show what to press and wait for one, up to ten minutes'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand restore" -l allow-unproven-address -d 'Go on where nothing shows that the Duo reads where it is told to: no device id that it tells over USB, and no cloud\'s public key in its slot'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand restore" -l json -d 'Print one JSON object a line on standard output: events, then one result or error'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand restore" -s y -l yes -d 'Do not ask before a write'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand restore" -s v -l verbose -d 'Name the causes of an error too'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand restore" -s h -l help -d 'Print help'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand reset" -l archive -d 'The folder of the archive; else DUO_PROVISION_ARCHIVE, else your data directory' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand reset" -l passphrase-file -d 'A file whose first line is the passphrase, or - for standard input' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand reset" -l device -d 'The device id of the Duo, 24 hexadecimal digits' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand reset" -l path -d 'The USB port that the Duo is plugged into, as `list` and dfu-util show it: 1-2 or 1-1.4' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand reset" -l usbip -d 'Work on a virtual Duo: the USB/IP server of a running `simulate`, on loopback only' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand reset" -l timeout -d 'Seconds that one step (finding, reading, writing, leaving) may take, 1 to 3600; 30 unless given' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand reset" -l no-backup -d 'Do not back up what is in the key slot now'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand reset" -l i-accept-that-the-key-may-be-lost -d 'With `--no-backup`, for bootloaders r3 to r5: their firmware programs the new bytes over the old ones in place, so a power cut can leave neither the old key nor the new one'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand reset" -l encrypt -d 'Put the backup behind a passphrase: PKCS#8 with PBES2 and AES-256, as PEM, which `openssl pkey` opens'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand reset" -l dry-run -d 'Check everything and say what would be done; write nothing anywhere'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand reset" -l enter-dfu -d 'Put the Duo into DFU mode through its serial port where it runs its firmware'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand reset" -l wait -d 'Where no Duo is in DFU mode, show what to press and wait for one, up to ten minutes'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand reset" -l allow-unproven-address -d 'Go on where nothing shows that the Duo reads where it is told to: no device id that it tells over USB, and no cloud\'s public key in its slot'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand reset" -l json -d 'Print one JSON object a line on standard output: events, then one result or error'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand reset" -s y -l yes -d 'Do not ask before a write'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand reset" -s v -l verbose -d 'Name the causes of an error too'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand reset" -s h -l help -d 'Print help'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand rotate" -l product-id -d 'The product id; 88, the Duo\'s, unless given' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand rotate" -l archive -d 'The folder of the archive, which the old key and the new one go to; else DUO_PROVISION_ARCHIVE, else your data directory' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand rotate" -l api-url -d 'The cloud\'s API; https://api.particle.io, or that of your particle-cli profile when its token is used, unless given' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand rotate" -l token-file -d 'A file that holds the access token, or - for standard input' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand rotate" -l server-key -d 'A file with the cloud\'s public key, RSA with 2048 bits, PEM or DER' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand rotate" -l host -d 'The cloud\'s name or IPv4 address for devices' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand rotate" -l port -d 'The TCP port that devices connect to' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand rotate" -l device -d 'The device id of the Duo, 24 hexadecimal digits' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand rotate" -l path -d 'The USB port that the Duo is plugged into, as `list` and dfu-util show it: 1-2 or 1-1.4' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand rotate" -l usbip -d 'Work on a virtual Duo: the USB/IP server of a running `simulate`, on loopback only' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand rotate" -l timeout -d 'Seconds that one step (reading, sending with all retries, writing, proving, leaving) may take, 1 to 3600; 30 unless given' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand rotate" -l no-verify -d 'Do not prove the pairing by the Duo\'s own handshake at the end: for a cloud whose device port cannot be reached from here'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand rotate" -l dry-run -d 'Check everything and say what would be done; make no key, write and send nothing'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand rotate" -l allow-http -d 'Send the token over plain HTTP to another machine, for your own cloud on a network you trust'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand rotate" -l enter-dfu -d 'Put the Duo into DFU mode through its serial port where it runs its firmware'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand rotate" -l wait -d 'Where no Duo is in DFU mode, show what to press and wait for one, up to ten minutes'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand rotate" -l allow-unproven-address -d 'Go on where nothing shows that the Duo reads where it is told to: no device id that it tells over USB, and no cloud\'s public key in its slot'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand rotate" -l json -d 'Print one JSON object a line on standard output: events, then one result or error'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand rotate" -s y -l yes -d 'Do not ask before a write'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand rotate" -s v -l verbose -d 'Name the causes of an error too'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand rotate" -s h -l help -d 'Print help'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand dct; and not __fish_seen_subcommand_from backup show restore" -l json -d 'Print one JSON object a line on standard output: events, then one result or error'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand dct; and not __fish_seen_subcommand_from backup show restore" -s y -l yes -d 'Do not ask before a write'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand dct; and not __fish_seen_subcommand_from backup show restore" -s v -l verbose -d 'Name the causes of an error too'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand dct; and not __fish_seen_subcommand_from backup show restore" -s h -l help -d 'Print help'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand dct; and not __fish_seen_subcommand_from backup show restore" -f -a "backup" -d 'Save the application section of the DCT to a new file, or all of it'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand dct; and not __fish_seen_subcommand_from backup show restore" -f -a "show" -d 'Show what the fields of the DCT hold, but for what is secret in them'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand dct; and not __fish_seen_subcommand_from backup show restore" -f -a "restore" -d 'Write fields of a dump back to the Duo; backs up what is there first'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand dct; and __fish_seen_subcommand_from backup" -l archive -d 'The folder of the archive; else DUO_PROVISION_ARCHIVE, else your data directory' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand dct; and __fish_seen_subcommand_from backup" -l device -d 'The device id of the Duo, 24 hexadecimal digits' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand dct; and __fish_seen_subcommand_from backup" -l path -d 'The USB port that the Duo is plugged into, as `list` and dfu-util show it: 1-2 or 1-1.4' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand dct; and __fish_seen_subcommand_from backup" -l usbip -d 'Work on a virtual Duo: the USB/IP server of a running `simulate`, on loopback only' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand dct; and __fish_seen_subcommand_from backup" -l timeout -d 'Seconds that one step (finding, reading, writing, leaving) may take, 1 to 3600; 30 unless given' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand dct; and __fish_seen_subcommand_from backup" -l whole -d 'Both copies of the DCT, 32 KiB of the internal flash, in place of its application section'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand dct; and __fish_seen_subcommand_from backup" -l enter-dfu -d 'Put the Duo into DFU mode through its serial port where it runs its firmware'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand dct; and __fish_seen_subcommand_from backup" -l wait -d 'Where no Duo is in DFU mode, show what to press and wait for one, up to ten minutes'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand dct; and __fish_seen_subcommand_from backup" -l allow-unproven-address -d 'Go on where nothing shows that the Duo reads where it is told to: no device id that it tells over USB, and no cloud\'s public key in its slot'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand dct; and __fish_seen_subcommand_from backup" -l json -d 'Print one JSON object a line on standard output: events, then one result or error'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand dct; and __fish_seen_subcommand_from backup" -s y -l yes -d 'Do not ask before a write'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand dct; and __fish_seen_subcommand_from backup" -s v -l verbose -d 'Name the causes of an error too'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand dct; and __fish_seen_subcommand_from backup" -s h -l help -d 'Print help'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand dct; and __fish_seen_subcommand_from show" -l device -d 'The device id of the Duo, 24 hexadecimal digits' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand dct; and __fish_seen_subcommand_from show" -l path -d 'The USB port that the Duo is plugged into, as `list` and dfu-util show it: 1-2 or 1-1.4' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand dct; and __fish_seen_subcommand_from show" -l usbip -d 'Work on a virtual Duo: the USB/IP server of a running `simulate`, on loopback only' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand dct; and __fish_seen_subcommand_from show" -l timeout -d 'Seconds that one step (finding, reading, writing, leaving) may take, 1 to 3600; 30 unless given' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand dct; and __fish_seen_subcommand_from show" -l enter-dfu -d 'Put the Duo into DFU mode through its serial port where it runs its firmware'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand dct; and __fish_seen_subcommand_from show" -l wait -d 'Where no Duo is in DFU mode, show what to press and wait for one, up to ten minutes'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand dct; and __fish_seen_subcommand_from show" -l json -d 'Print one JSON object a line on standard output: events, then one result or error'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand dct; and __fish_seen_subcommand_from show" -s y -l yes -d 'Do not ask before a write'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand dct; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Name the causes of an error too'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand dct; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand dct; and __fish_seen_subcommand_from restore" -l fields -d 'The fields to restore: device-private-key, server-public-key, …; without it, the error lists them' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand dct; and __fish_seen_subcommand_from restore" -l archive -d 'The folder of the archive; else DUO_PROVISION_ARCHIVE, else your data directory' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand dct; and __fish_seen_subcommand_from restore" -l device -d 'The device id of the Duo, 24 hexadecimal digits' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand dct; and __fish_seen_subcommand_from restore" -l path -d 'The USB port that the Duo is plugged into, as `list` and dfu-util show it: 1-2 or 1-1.4' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand dct; and __fish_seen_subcommand_from restore" -l usbip -d 'Work on a virtual Duo: the USB/IP server of a running `simulate`, on loopback only' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand dct; and __fish_seen_subcommand_from restore" -l timeout -d 'Seconds that one step (finding, reading, writing, leaving) may take, 1 to 3600; 30 unless given' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand dct; and __fish_seen_subcommand_from restore" -l whole -d 'All of the DCT, both copies, as they were read into a dump of 32 KiB: everything that was written to the Duo since is lost'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand dct; and __fish_seen_subcommand_from restore" -l allow-other-device -d 'Write what is known to be another device\'s'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand dct; and __fish_seen_subcommand_from restore" -l leave -d 'Leave DFU mode once it is in place and verified'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand dct; and __fish_seen_subcommand_from restore" -l no-backup -d 'Do not back up what is there now'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand dct; and __fish_seen_subcommand_from restore" -l i-accept-that-the-key-may-be-lost -d 'With `--no-backup`, for bootloaders r3 to r5: their firmware programs the new bytes over the old ones in place, so a power cut can leave neither the old key nor the new one'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand dct; and __fish_seen_subcommand_from restore" -l dry-run -d 'Check everything and say what would be done; write nothing anywhere'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand dct; and __fish_seen_subcommand_from restore" -l enter-dfu -d 'Put the Duo into DFU mode through its serial port where it runs its firmware'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand dct; and __fish_seen_subcommand_from restore" -l wait -d 'Where no Duo is in DFU mode, show what to press and wait for one, up to ten minutes'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand dct; and __fish_seen_subcommand_from restore" -l allow-unproven-address -d 'Go on where nothing shows that the Duo reads where it is told to: no device id that it tells over USB, and no cloud\'s public key in its slot'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand dct; and __fish_seen_subcommand_from restore" -l json -d 'Print one JSON object a line on standard output: events, then one result or error'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand dct; and __fish_seen_subcommand_from restore" -s y -l yes -d 'Do not ask before a write'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand dct; and __fish_seen_subcommand_from restore" -s v -l verbose -d 'Name the causes of an error too'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand dct; and __fish_seen_subcommand_from restore" -s h -l help -d 'Print help'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand server-key; and not __fish_seen_subcommand_from show set restore" -l json -d 'Print one JSON object a line on standard output: events, then one result or error'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand server-key; and not __fish_seen_subcommand_from show set restore" -s y -l yes -d 'Do not ask before a write'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand server-key; and not __fish_seen_subcommand_from show set restore" -s v -l verbose -d 'Name the causes of an error too'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand server-key; and not __fish_seen_subcommand_from show set restore" -s h -l help -d 'Print help'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand server-key; and not __fish_seen_subcommand_from show set restore" -f -a "show" -d 'Show the cloud\'s public key and its address, of the Duo or of a file'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand server-key; and not __fish_seen_subcommand_from show set restore" -f -a "set" -d 'Write a cloud\'s public key and its address to the Duo; backs up what is there first'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand server-key; and not __fish_seen_subcommand_from show set restore" -f -a "restore" -d 'Write the key and the address of Particle\'s own cloud to the Duo; backs up what is there first'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand server-key; and __fish_seen_subcommand_from show" -l device -d 'The device id of the Duo, 24 hexadecimal digits' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand server-key; and __fish_seen_subcommand_from show" -l path -d 'The USB port that the Duo is plugged into, as `list` and dfu-util show it: 1-2 or 1-1.4' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand server-key; and __fish_seen_subcommand_from show" -l usbip -d 'Work on a virtual Duo: the USB/IP server of a running `simulate`, on loopback only' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand server-key; and __fish_seen_subcommand_from show" -l timeout -d 'Seconds that one step (finding, reading, writing, leaving) may take, 1 to 3600; 30 unless given' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand server-key; and __fish_seen_subcommand_from show" -l enter-dfu -d 'Put the Duo into DFU mode through its serial port where it runs its firmware'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand server-key; and __fish_seen_subcommand_from show" -l wait -d 'Where no Duo is in DFU mode, show what to press and wait for one, up to ten minutes'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand server-key; and __fish_seen_subcommand_from show" -l json -d 'Print one JSON object a line on standard output: events, then one result or error'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand server-key; and __fish_seen_subcommand_from show" -s y -l yes -d 'Do not ask before a write'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand server-key; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Name the causes of an error too'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand server-key; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand server-key; and __fish_seen_subcommand_from set" -l host -d 'The cloud\'s name or IPv4 address; `$id` in it stands for the device id' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand server-key; and __fish_seen_subcommand_from set" -l port -d 'The TCP port that devices connect to; with `--host`, 5683 unless given' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand server-key; and __fish_seen_subcommand_from set" -l archive -d 'The folder of the archive; else DUO_PROVISION_ARCHIVE, else your data directory' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand server-key; and __fish_seen_subcommand_from set" -l device -d 'The device id of the Duo, 24 hexadecimal digits' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand server-key; and __fish_seen_subcommand_from set" -l path -d 'The USB port that the Duo is plugged into, as `list` and dfu-util show it: 1-2 or 1-1.4' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand server-key; and __fish_seen_subcommand_from set" -l usbip -d 'Work on a virtual Duo: the USB/IP server of a running `simulate`, on loopback only' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand server-key; and __fish_seen_subcommand_from set" -l timeout -d 'Seconds that one step (finding, reading, writing, leaving) may take, 1 to 3600; 30 unless given' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand server-key; and __fish_seen_subcommand_from set" -l no-address -d 'Write no address, so that the Duo looks for its cloud at device.spark.io, as the firmware does then'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand server-key; and __fish_seen_subcommand_from set" -l leave -d 'Leave DFU mode once the key is in place and verified'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand server-key; and __fish_seen_subcommand_from set" -l no-backup -d 'Do not back up what is there now'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand server-key; and __fish_seen_subcommand_from set" -l i-accept-that-the-key-may-be-lost -d 'With `--no-backup`, for bootloaders r3 to r5: their firmware programs the new bytes over the old ones in place, so a power cut can leave neither the old key nor the new one'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand server-key; and __fish_seen_subcommand_from set" -l dry-run -d 'Check everything and say what would be done; write nothing anywhere'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand server-key; and __fish_seen_subcommand_from set" -l enter-dfu -d 'Put the Duo into DFU mode through its serial port where it runs its firmware'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand server-key; and __fish_seen_subcommand_from set" -l wait -d 'Where no Duo is in DFU mode, show what to press and wait for one, up to ten minutes'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand server-key; and __fish_seen_subcommand_from set" -l allow-unproven-address -d 'Go on where nothing shows that the Duo reads where it is told to: no device id that it tells over USB, and no cloud\'s public key in its slot'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand server-key; and __fish_seen_subcommand_from set" -l json -d 'Print one JSON object a line on standard output: events, then one result or error'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand server-key; and __fish_seen_subcommand_from set" -s y -l yes -d 'Do not ask before a write'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand server-key; and __fish_seen_subcommand_from set" -s v -l verbose -d 'Name the causes of an error too'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand server-key; and __fish_seen_subcommand_from set" -s h -l help -d 'Print help'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand server-key; and __fish_seen_subcommand_from restore" -l archive -d 'The folder of the archive; else DUO_PROVISION_ARCHIVE, else your data directory' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand server-key; and __fish_seen_subcommand_from restore" -l device -d 'The device id of the Duo, 24 hexadecimal digits' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand server-key; and __fish_seen_subcommand_from restore" -l path -d 'The USB port that the Duo is plugged into, as `list` and dfu-util show it: 1-2 or 1-1.4' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand server-key; and __fish_seen_subcommand_from restore" -l usbip -d 'Work on a virtual Duo: the USB/IP server of a running `simulate`, on loopback only' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand server-key; and __fish_seen_subcommand_from restore" -l timeout -d 'Seconds that one step (finding, reading, writing, leaving) may take, 1 to 3600; 30 unless given' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand server-key; and __fish_seen_subcommand_from restore" -l leave -d 'Leave DFU mode once the key is in place and verified'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand server-key; and __fish_seen_subcommand_from restore" -l no-backup -d 'Do not back up what is there now'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand server-key; and __fish_seen_subcommand_from restore" -l i-accept-that-the-key-may-be-lost -d 'With `--no-backup`, for bootloaders r3 to r5: their firmware programs the new bytes over the old ones in place, so a power cut can leave neither the old key nor the new one'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand server-key; and __fish_seen_subcommand_from restore" -l dry-run -d 'Check everything and say what would be done; write nothing anywhere'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand server-key; and __fish_seen_subcommand_from restore" -l enter-dfu -d 'Put the Duo into DFU mode through its serial port where it runs its firmware'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand server-key; and __fish_seen_subcommand_from restore" -l wait -d 'Where no Duo is in DFU mode, show what to press and wait for one, up to ten minutes'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand server-key; and __fish_seen_subcommand_from restore" -l allow-unproven-address -d 'Go on where nothing shows that the Duo reads where it is told to: no device id that it tells over USB, and no cloud\'s public key in its slot'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand server-key; and __fish_seen_subcommand_from restore" -l json -d 'Print one JSON object a line on standard output: events, then one result or error'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand server-key; and __fish_seen_subcommand_from restore" -s y -l yes -d 'Do not ask before a write'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand server-key; and __fish_seen_subcommand_from restore" -s v -l verbose -d 'Name the causes of an error too'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand server-key; and __fish_seen_subcommand_from restore" -s h -l help -d 'Print help'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand inspect" -l extract -d 'Write one field of a dump to a new file: device-private-key, server-public-key, …; a name that there is not lists them all' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand inspect" -l copy -d 'Of a whole DCT, look at this copy, whether the Duo\'s firmware would read it or not' -r -f -a "first\t'The one at the lower address'
second\t'The other one'"
complete -c duo-provision -n "__fish_duo_provision_using_subcommand inspect" -l out -d 'The file for the field; beside the dump, and named for both, unless given' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand inspect" -l passphrase-file -d 'A file whose first line is the passphrase of the key file, or - for standard input' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand inspect" -l json -d 'Print one JSON object a line on standard output: events, then one result or error'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand inspect" -s y -l yes -d 'Do not ask before a write'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand inspect" -s v -l verbose -d 'Name the causes of an error too'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand inspect" -s h -l help -d 'Print help'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand key; and not __fish_seen_subcommand_from new public" -l json -d 'Print one JSON object a line on standard output: events, then one result or error'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand key; and not __fish_seen_subcommand_from new public" -s y -l yes -d 'Do not ask before a write'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand key; and not __fish_seen_subcommand_from new public" -s v -l verbose -d 'Name the causes of an error too'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand key; and not __fish_seen_subcommand_from new public" -s h -l help -d 'Print help'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand key; and not __fish_seen_subcommand_from new public" -f -a "new" -d 'Make a new RSA-1024 key file, in the form that the Duo\'s firmware reads'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand key; and not __fish_seen_subcommand_from new public" -f -a "public" -d 'Print the public key of any key file, as PEM'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand key; and __fish_seen_subcommand_from new" -l passphrase-file -d 'A file whose first line is the passphrase, or - for standard input' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand key; and __fish_seen_subcommand_from new" -l encrypt -d 'Put the key behind a passphrase: PKCS#8 with PBES2 and AES-256, as PEM, which `openssl pkey` opens'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand key; and __fish_seen_subcommand_from new" -l json -d 'Print one JSON object a line on standard output: events, then one result or error'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand key; and __fish_seen_subcommand_from new" -s y -l yes -d 'Do not ask before a write'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand key; and __fish_seen_subcommand_from new" -s v -l verbose -d 'Name the causes of an error too'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand key; and __fish_seen_subcommand_from new" -s h -l help -d 'Print help'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand key; and __fish_seen_subcommand_from public" -l out -d 'Write the public key to this new file, too' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand key; and __fish_seen_subcommand_from public" -l passphrase-file -d 'A file whose first line is the passphrase of the key file, or - for standard input' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand key; and __fish_seen_subcommand_from public" -l json -d 'Print one JSON object a line on standard output: events, then one result or error'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand key; and __fish_seen_subcommand_from public" -s y -l yes -d 'Do not ask before a write'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand key; and __fish_seen_subcommand_from public" -s v -l verbose -d 'Name the causes of an error too'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand key; and __fish_seen_subcommand_from public" -s h -l help -d 'Print help'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand verify" -l key -d 'A file with the private key, in any form; else the key is read from the attached Duo' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand verify" -l passphrase-file -d 'A file whose first line is the passphrase of the key file, or - for standard input' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand verify" -l server-key -d 'A file with the cloud\'s public key, RSA with 2048 bits, PEM or DER' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand verify" -l host -d 'The cloud\'s name or IPv4 address' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand verify" -l port -d 'The TCP port that devices connect to' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand verify" -l device -d 'The device id of the Duo, 24 hexadecimal digits' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand verify" -l path -d 'The USB port that the Duo is plugged into, as `list` and dfu-util show it: 1-2 or 1-1.4' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand verify" -l usbip -d 'Work on a virtual Duo: the USB/IP server of a running `simulate`, on loopback only' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand verify" -l timeout -d 'Seconds that one step (reading, or the whole handshake) may take, 1 to 3600; 30 unless given' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand verify" -l enter-dfu -d 'Put the Duo into DFU mode through its serial port where it runs its firmware'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand verify" -l wait -d 'Where no Duo is in DFU mode, show what to press and wait for one, up to ten minutes'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand verify" -l allow-unproven-address -d 'Go on where nothing shows that the Duo reads where it is told to: no device id that it tells over USB, and no cloud\'s public key in its slot'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand verify" -l json -d 'Print one JSON object a line on standard output: events, then one result or error'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand verify" -s y -l yes -d 'Do not ask before a write'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand verify" -s v -l verbose -d 'Name the causes of an error too'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand verify" -s h -l help -d 'Print help'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand backups" -l archive -d 'The folder of the archive; else DUO_PROVISION_ARCHIVE, else your data directory' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand backups" -l device -d 'Only the backups of this Duo: its device id, 24 hexadecimal digits' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand backups" -l json -d 'Print one JSON object a line on standard output: events, then one result or error'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand backups" -s y -l yes -d 'Do not ask before a write'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand backups" -s v -l verbose -d 'Name the causes of an error too'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand backups" -s h -l help -d 'Print help'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand status" -l device -d 'Only what was done to this Duo: its device id, 24 hexadecimal digits' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand status" -l json -d 'Print one JSON object a line on standard output: events, then one result or error'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand status" -s y -l yes -d 'Do not ask before a write'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand status" -s v -l verbose -d 'Name the causes of an error too'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand status" -s h -l help -d 'Print help'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand history" -l device -d 'Only what was done to this Duo: its device id, 24 hexadecimal digits' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand history" -l limit -d 'List this many operations at most, the newest; 100 unless given' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand history" -l json -d 'Print one JSON object a line on standard output: events, then one result or error'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand history" -s y -l yes -d 'Do not ask before a write'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand history" -s v -l verbose -d 'Name the causes of an error too'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand history" -s h -l help -d 'Print help'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand doctor" -l archive -d 'The folder of the archive; else DUO_PROVISION_ARCHIVE, else your data directory' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand doctor" -l device -d 'The device id of the Duo, 24 hexadecimal digits' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand doctor" -l path -d 'The USB port that the Duo is plugged into, as `list` and dfu-util show it: 1-2 or 1-1.4' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand doctor" -l usbip -d 'Work on a virtual Duo: the USB/IP server of a running `simulate`, on loopback only' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand doctor" -l api-url -d 'The cloud\'s API; https://api.particle.io, or that of your particle-cli profile when its token is used, unless given' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand doctor" -l token-file -d 'A file that holds the access token, or - for standard input' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand doctor" -l timeout -d 'Seconds that one step (finding, reading, asking with all retries) may take, 1 to 3600; 30 unless given' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand doctor" -l enter-dfu -d 'Put the Duo into DFU mode through its serial port where it runs its firmware'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand doctor" -l wait -d 'Where no Duo is in DFU mode, show what to press and wait for one, up to ten minutes'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand doctor" -l cloud -d 'Ask the cloud what it knows of each Duo, with the token of `--token-file`, PARTICLE_ACCESS_TOKEN or the login of particle-cli'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand doctor" -l allow-http -d 'Send the token over plain HTTP to another machine, for your own cloud on a network you trust'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand doctor" -l fix -d 'Offer to put right what can be put right, one thing after the other'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand doctor" -l json -d 'Print one JSON object a line on standard output: events, then one result or error'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand doctor" -s y -l yes -d 'Do not ask before a write'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand doctor" -s v -l verbose -d 'Name the causes of an error too'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand doctor" -s h -l help -d 'Print help'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand udev; and not __fish_seen_subcommand_from print install" -l json -d 'Print one JSON object a line on standard output: events, then one result or error'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand udev; and not __fish_seen_subcommand_from print install" -s y -l yes -d 'Do not ask before a write'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand udev; and not __fish_seen_subcommand_from print install" -s v -l verbose -d 'Name the causes of an error too'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand udev; and not __fish_seen_subcommand_from print install" -s h -l help -d 'Print help'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand udev; and not __fish_seen_subcommand_from print install" -f -a "print" -d 'Print the rule'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand udev; and not __fish_seen_subcommand_from print install" -f -a "install" -d 'Write the rule to /etc/udev/rules.d and have udev take it up; as root'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand udev; and __fish_seen_subcommand_from print" -l json -d 'Print one JSON object a line on standard output: events, then one result or error'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand udev; and __fish_seen_subcommand_from print" -s y -l yes -d 'Do not ask before a write'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand udev; and __fish_seen_subcommand_from print" -s v -l verbose -d 'Name the causes of an error too'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand udev; and __fish_seen_subcommand_from print" -s h -l help -d 'Print help'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand udev; and __fish_seen_subcommand_from install" -l root -d 'For tests: another root folder in place of /, which the caller may write to' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand udev; and __fish_seen_subcommand_from install" -l json -d 'Print one JSON object a line on standard output: events, then one result or error'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand udev; and __fish_seen_subcommand_from install" -s y -l yes -d 'Do not ask before a write'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand udev; and __fish_seen_subcommand_from install" -s v -l verbose -d 'Name the causes of an error too'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand udev; and __fish_seen_subcommand_from install" -s h -l help -d 'Print help'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand simulate" -l duos -d 'How many Duos, 1 to 16; 1 unless given' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand simulate" -l board -d 'Another board that is laid out as a Duo, to be in their place; duo unless given' -r -f -a "duo\t'RedBear\'s Duo'
photon\t'Particle\'s Photon'
p1\t'Particle\'s P1'
electron\t'Particle\'s Electron'"
complete -c duo-provision -n "__fish_duo_provision_using_subcommand simulate" -l bootloader -d 'The bootloader they have; r6 unless given' -r -f -a "r3\t'System firmware up to 0.2.4'
r4\t'The same to this tool'
r5\t'System firmware from 0.3.0. Shows its device id in capitals, and writes its DCT as r3 and r4 do'
r6\t'System firmware from 0.3.1, which does its DCT\'s reading and writing. Shows its device id in small letters'"
complete -c duo-provision -n "__fish_duo_provision_using_subcommand simulate" -l mode -d 'What they do whenever they start: stay in DFU mode, or run their firmware, with a serial port; dfu unless given' -r -f -a "dfu\t'It stays in DFU mode, as if somebody held its buttons'
normal\t'It runs its firmware'"
complete -c duo-provision -n "__fish_duo_provision_using_subcommand simulate" -l usbip -d 'The port of the USB/IP server on 127.0.0.1; a free one unless given (3240 is USB/IP\'s own)' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand simulate" -l fault -d 'A fault that every Duo is armed with: KIND@7 strikes once, at the seventh control transfer, KIND@7+ from there on, and KIND@dfu7 counts DFU\'s requests alone' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand simulate" -l flavor -d 'Whose answers to give; particle unless given' -r -f -a "particle\t'api.particle.io'
spark\t'particle-iot/spark-server'
brewskey\t'Brewskey/spark-server'"
complete -c duo-provision -n "__fish_duo_provision_using_subcommand simulate" -l cloud -d 'The port on 127.0.0.1; a free one unless given (8080 is a local cloud\'s usual one)' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand simulate" -l device-port -d 'Serve the devices\' own handshake too, with which `verify` proves a pairing, on this port of 127.0.0.1; 0 takes a free one (5683 is a cloud\'s usual one)' -r
complete -c duo-provision -n "__fish_duo_provision_using_subcommand simulate" -l json -d 'Print one JSON object a line on standard output: events, then one result or error'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand simulate" -s y -l yes -d 'Do not ask before a write'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand simulate" -s v -l verbose -d 'Name the causes of an error too'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand simulate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand demo" -l json -d 'Print one JSON object a line on standard output: events, then one result or error'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand demo" -s y -l yes -d 'Do not ask before a write'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand demo" -s v -l verbose -d 'Name the causes of an error too'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand demo" -s h -l help -d 'Print help'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand completions" -l json -d 'Print one JSON object a line on standard output: events, then one result or error'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand completions" -s y -l yes -d 'Do not ask before a write'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand completions" -s v -l verbose -d 'Name the causes of an error too'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand completions" -s h -l help -d 'Print help'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand shell-init" -l json -d 'Print one JSON object a line on standard output: events, then one result or error'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand shell-init" -s y -l yes -d 'Do not ask before a write'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand shell-init" -s v -l verbose -d 'Name the causes of an error too'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand shell-init" -s h -l help -d 'Print help'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand man" -l json -d 'Print one JSON object a line on standard output: events, then one result or error'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand man" -s y -l yes -d 'Do not ask before a write'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand man" -s v -l verbose -d 'Name the causes of an error too'
complete -c duo-provision -n "__fish_duo_provision_using_subcommand man" -s h -l help -d 'Print help'
