/** Starts virtual Duos and a local cloud for one test, and makes a folder; all are gone when it ends. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LocalCloud, VirtualDuo } from '../../src/entry.cjs'
import './home.mjs'
import { canaryDuos, canaryText, keepFolder } from '../secrets/keep.mjs'

/**
 * @param {import('node:test').TestContext} t
 * @param {import('../../index.js').VirtualDuoOptions} [options]
 */
export async function openLab(t, options) {
  const folder = mkdtempSync(join(tmpdir(), 'duo-provision-test-'))
  const duo = await VirtualDuo.start(options)
  await canaryDuos(duo)
  /** @type {string[]} */
  const inputs = []
  t.after(async () => {
    await canaryDuos(duo)
    await duo.stop()
    keepFolder(folder, inputs)
    rmSync(folder, { recursive: true })
  })
  const archive = join(folder, 'archive')
  const requests = () => duo.duos().reduce((sum, { classRequests }) => sum + classRequests, 0)
  const before = requests()
  return {
    duo,
    folder,
    archive,
    /** Writes a file into the folder and returns its path. */
    input: (/** @type {string} */ name, /** @type {string | Uint8Array} */ contents) => {
      const path = join(folder, name)
      writeFileSync(path, contents)
      inputs.push(path)
      return path
    },
    /** The options for every call that works on the Duo. */
    usb: { usbip: duo.address },
    /** The options for every call that writes to it. */
    writing: { usbip: duo.address, archive },
    /** The Duo's state; by default that of the first one. */
    state: (number = 0) => {
      const state = duo.duos()[number]
      if (!state) throw new Error(`there is no Duo ${number}`)
      return state
    },
    /** How many class requests the test itself has made. */
    requests: () => requests() - before,
    /** The names in the folder, the archive included. */
    files: () => readdirSync(folder, { recursive: true }).sort(),
  }
}

/** @param {import('node:test').TestContext} t */
export async function openCloud(t) {
  const cloud = await LocalCloud.start()
  t.after(() => cloud.stop())
  canaryText('a token', cloud.token)
  return { cloud, credentials: { apiUrl: cloud.url, token: cloud.token } }
}
