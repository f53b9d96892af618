/** Prints what `doctor` found. */
import { nameOf, printable } from './layout.mjs'
import { columnsOf, hanging, laidOut } from './words.mjs'

/** @typedef {import('./output.mjs').Output} Output */
/** @typedef {import('../../index.js').DoctorFinding} DoctorFinding */
/** @typedef {import('../../index.js').DoctorResult} DoctorResult */

/** @type {Record<DoctorFinding['severity'], 'green' | 'yellow' | 'red'>} */
const COLORS = { ok: 'green', note: 'yellow', problem: 'red' }

/** The width of the text before a finding. */
const INDENT = 10

/** Prints the findings, and at the end one verdict for each Duo. */
export function describeDiagnosis(
  /** @type {DoctorResult} */ { general, duos },
  /** @type {Output} */ output,
) {
  for (const duo of duos) {
    output.print(output.paint('bold', titleOf(duo)))
    for (const finding of duo.findings) describeFinding(finding, output)
  }
  for (const finding of general) describeFinding(finding, output)
  const beside = general.filter(({ severity }) => severity === 'problem').length
  if (duos.length === 0) output.print(output.paint('red', 'No Duo.'))
  else if (beside > 0) output.print(output.paint('red', `Of no one Duo: ${count(beside)}.`))
  for (const duo of duos) output.print(verdictOf(duo, output))
}

/** Only what was proven in this run is green. */
function verdictOf(/** @type {import('../../index.js').ExaminedDuo} */ duo, /** @type {Output} */ output) {
  const title = titleOf(duo)
  switch (duo.verdict) {
    case 'paired':
      return output.paint('green', hanging(`${title}: paired, proven now.`, 2))
    case 'cloud-not-checked':
      return unchecked(`${title}: fine, the cloud's half was not checked`, duo.next, output)
    case 'problems':
      return output.paint('red', hanging(`${title}: ${count(duo.problems)}.`, 2))
    default:
      return output.paint('red', hanging(`${title}: unreadable.`, 2))
  }
}

function unchecked(
  /** @type {string} */ words,
  /** @type {string | undefined} */ next,
  /** @type {Output} */ output,
) {
  if (!next) return output.paint('yellow', hanging(`${words}.`, 2))
  // The command stays in one piece: on a line of its own if there is no room for both.
  const fits = !hanging(`${words}: ${next}`, 2).includes('\n')
  const between = fits ? ' ' : `\n${' '.repeat(INDENT)}`
  return `${output.paint('yellow', hanging(`${words}:`, 2))}${between}${output.paint('bold', next)}`
}

function count(/** @type {number} */ problems) {
  return problems === 1 ? '1 problem' : `${problems} problems`
}

function describeFinding(
  /** @type {DoctorFinding} */ { code, severity, message, advice, command },
  /** @type {Output} */ output,
) {
  const mark = output.paint(COLORS[severity], severity.padEnd(8))
  const found = `${printable(message)}${severity === 'problem' ? ` [${code}]` : ''}`
  output.print(`  ${mark}${hanging(found, INDENT)}`)
  if (advice) output.print(advised(printable(advice), output))
  // Never broken into lines, even on a narrow terminal: it is there to be copied.
  if (command && !advice?.includes(command))
    output.print(`${' '.repeat(INDENT)}${output.paint('bold', command)}`)
}

/** Advice below its finding; a command in it has a line of its own, to be copied. */
function advised(/** @type {string} */ advice, /** @type {Output} */ output) {
  const { isTTY } = process.stdout
  const stream = { isTTY, columns: columnsOf(process.stdout) - INDENT }
  const text = laidOut(advice, { stream, bold: (command) => output.paint('bold', command) })
  return text.replaceAll(/^/gm, ' '.repeat(INDENT))
}

function titleOf(/** @type {import('../../index.js').ExaminedDuo} */ { path, device }) {
  return device ? nameOf(device) : `Duo at ${path}`
}
