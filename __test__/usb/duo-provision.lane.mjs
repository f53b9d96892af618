/**
 * The addon and the command line with real libusb on the real kernel stack, with dfu-util as a witness in both
 * directions: it reads back, byte for byte, what we write, and we restore what it saved.
 */
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { LocalCloud, listDevices, provision, restoreKey } from '../../index.js'
import { checkLines } from '../cli/schema.mjs'
import { PROGRAM } from '../program.mjs'
import { duoProvision, labTest, run } from './lab.mjs'
import { countClassRequests } from './wiretap.mjs'
import { assertSame, download, fingerprint, KEY, KEY_RANGE, upload } from './witness.mjs'

/** @typedef {{ folder: string, cloud: { url: string, token: string } }} Lab */

/** Runs the command line, with its archive in the test's own folder. It must end with this status. */
async function cli(/** @type {Lab} */ lab, /** @type {string[]} */ args, status = 0) {
  const env = { DUO_PROVISION_ARCHIVE: join(lab.folder, 'archive'), PARTICLE_ACCESS_TOKEN: lab.cloud.token }
  const ended = await duoProvision(args, { env })
  assert.equal(ended.status, status, ended.stdout + ended.stderr)
  return ended
}

/** The last line of `--json`: the result, or the error. */
async function json(/** @type {Lab} */ lab, /** @type {string[]} */ args, status = 0) {
  const { stdout } = await cli(lab, [...args, '--json'], status)
  checkLines(stdout)
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '')
}

for (const generation of /** @type {const} */ (['r4', 'r6'])) {
  labTest(`${generation}: lists the Duo at its real port, with its key`, { generation }, async (lab) => {
    const { path } = await lab.attach()
    const { devices } = await json(lab, ['list'])
    assert.equal(devices.length, 1)
    assert.equal(devices[0].path, path)
    assert.equal(devices[0].device.simulated, false)
    assert.equal(devices[0].device.deviceId, generation === 'r6' ? lab.duos[0]?.id : undefined)
    assert.equal(devices[0].key.fingerprint, lab.duos[0]?.fingerprint)
  })

  labTest(`${generation}: saves the bytes that dfu-util reads`, { generation }, async (lab) => {
    await lab.attach()
    const file = join(lab.folder, 'duo.der')
    await cli(lab, ['backup', file])
    assertSame(readFileSync(file), await upload(lab, KEY_RANGE))
    assert.equal(statSync(file).mode & 0o777, 0o600)
    assert.equal(fingerprint(readFileSync(file)), lab.duos[0]?.fingerprint)
  })

  labTest(
    `${generation}: restores what dfu-util saved, and dfu-util reads it back`,
    { generation },
    async (lab) => {
      const duo = await lab.attach()
      const saved = await upload(lab, KEY_RANGE)
      const file = join(lab.folder, 'device_private_key.der')
      writeFileSync(file, saved)

      await cli(lab, ['reset', '--yes'])
      await lab.waitUntilGone(duo)
      await lab.attach()
      const fresh = await upload(lab, KEY_RANGE)
      assert.notEqual(fingerprint(fresh), fingerprint(saved))

      const { backupFile, written } = await json(lab, ['restore', file, '--yes'])
      assert.equal(written, true)
      assertSame(await upload(lab, KEY_RANGE), saved)
      assertSame(readFileSync(backupFile), fresh)
    },
  )
}

labTest('puts the key behind a passphrase, and dfu-util reads what is restored from it', {}, async (lab) => {
  const duo = await lab.attach()
  const saved = await upload(lab, KEY_RANGE)
  const file = join(lab.folder, 'duo.pem')
  const passphrase = ['--passphrase-file', join(lab.folder, 'passphrase')]
  writeFileSync(join(lab.folder, 'passphrase'), 'a passphrase of the lane\n')
  const made = await json(lab, ['backup', file, '--encrypt', ...passphrase])
  assert.equal(made.encrypted, true)
  assert.equal(statSync(file).mode & 0o777, 0o600)

  await cli(lab, ['reset', '--yes', '--encrypt', ...passphrase])
  await lab.waitUntilGone(duo)
  await lab.attach()
  const refused = await json(lab, ['restore', file, '--yes'], 2)
  assert.equal(refused.code, 'KEY_ENCRYPTED')
  const { backupFile } = await json(lab, ['restore', file, '--yes', '--encrypt', ...passphrase])
  assert.match(backupFile, /\.pem$/)
  assertSame(await upload(lab, KEY_RANGE), saved)
})

for (const generation of /** @type {const} */ (['r4', 'r6'])) {
  labTest(
    `${generation}: saves the DCT as dfu-util reads it, its section and the whole of it`,
    { generation },
    async (lab) => {
      await lab.attach()
      // A write moves the DCT to its other copy, as that of the cloud's key did before: after two more the second copy is
      // current, and the first one is old.
      await download(lab, '1762', Buffer.from('a claim code of yesterday'))
      await download(lab, '1762', Buffer.from('a claim code of today'))
      const section = join(lab.folder, 'section.bin')
      const whole = join(lab.folder, 'whole.bin')
      await cli(lab, ['dct', 'backup', section])
      assertSame(readFileSync(section), await upload(lab, '0:8423'))
      await cli(lab, ['dct', 'backup', whole, '--whole'])
      const base = generation === 'r4' ? '0x08004000' : '0x08008000'
      assertSame(readFileSync(whole), await upload(lab, `${base}:32768`, { alt: 0 }))
      assert.equal(statSync(whole).mode & 0o777, 0o600)

      const seen = await json(lab, ['inspect', whole, '--extract', 'device-private-key'])
      assert.equal(seen.dct.currentCopy, 1)
      assert.equal(seen.fingerprint, lab.duos[0]?.fingerprint)
      assertSame(readFileSync(seen.extracted), await upload(lab, KEY_RANGE))
      const { dct } = await json(lab, ['dct', 'show'])
      assert.deepEqual(dct.fields, seen.dct.fields)
      const { server } = await json(lab, ['server-key', 'show'])
      assert.equal(server.host, '127.0.0.1')
    },
  )
}

for (const generation of /** @type {const} */ (['r4', 'r6'])) {
  labTest(
    `${generation}: sets a cloud’s key and address, and brings fields back from a dump`,
    { generation },
    async (lab) => {
      await lab.attach()
      const range = '2082:768'
      const [key, server] = [await upload(lab, KEY_RANGE), await upload(lab, range)]
      const dump = join(lab.folder, 'dct.bin')
      writeFileSync(dump, await upload(lab, '0:8423'))

      const own = join(lab.folder, 'own.der')
      const pair = generateKeyPairSync('rsa', { modulusLength: 2048 })
      const spki = pair.publicKey.export({ type: 'spki', format: 'der' })
      writeFileSync(own, spki)
      await cli(lab, ['server-key', 'set', own, '--host', '10.0.0.1', '--port', '5684', '--yes'])
      const expected = Buffer.alloc(768, 0xff)
      spki.copy(expected)
      Buffer.from([0, 4, 10, 0, 0, 1]).copy(expected, 384)
      expected.writeUInt16BE(5684, 450)
      assertSame(await upload(lab, range), expected)
      assertSame(await upload(lab, KEY_RANGE), key)

      await download(lab, `${KEY.offset}`, Buffer.alloc(KEY.size))
      const fields = ['--fields', 'device-private-key,server-public-key']
      const { backupFile } = await json(lab, ['dct', 'restore', dump, ...fields, '--yes'])
      assertSame(await upload(lab, range), server)
      assertSame(await upload(lab, KEY_RANGE), key)
      assertSame(readFileSync(backupFile).subarray(2082, 2850), expected)
    },
  )
}

for (const generation of /** @type {const} */ (['r4', 'r6'])) {
  labTest(
    `${generation}: writes a whole DCT back that dfu-util has saved, and dfu-util reads it`,
    { generation },
    async (lab) => {
      await lab.attach()
      const range = `${generation === 'r4' ? '0x08004000' : '0x08008000'}:32768`
      const image = await upload(lab, range, { alt: 0 })
      const file = join(lab.folder, 'dct_backup.bin')
      writeFileSync(file, image)
      // After one write the DCT is in its other copy, after two it is in the first one again.
      await download(lab, '1762', Buffer.from('a claim code of today'))
      if (generation === 'r4') await download(lab, '1825', Buffer.from('0'))
      const before = await upload(lab, range, { alt: 0 })
      assert.ok(!before.equals(image))

      const done = await json(lab, ['dct', 'restore', file, '--whole', '--yes'])
      assert.deepEqual([done.whole, done.written], [true, true])
      assertSame(await upload(lab, range, { alt: 0 }), image)
      assertSame(readFileSync(done.backupFile), before)
      assert.equal(fingerprint(await upload(lab, KEY_RANGE)), lab.duos[0]?.fingerprint)
      const again = await json(lab, ['dct', 'restore', file, '--whole', '--yes'])
      assert.equal(again.written, false)
    },
  )
}

labTest('takes the key out of a 16,350-byte dump and leaves every other field alone', {}, async (lab) => {
  await lab.attach()
  const dump = await upload(lab, `${KEY.offset}`)
  const file = join(lab.folder, 'dump.bin')
  writeFileSync(file, dump)
  const behind = `${KEY.offset + KEY.size}:2048`
  await download(lab, `${KEY.offset}`, Buffer.alloc(KEY.size, 0xaa))
  await download(lab, '1762', Buffer.from('a claim code of today'))
  const fields = await upload(lab, behind)
  await cli(lab, ['restore', file, '--yes'])
  assertSame(await upload(lab, KEY_RANGE), dump.subarray(0, KEY.size))
  assertSame(await upload(lab, behind), fields)
})

labTest('leaves DFU mode after a restore, and the Duo starts with the key', {}, async (lab) => {
  const duo = await lab.attach()
  const file = join(lab.folder, 'duo.der')
  await cli(lab, ['backup', file])
  const { left } = await json(lab, ['restore', file, '--leave', '--yes'])
  assert.equal(left, true)
  await lab.waitUntilGone(duo)
  await lab.attach()
  assertSame(await upload(lab, KEY_RANGE), readFileSync(file))
})

labTest('sends the key of the attached Duo to the cloud, and of no other', { duos: 2 }, async (lab) => {
  await lab.attach('1-1')
  const [first, second] = lab.duos
  const { stdout } = await cli(lab, [first?.id ?? '', '--from-device', '--api-url', lab.cloud.url])
  assert.equal(
    stdout,
    `attempting to add a new public key for device ${first?.id}\nSuccess - Device Provisioned!\n`,
  )
  const refused = await json(lab, [second?.id ?? '', '--from-device', '--api-url', lab.cloud.url], 3)
  assert.equal(refused.code, 'WRONG_DEVICE')
})

labTest(
  'proves the pairing with the cloud whose key and address it wrote, until the key is another',
  {},
  async (lab) => {
    const duo = await lab.attach()
    const cloud = await LocalCloud.start({ devicePort: 0 })
    try {
      const [host = '', port = ''] = (cloud.deviceAddress ?? '').split(':')
      const own = join(lab.folder, 'own.pem')
      writeFileSync(own, cloud.serverKey ?? '')
      await cli(lab, ['server-key', 'set', own, '--host', host, '--port', port, '--yes'])
      const deviceId = lab.duos[0]?.id ?? ''
      await provision({ deviceId, fromDevice: true, apiUrl: cloud.url, token: cloud.token })
      const proven = await json(lab, ['verify'])
      assert.equal(proven.fingerprint, fingerprint(await upload(lab, KEY_RANGE)))
      assert.equal(proven.server, cloud.deviceAddress)

      await cli(lab, ['reset', '--yes'])
      await lab.waitUntilGone(duo)
      await lab.attach()
      const refused = await json(lab, ['verify'], 7)
      assert.equal(refused.code, 'PAIRING_REFUSED')
    } finally {
      await cloud.stop()
    }
  },
)

for (const [board, usbId] of /** @type {const} */ ([
  ['photon', '2b04:d006'],
  ['p1', '2b04:d008'],
  ['electron', '2b04:d00a'],
])) {
  labTest(
    `${board}: lists it, saves the key that dfu-util reads, and writes it back`,
    { board },
    async (lab) => {
      const { path } = await lab.attach()
      const { devices } = await json(lab, ['list'])
      assert.deepEqual([devices[0].path, devices[0].device.board], [path, board])
      const file = join(lab.folder, 'board.der')
      await cli(lab, ['backup', file])
      const saved = await upload(lab, KEY_RANGE, { usbId })
      assertSame(readFileSync(file), saved)

      await download(lab, `${KEY.offset}`, Buffer.alloc(KEY.size, 0x55), { usbId })
      await cli(lab, ['restore', file, '--yes'])
      assertSame(await upload(lab, KEY_RANGE, { usbId }), saved)
      assert.equal((await json(lab, ['reset', '--yes'], 3)).code, 'NO_DEVICE')
    },
  )
}

labTest('gives the Duo and the cloud a new key, which dfu-util reads', {}, async (lab) => {
  const duo = await lab.attach()
  const before = await upload(lab, KEY_RANGE)
  const args = ['rotate', '--yes', '--no-verify', '--api-url', lab.cloud.url]
  const rotated = await json(lab, args)
  await lab.waitUntilGone(duo)
  await lab.attach()
  const after = await upload(lab, KEY_RANGE)
  assertSame(after, readFileSync(rotated.newKeyFile))
  assertSame(readFileSync(rotated.backupFile), before)
  assert.notEqual(rotated.fingerprint, rotated.previousFingerprint)
})

labTest('says what is wrong with a Duo, and what it prints puts it right', {}, async (lab) => {
  await lab.attach()
  await json(lab, ['backup'])
  const sound = await upload(lab, KEY_RANGE)
  await download(lab, `${KEY.offset}`, Buffer.alloc(KEY.size))
  const { duos } = await json(lab, ['doctor'], 5)
  const found = duos[0].findings.find(
    (/** @type {{ code: string }} */ { code }) => code === 'KEY_SLOT_ZEROED',
  )
  const [, ...args] = found.command.split(' ')
  await cli(lab, [...args, '--yes'])
  assertSame(await upload(lab, KEY_RANGE), sound)
})

labTest('works on the one of two Duos that was chosen, and refuses to guess', { duos: 2 }, async (lab) => {
  const first = await lab.attach('1-1')
  const second = await lab.attach('1-2')
  const several = await json(lab, ['backup'], 3)
  assert.equal(several.code, 'SEVERAL_DEVICES')
  assert.ok(several.message.includes(first.path) && several.message.includes(second.path), several.message)

  const byPath = await json(lab, ['backup', '--path', second.path])
  assert.equal(byPath.fingerprint, lab.duos[1]?.fingerprint)
  const byId = await json(lab, ['backup', '--device', lab.duos[0]?.id ?? ''])
  assert.equal(byId.fingerprint, lab.duos[0]?.fingerprint)

  const untouched = await upload(lab, KEY_RANGE, { choose: ['-p', first.path] })
  await cli(lab, ['restore', byId.file, '--path', second.path, '--yes'], 3)
  await cli(lab, ['restore', byId.file, '--path', second.path, '--yes', '--allow-other-device'])
  assertSame(await upload(lab, KEY_RANGE, { choose: ['-p', second.path] }), readFileSync(byId.file))
  assertSame(await upload(lab, KEY_RANGE, { choose: ['-p', first.path] }), untouched)
})

labTest(
  'takes the id of an r4 Duo from the user, together with its port',
  { generation: 'r4' },
  async (lab) => {
    const { path } = await lab.attach()
    const id = lab.duos[0]?.id ?? ''
    const unverifiable = await json(lab, ['backup', '--device', id], 3)
    assert.equal(unverifiable.code, 'DEVICE_ID_UNVERIFIABLE')
    const { device } = await json(lab, ['backup', '--device', id, '--path', path])
    assert.deepEqual([device.deviceId, device.deviceIdSource], [id, 'user'])
  },
)

labTest(
  'needs few class requests to read behind two addresses, to prove the place of a write and to read back',
  {},
  async (lab) => {
    const duo = await lab.attach()
    const file = join(lab.folder, 'duo.der')
    const backup = await countClassRequests(duo, () => cli(lab, ['backup', file]))
    assert.ok(backup.requests <= 12, `backup: ${backup.requests}`)
    const dump = await upload(lab, KEY_RANGE)
    await download(lab, `${KEY.offset}`, Buffer.alloc(KEY.size, 0x55))
    // The read before a write takes 16, since it reads the whole section. The write, its proof and its read-back take
    // 15.
    const restore = await countClassRequests(duo, () => cli(lab, ['restore', file, '--yes']))
    assert.ok(restore.requests <= 16 + 15, `restore: ${restore.requests}`)
    assertSame(await upload(lab, KEY_RANGE), dump)
  },
)

labTest('tells a user who may not open the Duo so', {}, async (lab) => {
  const { path } = await lab.attach()
  const asNobody = [
    '--reuid=65534',
    '--regid=65534',
    '--clear-groups',
    process.execPath,
    PROGRAM,
    'backup',
    '--json',
  ]
  const { status, stdout } = await run('setpriv', asNobody, {
    env: { DUO_PROVISION_ARCHIVE: '/tmp/nobody' },
  })
  assert.equal(status, 4, stdout)
  assert.equal(JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '').code, 'USB_ACCESS_DENIED')
  assert.ok(existsSync(join('/sys/bus/usb/devices', path)))
})

labTest('tells when another program holds the Duo', {}, async (lab) => {
  await lab.attach()
  const file = join(lab.folder, 'duo.der')
  await cli(lab, ['backup', file])
  await download(lab, `${KEY.offset}`, Buffer.alloc(KEY.size, 0x55))
  // The question is asked while the Duo is open, so another program finds it busy.
  let seen = ''
  const confirm = async () => {
    seen = (await json(lab, ['backup', '--raw'], 4)).code
    return false
  }
  const refused = restoreKey({ file, archive: join(lab.folder, 'archive') }, { confirm })
  await assert.rejects(refused, { code: 'CONFIRMATION_REFUSED' })
  assert.equal(seen, 'USB_BUSY')
})

labTest('the functions of the addon see the same Duo', {}, async (lab) => {
  const { path } = await lab.attach()
  const { devices } = await listDevices()
  assert.deepEqual(
    devices.map((duo) => [duo.path, duo.key?.fingerprint]),
    [[path, lab.duos[0]?.fingerprint]],
  )
})

labTest('a Duo that is pulled out is no device, and nothing is left behind', {}, async (lab) => {
  const duo = await lab.attach()
  await lab.detach(duo)
  const file = join(lab.folder, 'duo.der')
  const { code } = await json(lab, ['backup', file], 3)
  assert.equal(code, 'NO_DEVICE')
  assert.ok(!existsSync(file))
})
