/**
 * `npm run schema`: writes `schema/output.schema.json`, the JSON Schema of what `--json` prints, and
 * `schema/manifest.schema.json`, the schema of a list of devices. A program of the crate (`schema.rs`) makes them from
 * the Rust types.
 */
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { cargo, FEATURES } from './cargo.mjs'
import { ROOT } from './prepare.mjs'

/** The schemas in the repository. */
export const SCHEMA = 'schema/output.schema.json'
export const MANIFEST = 'schema/manifest.schema.json'

/** Compiles and runs the program. `text` is the schema of the lines; `types` has the types of the API, by name. */
export async function schemas(/** @type {NodeJS.ProcessEnv} */ env = process.env) {
  const { status, output, made } = await cargo(['build', ...FEATURES, '--example=schema'], env)
  const program = made.find(({ name, executable }) => name === 'schema' && executable)
  if (status !== 0 || !program) return { status: status || 1, output, text: '', manifest: '', types: {} }
  const printed = spawnSync(program.executable ?? '', { encoding: 'utf8', maxBuffer: 1 << 24 })
  if (printed.status !== 0) return { status: 1, output: printed.stderr, text: '', manifest: '', types: {} }
  const { output: lines, manifest, types } = JSON.parse(printed.stdout)
  const written = (/** @type {object} */ schema) => `${JSON.stringify(schema, undefined, 2)}\n`
  return { status: 0, output: '', text: written(lines), manifest: written(manifest), types }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { status, output, text, manifest } = await schemas()
  process.stderr.write(output)
  if (status === 0) {
    writeFileSync(join(ROOT, SCHEMA), text)
    writeFileSync(join(ROOT, MANIFEST), manifest)
  }
  process.exitCode = status
}
