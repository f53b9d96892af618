/**
 * Compares the committed generated files with what the sources generate now: loader, types, schemas, API reference.
 * Needs the addon, built by `../addon.mjs`. Prints the differences, and a last line with the counts.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { BUILT, GRAMMAR } from '../addon.mjs'
import { API_PAGE, apiDocs } from '../api-docs.mjs'
import { ROOT } from '../prepare.mjs'
import { MANIFEST, SCHEMA } from '../schema.mjs'

const types = join(BUILT, 'index.d.ts')
const made = [
  { name: 'index.js', built: read(join(BUILT, 'index.js')), command: 'npm run build:debug' },
  { name: 'index.d.ts', built: read(types), command: 'npm run build:debug' },
  { name: GRAMMAR, built: read(join(BUILT, GRAMMAR)), command: 'npm run build:debug' },
  { name: SCHEMA, built: read(join(BUILT, SCHEMA)), command: 'npm run schema' },
  { name: MANIFEST, built: read(join(BUILT, MANIFEST)), command: 'npm run schema' },
  { name: API_PAGE, built: apiDocs(types), command: 'npm run api-docs' },
]
const wrong = made.filter(({ name, built }) => built === undefined || built !== read(join(ROOT, name)))
for (const { name, built, command } of wrong) process.stdout.write(differs(name, built, command))

process.stdout.write(`${made.length - wrong.length} passed, ${wrong.length} failed\n`)
process.exitCode = wrong.length > 0 ? 1 : 0

function differs(
  /** @type {string} */ name,
  /** @type {string | undefined} */ built,
  /** @type {string} */ command,
) {
  const committed = read(join(ROOT, name))
  const cure = `run \`${command}\` and commit ${name}\n`
  if (built === undefined) return `${name} was not generated\n`
  if (committed === undefined) return `${name} is not committed: ${cure}`
  const [old, fresh] = [committed.split('\n'), built.split('\n')]
  const line = fresh.findIndex((text, index) => text !== old[index])
  const at = line < 0 ? fresh.length : line
  return (
    `${name} is not what the source generates: ${cure}first difference, line ${at + 1}:\n` +
    `- ${old[at] ?? '(end of file)'}\n+ ${fresh[at] ?? '(end of file)'}\n`
  )
}

function read(/** @type {string} */ path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined
}
