/**
 * A bench with one Duo on the kernel's bus, a host process that works on it, and a fault: runs one schedule and checks
 * the result against the promises. The flash and the archive are checked without the code under test.
 */
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseCommandLine } from '../../src/cli/grammar.cjs'
import { keepFolder } from '../secrets/keep.mjs'
import { until } from './lab.mjs'
import { Operator } from './operator.mjs'
import { Port } from './port.mjs'
import { fingerprint } from './witness.mjs'

/** @typedef {import('./schedules.mjs').Schedule} Schedule */
/** @typedef {import('./schedules.mjs').Workflow} Workflow */
/** @typedef {import('../../index.js').VirtualDuo} VirtualDuo */
/** @typedef {import('./operator.mjs').Answer} Answer */
/** @typedef {import('./operator.mjs').Problem} Problem */

/**
 * How many seconds a step may take. `usual` is long enough for an emulated machine, and short enough for a Duo that
 * never answers. `back` is for a Duo that drops off the bus and comes back: it is long enough for the kernel to notice
 * both.
 */
const TIMEOUT = { undisturbed: 60, usual: 3, back: 10 }
const COMES_BACK = /^(disconnect|reenumerate|power-cut|swap)-/

const FUNCTIONS = { backup: 'backupKey', restore: 'restoreKey', reset: 'resetKey', list: 'listDevices' }

/** Said without a fault if a request of a second took longer: the machine is too slow at the moment. */
const TOO_SLOW = /no answer within the time limit/

/** What a hint says if only a restart of the Duo helps. */
const START_ANEW = /unplug the Duo|into DFU mode/

/** The image that makes a Duo generate a new key at its next boot. */
const RESET = Buffer.concat([Buffer.alloc(4, 0xff), Buffer.alloc(1212)])

/** Bytes of the section that is kept beside a key before a write. */
const SECTION = 8423

/** A device that tells the same lie at every read is believed: the lie cannot be detected. */
const LIES = /^read-(zeros|ones|flipped-\d+)@.*\+$/

export class Bench {
  #folder = mkdtempSync('/tmp/bench-')
  #operator = new Operator()
  #cases = 0
  /** True if the Duo is on the bus, idle, and will stay there. */
  #isReady = false

  /**
   * @param {{ number: number, duo: VirtualDuo, busid: string, log: import('./kernel-log.mjs').KernelLog }} place
   *   `number` is the port of the controller that it takes; `busid` the Duo that goes there
   */
  constructor({ number, duo, busid, log }) {
    this.log = log
    this.duo = duo
    this.busid = busid
    this.port = new Port(number, duo.address, busid)
    /** The key that is in the Duo before every case. */
    this.old = duo.keySlot(busid)
    // Some faults replace the Duo with another one. This reads the other's key.
    duo.swap(busid)
    this.other = duo.keySlot(busid)
    duo.swap(busid)
    /** The key to restore, as the slot holds it after a restore. */
    this.new = this.old
    this.keyFile = join(this.#folder, 'new.pem')
    /** How often a workflow without faults was repeated, because the machine was too slow. */
    this.repeated = 0
    /** The longest call with a fault, in milliseconds. */
    this.longest = 0
    /** @type {Record<Workflow, number>} */
    this.requests = { backup: 0, restore: 0, reset: 0 }
  }

  async close() {
    await this.#operator.end()
    await this.port.pull()
    keepFolder(this.#folder, [this.keyFile])
    rmSync(this.#folder, { recursive: true })
  }

  /** Runs each workflow without faults: counts its requests, and records what a restored slot looks like. */
  async prepare() {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024 })
    writeFileSync(this.keyFile, privateKey.export({ format: 'pem', type: 'pkcs8' }))
    for (const workflow of /** @type {Workflow[]} */ (['backup', 'restore', 'reset'])) {
      this.requests[workflow] = await until(
        () => `${workflow} without a fault`,
        () => this.#undisturbed(workflow),
      )
      if (workflow === 'restore') this.new = this.duo.keySlot(this.busid)
    }
    const spki = publicKey.export({ format: 'der', type: 'spki' })
    assert.equal(fingerprint(this.new).length, 64)
    assert.ok(this.new.includes(spki.subarray(29, 157)), 'the modulus is in the slot')
  }

  /**
   * Runs a workflow without faults. Returns the number of its requests; `undefined` if the machine was too slow to find
   * the Duo, whose key is then unchanged.
   */
  async #undisturbed(/** @type {Workflow} */ workflow) {
    await this.#powerUp()
    const before = this.#state().classRequests
    const { problem } = await this.#run(workflow, this.#emptyFolder(), TIMEOUT.undisturbed)
    if (problem?.keyState === 'unchanged' && TOO_SLOW.test(problem.cause ?? '')) {
      assert.ok(this.duo.keySlot(this.busid).equals(this.old), 'the key is unchanged')
      this.repeated += 1
      return undefined
    }
    assert.equal(problem, undefined)
    return this.#state().classRequests - before
  }

  /**
   * Runs one schedule and checks the result against the promises.
   * @param {Schedule} schedule
   * @returns {Promise<{ code: string, acted: number, message: string }>} the code is `done` after a success
   */
  async hold({ fault, kind, workflow, cold }) {
    const archive = this.#emptyFolder()
    await this.#prepareFor(cold ? fault : '')
    if (!cold) this.duo.arm(this.busid, fault)
    const { keysMade } = this.#state()
    const timeout = COMES_BACK.test(kind) ? TIMEOUT.back : TIMEOUT.usual
    const began = performance.now()
    const answer = await this.#run(workflow, archive, timeout)
    this.longest = Math.max(this.longest, performance.now() - began)
    assert.deepEqual(this.#operator.devices(), [], 'no device is left open')

    const { problem } = answer
    const isSwap = kind.startsWith('swap-')
    // The kernel may still be reading a Duo that came back, and a fault that lasts would continue to swap it.
    if (isSwap) this.duo.unplug(this.busid)
    const acted = this.#state().faultsActed
    this.duo.clearFaults(this.busid)
    if (isSwap) {
      this.#checkBoth(answer, workflow, acted, archive)
    } else {
      const isDone = () => this.#isDone(workflow, keysMade)
      this.#checkFlash(answer, isDone)
      const kept = this.#checkArchive(archive, this.old)
      const written = !this.duo.keySlot(this.busid).equals(this.old)
      if (!LIES.test(fault) && (written || !problem || problem.exitCode === 6)) {
        assert.ok(kept, 'the old key is in the archive')
      }
      if (problem) await this.#goOn(problem, cold, archive, isDone, kept)
      else this.#isReady = workflow === 'backup' && !cold && !kind.startsWith('state-')
    }
    return { code: problem?.code ?? 'done', acted, message: problem?.message ?? '' }
  }

  /** What a person does afterwards, when the Duo is in order again. */
  async #goOn(
    /** @type {Problem} */ { exitCode, hint = '' },
    /** @type {boolean} */ cold,
    /** @type {string} */ archive,
    /** @type {() => boolean} */ isDone,
    /** @type {boolean} */ kept,
  ) {
    this.duo.plugIn(this.busid)
    // If the kernel has failed to configure a device, it does not look at that device again.
    if (cold) {
      await this.port.pull()
      this.port.plugIn()
    }
    if (exitCode === 6) await this.#recover(hint, archive, isDone, kept)
    else await this.#list()
  }

  /**
   * After a fault that swapped the Duo for another one: if either of them was written to, its key was kept before. What
   * was asked for is done to one of them, or the command says that it is not.
   */
  #checkBoth(
    /** @type {Answer} */ { problem },
    /** @type {Workflow} */ workflow,
    /** @type {number} */ acted,
    /** @type {string} */ archive,
  ) {
    const keys = acted % 2 === 0 ? [this.old, this.other] : [this.other, this.old]
    const written = keys.filter((key) => {
      const isOther = !this.duo.keySlot(this.busid).equals(key)
      this.duo.setKeySlot(this.busid, key)
      this.duo.swap(this.busid)
      return isOther
    })
    if (acted % 2 === 1) this.duo.swap(this.busid)
    for (const key of written) assert.ok(this.#checkArchive(archive, key), 'what was overwritten was kept')
    const changed = written.length > 0
    const asked = workflow !== 'backup'
    if (!problem || problem.code === 'LEAVE_FAILED')
      assert.equal(changed, asked, 'what was asked for is there')
    else if (problem.exitCode !== 6) assert.ok(!changed, 'the keys are unchanged')
  }

  /** Checks that what is said is true of the flash. */
  #checkFlash(/** @type {Answer} */ { problem }, /** @type {() => boolean} */ isDone) {
    if (!problem || problem.code === 'LEAVE_FAILED') return assert.ok(isDone(), 'what was asked for is there')
    assert.ok([3, 4, 5, 6].includes(problem.exitCode), JSON.stringify(problem))
    if (problem.exitCode !== 6)
      assert.ok(this.duo.keySlot(this.busid).equals(this.old), 'the key is unchanged')
  }

  #isDone(/** @type {Workflow} */ workflow, /** @type {number} */ keysMade) {
    const slot = this.duo.keySlot(this.busid)
    if (workflow === 'backup') return slot.equals(this.old)
    if (workflow === 'restore') return slot.equals(this.new)
    return slot.equals(RESET) || (this.#state().keysMade > keysMade && fingerprint(slot).length === 64)
  }

  /** Checks that every file in the archive is whole. Returns whether this key is one of them. */
  #checkArchive(/** @type {string} */ archive, /** @type {Buffer} */ key) {
    const names = readdirSync(archive)
    for (const name of names) assert.match(name, /^[\w-]+\.(der|bin|pub\.pem|json)$/)
    const slots = names
      .filter((name) => name.endsWith('.der'))
      .map((name) => readFileSync(join(archive, name)))
    for (const slot of slots) assert.equal(slot.length, this.old.length)
    const sections = names.filter((name) => name.endsWith('.bin'))
    for (const name of sections) assert.equal(statSync(join(archive, name)).size, SECTION)
    return slots.some((slot) => slot.equals(key))
  }

  /** Does what the hint says, now that the fault is over. */
  async #recover(
    /** @type {string} */ hint,
    /** @type {string} */ archive,
    /** @type {() => boolean} */ isDone,
    /** @type {boolean} */ kept,
  ) {
    const [finish = '', back = ''] = hint.split('; ')
    await this.#type(finish, archive)
    assert.ok(isDone(), hint)
    if (!kept) return
    await this.#type(back, archive)
    assert.ok(this.duo.keySlot(this.busid).equals(this.old), hint)
  }

  /** Runs a command of a hint, until it works. */
  async #type(/** @type {string} */ text, /** @type {string} */ archive) {
    const [, ...words] = text.slice(text.indexOf('duo-provision ')).split(' ')
    const { command, options } = parseCommandLine(words)
    const name = FUNCTIONS[/** @type {Workflow} */ (command)]
    await this.#untilItWorks(text, async () => {
      await this.port.whenUsable()
      const { problem } = await this.#operator.call(name, { ...options, archive, timeout: TIMEOUT.back })
      return { works: !problem, problem }
    })
  }

  /** Lists the Duo, in order and back on the bus, until it shows its key: nothing is stuck, anywhere. */
  #list() {
    const { path } = this.port
    return this.#untilItWorks('listing the Duo with its key', async () => {
      const { result, problem } = await this.#operator.call(FUNCTIONS.list, { path, timeout: TIMEOUT.back })
      const [listed] = result?.devices ?? []
      return { works: Boolean(listed?.key), problem: problem ?? listed?.problem }
    })
  }

  /**
   * Tries until it works. Restarts the Duo, once, if the hint says so.
   * @param {string} what
   * @param {() => Promise<{ works: boolean, problem?: Problem | undefined }>} attempt
   */
  async #untilItWorks(what, attempt) {
    /** @type {Problem | undefined} */
    let last
    let started = false
    await until(
      () => `${what}: ${JSON.stringify(last)}`,
      async () => {
        const { works, problem } = await attempt()
        last = problem
        if (!works && !started && START_ANEW.test(problem?.hint ?? '')) {
          started = true
          this.duo.pressReset(this.busid)
        }
        return works
      },
    )
  }

  #run(/** @type {Workflow} */ workflow, /** @type {string} */ archive, timeout = TIMEOUT.usual) {
    const options = {
      backup: {},
      restore: { file: this.keyFile, leave: true },
      reset: {},
    }[workflow]
    const common = { archive, path: this.port.path, timeout }
    return this.#operator.call(FUNCTIONS[workflow], { ...common, ...options })
  }

  /** Brings the Duo to the state in which every case begins: in order, with the old key, plugged in. */
  async #prepareFor(/** @type {string} */ fault) {
    const isReady = this.#isReady && !fault
    this.#isReady = false
    if (!isReady) return this.#powerUp(fault)
    this.duo.setKeySlot(this.busid, this.old)
  }

  /** Restarts the Duo, in order and with the old key, and plugs it in; with a fault, if one is given. */
  async #powerUp(/** @type {string} */ fault = '') {
    this.duo.clearFaults(this.busid)
    this.duo.unplug(this.busid)
    await this.port.pull()
    this.duo.setKeySlot(this.busid, this.old)
    if (fault) this.duo.arm(this.busid, fault)
    this.duo.plugIn(this.busid)
    this.log.forget(this.port)
    this.port.plugIn()
    if (fault) await this.port.whenSettled(this.log)
    else await this.port.whenUsable()
  }

  #state() {
    return /** @type {import('../../index.js').VirtualDuoInfo} */ (
      this.duo.duos().find(({ path }) => path === this.busid)
    )
  }

  #emptyFolder() {
    this.#cases += 1
    const folder = join(this.#folder, `${this.#cases}`)
    mkdirSync(folder)
    return folder
  }
}
