/**
 * Runs every block of docs/api.md, in order, against a virtual Duo and a local cloud. A module in place of the package
 * puts these in: a call that names no bus, cloud or archive gets theirs.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { ROOT } from '../cli/harness.mjs'
import '../node/home.mjs'
import * as api from '../../src/entry.cjs'

/** The device id on the page. It has the form of a real Duo's. */
const ID_OF_THE_PAGE = '30001a000347343432313031'

const page = readFileSync(join(ROOT, 'docs/api.md'), 'utf8')
const blocks = [...page.matchAll(/^## (.*)\n[\s\S]*?^```js\n([\s\S]*?)^```$/gm)]

/** The options that a function gets unless the page gives others. @type {Record<string, string[]>} */
const GIVEN = {
  backupAll: ['usbip', 'archive'],
  backupKey: ['usbip', 'archive'],
  doctor: ['usbip', 'archive'],
  fleetManifest: ['archive'],
  listDevices: ['usbip'],
  provision: ['usbip', 'apiUrl', 'token'],
  provisionAll: ['usbip', 'apiUrl', 'token'],
  provisionFleet: ['apiUrl', 'token'],
  readKey: ['usbip'],
  restoreKey: ['usbip', 'archive'],
  rotateKey: ['usbip', 'archive', 'apiUrl', 'token'],
  verifyPairing: ['usbip'],
}

test('the examples of docs/api.md run', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'duo-provision-api-page-'))
  const [duo, cloud] = [await api.VirtualDuo.start(), await api.LocalCloud.start({ devicePort: 0 })]
  t.after(async () => {
    await Promise.all([duo.stop(), cloud.stop()])
    rmSync(folder, { recursive: true })
  })
  duo.setServer(cloud.serverKey ?? '', cloud.deviceAddress ?? '')
  const [{ deviceId = '' } = {}] = duo.duos()
  const archive = join(folder, 'archive')
  /** @type {Record<string, string>} */
  const world = { usbip: duo.address, archive, apiUrl: cloud.url, token: cloud.token }
  const file = join(folder, 'duo.der')
  await api.backupKey({ usbip: duo.address, file })

  const shim = join(folder, 'package.mjs')
  const names = Object.keys(api).filter((name) => !['default', 'module.exports'].includes(name))
  const bound = names.map((name) => {
    const given = Object.fromEntries((GIVEN[name] ?? []).map((option) => [option, world[option]]))
    const own = GIVEN[name]
      ? `(options, control) => api.${name}({ ...${JSON.stringify(given)}, ...options }, control)`
      : `api.${name}`
    return `export const ${name} = ${own}`
  })
  const entry = pathToFileURL(join(ROOT, 'src/entry.cjs'))
  writeFileSync(shim, `import api from ${JSON.stringify(entry)}\n${bound.join('\n')}\n`)

  assert.ok(blocks.length > 10)
  for (const [index, [, heading = '', code = '']] of blocks.entries()) {
    const script = join(folder, `${index}.mjs`)
    const here = code
      .replace("'duo-provision'", JSON.stringify(pathToFileURL(shim)))
      .replaceAll(ID_OF_THE_PAGE, deviceId)
      .replace("'duo.der'", JSON.stringify(file))
      .replaceAll("'devices.csv'", JSON.stringify(join(folder, 'devices.csv')))
      .replace("'backups'", JSON.stringify(join(folder, 'backups')))
      .replaceAll('console.log(', 'globalThis.said(')
    writeFileSync(script, here)
    /** @type {unknown[][]} */
    const said = []
    Object.assign(globalThis, { said: (/** @type {unknown[]} */ ...words) => said.push(words) })
    // An earlier call may have restarted the Duo.
    await api.listDevices({ usbip: duo.address, wait: true })
    await t.test(heading, async () => {
      await import(`${pathToFileURL(script)}`)
      // A Duo without problems has none to print.
      if (heading !== 'Why does it not connect?') assert.ok(said.length > 0)
    })
  }
})
