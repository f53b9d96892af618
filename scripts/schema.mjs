/** `npm run schema`: writes `schema/output.schema.json`, the JSON Schema of what `--json` prints, from the Rust types. */
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { BUILT, buildAddon, SCHEMA } from './addon.mjs'
import { ROOT } from './prepare.mjs'

const { status, output } = await buildAddon()
process.stderr.write(output)
if (status === 0) copyFileSync(join(BUILT, SCHEMA), join(ROOT, SCHEMA))
process.exitCode = status
