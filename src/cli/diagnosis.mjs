/** What `doctor` found, in words. */
import { printable } from './printable.mjs'

/** @typedef {import('./output.mjs').Output} Output */
/** @typedef {import('../../index.js').DoctorFinding} DoctorFinding */
/** @typedef {import('../../index.js').DoctorResult} DoctorResult */

/** @type {Record<DoctorFinding['severity'], 'green' | 'yellow' | 'red'>} */
const COLORS = { ok: 'green', note: 'yellow', problem: 'red' }

/** The findings in words. */
export function describeDiagnosis(
  /** @type {DoctorResult} */ { problems, general, duos },
  /** @type {Output} */ output,
) {
  for (const { path, device, findings } of duos) {
    output.print(output.paint('bold', titleOf(path, device)))
    for (const finding of findings) describeFinding(finding, output)
  }
  for (const finding of general) describeFinding(finding, output)
  const count = problems === 1 ? '1 problem' : `${problems} problems`
  output.print(
    problems > 0 ? output.paint('red', `${count} found.`) : output.paint('green', 'No problem found.'),
  )
}

function describeFinding(
  /** @type {DoctorFinding} */ { code, severity, message, advice, command },
  /** @type {Output} */ output,
) {
  const mark = output.paint(COLORS[severity], severity.padEnd(8))
  output.print(`  ${mark}${printable(message)}${severity === 'problem' ? ` [${code}]` : ''}`)
  if (advice) output.print(`          ${printable(advice)}`)
  if (command) output.print(`          ${output.paint('bold', command)}`)
}

function titleOf(
  /** @type {string} */ path,
  /** @type {import('../../index.js').DuoInfo | undefined} */ device,
) {
  if (!device) return `Duo at ${path}`
  return `${device.simulated ? 'virtual ' : ''}Duo ${device.deviceId ?? '(id unknown)'} at ${path}`
}
