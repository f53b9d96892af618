/** Starts the programs of a run of `npm test`, says where they put their files, and judges their results. */
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { ROOT } from '../prepare.mjs'

/**
 * The result of a step.
 * @typedef {{ passed: number, failed: number, skipped?: number, note?: string, output?: string }} Outcome
 */

/** The folder for what the tests produce; the last step searches it. */
export const OUTPUT = join(ROOT, 'target/test-output')

/** How many programs run at a time. */
export const CORES = availableParallelism()

/** How many bytes must be free in a folder in memory: many tests run at a time. */
const ROOM = 2 ** 30

export class Run {
  /** The programs of the Rust tests, by their names. @type {Record<string, string>} */
  programs = {}
  /** A folder in memory for temporary files; '' if there can be none, undefined before one is needed. */
  #memory = /** @type {string | undefined} */ (undefined)

  /** The running programs. @type {Set<import('node:child_process').ChildProcess>} */
  #running = new Set()

  /** @param {boolean} all everything, not a sample */
  constructor(all) {
    this.all = all
  }

  /** The environment of the steps. `disk` is for tests that need their files on a disk. */
  env({ disk = false } = {}) {
    if (!disk) this.#memory ??= memoryFolder()
    return {
      ...process.env,
      CARGO_TERM_COLOR: 'never',
      NO_COLOR: '1',
      FORCE_COLOR: undefined,
      DUO_PROVISION_TEST_OUTPUT: OUTPUT,
      DUO_PROVISION_TEST_ALL: this.all ? '1' : '',
      ...(this.#memory && !disk ? { TMPDIR: this.#memory } : {}),
    }
  }

  /**
   * Runs a command in the root and collects what it prints, both streams in the order they came.
   * @param {string | string[]} command the program, with any leading arguments
   * @param {string[]} args
   * @param {{ disk?: boolean }} [options]
   * @returns {Promise<{ status: number, output: string }>}
   */
  capture(command, args, options) {
    const [program = '', ...leading] = [command].flat()
    return new Promise((resolve) => {
      const child = spawn(program, [...leading, ...args], {
        cwd: ROOT,
        stdio: ['ignore', 'pipe', 'pipe'],
        env: this.env(options),
      })
      this.#running.add(child)
      let output = ''
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding('utf8').on('data', (text) => {
          output += text
        })
      }
      child.on('error', (error) => resolve({ status: 1, output: `${program}: ${error.message}\n` }))
      child.on('close', (code) => {
        this.#running.delete(child)
        resolve({ status: code ?? 1, output })
      })
    })
  }

  /**
   * Runs a yes-or-no step: one command that must end with status 0.
   * @returns {Promise<Outcome>}
   */
  async check(/** @type {string | string[]} */ command, /** @type {string[]} */ args) {
    const { status, output } = await this.capture(command, args)
    return status === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1, output }
  }

  /** Ends the programs that still run, and deletes the folder in memory. */
  end() {
    for (const child of this.#running) child.kill()
    if (this.#memory) rmSync(this.#memory, { recursive: true, force: true })
  }
}

/** A new folder in memory; '' if there is no room, or if programs may not run in it. */
function memoryFolder() {
  const shared = '/dev/shm'
  try {
    const { bavail, bsize } = statfsSync(shared)
    if (bavail * bsize < ROOM) return ''
    // A short name: a socket's path has at most 107 bytes.
    const folder = mkdtempSync(join(shared, 'duo-'))
    writeFileSync(join(folder, 'try'), '#!/bin/sh\n', { mode: 0o700 })
    if (spawnSync(join(folder, 'try')).status === 0) return folder
    rmSync(folder, { recursive: true })
  } catch {
    // This system has none, or this user may not use it.
  }
  return ''
}

/**
 * The result of a step that this machine cannot run; in CI it is a failure.
 * @returns {Outcome}
 */
export function notRun(/** @type {string} */ reason) {
  return inCi()
    ? { passed: 0, failed: 1, output: `${reason}\n` }
    : { passed: 0, failed: 0, note: `not run: ${reason}` }
}

export function inCi() {
  return !['', '0', 'false', undefined].includes(process.env['CI'])
}

/** A failing status without a failed test, or a passing one without any test, counts as one failure. */
export function withStatus(/** @type {Outcome} */ outcome, /** @type {number} */ status) {
  const silent = outcome.passed + outcome.failed === 0
  if (outcome.failed === 0 && (status !== 0 || silent)) outcome.failed = 1
  return outcome
}

/** @returns {Outcome} */
export function sum(/** @type {Outcome[]} */ outcomes) {
  const total = (/** @type {'passed' | 'failed' | 'skipped'} */ what) =>
    outcomes.reduce((so_far, outcome) => so_far + (outcome[what] ?? 0), 0)
  const output = outcomes.map((outcome) => outcome.output ?? '').join('')
  return { passed: total('passed'), failed: total('failed'), skipped: total('skipped'), output }
}

export function lastLine(/** @type {string} */ output) {
  return output.trimEnd().split('\n').at(-1) ?? ''
}
