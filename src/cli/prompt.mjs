/** The question before a write. */

/** @typedef {import('../../index.js').WritePlan} WritePlan */

/** Whether there is somebody to ask. */
export function canAsk() {
  return process.stdin.isTTY === true && process.stderr.isTTY === true
}

/**
 * Shows what is about to be written and asks. Only a typed yes is one.
 * @param {WritePlan} plan
 * @param {import('./output.mjs').Output} output
 * @param {import('./signals.mjs').Interrupt} interrupt
 */
export async function ask(plan, output, interrupt) {
  output.say(describePlan(plan, output))
  // Loaded here, since most commands never ask.
  const { createInterface } = await import('node:readline/promises')
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  terminal.once('SIGINT', () => {
    interrupt.request()
    terminal.close()
  })
  try {
    const answer = await terminal.question(`${questionOf(plan)} [y/N] `, { signal: interrupt.signal })
    return /^y(es)?$/i.test(answer.trim())
  } catch {
    return false
  } finally {
    terminal.close()
  }
}

/** Asks a question of its own. Only a typed yes is one. */
export async function confirmed(/** @type {string} */ question) {
  const { createInterface } = await import('node:readline/promises')
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  const closed = new Promise((resolve) => terminal.once('close', () => resolve('')))
  try {
    const answer = await Promise.race([terminal.question(`${question} [y/N] `), closed])
    return /^y(es)?$/i.test(answer.trim())
  } finally {
    terminal.close()
  }
}

function questionOf(/** @type {WritePlan} */ plan) {
  if (plan.action === 'rotate') return 'Give this Duo and the cloud the new key?'
  return plan.action === 'reset' ? 'Erase the key in this Duo?' : 'Write this key to the Duo?'
}

/** The plan as a table, with both fingerprints in full. */
export function describePlan(
  /** @type {WritePlan} */ plan,
  /** @type {Pick<import('./output.mjs').Output, 'paintErr'>} */ { paintErr },
) {
  const rows = [
    [
      'Duo',
      `${plan.device.deviceId ?? 'id unknown'} at ${plan.device.path}${plan.device.simulated ? ' (virtual)' : ''}`,
    ],
    ['now', plan.currentFingerprint ?? plan.current],
    ['then', plan.newFingerprint ?? 'no key: the Duo makes a new one and has to be provisioned again'],
    ['backup', plan.backupPath ?? paintErr('red', 'NONE (--no-backup): the key there now will be lost')],
  ]
  if (plan.cloud) rows.push(['cloud', `${plan.cloud} is told the new key before it is written`])
  if (plan.evidenceDescription) rows.push(['whose', plan.evidenceDescription])
  if (plan.publicSlotFingerprint) {
    rows.push([
      'public',
      `${plan.publicSlotFingerprint} is the public key in the Duo (it may be out of date)`,
    ])
  }
  return rows.map(([name, value]) => `  ${paintErr('dim', (name ?? '').padEnd(8))}${value}`).join('\n')
}
