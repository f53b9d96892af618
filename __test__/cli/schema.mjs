/**
 * The schema of `--json`, closed: here an unknown member is an error. Users are told to ignore unknown members.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'

/** @type {any} */
export const SCHEMA = JSON.parse(
  readFileSync(new URL('../../schema/output.schema.json', import.meta.url), 'utf8'),
)

const open = new Ajv2020({ strict: true, allErrors: true }).compile(SCHEMA)
const closed = new Ajv2020({ strict: true, strictTypes: false, allErrors: true }).compile(close(SCHEMA))

/** The schema without room for unknown members, at any depth. */
function close(/** @type {any} */ schema) {
  const copy = structuredClone(schema)
  const seal = (/** @type {any} */ part) => {
    if (part === null || typeof part !== 'object') return
    for (const value of [...Object.values(part.properties ?? {}), part.items]) {
      if (value?.$ref || value?.properties) value.unevaluatedProperties = false
    }
    for (const value of Object.values(part)) seal(value)
  }
  seal(copy)
  copy.unevaluatedProperties = false
  return copy
}

/** Why a line does not match the schema; nothing if it does. */
export function flaws(/** @type {any} */ line) {
  if (open(line) && closed(line)) return undefined
  const errors = [...(open.errors ?? []), ...(closed.errors ?? [])]
  // Leaves out errors that only say that a branch of the schema is for another kind of line.
  const telling = errors
    .filter(({ keyword }) => !['const', 'oneOf', 'anyOf'].includes(keyword))
    .map(({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`)
  return [...new Set(telling)].join('\n')
}

/** Checks that every complete line that `--json` printed matches the schema. */
export function checkLines(/** @type {string} */ stdout) {
  for (const line of stdout.split('\n').slice(0, -1)) {
    const found = flaws(JSON.parse(line))
    assert.equal(found, undefined, `not what schema/output.schema.json says:\n${line}\n${found}`)
  }
}

/** The commands whose results the schema describes. */
export function describedCommands() {
  return SCHEMA.$defs.CommandResult.oneOf.map((/** @type {any} */ one) => one.properties.command.const).sort()
}
