/**
 * Tests pairs of faults on virtual Duos for a given time. A failure is printed with the seed and the case number that
 * run it again.
 *
 *   npm run test:pairs -- --seconds 600 [--seed N] [--case N]
 */
import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'
import { FEATURES } from './cargo.mjs'

const { values } = parseArgs({
  options: { seconds: { type: 'string' }, seed: { type: 'string' }, case: { type: 'string' } },
})
const env = { ...process.env }
for (const [name, value] of Object.entries(values)) {
  if (value === undefined || !/^\d+$/.test(value)) {
    console.error(`--${name} takes a number, not ${JSON.stringify(value)}`)
    process.exit(2)
  }
  env[`PAIRS_${name.toUpperCase()}`] = value
}

const test = ['--test', 'core', 'workflow::matrix::pairs::for_a_while', '--', '--ignored', '--nocapture']
const ran = spawnSync('cargo', ['test', ...FEATURES, '--quiet', ...test], {
  stdio: 'inherit',
  env,
})
if (ran.error) console.error(ran.error.message)
process.exit(ran.status ?? 1)
