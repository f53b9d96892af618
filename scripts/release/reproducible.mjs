/**
 * `npm run reproducible`: builds the release addon twice, in two folders with different names, and compares the bytes.
 * It takes as long as two builds from scratch.
 *
 *   npm run reproducible -- [--against FILE]   builds once, and compares with an existing addon
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { ensureDependencies, ROOT } from '../prepare.mjs'

const { values } = parseArgs({ options: { against: { type: 'string' } } })
ensureDependencies()
const first = values.against ? digestOf(resolve(values.against)) : buildIn('one')
const second = buildIn('another-folder')
const same = first === second
process.stdout.write(`${first}\n${second}\n${same ? '1 passed, 0 failed' : '0 passed, 1 failed'}\n`)
process.exitCode = same ? 0 : 1

/** Builds a copy of the files that git tracks, and returns the digest of the addon. */
function buildIn(/** @type {string} */ name) {
  const folder = mkdtempSync(join(tmpdir(), `duo-provision-${name}-`))
  try {
    const files = execFileSync('git', ['ls-files', '-z'], { cwd: ROOT, encoding: 'utf8' }).split('\0')
    for (const file of files.filter(Boolean)) cpSync(join(ROOT, file), join(folder, file))
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'junction')
    shareZig(folder)
    const script = join(folder, 'scripts/release/build.mjs')
    const { status } = spawnSync(process.execPath, [script], { cwd: folder, stdio: ['ignore', 2, 2] })
    if (status !== 0) throw new Error(`the build in ${folder} failed`)
    const output = join(folder, 'target/release-addon')
    const addon = readdirSync(output).find((entry) => entry.endsWith('.node'))
    if (!addon) throw new Error(`the build in ${folder} made no addon`)
    return digestOf(join(output, addon))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Lets the build use the tools of this repository: they take half a gigabyte, and may be the same. */
function shareZig(/** @type {string} */ folder) {
  const tools = join(ROOT, 'target/zig')
  mkdirSync(tools, { recursive: true })
  mkdirSync(join(folder, 'target'))
  symlinkSync(tools, join(folder, 'target/zig'), 'junction')
}

function digestOf(/** @type {string} */ path) {
  return createHash('sha256').update(readFileSync(path)).digest('hex')
}
