/**
 * dfu-util, which knows nothing of this project, accepts the virtual Duo as a proper DfuSe device. Later tests of the
 * lane rely on what it sees, reads and writes here.
 */
import assert from 'node:assert/strict'
import { labTest, run } from './lab.mjs'
import { countClassRequests } from './wiretap.mjs'
import {
  anySlot,
  assertSame,
  DCT,
  download,
  fingerprint,
  KEY,
  KEY_HEADER,
  KEY_RANGE,
  listed,
  serialNumber,
  USB_ID,
  upload,
} from './witness.mjs'

/** On r5 and r6: both copies of the DCT in internal flash, and where the fields start in a copy. */
const FLASH = { alt: 0, range: '0x08008000:32768', copy: 16 * 1024, fields: 7548 }

/** The image that makes a Duo generate a new key at its next boot. */
const RESET = Buffer.concat([Buffer.alloc(4, 0xff), Buffer.alloc(KEY.size - 4)])

labTest('usbip lists what the server exports', { duos: 2 }, async () => {
  const { status, stdout } = await run('usbip', ['list', '--remote', '127.0.0.1'])
  assert.equal(status, 0)
  for (const busid of ['1-1', '1-2'])
    assert.match(stdout, new RegExp(`^\\s*${busid}: .*\\(${USB_ID}\\)`, 'm'))
})

for (const [generation, version, serial, internal] of /** @type {const} */ ([
  ['r4', '0200', /^00000000010[BC]$/, '/0x08000000/01*016Ka,02*016Kg,01*016Kg,01*064Kg,07*128Kg'],
  ['r5', '0250', /^[0-9A-F]{24}$/, '/0x08000000/02*016Ka,02*016Kg,01*064Kg,07*128Kg'],
  ['r6', '0250', /^[0-9a-f]{24}$/, '/0x08000000/02*016Ka,02*016Kg,01*064Kg,07*128Kg'],
])) {
  labTest(
    `${generation}: lists the three regions, with names, version, serial number and path`,
    { generation },
    async (lab) => {
      const { path } = await lab.attach()
      const names = [
        `@Internal Flash   ${internal}`,
        '@DCT Flash   /0x00000000/01*016Kg',
        '@Serial Flash   /0x00000000/192*004Kg,128*004Kg,64*004Kg,128*004Kg',
      ]
      for (const [alt, name] of names.entries()) {
        const line = await listed(path, alt)
        assert.ok(line.includes(`ver=${version}`), line)
        assert.ok(line.includes(`name="${name}"`), line)
      }
      assert.match(await serialNumber(path), serial)
    },
  )

  labTest(
    `${generation}: reads the key that the Duo made at its first boot, twice the same`,
    { generation },
    async (lab) => {
      await lab.attach()
      const slot = await upload(lab, KEY_RANGE)
      assert.equal(slot.length, KEY.size)
      assertSame(slot.subarray(0, KEY_HEADER.length), KEY_HEADER)
      assert.equal(fingerprint(slot), lab.duos[0]?.fingerprint)
      assertSame(await upload(lab, KEY_RANGE), slot)
    },
  )
}

labTest('shows the same key in the internal flash as in the DCT', {}, async (lab) => {
  await lab.attach()
  const slot = await upload(lab, KEY_RANGE)
  const flash = await upload(lab, FLASH.range, { alt: FLASH.alt })
  const copies = [0, FLASH.copy].map((start) => start + FLASH.fields + KEY.offset)
  assert.ok(copies.some((at) => flash.subarray(at, at + KEY.size).equals(slot)))
})

labTest('reads to the end of the region where no length is given', {}, async (lab) => {
  await lab.attach()
  const rest = await upload(lab, `${KEY.offset}`)
  assert.equal(rest.length, 16_350)
  assertSame(rest.subarray(0, KEY.size), await upload(lab, KEY_RANGE))
})

labTest('writes a slot, and changes nothing else in the DCT', {}, async (lab) => {
  await lab.attach()
  const expected = await upload(lab, `${DCT.start}:${DCT.size}`)
  const slot = anySlot()
  await download(lab, `${KEY.offset}`, slot)
  assertSame(await upload(lab, KEY_RANGE), slot)
  slot.copy(expected, KEY.offset)
  // The firmware itself manages the system flags and the bytes after the fields.
  const [from, to] = [32, 4096]
  const dct = await upload(lab, `${DCT.start}:${DCT.size}`)
  assertSame(dct.subarray(from, to), expected.subarray(from, to))
})

labTest(
  'leaves DFU mode when told to, drops off the bus and comes back with what was written',
  {},
  async (lab) => {
    const duo = await lab.attach()
    const slot = anySlot()
    await download(lab, `${KEY.offset}:leave`, slot)
    await lab.waitUntilGone(duo)
    await lab.attach()
    assertSame(await upload(lab, KEY_RANGE), slot)
  },
)

labTest('makes a new key at its next boot after the reset image', {}, async (lab) => {
  const duo = await lab.attach()
  const old = await upload(lab, KEY_RANGE)
  await download(lab, `${KEY.offset}:leave`, RESET)
  await lab.waitUntilGone(duo)
  await lab.attach()
  const fresh = await upload(lab, KEY_RANGE)
  assertSame(fresh.subarray(0, KEY_HEADER.length), KEY_HEADER)
  assert.notEqual(fingerprint(fresh), fingerprint(old))
})

labTest(
  'tells two Duos apart by path and by serial number, and writes the one that was named',
  { duos: 2 },
  async (lab) => {
    const first = (await lab.attach('1-1')).path
    const second = (await lab.attach('1-2')).path
    const serial = await serialNumber(second)
    assert.deepEqual(
      [await serialNumber(first), serial],
      lab.duos.map(({ id }) => id),
    )

    const key = await upload(lab, KEY_RANGE, { choose: ['-p', first] })
    assert.ok(!key.equals(await upload(lab, KEY_RANGE, { choose: ['-p', second] })))

    const slot = anySlot()
    await download(lab, `${KEY.offset}`, slot, { choose: ['-S', serial] })
    assertSame(await upload(lab, KEY_RANGE, { choose: ['-p', second] }), slot)
    assertSame(await upload(lab, KEY_RANGE, { choose: ['-p', first] }), key)
  },
)

labTest(
  'two r4 Duos share a serial number, so only the path tells them apart',
  { duos: 2, generation: 'r4' },
  async (lab) => {
    const first = (await lab.attach('1-1')).path
    const second = (await lab.attach('1-2')).path
    assert.equal(await serialNumber(first), await serialNumber(second))

    const key = await upload(lab, KEY_RANGE, { choose: ['-p', first] })
    const slot = anySlot()
    await download(lab, `${KEY.offset}`, slot, { choose: ['-p', second] })
    assertSame(await upload(lab, KEY_RANGE, { choose: ['-p', second] }), slot)
    assertSame(await upload(lab, KEY_RANGE, { choose: ['-p', first] }), key)
  },
)

labTest(
  'takes 9 class requests for a read, 12 for a write and 17 for a write that leaves',
  {},
  async (lab) => {
    const duo = await lab.attach()
    const reading = await countClassRequests(duo, () => upload(lab, KEY_RANGE))
    assert.equal(reading.requests, 9)
    const slot = reading.result
    const writing = await countClassRequests(duo, () => download(lab, `${KEY.offset}`, slot))
    assert.equal(writing.requests, 12)
    const leaving = await countClassRequests(duo, () => download(lab, `${KEY.offset}:leave`, slot))
    assert.equal(leaving.requests, 17)
  },
)
