/**
 * A Duo that runs its firmware, on the real kernel stack: the kernel's own driver makes a serial port for it. At 14400
 * baud the Duo restarts into DFU mode. Any program can do this (which shows that the emulation is right), and so can
 * this one, which takes the port from the driver. The Duo comes back by itself, as behind a real hub.
 */
import assert from 'node:assert/strict'
import { existsSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { backupKey, enterDfu, listDevices, restoreKey } from '../../index.js'
import { duoProvision, labTest, run, until } from './lab.mjs'
import { Port } from './port.mjs'
import { assertSame, fingerprint, KEY_RANGE, listed, upload } from './witness.mjs'

/** @typedef {Parameters<Parameters<typeof labTest>[2]>[0]} Lab */

const TTY = '/dev/ttyACM0'

/** Opens a terminal and sets 14400 baud, which `stty` does not know on Linux: TCGETS2, BOTHER, TCSETS2. */
const SET_SPEED = `
  use Fcntl;
  sysopen(my $tty, $ARGV[0], O_RDWR | O_NOCTTY | O_NONBLOCK) or die "open: $!";
  my $termios = "\\0" x 44;
  ioctl($tty, 0x802C542A, $termios) or die "TCGETS2: $!";
  my @fields = unpack("L4 C20 L2", $termios);
  $fields[2] = $fields[2] & ~0x100F | 0x1000;
  $fields[24] = $fields[25] = $ARGV[1];
  ioctl($tty, 0x402C542B, pack("L4 C20 L2", @fields)) or die "TCSETS2: $!";
`

/**
 * A test with one Duo that runs its firmware after each start. The test plugs it into a port when it needs it.
 * @param {string} name
 * @param {'r4' | 'r6'} generation
 * @param {(lab: Lab, port: Port) => Promise<void>} body
 */
function runningTest(name, generation, body) {
  labTest(`${generation}: ${name}`, { generation, mode: 'normal' }, async (lab) => {
    const port = new Port(0, lab.address, '1-1')
    try {
      await body(lab, port)
    } finally {
      await port.pull()
    }
  })
}

/** Waits until the kernel has made a serial port for the Duo. */
async function whenRunning(/** @type {Port} */ { path }) {
  await until(`${TTY} to appear`, () => existsSync(TTY))
  assert.match(readlinkSync(`/sys/class/tty/ttyACM0/device`), new RegExp(`${path}:1\\.0$`))
}

async function whenInDfuMode(/** @type {Port} */ { path }) {
  await until(`dfu-util to list ${path}`, () => listed(path).catch(() => undefined))
  assert.ok(!existsSync(TTY), 'its serial port is gone')
}

for (const generation of /** @type {const} */ (['r4', 'r6'])) {
  runningTest(
    'the kernel drives its serial port, and 14400 baud restarts it',
    generation,
    async (_, port) => {
      port.plugIn()
      await whenRunning(port)
      const other = await run('perl', ['-e', SET_SPEED, TTY, '115200'])
      assert.equal(other.status, 0, other.stderr)
      assert.ok(existsSync(TTY), 'another speed is a speed')
      await run('perl', ['-e', SET_SPEED, TTY, '14400'])
      await whenInDfuMode(port)
    },
  )

  runningTest('out of DFU mode and back in, without a button', generation, async (lab, port) => {
    port.plugIn()
    await whenRunning(port)
    const archive = join(lab.folder, 'archive')
    await assert.rejects(backupKey({ archive }), { code: 'NO_DEVICE', hint: /--enter-dfu/ })
    await whenRunning(port)

    const { status, stdout, stderr } = await duoProvision(['dfu', '--json'])
    assert.equal(status, 0, stdout + stderr)
    const entered = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '')
    assert.deepEqual([entered.wasAlready, entered.device.path], [false, port.path])
    assert.equal(entered.device.deviceId, generation === 'r6' ? lab.duos[0]?.id : undefined)
    await whenInDfuMode(port)
    assert.equal((await enterDfu()).wasAlready, true)

    const slot = await upload(lab, KEY_RANGE)
    const { file: path } = await backupKey({ archive, file: join(lab.folder, 'duo.der') })
    assert.equal((await restoreKey({ archive, file: path, leave: true })).left, true)
    await whenRunning(port)

    const { devices } = await listDevices({ enterDfu: true })
    assert.deepEqual(
      devices.map((duo) => [duo.path, duo.key?.fingerprint]),
      [[port.path, fingerprint(slot)]],
    )
    assertSame(await upload(lab, KEY_RANGE), slot)
  })
}

runningTest('a backup waits until the Duo is plugged in, and does the rest', 'r6', async (lab, port) => {
  const onEvent = (/** @type {import('../../index.js').ProgressEvent} */ event) => {
    if (event.type === 'waiting') port.plugIn()
  }
  const options = { archive: join(lab.folder, 'archive'), enterDfu: true, wait: true }
  const { fingerprint: saved } = await backupKey(options, { onEvent })
  assert.equal(saved, lab.duos[0]?.fingerprint)
})
