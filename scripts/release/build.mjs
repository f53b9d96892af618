/**
 * `npm run build:release`: builds the addon that is published. It differs from `npm run build` in two ways. On Linux it
 * needs no newer C library than Node 20 itself. And it contains no path of the machine that built it, so that another
 * folder, or another machine with the same tools, produces the same bytes.
 *
 *   npm run build:release -- [--target TRIPLE] [--output-dir FOLDER] [--quickly]
 *
 * `--quickly` compiles without optimisation, for an addon that is only tested.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { ROOT, tool } from '../prepare.mjs'
import { hostTriple, toolchain } from './toolchain.mjs'

const { values } = parseArgs({
  options: {
    target: { type: 'string' },
    quickly: { type: 'boolean', default: false },
    'output-dir': { type: 'string', default: join(ROOT, 'target/release-addon') },
  },
})
try {
  process.exitCode = build(values.target ?? hostTriple(), resolve(values['output-dir']))
} catch (error) {
  process.stderr.write(`error: ${error instanceof Error ? error.message : error}\n`)
  process.exitCode = 1
}

function build(/** @type {string} */ target, /** @type {string} */ folder) {
  mkdirSync(folder, { recursive: true })
  const [program = '', ...leading] = tool('napi')
  const { triple, zig, env } = toolchain(target)
  const profile = values.quickly ? [] : ['--release']
  const asked = ['--platform', ...profile, '--target', triple, ...(zig ? ['--cross-compile'] : [])]
  const args = [...leading, 'build', ...asked, '--output-dir', folder, '--', '--locked']
  const { status, error } = spawnSync(program, args, { cwd: ROOT, stdio: 'inherit', env })
  if (error) process.stderr.write(`error: ${program}: ${error.message}\n`)
  return status ?? 1
}
