
using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'duo-provision' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $command = @(
        'duo-provision'
        for ($i = 1; $i -lt $commandElements.Count; $i++) {
            $element = $commandElements[$i]
            if ($element -isnot [StringConstantExpressionAst] -or
                $element.StringConstantType -ne [StringConstantType]::BareWord -or
                $element.Value.StartsWith('-') -or
                $element.Value -eq $wordToComplete) {
                break
        }
        $element.Value
    }) -join ';'

    $completions = @(switch ($command) {
        'duo-provision' {
            [CompletionResult]::new('--passphrase-file', '--passphrase-file', [CompletionResultType]::ParameterName, 'A file whose first line is the passphrase of the key file, or - for standard input')
            [CompletionResult]::new('--product-id', '--product-id', [CompletionResultType]::ParameterName, 'The product id; 88, the Duo''s, unless given')
            [CompletionResult]::new('--api-url', '--api-url', [CompletionResultType]::ParameterName, 'The cloud''s API; https://api.particle.io, or that of your particle-cli profile when its token is used, unless given')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'A file that holds the access token, or - for standard input')
            [CompletionResult]::new('--path', '--path', [CompletionResultType]::ParameterName, 'With `--from-device`: the USB port that the Duo is plugged into, as `list` shows it')
            [CompletionResult]::new('--usbip', '--usbip', [CompletionResultType]::ParameterName, 'With `--from-device`: work on a virtual Duo, the USB/IP server of a running `simulate`')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Seconds that one step (reading, or sending with all retries) may take, 1 to 3600; 30 unless given')
            [CompletionResult]::new('--from-device', '--from-device', [CompletionResultType]::ParameterName, 'Send the public key that belongs to the private key in the attached Duo, read over USB')
            [CompletionResult]::new('--allow-http', '--allow-http', [CompletionResultType]::ParameterName, 'Send the token over plain HTTP to another machine, for your own cloud on a network you trust')
            [CompletionResult]::new('--enter-dfu', '--enter-dfu', [CompletionResultType]::ParameterName, 'With `--from-device`: put the Duo into DFU mode through its serial port where it runs its firmware')
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'With `--from-device`: where no Duo is in DFU mode, show what to press and wait for one, up to ten minutes')
            [CompletionResult]::new('--allow-unproven-address', '--allow-unproven-address', [CompletionResultType]::ParameterName, 'Go on where nothing shows that the Duo reads where it is told to: no device id that it tells over USB, and no cloud''s public key in its slot')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Check everything and say what would be sent; send nothing')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON object a line on standard output: events, then one result or error')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not ask before a write')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask before a write')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Name the causes of an error too')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Name the causes of an error too')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('provision', 'provision', [CompletionResultType]::ParameterValue, 'Send the Duo''s public key to the cloud')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the Duos in DFU mode, with their keys'' fingerprints')
            [CompletionResult]::new('dfu', 'dfu', [CompletionResultType]::ParameterValue, 'Put a Duo that runs its firmware into DFU mode, without its buttons')
            [CompletionResult]::new('backup', 'backup', [CompletionResultType]::ParameterValue, 'Save the Duo''s private key to a new file')
            [CompletionResult]::new('restore', 'restore', [CompletionResultType]::ParameterValue, 'Write a saved private key to the Duo, and read it back')
            [CompletionResult]::new('reset', 'reset', [CompletionResultType]::ParameterValue, 'Erase the Duo''s private key, so that the Duo makes a new one')
            [CompletionResult]::new('rotate', 'rotate', [CompletionResultType]::ParameterValue, 'Give the Duo and the cloud a new key, in the one order in which neither is left alone')
            [CompletionResult]::new('dct', 'dct', [CompletionResultType]::ParameterValue, 'Save, show and restore the Duo''s device configuration table (DCT), which holds its keys')
            [CompletionResult]::new('server-key', 'server-key', [CompletionResultType]::ParameterValue, 'Show or set which cloud the Duo connects to: its public key and its address')
            [CompletionResult]::new('inspect', 'inspect', [CompletionResultType]::ParameterValue, 'Say what a file holds: a key, a dump of a DCT, a manifest; and whether the Duo''s firmware would read it')
            [CompletionResult]::new('key', 'key', [CompletionResultType]::ParameterValue, 'Make a new key file, or take the public key out of one')
            [CompletionResult]::new('verify', 'verify', [CompletionResultType]::ParameterValue, 'Prove that the Duo''s key and the cloud''s are a pair, by the Duo''s own handshake')
            [CompletionResult]::new('backups', 'backups', [CompletionResultType]::ParameterValue, 'List the backups in the archive, with their devices and keys')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Say what was in flight when a command was cut short, and what to type next')
            [CompletionResult]::new('history', 'history', [CompletionResultType]::ParameterValue, 'List what was done to which Duo, newest first')
            [CompletionResult]::new('doctor', 'doctor', [CompletionResultType]::ParameterValue, 'Say what is wrong with the Duos in DFU mode, and what to type')
            [CompletionResult]::new('udev', 'udev', [CompletionResultType]::ParameterValue, 'Let the users of this machine open a Duo: print or install the udev rule for it (Linux)')
            [CompletionResult]::new('simulate', 'simulate', [CompletionResultType]::ParameterValue, 'Run virtual Duos and a local cloud until Ctrl-C')
            [CompletionResult]::new('demo', 'demo', [CompletionResultType]::ParameterValue, 'Show the whole story on a virtual Duo and a local cloud; needs no hardware')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print a completion script')
            [CompletionResult]::new('shell-init', 'shell-init', [CompletionResultType]::ParameterValue, 'Print a shell function that makes `particle duo` of this program, beside particle-cli')
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'Print a man page')
            break
        }
        'duo-provision;provision' {
            [CompletionResult]::new('--passphrase-file', '--passphrase-file', [CompletionResultType]::ParameterName, 'A file whose first line is the passphrase of the key file, or - for standard input')
            [CompletionResult]::new('--product-id', '--product-id', [CompletionResultType]::ParameterName, 'The product id; 88, the Duo''s, unless given')
            [CompletionResult]::new('--api-url', '--api-url', [CompletionResultType]::ParameterName, 'The cloud''s API; https://api.particle.io, or that of your particle-cli profile when its token is used, unless given')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'A file that holds the access token, or - for standard input')
            [CompletionResult]::new('--path', '--path', [CompletionResultType]::ParameterName, 'With `--from-device`: the USB port that the Duo is plugged into, as `list` shows it')
            [CompletionResult]::new('--usbip', '--usbip', [CompletionResultType]::ParameterName, 'With `--from-device`: work on a virtual Duo, the USB/IP server of a running `simulate`')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Seconds that one step (reading, or sending with all retries) may take, 1 to 3600; 30 unless given')
            [CompletionResult]::new('--from-device', '--from-device', [CompletionResultType]::ParameterName, 'Send the public key that belongs to the private key in the attached Duo, read over USB')
            [CompletionResult]::new('--allow-http', '--allow-http', [CompletionResultType]::ParameterName, 'Send the token over plain HTTP to another machine, for your own cloud on a network you trust')
            [CompletionResult]::new('--enter-dfu', '--enter-dfu', [CompletionResultType]::ParameterName, 'With `--from-device`: put the Duo into DFU mode through its serial port where it runs its firmware')
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'With `--from-device`: where no Duo is in DFU mode, show what to press and wait for one, up to ten minutes')
            [CompletionResult]::new('--allow-unproven-address', '--allow-unproven-address', [CompletionResultType]::ParameterName, 'Go on where nothing shows that the Duo reads where it is told to: no device id that it tells over USB, and no cloud''s public key in its slot')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Check everything and say what would be sent; send nothing')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON object a line on standard output: events, then one result or error')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not ask before a write')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask before a write')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Name the causes of an error too')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Name the causes of an error too')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'duo-provision;list' {
            [CompletionResult]::new('--device', '--device', [CompletionResultType]::ParameterName, 'The device id of the Duo, 24 hexadecimal digits')
            [CompletionResult]::new('--path', '--path', [CompletionResultType]::ParameterName, 'The USB port that the Duo is plugged into, as `list` and dfu-util show it: 1-2 or 1-1.4')
            [CompletionResult]::new('--usbip', '--usbip', [CompletionResultType]::ParameterName, 'Work on a virtual Duo: the USB/IP server of a running `simulate`, on loopback only')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Seconds that one step (finding, reading, writing, leaving) may take, 1 to 3600; 30 unless given')
            [CompletionResult]::new('--enter-dfu', '--enter-dfu', [CompletionResultType]::ParameterName, 'Put the Duo into DFU mode through its serial port where it runs its firmware')
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'Where no Duo is in DFU mode, show what to press and wait for one, up to ten minutes')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON object a line on standard output: events, then one result or error')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not ask before a write')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask before a write')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Name the causes of an error too')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Name the causes of an error too')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'duo-provision;dfu' {
            [CompletionResult]::new('--device', '--device', [CompletionResultType]::ParameterName, 'The device id of the Duo, 24 hexadecimal digits')
            [CompletionResult]::new('--path', '--path', [CompletionResultType]::ParameterName, 'The USB port that the Duo is plugged into: 1-2 or 1-1.4')
            [CompletionResult]::new('--usbip', '--usbip', [CompletionResultType]::ParameterName, 'Work on a virtual Duo: the USB/IP server of a running `simulate`, on loopback only')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Seconds that one step (finding, restarting) may take, 1 to 3600; 30 unless given')
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'Where no Duo is connected, show what to press and wait for one, up to ten minutes')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON object a line on standard output: events, then one result or error')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not ask before a write')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask before a write')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Name the causes of an error too')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Name the causes of an error too')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'duo-provision;backup' {
            [CompletionResult]::new('--passphrase-file', '--passphrase-file', [CompletionResultType]::ParameterName, 'A file whose first line is the passphrase, or - for standard input')
            [CompletionResult]::new('--archive', '--archive', [CompletionResultType]::ParameterName, 'The folder of the archive; else DUO_PROVISION_ARCHIVE, else your data directory')
            [CompletionResult]::new('--device', '--device', [CompletionResultType]::ParameterName, 'The device id of the Duo, 24 hexadecimal digits')
            [CompletionResult]::new('--path', '--path', [CompletionResultType]::ParameterName, 'The USB port that the Duo is plugged into, as `list` and dfu-util show it: 1-2 or 1-1.4')
            [CompletionResult]::new('--usbip', '--usbip', [CompletionResultType]::ParameterName, 'Work on a virtual Duo: the USB/IP server of a running `simulate`, on loopback only')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Seconds that one step (finding, reading, writing, leaving) may take, 1 to 3600; 30 unless given')
            [CompletionResult]::new('--raw', '--raw', [CompletionResultType]::ParameterName, 'Save the bytes of the key slot even when they are no key')
            [CompletionResult]::new('--encrypt', '--encrypt', [CompletionResultType]::ParameterName, 'Put the key behind a passphrase: PKCS#8 with PBES2 and AES-256, as PEM, which `openssl pkey` opens')
            [CompletionResult]::new('--enter-dfu', '--enter-dfu', [CompletionResultType]::ParameterName, 'Put the Duo into DFU mode through its serial port where it runs its firmware')
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'Where no Duo is in DFU mode, show what to press and wait for one, up to ten minutes')
            [CompletionResult]::new('--allow-unproven-address', '--allow-unproven-address', [CompletionResultType]::ParameterName, 'Go on where nothing shows that the Duo reads where it is told to: no device id that it tells over USB, and no cloud''s public key in its slot')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON object a line on standard output: events, then one result or error')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not ask before a write')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask before a write')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Name the causes of an error too')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Name the causes of an error too')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'duo-provision;restore' {
            [CompletionResult]::new('--archive', '--archive', [CompletionResultType]::ParameterName, 'The folder of the archive; else DUO_PROVISION_ARCHIVE, else your data directory')
            [CompletionResult]::new('--passphrase-file', '--passphrase-file', [CompletionResultType]::ParameterName, 'A file whose first line is the passphrase, of the key file and of the backup, or - for standard input')
            [CompletionResult]::new('--device', '--device', [CompletionResultType]::ParameterName, 'The device id of the Duo, 24 hexadecimal digits')
            [CompletionResult]::new('--path', '--path', [CompletionResultType]::ParameterName, 'The USB port that the Duo is plugged into, as `list` and dfu-util show it: 1-2 or 1-1.4')
            [CompletionResult]::new('--usbip', '--usbip', [CompletionResultType]::ParameterName, 'Work on a virtual Duo: the USB/IP server of a running `simulate`, on loopback only')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Seconds that one step (finding, reading, writing, leaving) may take, 1 to 3600; 30 unless given')
            [CompletionResult]::new('--leave', '--leave', [CompletionResultType]::ParameterName, 'Leave DFU mode once the key is in place and verified')
            [CompletionResult]::new('--allow-other-device', '--allow-other-device', [CompletionResultType]::ParameterName, 'Write the key even though it is known to be another device''s')
            [CompletionResult]::new('--no-backup', '--no-backup', [CompletionResultType]::ParameterName, 'Do not back up what is in the key slot now')
            [CompletionResult]::new('--i-accept-that-the-key-may-be-lost', '--i-accept-that-the-key-may-be-lost', [CompletionResultType]::ParameterName, 'With `--no-backup`, for bootloaders r3 to r5: their firmware programs the new bytes over the old ones in place, so a power cut can leave neither the old key nor the new one')
            [CompletionResult]::new('--encrypt', '--encrypt', [CompletionResultType]::ParameterName, 'Put the backup behind a passphrase: PKCS#8 with PBES2 and AES-256, as PEM, which `openssl pkey` opens')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Check everything and say what would be done; write nothing anywhere')
            [CompletionResult]::new('--enter-dfu', '--enter-dfu', [CompletionResultType]::ParameterName, 'Put the Duo into DFU mode through its serial port where it runs its firmware')
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'Where no Duo is in DFU mode, show what to press and wait for one, up to ten minutes')
            [CompletionResult]::new('--allow-unproven-address', '--allow-unproven-address', [CompletionResultType]::ParameterName, 'Go on where nothing shows that the Duo reads where it is told to: no device id that it tells over USB, and no cloud''s public key in its slot')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON object a line on standard output: events, then one result or error')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not ask before a write')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask before a write')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Name the causes of an error too')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Name the causes of an error too')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'duo-provision;reset' {
            [CompletionResult]::new('--archive', '--archive', [CompletionResultType]::ParameterName, 'The folder of the archive; else DUO_PROVISION_ARCHIVE, else your data directory')
            [CompletionResult]::new('--passphrase-file', '--passphrase-file', [CompletionResultType]::ParameterName, 'A file whose first line is the passphrase, or - for standard input')
            [CompletionResult]::new('--device', '--device', [CompletionResultType]::ParameterName, 'The device id of the Duo, 24 hexadecimal digits')
            [CompletionResult]::new('--path', '--path', [CompletionResultType]::ParameterName, 'The USB port that the Duo is plugged into, as `list` and dfu-util show it: 1-2 or 1-1.4')
            [CompletionResult]::new('--usbip', '--usbip', [CompletionResultType]::ParameterName, 'Work on a virtual Duo: the USB/IP server of a running `simulate`, on loopback only')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Seconds that one step (finding, reading, writing, leaving) may take, 1 to 3600; 30 unless given')
            [CompletionResult]::new('--no-backup', '--no-backup', [CompletionResultType]::ParameterName, 'Do not back up what is in the key slot now')
            [CompletionResult]::new('--i-accept-that-the-key-may-be-lost', '--i-accept-that-the-key-may-be-lost', [CompletionResultType]::ParameterName, 'With `--no-backup`, for bootloaders r3 to r5: their firmware programs the new bytes over the old ones in place, so a power cut can leave neither the old key nor the new one')
            [CompletionResult]::new('--encrypt', '--encrypt', [CompletionResultType]::ParameterName, 'Put the backup behind a passphrase: PKCS#8 with PBES2 and AES-256, as PEM, which `openssl pkey` opens')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Check everything and say what would be done; write nothing anywhere')
            [CompletionResult]::new('--enter-dfu', '--enter-dfu', [CompletionResultType]::ParameterName, 'Put the Duo into DFU mode through its serial port where it runs its firmware')
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'Where no Duo is in DFU mode, show what to press and wait for one, up to ten minutes')
            [CompletionResult]::new('--allow-unproven-address', '--allow-unproven-address', [CompletionResultType]::ParameterName, 'Go on where nothing shows that the Duo reads where it is told to: no device id that it tells over USB, and no cloud''s public key in its slot')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON object a line on standard output: events, then one result or error')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not ask before a write')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask before a write')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Name the causes of an error too')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Name the causes of an error too')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'duo-provision;rotate' {
            [CompletionResult]::new('--product-id', '--product-id', [CompletionResultType]::ParameterName, 'The product id; 88, the Duo''s, unless given')
            [CompletionResult]::new('--archive', '--archive', [CompletionResultType]::ParameterName, 'The folder of the archive, which the old key and the new one go to; else DUO_PROVISION_ARCHIVE, else your data directory')
            [CompletionResult]::new('--api-url', '--api-url', [CompletionResultType]::ParameterName, 'The cloud''s API; https://api.particle.io, or that of your particle-cli profile when its token is used, unless given')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'A file that holds the access token, or - for standard input')
            [CompletionResult]::new('--server-key', '--server-key', [CompletionResultType]::ParameterName, 'A file with the cloud''s public key, RSA with 2048 bits, PEM or DER')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'The cloud''s name or IPv4 address for devices')
            [CompletionResult]::new('--port', '--port', [CompletionResultType]::ParameterName, 'The TCP port that devices connect to')
            [CompletionResult]::new('--device', '--device', [CompletionResultType]::ParameterName, 'The device id of the Duo, 24 hexadecimal digits')
            [CompletionResult]::new('--path', '--path', [CompletionResultType]::ParameterName, 'The USB port that the Duo is plugged into, as `list` and dfu-util show it: 1-2 or 1-1.4')
            [CompletionResult]::new('--usbip', '--usbip', [CompletionResultType]::ParameterName, 'Work on a virtual Duo: the USB/IP server of a running `simulate`, on loopback only')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Seconds that one step (reading, sending with all retries, writing, proving, leaving) may take, 1 to 3600; 30 unless given')
            [CompletionResult]::new('--no-verify', '--no-verify', [CompletionResultType]::ParameterName, 'Do not prove the pairing by the Duo''s own handshake at the end: for a cloud whose device port cannot be reached from here')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Check everything and say what would be done; make no key, write and send nothing')
            [CompletionResult]::new('--allow-http', '--allow-http', [CompletionResultType]::ParameterName, 'Send the token over plain HTTP to another machine, for your own cloud on a network you trust')
            [CompletionResult]::new('--enter-dfu', '--enter-dfu', [CompletionResultType]::ParameterName, 'Put the Duo into DFU mode through its serial port where it runs its firmware')
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'Where no Duo is in DFU mode, show what to press and wait for one, up to ten minutes')
            [CompletionResult]::new('--allow-unproven-address', '--allow-unproven-address', [CompletionResultType]::ParameterName, 'Go on where nothing shows that the Duo reads where it is told to: no device id that it tells over USB, and no cloud''s public key in its slot')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON object a line on standard output: events, then one result or error')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not ask before a write')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask before a write')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Name the causes of an error too')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Name the causes of an error too')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'duo-provision;dct' {
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON object a line on standard output: events, then one result or error')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not ask before a write')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask before a write')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Name the causes of an error too')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Name the causes of an error too')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('backup', 'backup', [CompletionResultType]::ParameterValue, 'Save the application section of the DCT to a new file, or all of it')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show what the fields of the DCT hold, but for what is secret in them')
            [CompletionResult]::new('restore', 'restore', [CompletionResultType]::ParameterValue, 'Write fields of a dump back to the Duo; backs up what is there first')
            break
        }
        'duo-provision;dct;backup' {
            [CompletionResult]::new('--archive', '--archive', [CompletionResultType]::ParameterName, 'The folder of the archive; else DUO_PROVISION_ARCHIVE, else your data directory')
            [CompletionResult]::new('--device', '--device', [CompletionResultType]::ParameterName, 'The device id of the Duo, 24 hexadecimal digits')
            [CompletionResult]::new('--path', '--path', [CompletionResultType]::ParameterName, 'The USB port that the Duo is plugged into, as `list` and dfu-util show it: 1-2 or 1-1.4')
            [CompletionResult]::new('--usbip', '--usbip', [CompletionResultType]::ParameterName, 'Work on a virtual Duo: the USB/IP server of a running `simulate`, on loopback only')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Seconds that one step (finding, reading, writing, leaving) may take, 1 to 3600; 30 unless given')
            [CompletionResult]::new('--whole', '--whole', [CompletionResultType]::ParameterName, 'Both copies of the DCT, 32 KiB of the internal flash, in place of its application section')
            [CompletionResult]::new('--enter-dfu', '--enter-dfu', [CompletionResultType]::ParameterName, 'Put the Duo into DFU mode through its serial port where it runs its firmware')
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'Where no Duo is in DFU mode, show what to press and wait for one, up to ten minutes')
            [CompletionResult]::new('--allow-unproven-address', '--allow-unproven-address', [CompletionResultType]::ParameterName, 'Go on where nothing shows that the Duo reads where it is told to: no device id that it tells over USB, and no cloud''s public key in its slot')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON object a line on standard output: events, then one result or error')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not ask before a write')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask before a write')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Name the causes of an error too')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Name the causes of an error too')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'duo-provision;dct;show' {
            [CompletionResult]::new('--device', '--device', [CompletionResultType]::ParameterName, 'The device id of the Duo, 24 hexadecimal digits')
            [CompletionResult]::new('--path', '--path', [CompletionResultType]::ParameterName, 'The USB port that the Duo is plugged into, as `list` and dfu-util show it: 1-2 or 1-1.4')
            [CompletionResult]::new('--usbip', '--usbip', [CompletionResultType]::ParameterName, 'Work on a virtual Duo: the USB/IP server of a running `simulate`, on loopback only')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Seconds that one step (finding, reading, writing, leaving) may take, 1 to 3600; 30 unless given')
            [CompletionResult]::new('--enter-dfu', '--enter-dfu', [CompletionResultType]::ParameterName, 'Put the Duo into DFU mode through its serial port where it runs its firmware')
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'Where no Duo is in DFU mode, show what to press and wait for one, up to ten minutes')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON object a line on standard output: events, then one result or error')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not ask before a write')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask before a write')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Name the causes of an error too')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Name the causes of an error too')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'duo-provision;dct;restore' {
            [CompletionResult]::new('--fields', '--fields', [CompletionResultType]::ParameterName, 'The fields to restore: device-private-key, server-public-key, …; without it, the error lists them')
            [CompletionResult]::new('--archive', '--archive', [CompletionResultType]::ParameterName, 'The folder of the archive; else DUO_PROVISION_ARCHIVE, else your data directory')
            [CompletionResult]::new('--device', '--device', [CompletionResultType]::ParameterName, 'The device id of the Duo, 24 hexadecimal digits')
            [CompletionResult]::new('--path', '--path', [CompletionResultType]::ParameterName, 'The USB port that the Duo is plugged into, as `list` and dfu-util show it: 1-2 or 1-1.4')
            [CompletionResult]::new('--usbip', '--usbip', [CompletionResultType]::ParameterName, 'Work on a virtual Duo: the USB/IP server of a running `simulate`, on loopback only')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Seconds that one step (finding, reading, writing, leaving) may take, 1 to 3600; 30 unless given')
            [CompletionResult]::new('--whole', '--whole', [CompletionResultType]::ParameterName, 'All of the DCT, both copies, as they were read into a dump of 32 KiB: everything that was written to the Duo since is lost')
            [CompletionResult]::new('--allow-other-device', '--allow-other-device', [CompletionResultType]::ParameterName, 'Write what is known to be another device''s')
            [CompletionResult]::new('--leave', '--leave', [CompletionResultType]::ParameterName, 'Leave DFU mode once it is in place and verified')
            [CompletionResult]::new('--no-backup', '--no-backup', [CompletionResultType]::ParameterName, 'Do not back up what is there now')
            [CompletionResult]::new('--i-accept-that-the-key-may-be-lost', '--i-accept-that-the-key-may-be-lost', [CompletionResultType]::ParameterName, 'With `--no-backup`, for bootloaders r3 to r5: their firmware programs the new bytes over the old ones in place, so a power cut can leave neither the old key nor the new one')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Check everything and say what would be done; write nothing anywhere')
            [CompletionResult]::new('--enter-dfu', '--enter-dfu', [CompletionResultType]::ParameterName, 'Put the Duo into DFU mode through its serial port where it runs its firmware')
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'Where no Duo is in DFU mode, show what to press and wait for one, up to ten minutes')
            [CompletionResult]::new('--allow-unproven-address', '--allow-unproven-address', [CompletionResultType]::ParameterName, 'Go on where nothing shows that the Duo reads where it is told to: no device id that it tells over USB, and no cloud''s public key in its slot')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON object a line on standard output: events, then one result or error')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not ask before a write')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask before a write')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Name the causes of an error too')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Name the causes of an error too')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'duo-provision;server-key' {
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON object a line on standard output: events, then one result or error')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not ask before a write')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask before a write')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Name the causes of an error too')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Name the causes of an error too')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show the cloud''s public key and its address, of the Duo or of a file')
            [CompletionResult]::new('set', 'set', [CompletionResultType]::ParameterValue, 'Write a cloud''s public key and its address to the Duo; backs up what is there first')
            [CompletionResult]::new('restore', 'restore', [CompletionResultType]::ParameterValue, 'Write the key and the address of Particle''s own cloud to the Duo; backs up what is there first')
            break
        }
        'duo-provision;server-key;show' {
            [CompletionResult]::new('--device', '--device', [CompletionResultType]::ParameterName, 'The device id of the Duo, 24 hexadecimal digits')
            [CompletionResult]::new('--path', '--path', [CompletionResultType]::ParameterName, 'The USB port that the Duo is plugged into, as `list` and dfu-util show it: 1-2 or 1-1.4')
            [CompletionResult]::new('--usbip', '--usbip', [CompletionResultType]::ParameterName, 'Work on a virtual Duo: the USB/IP server of a running `simulate`, on loopback only')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Seconds that one step (finding, reading, writing, leaving) may take, 1 to 3600; 30 unless given')
            [CompletionResult]::new('--enter-dfu', '--enter-dfu', [CompletionResultType]::ParameterName, 'Put the Duo into DFU mode through its serial port where it runs its firmware')
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'Where no Duo is in DFU mode, show what to press and wait for one, up to ten minutes')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON object a line on standard output: events, then one result or error')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not ask before a write')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask before a write')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Name the causes of an error too')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Name the causes of an error too')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'duo-provision;server-key;set' {
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'The cloud''s name or IPv4 address; `$id` in it stands for the device id')
            [CompletionResult]::new('--port', '--port', [CompletionResultType]::ParameterName, 'The TCP port that devices connect to; with `--host`, 5683 unless given')
            [CompletionResult]::new('--archive', '--archive', [CompletionResultType]::ParameterName, 'The folder of the archive; else DUO_PROVISION_ARCHIVE, else your data directory')
            [CompletionResult]::new('--device', '--device', [CompletionResultType]::ParameterName, 'The device id of the Duo, 24 hexadecimal digits')
            [CompletionResult]::new('--path', '--path', [CompletionResultType]::ParameterName, 'The USB port that the Duo is plugged into, as `list` and dfu-util show it: 1-2 or 1-1.4')
            [CompletionResult]::new('--usbip', '--usbip', [CompletionResultType]::ParameterName, 'Work on a virtual Duo: the USB/IP server of a running `simulate`, on loopback only')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Seconds that one step (finding, reading, writing, leaving) may take, 1 to 3600; 30 unless given')
            [CompletionResult]::new('--no-address', '--no-address', [CompletionResultType]::ParameterName, 'Write no address, so that the Duo looks for its cloud at device.spark.io, as the firmware does then')
            [CompletionResult]::new('--leave', '--leave', [CompletionResultType]::ParameterName, 'Leave DFU mode once the key is in place and verified')
            [CompletionResult]::new('--no-backup', '--no-backup', [CompletionResultType]::ParameterName, 'Do not back up what is there now')
            [CompletionResult]::new('--i-accept-that-the-key-may-be-lost', '--i-accept-that-the-key-may-be-lost', [CompletionResultType]::ParameterName, 'With `--no-backup`, for bootloaders r3 to r5: their firmware programs the new bytes over the old ones in place, so a power cut can leave neither the old key nor the new one')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Check everything and say what would be done; write nothing anywhere')
            [CompletionResult]::new('--enter-dfu', '--enter-dfu', [CompletionResultType]::ParameterName, 'Put the Duo into DFU mode through its serial port where it runs its firmware')
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'Where no Duo is in DFU mode, show what to press and wait for one, up to ten minutes')
            [CompletionResult]::new('--allow-unproven-address', '--allow-unproven-address', [CompletionResultType]::ParameterName, 'Go on where nothing shows that the Duo reads where it is told to: no device id that it tells over USB, and no cloud''s public key in its slot')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON object a line on standard output: events, then one result or error')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not ask before a write')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask before a write')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Name the causes of an error too')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Name the causes of an error too')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'duo-provision;server-key;restore' {
            [CompletionResult]::new('--archive', '--archive', [CompletionResultType]::ParameterName, 'The folder of the archive; else DUO_PROVISION_ARCHIVE, else your data directory')
            [CompletionResult]::new('--device', '--device', [CompletionResultType]::ParameterName, 'The device id of the Duo, 24 hexadecimal digits')
            [CompletionResult]::new('--path', '--path', [CompletionResultType]::ParameterName, 'The USB port that the Duo is plugged into, as `list` and dfu-util show it: 1-2 or 1-1.4')
            [CompletionResult]::new('--usbip', '--usbip', [CompletionResultType]::ParameterName, 'Work on a virtual Duo: the USB/IP server of a running `simulate`, on loopback only')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Seconds that one step (finding, reading, writing, leaving) may take, 1 to 3600; 30 unless given')
            [CompletionResult]::new('--leave', '--leave', [CompletionResultType]::ParameterName, 'Leave DFU mode once the key is in place and verified')
            [CompletionResult]::new('--no-backup', '--no-backup', [CompletionResultType]::ParameterName, 'Do not back up what is there now')
            [CompletionResult]::new('--i-accept-that-the-key-may-be-lost', '--i-accept-that-the-key-may-be-lost', [CompletionResultType]::ParameterName, 'With `--no-backup`, for bootloaders r3 to r5: their firmware programs the new bytes over the old ones in place, so a power cut can leave neither the old key nor the new one')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Check everything and say what would be done; write nothing anywhere')
            [CompletionResult]::new('--enter-dfu', '--enter-dfu', [CompletionResultType]::ParameterName, 'Put the Duo into DFU mode through its serial port where it runs its firmware')
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'Where no Duo is in DFU mode, show what to press and wait for one, up to ten minutes')
            [CompletionResult]::new('--allow-unproven-address', '--allow-unproven-address', [CompletionResultType]::ParameterName, 'Go on where nothing shows that the Duo reads where it is told to: no device id that it tells over USB, and no cloud''s public key in its slot')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON object a line on standard output: events, then one result or error')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not ask before a write')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask before a write')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Name the causes of an error too')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Name the causes of an error too')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'duo-provision;inspect' {
            [CompletionResult]::new('--extract', '--extract', [CompletionResultType]::ParameterName, 'Write one field of a dump to a new file: device-private-key, server-public-key, …; a name that there is not lists them all')
            [CompletionResult]::new('--copy', '--copy', [CompletionResultType]::ParameterName, 'Of a whole DCT, look at this copy, whether the Duo''s firmware would read it or not')
            [CompletionResult]::new('--out', '--out', [CompletionResultType]::ParameterName, 'The file for the field; beside the dump, and named for both, unless given')
            [CompletionResult]::new('--passphrase-file', '--passphrase-file', [CompletionResultType]::ParameterName, 'A file whose first line is the passphrase of the key file, or - for standard input')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON object a line on standard output: events, then one result or error')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not ask before a write')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask before a write')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Name the causes of an error too')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Name the causes of an error too')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'duo-provision;key' {
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON object a line on standard output: events, then one result or error')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not ask before a write')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask before a write')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Name the causes of an error too')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Name the causes of an error too')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('new', 'new', [CompletionResultType]::ParameterValue, 'Make a new RSA-1024 key file, in the form that the Duo''s firmware reads')
            [CompletionResult]::new('public', 'public', [CompletionResultType]::ParameterValue, 'Print the public key of any key file, as PEM')
            break
        }
        'duo-provision;key;new' {
            [CompletionResult]::new('--passphrase-file', '--passphrase-file', [CompletionResultType]::ParameterName, 'A file whose first line is the passphrase, or - for standard input')
            [CompletionResult]::new('--encrypt', '--encrypt', [CompletionResultType]::ParameterName, 'Put the key behind a passphrase: PKCS#8 with PBES2 and AES-256, as PEM, which `openssl pkey` opens')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON object a line on standard output: events, then one result or error')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not ask before a write')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask before a write')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Name the causes of an error too')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Name the causes of an error too')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'duo-provision;key;public' {
            [CompletionResult]::new('--out', '--out', [CompletionResultType]::ParameterName, 'Write the public key to this new file, too')
            [CompletionResult]::new('--passphrase-file', '--passphrase-file', [CompletionResultType]::ParameterName, 'A file whose first line is the passphrase of the key file, or - for standard input')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON object a line on standard output: events, then one result or error')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not ask before a write')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask before a write')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Name the causes of an error too')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Name the causes of an error too')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'duo-provision;verify' {
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'A file with the private key, in any form; else the key is read from the attached Duo')
            [CompletionResult]::new('--passphrase-file', '--passphrase-file', [CompletionResultType]::ParameterName, 'A file whose first line is the passphrase of the key file, or - for standard input')
            [CompletionResult]::new('--server-key', '--server-key', [CompletionResultType]::ParameterName, 'A file with the cloud''s public key, RSA with 2048 bits, PEM or DER')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'The cloud''s name or IPv4 address')
            [CompletionResult]::new('--port', '--port', [CompletionResultType]::ParameterName, 'The TCP port that devices connect to')
            [CompletionResult]::new('--device', '--device', [CompletionResultType]::ParameterName, 'The device id of the Duo, 24 hexadecimal digits')
            [CompletionResult]::new('--path', '--path', [CompletionResultType]::ParameterName, 'The USB port that the Duo is plugged into, as `list` and dfu-util show it: 1-2 or 1-1.4')
            [CompletionResult]::new('--usbip', '--usbip', [CompletionResultType]::ParameterName, 'Work on a virtual Duo: the USB/IP server of a running `simulate`, on loopback only')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Seconds that one step (reading, or the whole handshake) may take, 1 to 3600; 30 unless given')
            [CompletionResult]::new('--enter-dfu', '--enter-dfu', [CompletionResultType]::ParameterName, 'Put the Duo into DFU mode through its serial port where it runs its firmware')
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'Where no Duo is in DFU mode, show what to press and wait for one, up to ten minutes')
            [CompletionResult]::new('--allow-unproven-address', '--allow-unproven-address', [CompletionResultType]::ParameterName, 'Go on where nothing shows that the Duo reads where it is told to: no device id that it tells over USB, and no cloud''s public key in its slot')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON object a line on standard output: events, then one result or error')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not ask before a write')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask before a write')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Name the causes of an error too')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Name the causes of an error too')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'duo-provision;backups' {
            [CompletionResult]::new('--archive', '--archive', [CompletionResultType]::ParameterName, 'The folder of the archive; else DUO_PROVISION_ARCHIVE, else your data directory')
            [CompletionResult]::new('--device', '--device', [CompletionResultType]::ParameterName, 'Only the backups of this Duo: its device id, 24 hexadecimal digits')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON object a line on standard output: events, then one result or error')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not ask before a write')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask before a write')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Name the causes of an error too')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Name the causes of an error too')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'duo-provision;status' {
            [CompletionResult]::new('--device', '--device', [CompletionResultType]::ParameterName, 'Only what was done to this Duo: its device id, 24 hexadecimal digits')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON object a line on standard output: events, then one result or error')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not ask before a write')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask before a write')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Name the causes of an error too')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Name the causes of an error too')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'duo-provision;history' {
            [CompletionResult]::new('--device', '--device', [CompletionResultType]::ParameterName, 'Only what was done to this Duo: its device id, 24 hexadecimal digits')
            [CompletionResult]::new('--limit', '--limit', [CompletionResultType]::ParameterName, 'List this many operations at most, the newest; 100 unless given')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON object a line on standard output: events, then one result or error')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not ask before a write')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask before a write')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Name the causes of an error too')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Name the causes of an error too')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'duo-provision;doctor' {
            [CompletionResult]::new('--archive', '--archive', [CompletionResultType]::ParameterName, 'The folder of the archive; else DUO_PROVISION_ARCHIVE, else your data directory')
            [CompletionResult]::new('--device', '--device', [CompletionResultType]::ParameterName, 'The device id of the Duo, 24 hexadecimal digits')
            [CompletionResult]::new('--path', '--path', [CompletionResultType]::ParameterName, 'The USB port that the Duo is plugged into, as `list` and dfu-util show it: 1-2 or 1-1.4')
            [CompletionResult]::new('--usbip', '--usbip', [CompletionResultType]::ParameterName, 'Work on a virtual Duo: the USB/IP server of a running `simulate`, on loopback only')
            [CompletionResult]::new('--api-url', '--api-url', [CompletionResultType]::ParameterName, 'The cloud''s API; https://api.particle.io, or that of your particle-cli profile when its token is used, unless given')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'A file that holds the access token, or - for standard input')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Seconds that one step (finding, reading, asking with all retries) may take, 1 to 3600; 30 unless given')
            [CompletionResult]::new('--enter-dfu', '--enter-dfu', [CompletionResultType]::ParameterName, 'Put the Duo into DFU mode through its serial port where it runs its firmware')
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'Where no Duo is in DFU mode, show what to press and wait for one, up to ten minutes')
            [CompletionResult]::new('--cloud', '--cloud', [CompletionResultType]::ParameterName, 'Ask the cloud what it knows of each Duo, with the token of `--token-file`, PARTICLE_ACCESS_TOKEN or the login of particle-cli')
            [CompletionResult]::new('--allow-http', '--allow-http', [CompletionResultType]::ParameterName, 'Send the token over plain HTTP to another machine, for your own cloud on a network you trust')
            [CompletionResult]::new('--fix', '--fix', [CompletionResultType]::ParameterName, 'Offer to put right what can be put right, one thing after the other')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON object a line on standard output: events, then one result or error')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not ask before a write')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask before a write')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Name the causes of an error too')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Name the causes of an error too')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'duo-provision;udev' {
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON object a line on standard output: events, then one result or error')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not ask before a write')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask before a write')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Name the causes of an error too')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Name the causes of an error too')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('print', 'print', [CompletionResultType]::ParameterValue, 'Print the rule')
            [CompletionResult]::new('install', 'install', [CompletionResultType]::ParameterValue, 'Write the rule to /etc/udev/rules.d and have udev take it up; as root')
            break
        }
        'duo-provision;udev;print' {
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON object a line on standard output: events, then one result or error')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not ask before a write')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask before a write')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Name the causes of an error too')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Name the causes of an error too')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'duo-provision;udev;install' {
            [CompletionResult]::new('--root', '--root', [CompletionResultType]::ParameterName, 'For tests: another root folder in place of /, which the caller may write to')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON object a line on standard output: events, then one result or error')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not ask before a write')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask before a write')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Name the causes of an error too')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Name the causes of an error too')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'duo-provision;simulate' {
            [CompletionResult]::new('--duos', '--duos', [CompletionResultType]::ParameterName, 'How many Duos, 1 to 16; 1 unless given')
            [CompletionResult]::new('--board', '--board', [CompletionResultType]::ParameterName, 'Another board that is laid out as a Duo, to be in their place; duo unless given')
            [CompletionResult]::new('--bootloader', '--bootloader', [CompletionResultType]::ParameterName, 'The bootloader they have; r6 unless given')
            [CompletionResult]::new('--mode', '--mode', [CompletionResultType]::ParameterName, 'What they do whenever they start: stay in DFU mode, or run their firmware, with a serial port; dfu unless given')
            [CompletionResult]::new('--usbip', '--usbip', [CompletionResultType]::ParameterName, 'The port of the USB/IP server on 127.0.0.1; a free one unless given (3240 is USB/IP''s own)')
            [CompletionResult]::new('--fault', '--fault', [CompletionResultType]::ParameterName, 'A fault that every Duo is armed with: KIND@7 strikes once, at the seventh control transfer, KIND@7+ from there on, and KIND@dfu7 counts DFU''s requests alone')
            [CompletionResult]::new('--flavor', '--flavor', [CompletionResultType]::ParameterName, 'Whose answers to give; particle unless given')
            [CompletionResult]::new('--cloud', '--cloud', [CompletionResultType]::ParameterName, 'The port on 127.0.0.1; a free one unless given (8080 is a local cloud''s usual one)')
            [CompletionResult]::new('--device-port', '--device-port', [CompletionResultType]::ParameterName, 'Serve the devices'' own handshake too, with which `verify` proves a pairing, on this port of 127.0.0.1; 0 takes a free one (5683 is a cloud''s usual one)')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON object a line on standard output: events, then one result or error')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not ask before a write')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask before a write')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Name the causes of an error too')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Name the causes of an error too')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'duo-provision;demo' {
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON object a line on standard output: events, then one result or error')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not ask before a write')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask before a write')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Name the causes of an error too')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Name the causes of an error too')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'duo-provision;completions' {
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON object a line on standard output: events, then one result or error')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not ask before a write')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask before a write')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Name the causes of an error too')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Name the causes of an error too')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'duo-provision;shell-init' {
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON object a line on standard output: events, then one result or error')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not ask before a write')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask before a write')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Name the causes of an error too')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Name the causes of an error too')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'duo-provision;man' {
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON object a line on standard output: events, then one result or error')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not ask before a write')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask before a write')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Name the causes of an error too')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Name the causes of an error too')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
