/**
 * Offers the most common tasks if no command was typed. Each runs a command. The menu itself does not ask before a
 * write: the command does.
 */
import * as api from '../../index.js'
import { choose, INTERRUPTED } from './choose.mjs'
import { parseCommandLine, quoteWord } from './grammar.cjs'
import { hintOfRunning, sayEvent } from './render.mjs'
import { report } from './report.mjs'
import { run } from './run.mjs'
import { interruptible } from './signals.mjs'
import { chosen, describe, isReady } from './which-duo.mjs'

/** @typedef {import('./output.mjs').Output} Output */
/** @typedef {import('../../index.js').ListedDuo} ListedDuo */

/** The exit code after Ctrl-C. */
const STOPPED = 130

/** How many backups are offered; the newest ones. */
const BACKUPS = 9

/** @returns {Promise<number>} the exit code */
export async function menu(/** @type {{ usbip?: string }} */ bus, /** @type {Output} */ output) {
  try {
    const duos = await find(bus, output)
    const path = duos.length > 1 ? await chosen(duos, output) : duos[0]?.path
    if (path === undefined) return 0
    if (path === INTERRUPTED) return STOPPED
    const duo = duos.find((found) => found.path === path)
    if (!duo) return 0
    output.say(`Found a ${describe(duo)}, at ${duo.path}.`)
    const which = [
      ...(duos.length > 1 ? ['--path', duo.path] : []),
      ...(bus.usbip ? ['--usbip', bus.usbip] : []),
    ]
    return await offer(duo, which, output)
  } catch (error) {
    return report(error, output)
  }
}

/** The Duos in DFU mode; if there is none, shows the buttons and waits. None is restarted. */
async function find(/** @type {{ usbip?: string }} */ bus, /** @type {Output} */ output) {
  const interrupt = interruptible(output)
  try {
    /** @type {import('../../index.js').Control} */
    const control = { signal: interrupt.signal, onEvent: (event) => sayEvent(event, output) }
    const { devices } = await api.listDevices(bus, control)
    const restart = hintOfRunning(devices, bus.usbip)
    if (restart) output.note(restart)
    const ready = devices.filter(isReady)
    if (ready.length > 0) return ready
    output.say('No Duo is in DFU mode.')
    return (await api.listDevices({ ...bus, wait: true }, control)).devices.filter(isReady)
  } finally {
    output.progress.stop()
    interrupt.end()
  }
}

/**
 * @param {ListedDuo} duo
 * @param {string[]} which the options that select it
 * @param {Output} output
 */
async function offer(duo, which, output) {
  const id = duo.device?.deviceId
  const tasks = [
    { text: 'Save its key', words: ['backup', ...which] },
    { text: 'It does not connect', words: ['doctor', ...which] },
    { text: 'Tell the cloud', words: [id ?? 'DEVICE_ID', '--from-device', ...which] },
    { text: 'New key', words: ['rotate', ...which] },
    { text: 'Restore a backup', words: ['restore', 'FILE', ...which] },
    { text: 'Something else (help)', words: ['-h'] },
  ]
  const choices = tasks.map(({ text, words }) => ({ text, aside: typed(words) }))
  // If there is no key to save, `doctor` is marked first: it says why.
  const first = duo.key?.fingerprint ? 0 : 1
  const question = 'What do you want to do? (arrow keys and Enter, or a number; Esc ends)'
  const index = await choose(question, choices, output, first)
  if (index === INTERRUPTED) return STOPPED
  const { words = [] } = index === undefined ? {} : (tasks[index] ?? {})
  if (words.length === 0) return 0
  const whole = words.includes('FILE') ? await withBackup(words, id, output) : words
  if (!whole) return 0
  if (!whole.includes('DEVICE_ID')) return start(whole, output)
  output.say(`This Duo does not tell its device id. Type it in place of DEVICE_ID: ${typed(whole)}`)
  return 0
}

/** Lets the user choose a backup, and puts it into the command. */
async function withBackup(
  /** @type {string[]} */ words,
  /** @type {string | undefined} */ device,
  /** @type {Output} */ output,
) {
  const { backups, elsewhere, folder } = await api.listBackups(device ? { deviceId: device } : {})
  const keys = [...backups, ...elsewhere]
    .filter(({ contents }) => /private-key$/.test(contents))
    .sort((one, other) => (other.createdAt ?? '').localeCompare(one.createdAt ?? ''))
    .slice(0, BACKUPS)
  if (keys.length === 0) {
    output.say(`There is no backup of this Duo's key in ${folder}. One in another place: ${typed(words)}`)
    return undefined
  }
  const choices = keys.map(({ fingerprint, createdAt, encrypted }) => ({
    text: fingerprint ? `key ${fingerprint.slice(0, 8)}` : 'key not known',
    aside: `${createdAt ?? ''}${encrypted ? ', behind a passphrase' : ''}`,
  }))
  const index = await choose('Which backup?', choices, output)
  const file = index === undefined || index < 0 ? undefined : keys[index]?.file
  return file && words.map((word) => (word === 'FILE' ? file : word))
}

/** Shows a command and runs it. */
async function start(/** @type {string[]} */ words, /** @type {Output} */ output) {
  output.write(output.paintErr('bold', `$ ${typed(words)}`))
  const parsed = parseCommandLine(words, { columns: process.stdout.columns || 80 })
  if (parsed.kind === 'run') return run(parsed, output)
  process.stdout.write(parsed.text ?? '')
  return parsed.exitCode
}

/** A command as it is typed. */
function typed(/** @type {string[]} */ words) {
  return ['duo-provision', ...words.map(quoteWord)].join(' ')
}
