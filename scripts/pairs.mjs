// Pairs of faults on virtual Duos, for as long as one likes: npm run test:pairs -- --seconds 600 [--seed N] [--case N]
// A failure is printed with the seed and the number that run it again.
import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'

const number = { type: 'string' }
const { values } = parseArgs({ options: { seconds: number, seed: number, case: number } })
const env = { ...process.env }
for (const [name, value] of Object.entries(values)) {
  if (!/^\d+$/.test(value)) {
    console.error(`--${name} takes a number, not ${JSON.stringify(value)}`)
    process.exit(2)
  }
  env[`PAIRS_${name.toUpperCase()}`] = value
}

const test = ['--test', 'workflow', 'matrix::pairs::for_a_while', '--', '--ignored', '--nocapture']
const ran = spawnSync('cargo', ['test', '--no-default-features', '--quiet', ...test], {
  stdio: 'inherit',
  env,
})
if (ran.error) console.error(ran.error.message)
process.exit(ran.status ?? 1)
