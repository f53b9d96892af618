/**
 * `duo-provision` for the shell blocks of the documentation: the command line of this repository, with one addition. A
 * command that works on a Duo works on the virtual one: `--usbip` and its address are appended, unless the command
 * names another address, or a file in place of the Duo. If the local cloud has the names of Particle's, a token from a
 * file goes to the local cloud, by `--api-url`.
 */
import { fileURLToPath, pathToFileURL } from 'node:url'

const MAIN = new URL('../../src/cli/main.cjs', import.meta.url)

/** The commands that work on a Duo, with or without a subcommand. */
const ON_A_DUO = new Set([
  'list',
  'dfu',
  'backup',
  'restore',
  'reset',
  'rotate',
  'verify',
  'doctor',
  'dct',
  'server-key',
])

/** Options with which a command does not get the virtual Duo's address. */
const ELSEWHERE = ['--usbip', '--key', '--help', '-h']

/** @param {string[]} args @param {string | undefined} api */
export function atTheCloud(args, api) {
  const goes = api && args.includes('--token-file') && !args.includes('--api-url')
  return goes ? [...args, '--api-url', api] : args
}

/** @param {string[]} args @param {string | undefined} address */
export function atTheBench(args, address) {
  const [command = '', word, file = '-'] = args
  const works = ON_A_DUO.has(command) || args.includes('--from-device')
  const reads = word === 'show' && !file.startsWith('-')
  if (!address || !works || reads || args.some((given) => ELSEWHERE.includes(given))) return args
  return [...args, '--usbip', address]
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const typed = atTheCloud(process.argv.slice(2), process.env['DOCS_API'])
  const args = atTheBench(typed, process.env['DOCS_USBIP'])
  process.argv = [process.argv0, fileURLToPath(MAIN), ...args]
  await import(MAIN.href)
}
