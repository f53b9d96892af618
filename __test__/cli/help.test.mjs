/** Help, version, completions: what needs no Duo and no cloud. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { atWidth, jsonLines, NO_BASH, NO_TERMINAL, Sandbox, start } from './harness.mjs'

const COMMANDS = [
  'provision',
  'list',
  'dfu',
  'backup',
  'restore',
  'reset',
  'dct',
  'server-key',
  'rotate',
  'inspect',
  'key',
  'backups',
  'status',
  'history',
  'doctor',
  'fleet',
  'simulate',
  'demo',
  'completions',
  'shell-init',
  'man',
  'udev',
]

test('--help shows every command, the options and examples', async (t) => {
  const sandbox = new Sandbox(t)
  const { status, stdout, stderr } = await sandbox.run(['--help'])
  assert.equal(status, 0)
  assert.equal(stderr, '')
  for (const command of COMMANDS) assert.match(stdout, new RegExp(`^  ${command} `, 'm'))
  assert.match(stdout, /--from-device is the better choice/)
  sandbox.matches('help')
})

test('-h fits a small terminal, and has every command in its group', async (t) => {
  const sandbox = new Sandbox(t)
  const { status, stdout } = await sandbox.run(['-h'])
  assert.equal(status, 0)
  const lines = stdout.trimEnd().split('\n')
  assert.ok(lines.length <= 22, stdout)
  const groups = stdout.match(/^Everyday[\s\S]*?\n\n/m)?.[0] ?? ''
  for (const command of COMMANDS) assert.match(groups, new RegExp(`[ ,]${command}(,|$)`, 'm'))
})

test('in --help each command and each exit code has one line of 80 columns', {
  skip: NO_TERMINAL,
}, async (t) => {
  const shown = await atWidth(new Sandbox(t), 80, ['--help'])
  for (const part of ['Commands:', 'Exit codes:']) {
    const lines = shown.trimEnd().split(`${part}\n`)[1]?.split('\n\n')[0]?.split('\n') ?? []
    assert.ok(lines.length > 8, part)
    for (const line of lines) assert.match(line, /^ {2}\S.{0,78}$/)
  }
})

/** The commands that are in a group. */
const GROUPED = [
  'key new',
  'key public',
  'dct backup',
  'dct show',
  'dct restore',
  'server-key show',
  'server-key set',
  'server-key restore',
  'fleet manifest',
  'fleet provision',
  'fleet verify',
  'fleet report',
  'udev print',
  'udev install',
]

for (const command of [...COMMANDS, ...GROUPED]) {
  test(`${command} --help`, async (t) => {
    const sandbox = new Sandbox(t)
    const { status, stderr } = await sandbox.run([...command.split(' '), '--help'])
    assert.deepEqual([status, stderr], [0, ''])
    sandbox.matches(`help-${command.replace(' ', '-')}`)
  })
}

test('--version is a name and a number', async (t) => {
  const { status, stdout, stderr } = await new Sandbox(t).run(['--version'])
  assert.equal(status, 0)
  assert.match(stdout, /^duo-provision \d+\.\d+\.\d+\n$/)
  assert.equal(stderr, '')
})

test('--version --verbose names what a report needs', async (t) => {
  const { status, stdout } = await new Sandbox(t).run(['--version', '--verbose'])
  assert.equal(status, 0)
  assert.match(
    stdout,
    /^duo-provision \d+\.\d+\.\d+\nlibusb \d+\.\d+\.\d+\nnode \d+\.\d+\.\d+\nplatform \S+ \S+ \(.+\)\n$/,
  )
})

test('completions: bash takes its own, and no shell is left out', async (t) => {
  const sandbox = new Sandbox(t)
  for (const shell of ['bash', 'zsh', 'fish', 'powershell', 'elvish']) {
    const { status, stdout, stderr } = await sandbox.run(['completions', shell])
    assert.deepEqual([status, stderr], [0, ''])
    assert.match(stdout, /from-device/)
    const [result] = jsonLines((await sandbox.run(['completions', shell, '--json'])).stdout)
    assert.deepEqual(result, { type: 'result', command: 'completions', text: stdout })
    if (shell !== 'bash') continue
    const checked = spawnSync('bash', ['-n'], { input: stdout, encoding: 'utf8' })
    if (checked.error) t.diagnostic(`bash -n was not run: ${checked.error.message}`)
    else assert.deepEqual([checked.status, checked.stderr], [0, ''])
  }
})

test('a reader that goes away is no error', { skip: NO_BASH }, async (t) => {
  const sandbox = new Sandbox(t)
  for (const args of [['completions', 'bash'], ['--help'], ['list', '--json']]) {
    const script = 'set -o pipefail; "$0" "$@" | head -c 1 >/dev/null'
    const main = new URL('../../src/cli/main.cjs', import.meta.url).pathname
    const { status, stderr } = await start('bash', ['-c', script, process.execPath, main, ...args], {
      env: sandbox.env,
      cwd: sandbox.cwd,
    }).end
    assert.equal(stderr, '')
    assert.ok(status === 0 || status === 4, `status ${status}`)
  }
})
