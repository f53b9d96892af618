/**
 * A bench for one command: a home folder, a virtual Duo in another process than the command's, and the checks that both
 * must pass, even after a crash.
 */
import assert from 'node:assert/strict'
import { createHash, createPublicKey } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join, relative } from 'node:path'
import { inspectKey, VirtualDuo } from '../../index.js'
import { filesBelow } from '../files-below.mjs'
import { canaryDuos, keepFolder } from '../secrets/keep.mjs'
import { closing, run } from './tracer.mjs'

/** @typedef {import('./tracer.mjs').Effect} Effect */
/** @typedef {import('node:test').TestContext} TestContext */

/** The names of temporary files: no backup is looked for under such a name, and no command opens one. */
const TEMPORARY = /^\.duo-provision-[0-9a-f]{16}\.tmp$/

/** The names of files with the bytes of a backup: a key slot, or a DCT. */
const BYTES = /\.(der|bin)$/

/** The lengths of these files: a key slot, the DCT's application section, and both copies of it. */
const LENGTHS = { der: [1216], bin: [8423, 32_768] }

/** How many times a command is tried again while a killed process still holds the Duo. */
const ATTEMPTS = 50

/** Starts virtual Duos in this process; they stop when the test ends. */
export async function startDuo(
  /** @type {TestContext} */ t,
  /** @type {import('../../index.js').VirtualDuoOptions} */ options = {},
) {
  const duo = await VirtualDuo.start(options)
  await canaryDuos(duo)
  t.after(async () => {
    await canaryDuos(duo)
    await duo.stop()
  })
  return duo
}

/** The state of one of the Duos. */
export function stateOf(/** @type {VirtualDuo} */ duo, number = 0) {
  const state = duo.duos()[number]
  assert.ok(state, `there is no Duo ${number}`)
  return state
}

/** Waits until a Duo is in DFU mode and has started at least that many times. */
export async function inDfuMode(/** @type {VirtualDuo} */ duo, boots = 0) {
  for (;;) {
    const state = stateOf(duo)
    if (state.presence === 'dfu' && state.boots >= boots) return
    await new Promise((next) => setTimeout(next, 20))
  }
}

/** A new, empty home folder. */
export class Home {
  constructor(/** @type {Record<string, string>} */ env = {}) {
    this.folder = mkdtempSync(join(tmpdir(), 'duo-provision-crash-'))
    this.archive = join(this.folder, '.local/share/duo-provision/backups')
    this.journal = join(this.folder, '.local/share/duo-provision/journal')
    this.cwd = join(this.folder, 'here')
    mkdirSync(this.cwd)
    /** @type {Record<string, string>} */
    this.env = { PATH: process.env['PATH'] ?? '', HOME: this.folder, TZ: 'UTC', ...env }
  }

  remove() {
    keepFolder(this.folder, this.#inputs())
    rmSync(this.folder, { recursive: true, force: true })
  }

  /** The key files that a test has put here. Those of the command line have other endings. */
  #inputs() {
    const names = readdirSync(this.cwd).filter((name) => name.endsWith('.pem') && !name.endsWith('.pub.pem'))
    return names.map((name) => join(this.cwd, name))
  }

  /** Whether it is a file of the journal, and not a temporary one. */
  #isJournals(/** @type {string} */ path) {
    return path.startsWith(`${this.journal}/`) && !TEMPORARY.test(basename(path))
  }

  /** Every file but the journal, with the SHA-256 of what is in it. @returns {Map<string, string>} */
  files() {
    const others = filesBelow(this.folder).filter((path) => !this.#isJournals(path))
    return new Map(others.sort().map((path) => [path, sha256(readFileSync(path))]))
  }

  /** The files that have their final name and are there to stay. */
  finals() {
    return new Map([...this.files()].filter(([path]) => !TEMPORARY.test(basename(path))))
  }

  /** The records of each operation, open or settled, by the operation's id. @returns {Map<string, string[]>} */
  records() {
    const wholeLines = (/** @type {string} */ path) => readFileSync(path, 'utf8').split('\n').slice(0, -1)
    const files = filesBelow(this.folder).filter((path) => this.#isJournals(path) && path.endsWith('.jsonl'))
    const operations = files.flatMap((path) => {
      const lines = wholeLines(path).map((line) => JSON.parse(line))
      return basename(dirname(path)) === 'history' ? lines : lines.length > 0 ? [lines] : []
    })
    return new Map(
      operations.map((records) => [
        records[0].id,
        records.map((/** @type {any} */ it) => JSON.stringify(it)),
      ]),
    )
  }

  /** The journal's files of open operations. A settled operation has none. */
  open() {
    const below = `${join(this.journal, 'open')}/`
    const paths = filesBelow(this.folder).filter((path) => this.#isJournals(path) && path.startsWith(below))
    return paths.map((path) => this.nameless(path))
  }

  /** What `status` says. It must work after every crash, whatever state the journal is in. */
  async status() {
    const { status, stdout } = await run(['status', '--json'], this)
    assert.equal(status, 0, stdout)
    /** @type {import('../../index.js').StatusResult} */
    const said = closing(stdout)
    return said
  }

  /** A path in this home, without what differs from run to run. */
  nameless(/** @type {string} */ path) {
    return relative(this.folder, path)
      .replace(/\.duo-provision-[0-9a-f]{16}\.tmp$/, '<temporary>')
      .replace(/-\d{8}T\d{6}Z\b/, '-<time>')
      .replace(/-[0-9a-f]{8}-/, '-<key>-')
      .replace(/\b[0-9a-f]{16}\.lock$/, '<operation>.lock')
      .replace(/\b\d{8}\.[0-9a-f]{16}\.(\w+)\.jsonl$/, '<operation>.$1.jsonl')
  }

  /** The files with a final name that hold the key with that fingerprint, or a DCT with it. */
  async backupsOf(/** @type {string | undefined} */ fingerprint) {
    const backups = []
    for (const path of this.finals().keys()) {
      if (!BYTES.test(path)) continue
      const held = await inspectKey({ file: path })
      if (held.fingerprint === fingerprint) backups.push(path)
    }
    return backups
  }

  /**
   * Checks what holds in every case. Files with a final name are whole and belong to their owner only. Files in
   * `before` are unchanged. The only other files are temporary ones that only their owner can read. No record of the
   * journal is lost.
   * @param {{ finals: Map<string, string>, records: Map<string, string[]> }} [before] nothing by default
   */
  async check(before = { finals: new Map(), records: new Map() }) {
    const after = this.files()
    for (const [path, hash] of before.finals) assert.equal(after.get(path), hash, `${path} has changed`)
    for (const path of after.keys()) {
      if (before.finals.has(path)) continue
      assert.equal(statSync(path).mode & 0o777, 0o600, `${path} is not its owner's alone`)
      if (!TEMPORARY.test(basename(path))) await checkWhole(path)
    }
    for (const path of filesBelow(this.folder).filter((path) => this.#isJournals(path))) {
      assert.equal(statSync(path).mode & 0o777, 0o600, `${path} is not its owner's alone`)
      if (path.endsWith('lock')) assert.equal(statSync(path).size, 0, path)
    }
    const records = this.records()
    for (const [id, earlier] of before.records) {
      assert.deepEqual(records.get(id)?.slice(0, earlier.length), earlier, 'a record is lost')
    }
  }

  /** What must not change from now on. */
  kept() {
    return { finals: this.finals(), records: this.records() }
  }
}

/** A file with a final name is one of the three files of a backup, and is whole. */
async function checkWhole(/** @type {string} */ path) {
  const bytes = readFileSync(path)
  if (BYTES.test(path)) {
    const end = path.endsWith('.der') ? 'der' : 'bin'
    assert.ok(LENGTHS[end].includes(bytes.length), `${path}: ${bytes.length} bytes`)
    await inspectKey({ file: path })
  } else if (path.endsWith('.pub.pem')) {
    const beside = besides(path, '.pub.pem')
    const key = beside.endsWith('.der') ? readFileSync(beside) : await currentKey(beside)
    const spki = createPublicKey({ key: pkcs1(key), format: 'der', type: 'pkcs1' })
    assert.ok(createPublicKey(bytes).equals(spki), path)
  } else if (path.endsWith('.json')) {
    const manifest = JSON.parse(bytes.toString())
    assert.equal(manifest.sha256, sha256(readFileSync(besides(path, '.json'))), path)
  } else assert.fail(`${path} is no file of a backup`)
}

/** The file with the bytes that a file with another ending belongs to. */
function besides(/** @type {string} */ path, /** @type {string} */ end) {
  const found = ['.der', '.bin'].map((bytes) => path.slice(0, -end.length) + bytes).find(existsSync)
  assert.ok(found, `${path} has no bytes beside it`)
  return found
}

/** The key slot in a DCT file; if the file holds both copies, the slot of the current copy. */
async function currentKey(/** @type {string} */ path) {
  const bytes = readFileSync(path)
  const { dct } = await inspectKey({ file: path })
  const copy = (dct?.currentCopy ?? 0) * 16_384
  const start = dct?.kind === 'whole' ? copy + 7548 + 34 : 34
  return bytes.subarray(start, start + 1216)
}

/** The public key of a private one as PKCS#1, from the numbers that every device key begins with. */
function pkcs1(/** @type {Buffer} */ slot) {
  // 30 82 02 5f 02 01 00, then modulus and exponent, copied unchanged: 02 81 81 00 … 02 03 01 00 01.
  const start = slot.indexOf(Buffer.from([0x02, 0x81, 0x81]))
  const numbers = slot.subarray(start, start + 132 + 5)
  return Buffer.concat([Buffer.from([0x30, 0x81, numbers.length]), numbers])
}

function sha256(/** @type {Uint8Array} */ bytes) {
  return createHash('sha256').update(bytes).digest('hex')
}

/** The fingerprint of a public key: SHA-256 of its SubjectPublicKeyInfo. */
export function fingerprintOf(/** @type {string} */ pem) {
  return sha256(createPublicKey(pem).export({ format: 'der', type: 'spki' }))
}

/**
 * Runs the command once more, after it was killed. The server releases the Duo of a killed process when it sees that
 * the connection is closed. A Duo that was told to leave DFU mode takes some time to come back.
 * @param {string[]} args with `--json`
 * @param {Home} home
 * @param {VirtualDuo} duo
 * @param {{ leaving: boolean }} state whether the Duo may be leaving DFU mode
 */
export async function again(args, home, duo, { leaving }) {
  for (let attempt = 1; ; attempt += 1) {
    const ended = await run(args, home)
    const { code } = closing(ended.stdout)
    const passing = code === 'USB_BUSY' || (leaving && ended.status !== 0)
    if (!passing || attempt === ATTEMPTS) return { ...ended, code }
    if (leaving) await inDfuMode(duo)
  }
}

/** True for the request that writes a key: DFU_DNLOAD of a data block (DFU 1.1 §6.1.1, block 2 and up). */
export function writesKey(/** @type {Effect} */ { setup }) {
  return setup?.startsWith('2101') === true && setup.slice(4, 8) !== '0000' && setup.slice(12) !== '0000'
}

/** True for the request that ends DFU mode: DFU_DNLOAD without data (DFU 1.1 §6.1.1.1). */
export function leaves(/** @type {Effect} */ { setup }) {
  return setup?.startsWith('2101') === true && setup.slice(12) === '0000'
}
