/** Every example of `examples/`, run as a user would: the package in node_modules, virtual Duos, a local cloud. */
import assert from 'node:assert/strict'
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'
import { jsonLines, ROOT, Sandbox, start } from '../cli/harness.mjs'
import { checkLines } from '../cli/schema.mjs'

const EXAMPLES = join(ROOT, 'examples')

/** The scripts of npm and of GitHub Actions need a POSIX shell. */
const posix = { skip: process.platform === 'win32' }

/** A project with the package installed and an example in it. */
function project(/** @type {Sandbox} */ sandbox, /** @type {string} */ example) {
  const modules = join(sandbox.cwd, 'node_modules')
  mkdirSync(join(modules, '.bin'), { recursive: true })
  symlinkSync(ROOT, join(modules, 'duo-provision'), 'junction')
  if (posix.skip === false) symlinkSync(join(ROOT, 'src/cli/main.cjs'), join(modules, '.bin/duo-provision'))
  cpSync(join(EXAMPLES, example), sandbox.cwd, { recursive: true })
  sandbox.env['PATH'] = `${dirname(process.execPath)}:${sandbox.env['PATH']}`
  sandbox.env['npm_config_offline'] = 'true'
  sandbox.env['npm_config_update_notifier'] = 'false'
}

/** Runs a program in the project, to its end. */
const run = (
  /** @type {Sandbox} */ { env, cwd },
  /** @type {string} */ program,
  /** @type {string[]} */ args,
  /** @type {Record<string, string>} */ more = {},
) => start(program, args, { env: { ...env, ...more }, cwd }).end

const read = (/** @type {Sandbox} */ { cwd }, /** @type {string} */ name) =>
  readFileSync(join(cwd, name), 'utf8')

/** Checks a pipeline's file with the output of `--json` against the schema. Returns its last line. */
function closing(/** @type {Sandbox} */ sandbox, /** @type {string} */ name) {
  const text = read(sandbox, name)
  checkLines(text)
  return jsonLines(text).at(-1)
}

/** A project for the script that backs up every Duo, and a way to run it. */
async function everyDuo(/** @type {import('node:test').TestContext} */ t, /** @type {number} */ duos) {
  const sandbox = new Sandbox(t)
  project(sandbox, '.')
  const duo = await sandbox.duo({ duos })
  const args = ['backup-every-duo.mjs', '--usbip', duo.address]
  const back = (/** @type {string[]} */ ...more) => run(sandbox, process.execPath, [...args, ...more])
  return { sandbox, duo, back }
}

test('backup-every-duo keeps the key of each, and a second time finds them held', async (t) => {
  const { sandbox, duo, back } = await everyDuo(t, 3)
  const { status, stdout, stderr } = await back('--archive', 'keys')
  assert.deepEqual([status, stderr], [0, ''])
  assert.equal(stdout.match(/^1-\d {2}\w{24} {2}saved .*\.der$/gm)?.length, 3, stdout)
  const files = sandbox.files()
  assert.equal(files.filter((name) => name.endsWith('.der')).length, 3)
  const again = await back('--archive', 'keys', '--json')
  const rows = JSON.parse(again.stdout)
  assert.deepEqual(
    rows.map((/** @type {any} */ row) => [row.alreadyThere, row.fingerprint]),
    duo.duos().map(({ fingerprint }) => [true, fingerprint]),
  )
  assert.deepEqual(sandbox.files(), files)
})

test('backup-every-duo goes on after one that fails, and ends with 10', async (t) => {
  const { sandbox, duo, back } = await everyDuo(t, 3)
  duo.arm('1-2', 'read-zeros@dfu1+')
  const { status, stdout } = await back('--archive', 'keys')
  assert.equal(status, 10, stdout)
  assert.match(stdout, /^1-2 {2}.* {2}FAILED \[DCT_UNREADABLE\] /m)
  assert.equal(sandbox.files().filter((name) => name.endsWith('.der')).length, 2)
})

test('backup-every-duo without any Duo, or without a server, is no success', async (t) => {
  const { duo, back } = await everyDuo(t, 1)
  duo.unplug('1-1')
  assert.equal((await back()).status, 3)
  await duo.stop()
  const { status, stderr } = await back()
  assert.equal(status, 4)
  assert.match(stderr, /^error: .*\[USBIP_UNREACHABLE\]\n\nhint: /s)
})

test('the npm scripts back up before a release, and stop it where that fails', posix, async (t) => {
  const sandbox = new Sandbox(t)
  project(sandbox, 'npm-script')
  const duo = await sandbox.duo()
  const cloud = await sandbox.cloud()
  const [first] = duo.duos()
  const npm = (/** @type {string[]} */ args, /** @type {Record<string, string>} */ env = {}) =>
    run(sandbox, 'npm', args, {
      DUO_OPTIONS: `--usbip ${duo.address}`,
      DEVICE_ID: first?.deviceId ?? '',
      ...env,
    })
  const released = await npm(['run', 'release'])
  assert.equal(released.status, 0, released.stderr)
  assert.match(
    released.stdout,
    new RegExp(`the key ${first?.fingerprint} of ${first?.deviceId} is kept in /`),
  )
  assert.equal(closing(sandbox, 'backup.jsonl').fingerprint, first?.fingerprint)

  const provisioned = await npm(['run', 'provision', '--', '--api-url', cloud.url, '--usbip', duo.address])
  assert.equal(provisioned.status, 0, provisioned.stderr)
  assert.equal(closing(sandbox, 'provision.jsonl').command, 'provision')
  assert.equal(cloud.provisioned().length, 1)

  duo.arm('1-1', 'read-zeros@dfu1+')
  const stopped = await npm(['run', 'release'])
  assert.equal(stopped.status, 5)
  assert.doesNotMatch(stopped.stdout, /now the release/)
  assert.equal(closing(sandbox, 'backup.jsonl').code, 'DCT_UNREADABLE')
})

test('the job for GitHub Actions succeeds, step by step', posix, async (t) => {
  const sandbox = new Sandbox(t)
  project(sandbox, 'github-actions')
  const { jobs } = parse(read(sandbox, 'provision.yml'))
  const steps = jobs.provision.steps.filter((/** @type {any} */ step) => step.run && step.run !== 'npm ci')
  assert.equal(steps.length, 4)
  const environment = join(sandbox.folder, 'github-env')
  writeFileSync(environment, '')
  /** @type {Record<string, string>} */
  const env = { GITHUB_ENV: environment, CI: 'true' }
  try {
    for (const { name, run: script } of steps) {
      // When the job ends, the runner stops what a step has left running. Here it gets a process group of its own,
      // since npx does not stop what it has started.
      const kept = script.replace(/^(.*) &$/m, 'set -m; $1 & echo $! > simulation.pid; set +m')
      const { status, stderr } = await run(sandbox, 'bash', ['-e', '-c', kept], env)
      assert.equal(status, 0, `${name}: ${stderr}`)
      for (const [, key = '', value = ''] of readFileSync(environment, 'utf8').matchAll(/^(\w+)=(.*)$/gm)) {
        env[key] = value
      }
    }
  } finally {
    process.kill(-Number(read(sandbox, 'simulation.pid')), 'SIGTERM')
  }
  assert.equal(closing(sandbox, 'backup.jsonl').command, 'backup')
  assert.equal(closing(sandbox, 'provision.jsonl').deviceId, env['DUO_ID'])
})

test('the tests of the testing kit pass', async (t) => {
  const sandbox = new Sandbox(t)
  project(sandbox, 'testing-kit')
  const { status, stdout } = await run(sandbox, process.execPath, ['--test', '--test-reporter=tap'])
  assert.equal(status, 0, stdout)
  assert.match(stdout, /^# pass 3$/m)
})
