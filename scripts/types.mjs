/**
 * Makes the types of results, events and options for `index.d.ts` from the schema of the API. The declarations that
 * napi puts below them refer to them by name.
 */

/** Types of the schema that only the command line produces. */
export const OF_THE_COMMAND_LINE = [
  'ClosingLine',
  'CommandResult',
  'DemoResult',
  'Line',
  'ScriptResult',
  'SimulateResult',
  'SimulatedCloud',
]

/** Names that only the command line needs: they are in `src/cli/grammar.d.cts`, not in the package's types. */
const GRAMMAR = [
  'CommandDescription',
  'ExampleDescription',
  'OptionDescription',
  'ParsedCommand',
  'TextLayout',
  'UsageProblem',
  'describeCommandLine',
  'parseCommandLine',
  'quoteWord',
]

const GRAMMAR_HEAD = '// Made by `npm run build:debug`: what the addon has for the command line alone.\n'

const OWN = `  private constructor()

  /** The hint as code has it: a command is a call, and its options are properties. */
  get apiHint(): string | undefined
`

/** Declares the class of src/error.cjs. Not with an interface: docs/api-reference.md would link that to its source. */
function thrown(/** @type {any} */ { properties, required }) {
  const { message: _, ...rest } = properties
  const own = { properties: { name: { $ref: 'ErrorName' }, ...rest }, required: ['name', ...required] }
  return `/** What every function of this package throws. Its stack is that of the call that failed. */
export declare class DuoProvisionError extends Error ${members(own, '').replace('{', `{\n${OWN}`)}

/**
 * True if an error is a DuoProvisionError, and has the code, if one is given. Unlike \`instanceof\` it knows those of
 * another realm, too: of a worker, or of a second installation of this package.
 *
 * @example
 * \`\`\`js
 * try {
 *   await backupKey()
 * } catch (error) {
 *   if (isDuoProvisionError(error, 'NO_DEVICE')) console.log('Connect a Duo in DFU mode.')
 *   else throw error
 * }
 * \`\`\`
 */
export declare function isDuoProvisionError(error: unknown, code?: ErrorCode): error is DuoProvisionError
`
}

/** Splits napi's declarations into those of the package and those for the command line alone. */
export function separate(/** @type {string} */ dts) {
  const api = []
  const grammar = []
  for (const part of dts.trim().split(/\n\n+(?=\/\*\*|export )/)) {
    const name = /^export (?:declare )?\w+ (\w+)/m.exec(part)?.[1] ?? ''
    if (GRAMMAR.includes(name)) grammar.push(part)
    else if (name !== '__napiBindingTarget') api.push(throwing(part).replace(STOP, `$&${DISPOSE}`))
  }
  return { api: `${api.join('\n\n')}\n`, grammar: `${[GRAMMAR_HEAD, ...grammar].join('\n')}\n` }
}

/** Adds `@throws` to a function that can fail. */
function throwing(/** @type {string} */ part) {
  if (!/^export declare function \w+\(.*\): Promise</m.test(part)) return part
  const lines = part.startsWith('/**\n') ? part : part.replace(/^\/\*\* (.*) \*\/$/m, '/**\n * $1\n */')
  return lines.replace(/\n \*\/\n/, '\n *\n * @throws {DuoProvisionError}\n */\n')
}

const STOP = '  stop(): Promise<void>\n'
const DISPOSE = '  /** The same as `stop`, for `await using`. */\n  [Symbol.asyncDispose](): Promise<void>\n'

/**
 * @param {Record<string, any>} types by name
 * @param {string} declared what napi declares; those types are left out here
 */
export function declarations(types, declared) {
  const left = new Set([
    ...OF_THE_COMMAND_LINE,
    ...[...declared.matchAll(/"name": ?"(\w+)"/g)].map(([, name]) => name),
  ])
  const wanted = Object.keys(types)
    .filter((name) => !left.has(name))
    .sort()
  return `${[...wanted.map((name) => declare(name, types[name])), thrown(types.Problem)].join('\n')}\n`
}

function declare(/** @type {string} */ name, /** @type {any} */ schema) {
  const head = comment(schema, '')
  if (/Options$/.test(name) && schema.properties)
    for (const one of Object.values(schema.properties)) withDefault(one)
  if (schema.properties) return `${head}export interface ${name} ${members(schema, '')}\n`
  const choices = schema.oneOf ?? [schema]
  const union = choices.map((/** @type {any} */ one) => `${comment(one, '  ')}  | ${type(one, '  ')}\n`)
  return `${head}export type ${name} =\n${choices.length > 1 ? union.join('') : `  ${type(schema, '  ')}\n`}`
}

/** Adds `@default` to an option: `false` for a switch, else the word before "unless given" in its description. */
function withDefault(/** @type {any} */ option) {
  const [, said] = /([^\s,;]+)(?:, [^.;]*)? unless given/.exec(option.description ?? '') ?? []
  const value = option.type === 'boolean' ? 'false' : said
  if (value) option.description += `\n@default ${value}`
}

function members(/** @type {any} */ { properties, required = [] }, /** @type {string} */ indent) {
  const inside = `${indent}  `
  const lines = Object.entries(properties).map(([name, schema]) => {
    const optional = required.includes(name) ? '' : '?'
    return `${comment(schema, inside)}${inside}${name}${optional}: ${type(schema, inside)}\n`
  })
  return `{\n${lines.join('')}${indent}}`
}

/** @returns {string} */
function type(/** @type {any} */ schema, /** @type {string} */ indent) {
  if (schema.$ref) return schema.$ref.split('/').at(-1)
  if (schema.tsType) return schema.tsType
  if (schema.const !== undefined) return `'${schema.const}'`
  if (schema.enum) return schema.enum.map((/** @type {string} */ word) => `'${word}'`).join(' | ')
  if (schema.properties) return members(schema, indent)
  if (schema.type === 'array') return `Array<${type(schema.items, indent)}>`
  if (schema.type === 'integer') return 'number'
  if (['string', 'number', 'boolean'].includes(schema.type)) return schema.type
  throw new Error(`there is no type for ${JSON.stringify(schema)}`)
}

function comment(/** @type {any} */ { description }, /** @type {string} */ indent) {
  if (!description) return ''
  const lines = description.split('\n')
  if (lines.length === 1) return `${indent}/** ${lines[0]} */\n`
  return `${indent}/**\n${lines.map((/** @type {string} */ line) => `${indent} * ${line}\n`).join('')}${indent} */\n`
}
