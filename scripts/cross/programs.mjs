/** Starts programs for `npm run cross`, and fetches what it needs. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { ROOT } from '../prepare.mjs'

/** What was fetched or built for other platforms. All of it can be deleted. */
export const CACHE = join(ROOT, 'target/cross')

/** @typedef {{ cwd?: string, env?: NodeJS.ProcessEnv, seconds?: number }} Options */
/** @typedef {{ status: number, output: string }} Ended */

/**
 * Runs a program and collects what it prints on both streams.
 * @param {string} program
 * @param {string[]} args
 * @param {Options} [options]
 * @returns {Promise<Ended>}
 */
export function ran(program, args, { cwd = ROOT, env = {}, seconds = 1200 } = {}) {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: seconds * 1000,
      killSignal: 'SIGKILL',
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        output += text
      })
    }
    child.on('error', (error) => resolve({ status: 1, output: `${program}: ${error.message}\n` }))
    child.on('close', (code, signal) => {
      if (signal) output += `\n${program} was ended by ${signal}\n`
      resolve({ status: code ?? 1, output })
    })
  })
}

/**
 * Like `ran`, but throws if the program fails, with what it printed.
 * @param {string} program
 * @param {string[]} args
 * @param {Options} [options]
 */
export async function must(program, args, options) {
  const { status, output } = await ran(program, args, options)
  if (status !== 0) throw new Error(`${program} ${args[0]} failed:\n${output}`)
  return output
}

/** How an error begins if this machine cannot run something at all. */
export const NOT_HERE = 'this machine cannot try it: '

/**
 * Fetches something. If that fails, the error begins with `NOT_HERE`: it says nothing about the code.
 * @template T
 * @param {string} what
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function fetched(what, work) {
  try {
    return await work()
  } catch (error) {
    const why = error instanceof Error ? error.message : `${error}`
    throw new Error(`${NOT_HERE}${what} could not be fetched:\n${why}`)
  }
}
