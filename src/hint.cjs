/** Rewrites a hint for the command line as code that calls the API. */
'use strict'

const { inspect } = require('node:util')

/** @type {Pick<typeof import('./cli/grammar.cjs'), 'parseCommandLine'>} */
const grammar = /** @type {any} */ (require('../index.js'))

/** The API's function of each command; with ` --all` after its name for the function that works on all Duos. */
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
 * A word as it is typed in a shell: plain, or in quotes. `'\''` and `$'…'` write any character; `"…"` is for Windows.
 */
const WORD = /(?:\$'(?:[^'\\]|\\.)*'|'[^']*'|"[^"]*"|\\'|[^\s'"`;(){}&,]|,(?=\S))+/
const COMMAND = new RegExp(`duo-provision((?: ${WORD.source})+)`, 'g')

/** The value after an option: a placeholder, a number, a path, a name with a hyphen, a choice. */
const VALUE = /'[^']*'|[A-Z]{2,}(?:-[A-Z]+)*|[\d/.][^\s,;)]*|[a-z]+-[a-z,-]+[a-z]|first|second/
const OPTION = new RegExp(`--([a-z][a-z-]*)(?:[ =](${VALUE.source})(?=$|[\\s,;:.)]))?`, 'g')

/** Options of the command line that have another name in the API, or do not exist there. */
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

/** A command as a call. `undefined` if there is no such function: the text stays as it is. */
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
    // PowerShell writes a quote in quotes as `''`. Windows programs read two backslashes before the last quote as one.
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
