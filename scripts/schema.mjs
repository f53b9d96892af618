/**
 * `npm run schema`: writes `schema/output.schema.json`, the JSON Schema of what `--json` prints, from the Rust types.
 * It is the addon, built with the feature `schema`, that knows it.
 */
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ROOT } from './prepare.mjs'

/** The file as it is committed and shipped. */
export const SCHEMA = 'schema/output.schema.json'

/** What cargo calls a library. */
const LIBRARY =
  { win32: 'duo_provision.dll', darwin: 'libduo_provision.dylib' }[
    /** @type {string} */ (process.platform)
  ] ?? 'libduo_provision.so'

/** Builds the addon that knows the schema, and returns the text of the file. */
export function generateSchema() {
  const target = join(ROOT, 'target')
  const args = ['build', '--quiet', '--lib', '--features', 'schema', '--target-dir', target]
  const built = spawnSync('cargo', args, { cwd: ROOT, encoding: 'utf8', maxBuffer: 2 ** 26 })
  if (built.status !== 0) throw new Error(`the addon cannot be built: ${built.stderr ?? built.error}`)
  const addon = join(target, 'schema/duo-provision.node')
  mkdirSync(join(target, 'schema'), { recursive: true })
  copyFileSync(join(target, 'debug', LIBRARY), addon)
  const schema = JSON.parse(createRequire(import.meta.url)(addon).outputSchema())
  return `${JSON.stringify(schema, undefined, 2)}\n`
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  mkdirSync(join(ROOT, 'schema'), { recursive: true })
  writeFileSync(join(ROOT, SCHEMA), generateSchema())
}
