/**
 * Runs the command line under the tracer, which logs every call that has an effect outside the process, in order, and
 * strikes one of them. Knows how to start the tracer (`tracer/main.rs`) and what its log says; knows nothing of what
 * the commands are for.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { checkLines } from '../cli/schema.mjs'
import { PROGRAM } from '../program.mjs'
import { keepText } from '../secrets/keep.mjs'

export const ROOT = fileURLToPath(new URL('../../', import.meta.url)).replace(/\/$/, '')

/** Built by the step `crash` of `npm test`. */
export const TRACER = join(ROOT, 'target/debug/examples/tracer')

/** A process that has not ended by itself after this time counts as failed. */
const WATCHDOG_MS = 60_000

/** @typedef {{ env: Record<string, string>, cwd: string }} Place */

/**
 * A call with an effect. `result` is what it returned, also a negative error number. It is absent if the program was
 * killed before the call returned. `index` counts only the calls of the same class.
 * @typedef {{ class: 'file' | 'socket' | 'output', index: number, call: string, path?: string, to?: string,
 *   bytes?: number, setup?: string, result?: number }} Effect
 */

/**
 * @typedef {object} Traced
 * @property {Effect[]} effects in the order in which they began
 * @property {number | undefined} code the exit code; undefined if a signal ended the process
 * @property {string | undefined} signal the signal that ended the process
 * @property {Effect | undefined} struck the last effect that was struck
 * @property {string} stdout
 * @property {string} stderr
 */

/** Starts the command line under the tracer. */
export function startTraced(
  /** @type {string[]} */ args,
  /** @type {Place} */ { env, cwd },
  /** @type {string} */ action,
) {
  const folder = mkdtempSync(join(tmpdir(), 'duo-provision-trace-'))
  const log = join(folder, 'log')
  const started = start(TRACER, [log, action, process.execPath, PROGRAM, ...args], { env, cwd })
  /** @type {Promise<Traced>} */
  const end = started.end.then(({ status, stdout, stderr }) => {
    const traced = parse(readFileSync(log, 'utf8'))
    rmSync(folder, { recursive: true })
    assert.equal(status, 0, `the tracer failed: ${stderr}`)
    return { ...traced, stdout, stderr }
  })
  /** Waits until the log has a line that matches. */
  const logged = async (/** @type {(line: any) => boolean} */ matches) => {
    for (;;) {
      const found = existsSync(log) && objects(readFileSync(log, 'utf8')).find(matches)
      if (found) return found
      const ended = await Promise.race([end, new Promise((next) => setTimeout(next, 5))])
      if (ended) assert.fail(`it ended early: ${JSON.stringify(ended)}`)
    }
  }
  return {
    ...started,
    end,
    /** The process's id, once it has one. @returns {Promise<number>} */
    pid: async () => (await logged((line) => 'pid' in line)).pid,
    /** Waits until a thread is held. */
    holding: () => logged((line) => line.struck === 'hold'),
  }
}

/** Runs the command line under the tracer, to its end. */
export function trace(
  /** @type {string[]} */ args,
  /** @type {Place} */ place,
  /** @type {string} */ action = 'watch',
) {
  return startTraced(args, place, action).end
}

/** The action that makes a call fail. */
export function failing(/** @type {Effect} */ effect, /** @type {keyof typeof constants.errno} */ error) {
  return `fail:${effect.class}:${effect.index}:${constants.errno[error]}`
}

/** Runs the command line without the tracer. */
export function run(/** @type {string[]} */ args, /** @type {Place} */ place) {
  return start(process.execPath, [PROGRAM, ...args], place).end
}

/** Starts a process with only the given environment and with nothing to read. */
export function start(
  /** @type {string} */ program,
  /** @type {string[]} */ args,
  /** @type {Place} */ { env, cwd },
) {
  const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
  const said = { stdout: '', stderr: '' }
  for (const name of /** @type {const} */ (['stdout', 'stderr'])) {
    child[name].setEncoding('utf8').on('data', (text) => {
      said[name] += text
    })
  }
  const watchdog = setTimeout(() => child.kill('SIGKILL'), WATCHDOG_MS)
  /** @type {Promise<{ status: number | null, stdout: string, stderr: string }>} */
  const end = new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (status) => {
      clearTimeout(watchdog)
      keepText('crash', [args.join(' '), said.stdout, said.stderr].join('\n'))
      try {
        // The last line of a killed process may be incomplete; it is left out.
        if (args.includes('--json')) checkLines(said.stdout)
        resolve({ status, ...said })
      } catch (error) {
        reject(error)
      }
    })
  })
  /** Waits until standard error says something. */
  const says = async (/** @type {RegExp} */ pattern) => {
    while (!pattern.test(said.stderr)) {
      const more = new Promise((resolve) => child.stderr.once('data', resolve)).then(() => undefined)
      const last = await Promise.race([more, end])
      if (last) assert.fail(`it ended without saying ${pattern}:\n${JSON.stringify(last, undefined, 2)}`)
    }
  }
  return { child, end, says }
}

/** What the closing line of `--json` says. */
export function closing(/** @type {string} */ stdout) {
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '')
}

/** A log as objects; a line that is still being written is left out. */
function objects(/** @type {string} */ log) {
  return log
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line))
}

function parse(/** @type {string} */ log) {
  /** @type {Map<string, Effect>} */
  const effects = new Map()
  /** @type {{ code?: number, signal?: string }} */
  let ended = {}
  /** @type {string | undefined} */
  let struck
  let latest = ''
  for (const line of objects(log)) {
    if ('call' in line) {
      const name = `${line.class} ${line.index}`
      effects.set(name, line)
      latest = name
    } else if ('struck' in line) struck = latest
    else if ('ended' in line) ended = line.ended
  }
  return {
    effects: [...effects.values()],
    code: ended.code,
    signal: ended.signal,
    struck: struck === undefined ? undefined : effects.get(struck),
  }
}
