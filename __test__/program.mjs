/**
 * Makes the command line as one file, as in the package, from the current sources. It starts in a third of the time
 * that the sources need, and tests start it thousands of times.
 */
import { createHash } from 'node:crypto'
import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundled } from '../scripts/bundle.mjs'

const TARGET = fileURLToPath(new URL('../target/', import.meta.url))

/** The variable that holds its path if it is made already. */
export const MADE = 'DUO_PROVISION_TEST_PROGRAM'

/** The path of the file that Node runs. */
export const PROGRAM = process.env[MADE] ?? makeProgram()

function makeProgram() {
  const outfile = join(TARGET, 'program.cjs')
  const { text } = bundled({ outfile, footer: { js: 'module.exports.main()' } })
  // Several test processes may make it at the same time, and one may still run a file made from other sources.
  const name = createHash('sha256').update(text).digest('hex').slice(0, 16)
  const [path, draft] = [join(TARGET, `program-${name}.cjs`), join(TARGET, `program-${process.pid}.tmp`)]
  mkdirSync(TARGET, { recursive: true })
  writeFileSync(draft, text)
  renameSync(draft, path)
  return path
}
