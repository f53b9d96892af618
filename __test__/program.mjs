/**
 * The command line as one file, as the package has it, of the sources as they are now: it starts in a third of the
 * time that they take, and tests start it thousands of times.
 */
import { createHash } from 'node:crypto'
import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundled } from '../scripts/bundle.mjs'

const TARGET = fileURLToPath(new URL('../target/', import.meta.url))

/** The variable that names it where it is made already. */
export const MADE = 'DUO_PROVISION_TEST_PROGRAM'

/** What it is to be run as, in Node. */
export const PROGRAM = process.env[MADE] ?? makeProgram()

function makeProgram() {
  const outfile = join(TARGET, 'program.cjs')
  const { text } = bundled({ outfile, footer: { js: 'module.exports.main()' } })
  // Tests of several processes make it at a time, and may still run the one of other sources.
  const name = createHash('sha256').update(text).digest('hex').slice(0, 16)
  const [path, draft] = [join(TARGET, `program-${name}.cjs`), join(TARGET, `program-${process.pid}.tmp`)]
  mkdirSync(TARGET, { recursive: true })
  writeFileSync(draft, text)
  renameSync(draft, path)
  return path
}
