/** What `doctor` found, in words. */
import { nameOf, printable } from './layout.mjs'
import { hanging } from './words.mjs'

/** @typedef {import('./output.mjs').Output} Output */
/** @typedef {import('../../index.js').DoctorFinding} DoctorFinding */
/** @typedef {import('../../index.js').DoctorResult} DoctorResult */

/** @type {Record<DoctorFinding['severity'], 'green' | 'yellow' | 'red'>} */
const COLORS = { ok: 'green', note: 'yellow', problem: 'red' }

/** The width of what stands before a finding. */
const INDENT = 10

/** The findings in words. */
export function describeDiagnosis(
  /** @type {DoctorResult} */ { problems, general, duos },
  /** @type {Output} */ output,
) {
  for (const duo of duos) {
    output.print(output.paint('bold', titleOf(duo)))
    for (const finding of duo.findings) describeFinding(finding, output)
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
  const found = `${printable(message)}${severity === 'problem' ? ` [${code}]` : ''}`
  output.print(`  ${mark}${hanging(found, INDENT)}`)
  if (advice) output.print(`${' '.repeat(INDENT)}${hanging(printable(advice), INDENT)}`)
  // Whole, however narrow the terminal is: it is to be copied.
  if (command) output.print(`${' '.repeat(INDENT)}${output.paint('bold', command)}`)
}

function titleOf(/** @type {import('../../index.js').ExaminedDuo} */ { path, device }) {
  return device ? nameOf(device) : `Duo at ${path}`
}
