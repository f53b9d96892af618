/** Runs cargo and lists what it has built. */
import { spawn } from 'node:child_process'
import { ROOT } from './prepare.mjs'

/** The features of the addon, the tests and the schema here: with others, cargo compiles the crate again. */
export const FEATURES = ['--features=schema']

/**
 * What cargo reports about a program or library: its target's name and kinds, and where it is. `fresh` says that an
 * earlier run has compiled it.
 * @typedef {object} Made
 * @property {string} name
 * @property {string[]} kinds
 * @property {boolean} test
 * @property {boolean} fresh
 * @property {string | undefined} executable
 * @property {string[]} files
 */

/**
 * Runs cargo in the root. `output` is the text for people, and `made` lists each program and library of this crate, in
 * any target folder.
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} [env]
 * @param {string} [program] what takes cargo's place
 * @returns {Promise<{ status: number, output: string, made: Made[] }>}
 */
export function cargo(args, env = process.env, program = 'cargo') {
  const [command = '', ...options] = args
  const format = ['--quiet', '--message-format=json-render-diagnostics']
  return new Promise((resolve) => {
    const child = spawn(program, [command, ...format, ...options], {
      cwd: ROOT,
      env: { ...env, CARGO_TERM_COLOR: 'never' },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let [messages, output] = ['', '']
    child.stdout.setEncoding('utf8').on('data', (text) => {
      messages += text
    })
    child.stderr.setEncoding('utf8').on('data', (text) => {
      output += text
    })
    child.on('error', (error) => resolve({ status: 1, output: `${program}: ${error.message}\n`, made: [] }))
    child.on('close', (code) => resolve({ status: code ?? 1, output, made: madeIn(messages) }))
  })
}

/** @returns {Made[]} */
function madeIn(/** @type {string} */ messages) {
  return messages
    .split('\n')
    .filter((line) => line.startsWith('{"reason":"compiler-artifact"'))
    .map((line) => JSON.parse(line))
    .filter(({ manifest_path: path }) => path.startsWith(ROOT))
    .map(({ target, profile, fresh, executable, filenames }) => ({
      name: target.name,
      kinds: target.kind,
      test: profile.test,
      fresh,
      executable: executable ?? undefined,
      files: filenames,
    }))
}
