/**
 * The schema of `--json`, closed: here a member that it does not name is an error, where users are told to pass over
 * what they do not know.
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

/** The schema with no room for a member that it does not name, at any depth. */
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

/** Why a line is not what the schema says; nothing where it is. */
export function flaws(/** @type {any} */ line) {
  if (open(line) && closed(line)) return undefined
  const errors = [...(open.errors ?? []), ...(closed.errors ?? [])]
  // Of the branches that are tried, those that fail by the line's own kind say nothing.
  const telling = errors
    .filter(({ keyword }) => !['const', 'oneOf', 'anyOf'].includes(keyword))
    .map(({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`)
  return [...new Set(telling)].join('\n')
}

/** Every whole line of what `--json` printed is what the schema says. */
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
