/** Asks before a write. */

import { BOARDS, PAIR_BEFORE } from './layout.mjs'
import { brief, columnsOf, laidOut, linesOf } from './words.mjs'

/** @typedef {import('../../index.js').WritePlan} WritePlan */

/** Whether there is a terminal to ask on. */
export function canAsk() {
  return process.stdin.isTTY === true && process.stderr.isTTY === true
}

/**
 * Shows what is about to be written and asks. Only a typed `y` or `yes` is a yes.
 * @param {WritePlan} plan
 * @param {import('./output.mjs').Output} output
 * @param {import('./signals.mjs').Interrupt} interrupt
 */
export async function ask(plan, output, interrupt) {
  return consented(describePlan(plan, output), QUESTIONS[plan.action], output, interrupt)
}

/**
 * Shows which keys are about to be sent and asks. Only a typed `y` or `yes` is a yes.
 * @param {import('../../index.js').SendPlan} plan
 * @param {import('./output.mjs').Output} output
 * @param {import('./signals.mjs').Interrupt} interrupt
 */
export async function askAll(plan, output, interrupt) {
  interrupt.asking()
  const count = plan.duos.length
  const question = count === 1 ? 'Send this key to the cloud?' : `Send these ${count} keys to the cloud?`
  return consented(describeSending(plan, output), question, output, interrupt)
}

/**
 * @param {string} shown
 * @param {string} question
 * @param {import('./output.mjs').Output} output
 * @param {import('./signals.mjs').Interrupt} interrupt
 */
async function consented(shown, question, output, interrupt) {
  output.write(shown)
  // Loaded here, since most commands never ask.
  const { createInterface } = await import('node:readline/promises')
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  terminal.once('SIGINT', () => {
    interrupt.request()
    terminal.close()
  })
  try {
    const answer = await terminal.question(`${question} [y/N] `, { signal: interrupt.signal })
    return /^y(es)?$/i.test(answer.trim())
  } catch {
    return false
  } finally {
    terminal.close()
  }
}

/**
 * Asks a question without a plan. Only a typed `y` or `yes` is a yes. Ctrl-C is not an answer: the caller stops.
 * @returns {Promise<boolean | undefined>} `undefined` after Ctrl-C
 */
export async function confirmed(/** @type {string} */ question) {
  const { createInterface } = await import('node:readline/promises')
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  const interrupted = new Promise((resolve) => terminal.once('SIGINT', () => resolve(undefined)))
  const closed = new Promise((resolve) => terminal.once('close', () => resolve('')))
  try {
    const answer = await Promise.race([terminal.question(`${question} [y/N] `), interrupted, closed])
    return answer === undefined ? undefined : /^y(es)?$/i.test(answer.trim())
  } finally {
    terminal.close()
  }
}

/** @type {Record<WritePlan['action'], string>} */
const QUESTIONS = {
  restore: 'Write this key to the Duo?',
  reset: 'Erase the key in this Duo?',
  'set-server-key': 'Write this server key and address to the Duo?',
  'restore-dct': 'Write these fields to the Duo?',
  'restore-whole-dct': 'Write all of this DCT to the Duo?',
  rotate: 'Give this Duo and the cloud the new key?',
}

/** The plan as a table, with all fingerprints in full. */
export function describePlan(
  /** @type {WritePlan} */ plan,
  /** @type {Pick<import('./output.mjs').Output, 'paintErr'>} */ { paintErr },
) {
  const rows = [
    [
      BOARDS[plan.device.board],
      `${plan.device.deviceId ?? 'id unknown'} at ${plan.device.path}${plan.device.simulated ? ' (virtual)' : ''}`,
    ],
    ...(writesKey(plan) ? keyOf(plan) : []),
    ...plan.changes.filter(({ what }) => what !== 'device-private-key').flatMap(rowsOf),
    ['backup', plan.backupFile ?? paintErr('red', `NONE (--no-backup): ${lost(plan)} will be lost`)],
  ]
  if (plan.cloud) rows.push(['cloud', `${plan.cloud} is told the new key before it is written`])
  if (plan.pairBefore) rows.push(['pair now', PAIR_BEFORE[plan.pairBefore]])
  if (plan.duoCloud) rows.push(['names', plan.duoCloud.description])
  if (plan.evidenceDescription) rows.push(['whose', plan.evidenceDescription])
  if (plan.publicSlotFingerprint) {
    rows.push([
      'public',
      `${plan.publicSlotFingerprint} is the public key in the Duo (it may be out of date)`,
    ])
  }
  const width = Math.max(8, ...rows.map(([name]) => (name ?? '').length + 2))
  /** @type {(text: string, indent: number) => string} */
  const behind = (text, indent) =>
    linesOf(text, columnsOf(process.stderr) - indent, { words: false }).join(`\n${' '.repeat(indent)}`)
  const lines = rows.map(
    ([name, value]) => `  ${paintErr('dim', (name ?? '').padEnd(width))}${behind(value ?? '', width + 2)}`,
  )
  const label = paintErr('red', 'caution:')
  const bold = (/** @type {string} */ command) => paintErr('bold', command)
  const cautions = plan.cautions.map((caution) => laidOut(caution, { stream: process.stderr, label, bold }))
  return [...lines, ...cautions].join('\n')
}

/** The Duos and their keys, each on a line, and the cloud. */
export function describeSending(
  /** @type {import('../../index.js').SendPlan} */ plan,
  /** @type {Pick<import('./output.mjs').Output, 'paintErr'>} */ { paintErr },
) {
  const width = Math.max(8, ...plan.duos.map(({ device }) => device.path.length)) + 2
  const row = (/** @type {string} */ name, /** @type {string} */ value) =>
    `  ${paintErr('dim', name.padEnd(width))}${linesOf(brief(value), columnsOf(process.stderr) - width - 2, { words: false }).join(`\n${' '.repeat(width + 2)}`)}`
  const duos = plan.duos.map(({ device, deviceId, fingerprint }) =>
    row(device.path, `${deviceId}  key ${fingerprint}${device.simulated ? ' (virtual)' : ''}`),
  )
  const names = new Set(plan.duos.map(({ duoCloud }) => duoCloud.description))
  const rows = [
    ...duos,
    row('to', `${plan.apiUrl}, product id ${plan.productId}`),
    row('names', [...names].join('; ')),
  ]
  if (plan.leftOut > 0) rows.push(row('left out', `${plan.leftOut}, for the reasons above`))
  return rows.join('\n')
}

function writesKey(/** @type {WritePlan} */ { action, newFingerprint }) {
  return action === 'restore' || action === 'reset' || newFingerprint !== undefined
}

function keyOf(/** @type {WritePlan} */ plan) {
  return [
    ['now', plan.currentFingerprint ?? plan.current],
    ['then', plan.newFingerprint ?? 'no key: the Duo makes a new one and has to be provisioned again'],
  ]
}

function rowsOf(/** @type {import('../../index.js').PlannedChange} */ { what, now, then }) {
  return [
    [what, now],
    ['', `→ ${then}`],
  ]
}

function lost(/** @type {WritePlan} */ { action }) {
  return action === 'restore' || action === 'reset' ? 'the key there now' : 'what is there now'
}
