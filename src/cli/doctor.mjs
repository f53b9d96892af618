/** `doctor`: says what is wrong and what to type; with `--fix`, it offers the fixes one by one. */
import * as api from '../../index.js'
import { printable } from './layout.mjs'
import { perform } from './perform.mjs'
import { canAsk, confirmed } from './prompt.mjs'

/** @typedef {import('./output.mjs').Output} Output */
/** @typedef {import('../../index.js').DoctorResult} DoctorResult */

/** The exit code if a problem was found. */
const PROBLEMS = 5

/** @type {Record<string, (options: any, control: import('../../index.js').Control) => Promise<object>>} */
const FIXES = { backup: api.backupKey, restore: api.restoreKey, reset: api.resetKey }

/** @returns {Promise<number>} the exit code */
export async function doctor(
  /** @type {import('./grammar.cjs').ParsedCommand} */ parsed,
  /** @type {Output} */ output,
) {
  const { look, fix } = parsed.options
  if (fix && (output.json || !canAsk())) {
    output.error({
      code: 'CONFIRMATION_REQUIRED',
      message: 'doctor --fix asks before each thing that it does, and there is no terminal to ask on',
      hint: 'leave --fix out, and type the commands that doctor prints; nothing was touched',
      exitCode: 2,
    })
    return 2
  }
  /** @type {DoctorResult | undefined} */
  let found
  const examine = async (
    /** @type {any} */ options,
    /** @type {import('../../index.js').Control} */ control,
  ) => {
    found = await api.doctor(options, control)
    return found
  }
  const code = await perform('doctor', examine, look, false, output)
  if (code !== 0 || !found) return code
  if (fix) return putRight(found, output)
  return found.problems > 0 ? PROBLEMS : 0
}

/** Offers each fix; stops if one fails. */
async function putRight(/** @type {DoctorResult} */ found, /** @type {Output} */ output) {
  const findings = [...found.duos.flatMap(({ findings }) => findings), ...found.general]
  let open = found.problems
  for (const { severity, message, command, fix } of findings) {
    const operation = fix && FIXES[fix.operation]
    if (!fix || !operation) continue
    output.say(`\n${printable(message)}`)
    const yes = await confirmed(`Run \`${command}\`?`)
    if (yes === undefined) {
      output.error({ code: 'INTERRUPTED', message: 'stopped as asked', exitCode: 130 })
      return 130
    }
    if (!yes) continue
    const code = await perform(fix.operation, operation, fix.options, fix.operation !== 'backup', output)
    if (code !== 0) return code
    if (severity === 'problem') open -= 1
  }
  return open > 0 ? PROBLEMS : 0
}
