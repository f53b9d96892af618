/**
 * `npm test`: every check of the repository, in order, one line each, and one closing summary
 * `N passed, N failed`. A check that is one yes-or-no question (formatting, lints, types) counts as one test.
 *
 *   npm test -- [--only STEP]… [--skip-usb] [--list]
 */
import { spawn } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { canariesOf } from '../__test__/secrets/folders.mjs'
import { API_PAGE, apiDocs } from './api-docs.mjs'
import { ensureDependencies, ROOT, tool } from './prepare.mjs'
import { generateSchema, SCHEMA } from './schema.mjs'

/**
 * What became of a step.
 * @typedef {{ passed: number, failed: number, skipped?: number, note?: string, output?: string }} Outcome
 */

/** Where the addon is built for the drift check, so that the committed files are compared, not replaced. */
const BUILT = join(ROOT, 'target/addon')

/** What the steps' tests produce, for the last step to look through. */
const OUTPUT = join(ROOT, 'target/test-output')

/** The exit status of the lane, and of the tests with particle-cli, for "cannot run on this machine". */
const UNAVAILABLE = 77

/** @type {{ name: string, run: () => Promise<Outcome> }[]} */
const STEPS = [
  { name: 'rustfmt', run: () => check('cargo', ['fmt', '--check', '--', '--color=never']) },
  { name: 'biome', run: () => check(tool('biome'), ['ci', '--colors=off', '--error-on-warnings']) },
  { name: 'clippy', run: () => clippy() },
  { name: 'clippy-core', run: () => clippy('--no-default-features') },
  { name: 'cargo-test', run: cargoTest },
  { name: 'addon', run: buildAddon },
  { name: 'drift', run: drift },
  { name: 'types', run: types },
  { name: 'node-test', run: nodeTest },
  { name: 'particle', run: particleTest },
  { name: 'crash', run: crashTest },
  { name: 'usb', run: usbLane },
  { name: 'secrets', run: secrets },
]

process.exitCode = await main()

async function main() {
  const options = readOptions()
  if (options.list) {
    for (const { name } of STEPS) process.stdout.write(`${name}\n`)
    return 0
  }
  ensureDependencies()
  const total = { passed: 0, failed: 0 }
  if (options.only.join() !== 'secrets') {
    for (const folder of [OUTPUT, canariesOf(OUTPUT)]) rmSync(folder, { recursive: true, force: true })
  }
  /** @type {string[]} */
  const failedSteps = []
  for (const { name, run } of STEPS) {
    if (options.only.length > 0 && !options.only.includes(name)) continue
    if (name === 'usb' && options.skipUsb) continue
    const { passed, failed } = await report(name, run)
    total.passed += passed
    total.failed += failed
    if (failed > 0) failedSteps.push(name)
  }
  if (failedSteps.length > 0) process.stdout.write(`\nfailed: ${failedSteps.join(', ')}`)
  process.stdout.write(`\n${total.passed} passed, ${total.failed} failed\n`)
  return total.failed > 0 ? 1 : 0
}

/** Runs one step and prints its line; the whole output follows if it failed. */
async function report(/** @type {string} */ name, /** @type {() => Promise<Outcome>} */ run) {
  process.stdout.write(`${name.padEnd(12)} `)
  const started = performance.now()
  const outcome = await run().catch(crash)
  keepOutput(name, outcome.output)
  const { passed, failed, skipped = 0, note, output } = outcome
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  const counts = [`${passed} passed`]
  if (failed > 0) counts.push(`${failed} failed`)
  if (skipped > 0) counts.push(`${skipped} skipped`)
  const verdict = failed > 0 ? 'FAILED' : passed > 0 ? 'ok' : 'skipped'
  const detail = passed + failed > 0 ? ` ${counts.join(', ')}` : ''
  process.stdout.write(
    `${verdict.padEnd(7)} ${seconds.padStart(6)} s ${detail}${note ? `  (${note})` : ''}\n`,
  )
  if (failed > 0 && output) process.stdout.write(`${output.trimEnd().replace(/^/gm, '    ')}\n`)
  return outcome
}

/**
 * A step that could not even be run counts as one failure.
 * @returns {Outcome}
 */
function crash(/** @type {unknown} */ error) {
  return {
    passed: 0,
    failed: 1,
    output: error instanceof Error ? (error.stack ?? error.message) : `${error}`,
  }
}

/** A yes-or-no step: one command that has to end with status 0. */
async function check(/** @type {string | string[]} */ command, /** @type {string[]} */ args) {
  const { status, output } = await capture(command, args)
  return status === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1, output }
}

function clippy(/** @type {string[]} */ ...features) {
  return check('cargo', ['clippy', '--quiet', '--all-targets', ...features, '--', '-D', 'warnings'])
}

/** The core, without the Node-API surface: what passes here needs nothing of Node. */
async function cargoTest() {
  const { status, output } = await capture('cargo', ['test', '--no-default-features', '--no-fail-fast'])
  const outcome = { passed: 0, failed: 0, skipped: 0, output }
  for (const found of output.matchAll(/^test result: .*? (\d+) passed; (\d+) failed; (\d+) ignored;/gm)) {
    outcome.passed += Number(found[1])
    outcome.failed += Number(found[2])
    outcome.skipped += Number(found[3])
  }
  return withStatus(outcome, status)
}

/** Compiles the release addon and puts it where the loader looks for it. */
async function buildAddon() {
  rmSync(BUILT, { recursive: true, force: true })
  mkdirSync(BUILT, { recursive: true })
  const args = ['build', '--platform', '--release', '--output-dir', BUILT]
  const { status, output } = await capture(tool('napi'), args)
  const addon = readdirSync(BUILT).find((name) => name.endsWith('.node'))
  if (status !== 0 || !addon) return { passed: 0, failed: 1, output }
  copyFileSync(join(BUILT, addon), join(ROOT, addon))
  return { passed: 1, failed: 0, note: addon }
}

/** The committed loader, types, schema, API reference, completions and man pages must be those that the source makes. */
async function drift() {
  /** @type {Outcome} */
  const outcome = { passed: 0, failed: 0, output: '' }
  const types = join(BUILT, 'index.d.ts')
  const made = [
    { name: 'index.js', built: read(join(BUILT, 'index.js')), command: 'npm run build' },
    { name: 'index.d.ts', built: read(types), command: 'npm run build' },
    { name: SCHEMA, built: generateSchema(), command: 'npm run schema' },
    { name: API_PAGE, built: existsSync(types) ? apiDocs(types) : undefined, command: 'npm run api-docs' },
  ]
  for (const { name, built, command } of made) {
    const committed = read(join(ROOT, name))
    if (built !== undefined && committed === built) outcome.passed += 1
    else {
      outcome.failed += 1
      outcome.output +=
        built === undefined ? `${name} was not generated\n` : differs(name, committed, built, command)
    }
  }
  const shipped = await check(process.execPath, [join(ROOT, 'scripts/generate.mjs'), '--check'])
  outcome.passed += shipped.passed
  outcome.failed += shipped.failed
  outcome.output += shipped.output ?? ''
  return outcome
}

function differs(
  /** @type {string} */ name,
  /** @type {string | undefined} */ committed,
  /** @type {string} */ built,
  /** @type {string} */ command,
) {
  const cure = `run \`${command}\` and commit ${name}\n`
  if (committed === undefined) return `${name} is not committed: ${cure}`
  const [old, fresh] = [committed.split('\n'), built.split('\n')]
  const line = fresh.findIndex((text, index) => text !== old[index])
  const at = line < 0 ? fresh.length : line
  return (
    `${name} is not what the source generates: ${cure}first difference, line ${at + 1}:\n` +
    `- ${old[at] ?? '(end of file)'}\n+ ${fresh[at] ?? '(end of file)'}\n`
  )
}

/** The types as Node resolves them, and as a bundler does. */
async function types() {
  const compile = (/** @type {string} */ project) =>
    check(tool('tsc'), ['--project', join(ROOT, project), '--noEmit', '--pretty', 'false'])
  const [node, bundler] = [await compile('.'), await compile('__test__/types/tsconfig.bundler.json')]
  return {
    passed: node.passed + bundler.passed,
    failed: node.failed + bundler.failed,
    output: [node, bundler].map(({ output }) => output ?? '').join(''),
  }
}

async function nodeTest() {
  const folders = ['node', 'cli', 'docs', 'examples', 'secrets']
  const files = folders.flatMap((name) => testFiles(`__test__/${name}`))
  if (files.length === 0) return { passed: 0, failed: 0, note: 'no test files' }
  // The limit is each file's, in milliseconds.
  const args = ['--test', '--test-reporter=spec', '--test-timeout=300000', ...files]
  const { status, output } = await capture(process.execPath, args)
  return withStatus({ ...nodeTestCounts(output), output }, status)
}

/** With the real particle-cli, which is fetched: mandatory in CI, elsewhere wherever there is a registry. */
async function particleTest() {
  const { status, output } = await capture(process.execPath, [join(ROOT, 'scripts/particle.mjs')])
  if (status === UNAVAILABLE && !inCi()) return notRun(lastLine(output))
  return withStatus({ ...nodeTestCounts(output), output }, status)
}

/** Kills at every call, under a tracer: mandatory in CI, elsewhere wherever processes may be traced. */
async function crashTest() {
  if (process.platform !== 'linux' || process.arch !== 'x64') return notRun('it needs Linux on x86-64')
  const build = ['build', '--quiet', '--no-default-features', '--example', 'tracer']
  const built = await capture('cargo', build)
  if (built.status !== 0) return { passed: 0, failed: 1, output: built.output }
  const log = join(ROOT, 'target/tracer.log')
  const traced = await capture(join(ROOT, 'target/debug/examples/tracer'), [log, 'watch', '/bin/true'])
  if (traced.status !== 0) return notRun(`processes may not be traced here: ${traced.output.trim()}`)
  const args = ['--test', '--test-reporter=spec', '--test-timeout=1200000', ...testFiles('__test__/crash')]
  const { status, output } = await capture(process.execPath, args)
  return withStatus({ ...nodeTestCounts(output), output }, status)
}

/**
 * A step that this machine cannot run; in CI that is a failure.
 * @returns {Outcome}
 */
function notRun(/** @type {string} */ reason) {
  return inCi()
    ? { passed: 0, failed: 1, output: `${reason}\n` }
    : { passed: 0, failed: 0, note: `not run: ${reason}` }
}

/** The lane on a real USB stack: mandatory in CI, elsewhere wherever the machine can run it. */
async function usbLane() {
  const { status, output } = await capture(process.execPath, [join(ROOT, '__test__/usb/lane.mjs')])
  if (status === UNAVAILABLE && !inCi()) return notRun(lastLine(output))
  return withStatus({ ...nodeTestCounts(output), output }, status)
}

/** Pieces of the tests' tokens and private keys, in all that the steps before have left behind. */
async function secrets() {
  const script = join(ROOT, '__test__/secrets/scan.mjs')
  const { status, output } = await capture(process.execPath, [script, OUTPUT])
  const note = lastLine(output)
  return status === 0 ? { passed: 1, failed: 0, note } : { passed: 0, failed: 1, note, output }
}

/** What a step printed is looked through, too. */
function keepOutput(/** @type {string} */ name, /** @type {string | undefined} */ output) {
  mkdirSync(OUTPUT, { recursive: true })
  if (name !== 'secrets' && output) writeFileSync(join(OUTPUT, `${name}.step.txt`), output)
}

function lastLine(/** @type {string} */ output) {
  return output.trimEnd().split('\n').at(-1) ?? ''
}

function inCi() {
  return !['', '0', 'false', undefined].includes(process.env.CI)
}

/** A failing status with no failed test, or a passing one with no test at all, is a failure of its own. */
function withStatus(/** @type {Outcome} */ outcome, /** @type {number} */ status) {
  const silent = outcome.passed + outcome.failed === 0
  if (outcome.failed === 0 && (status !== 0 || silent)) outcome.failed = 1
  return outcome
}

/** The counts at the end of node:test's own report, whichever reporter wrote it. */
function nodeTestCounts(/** @type {string} */ output) {
  const count = (/** @type {string} */ word) =>
    Number(output.match(new RegExp(`^(?:#|ℹ) ${word} (\\d+)\\s*$`, 'm'))?.[1] ?? 0)
  return {
    passed: count('pass'),
    failed: count('fail') + count('cancelled'),
    skipped: count('skipped') + count('todo'),
  }
}

function testFiles(/** @type {string} */ folder) {
  const path = join(ROOT, folder)
  if (!existsSync(path)) return []
  return readdirSync(path)
    .filter((name) => name.endsWith('.test.mjs'))
    .sort()
    .map((name) => join(path, name))
}

function read(/** @type {string} */ path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined
}

/**
 * Runs a command in the root and collects what it prints, both streams in the order they came.
 * @param {string | string[]} command the program, with any leading arguments
 * @param {string[]} args
 * @returns {Promise<{ status: number, output: string }>}
 */
function capture(command, args) {
  const [program, ...leading] = [command].flat()
  return new Promise((resolve) => {
    const child = spawn(/** @type {string} */ (program), [...leading, ...args], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        CARGO_TERM_COLOR: 'never',
        NO_COLOR: '1',
        FORCE_COLOR: undefined,
        DUO_PROVISION_TEST_OUTPUT: OUTPUT,
      },
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        output += text
      })
    }
    child.on('error', (error) => resolve({ status: 1, output: `${program}: ${error.message}\n` }))
    child.on('close', (code) => resolve({ status: code ?? 1, output }))
  })
}

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        only: { type: 'string', multiple: true, default: [] },
        'skip-usb': { type: 'boolean', default: false },
        list: { type: 'boolean', default: false },
      },
    })
    const unknown = values.only.find((name) => !STEPS.some((step) => step.name === name))
    if (unknown) throw new Error(`no step is called ${unknown}; --list shows them`)
    if (values['skip-usb'] && inCi()) throw new Error('the USB lane may not be skipped in CI')
    return { only: values.only, skipUsb: values['skip-usb'], list: values.list }
  } catch (error) {
    process.stderr.write(`error: ${error instanceof Error ? error.message : error}\n`)
    process.exit(2)
  }
}
