/** A hint for people at a command line, as whoever calls the API would write it. */
'use strict'

const { inspect } = require('node:util')

/** @type {Pick<typeof import('./cli/grammar.cjs'), 'parseCommandLine'>} */
const grammar = /** @type {any} */ (require('../index.js'))

/** The function that a command is, by the command's name; with `--all` behind it if it is done with all Duos. */
const FUNCTIONS = {
  backup: 'backupKey',
  'backup --all': 'backupAll',
  backups: 'listBackups',
  'dct backup': 'backupDct',
  'dct backup --all': 'backupAllDcts',
  'dct restore': 'restoreDct',
  'dct show': 'showDct',
  dfu: 'enterDfu',
  doctor: 'doctor',
  'fleet manifest': 'fleetManifest',
  'fleet provision': 'provisionFleet',
  'fleet report': 'fleetReport',
  'fleet verify': 'verifyFleet',
  history: 'history',
  inspect: 'inspectKey',
  'key new': 'newKey',
  'key public': 'publicKey',
  list: 'listDevices',
  provision: 'provision',
  'provision --all': 'provisionAll',
  reset: 'resetKey',
  restore: 'restoreKey',
  rotate: 'rotateKey',
  'server-key restore': 'restoreServerKey',
  'server-key set': 'setServerKey',
  'server-key show': 'showServerKey',
  status: 'status',
  'udev install': 'installUdevRule',
  'udev print': 'udevRule',
  verify: 'verifyPairing',
  'verify --all': 'verifyAll',
}

/**
 * Words as a shell is given them: plain, or in quotes, where `'\''` and `$'…'` are the ways to write any character, and
 * `"…"` is Windows'.
 */
const WORD = /(?:\$'(?:[^'\\]|\\.)*'|'[^']*'|"[^"]*"|\\'|[^\s'"`;(){}&,]|,(?=\S))+/
const COMMAND = new RegExp(`duo-provision((?: ${WORD.source})+)`, 'g')

/** What stands behind an option and is its value: a placeholder, a number, a path, a name with a hyphen, a choice. */
const VALUE = /'[^']*'|[A-Z]{2,}(?:-[A-Z]+)*|[\d/.][^\s,;)]*|[a-z]+-[a-z,-]+[a-z]|first|second/
const OPTION = new RegExp(`--([a-z][a-z-]*)(?:[ =](${VALUE.source})(?=$|[\\s,;:.)]))?`, 'g')

/** Options of the command line that the API has under another name, or not at all. */
const RENAMED = new Map([['device', 'deviceId']])
const NOT_OF_THE_API = new Set(['yes', 'json', 'verbose', 'help', 'version'])

/** @param {string | undefined} hint @returns {string | undefined} */
function forTheApi(hint) {
  if (hint === undefined) return undefined
  let [text, rest] = ['', hint]
  for (const { 0: command, 1: words = '', index } of hint.matchAll(COMMAND)) {
    const before = hint.slice(hint.length - rest.length, index)
    text += optionsIn(before) + (call(words) ?? command)
    rest = hint.slice(index + command.length)
  }
  return text + optionsIn(rest)
}

/** The call that a command is. `undefined`: none; so it stays as it is. */
function call(/** @type {string} */ line) {
  const words = [...line.matchAll(new RegExp(WORD, 'g'))].map(([word]) => unquoted(word))
  const { kind, command: one = '', options: typed } = grammar.parseCommandLine(words)
  const { all, ...options } = typed ?? {}
  const command = all ? `${one} --all` : one
  if (kind !== 'run' || !Object.hasOwn(FUNCTIONS, command)) return undefined
  const empty = Object.keys(options).length === 0
  const given = empty ? '' : inspect(options, { breakLength: Number.POSITIVE_INFINITY, compact: true })
  return `${FUNCTIONS[/** @type {keyof FUNCTIONS} */ (command)]}(${given})`
}

function unquoted(/** @type {string} */ word) {
  const spelled = /\$'((?:[^'\\]|\\.)*)'|'((?:[^']|'')*)'|"([^"]*)"|\\(')/g
  return word.replaceAll(
    spelled,
    // PowerShell has `''` for a quote in quotes. Windows' programs take two backslashes before the last quote for one.
    (_, escaped, quoted, double, quote) =>
      quoted?.replaceAll("''", "'") ?? double?.replace(/\\\\$/, '\\') ?? quote ?? unescaped(escaped),
  )
}

function unescaped(/** @type {string} */ text) {
  const bytes = Buffer.from(
    text.replaceAll(/\\(?:x([0-9a-f]{2})|(.))/g, (_, hex, plain) =>
      hex ? String.fromCharCode(Number.parseInt(hex, 16)) : plain,
    ),
    'latin1',
  )
  return bytes.toString('utf8')
}

function optionsIn(/** @type {string} */ text) {
  return text.replaceAll(OPTION, (whole, name, value, at) => {
    if (NOT_OF_THE_API.has(name)) return whole
    const member =
      RENAMED.get(name) ??
      name.replaceAll(/-(.)/g, (/** @type {string} */ hyphened) => hyphened.slice(1).toUpperCase())
    const asked = value === undefined ? text.slice(0, at).endsWith('add ') && 'true' : literal(name, value)
    const more = text.startsWith(' --', at + whole.length) ? ',' : ''
    return `${member}${asked ? `: ${asked}` : ''}${more}`
  })
}

function literal(/** @type {string} */ name, /** @type {string} */ value) {
  if (name === 'fields') return inspect(value.split(','))
  return /^(\d+|'.*')$/.test(value) ? value : `'${value}'`
}

module.exports = { FUNCTIONS, forTheApi }
