/** The whole output of `dfu`, `--enter-dfu` and `--wait`. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { IS_WINDOWS, Sandbox } from './harness.mjs'

test('a Duo that runs: what is said, and the way into DFU mode', async (t) => {
  const sandbox = new Sandbox(t)
  const duo = await sandbox.duo({ mode: 'normal' })
  const usbip = ['--usbip', duo.address]
  const listed = await sandbox.run(['list', ...usbip])
  assert.equal(listed.status, 0)
  assert.ok(listed.stderr.includes(`duo-provision dfu --path 1-1 --usbip ${duo.address}`), listed.stderr)
  assert.equal((await sandbox.run(['backup', ...usbip])).status, 3)
  await sandbox.run(['dfu', ...usbip])
  await sandbox.run(['dfu', ...usbip, '--json'])
  await sandbox.run(['list', '--enter-dfu', '--wait', ...usbip])
  sandbox.matches('no-buttons')
})

test('several that run are not guessed between', async (t) => {
  const sandbox = new Sandbox(t)
  const duo = await sandbox.duo({ mode: 'normal', duos: 2 })
  assert.equal((await sandbox.run(['dfu', '--usbip', duo.address])).status, 3)
  await sandbox.run(['backup', '--enter-dfu', '--path', '1-2', '--usbip', duo.address])
  assert.deepEqual(
    duo.duos().map(({ presence }) => presence),
    ['normal', 'dfu'],
  )
  sandbox.matches('no-buttons-two')
})

for (const args of [
  ['list', '--wait'],
  ['dfu', '--wait'],
  ['list', '--wait', '--json'],
]) {
  test(`${args.join(' ')}: shows what to press, and goes on by itself`, async (t) => {
    const sandbox = new Sandbox(t)
    const duo = await sandbox.duo()
    duo.unplug('1-1')
    const typed = [...args, '--usbip', duo.address]
    const started = sandbox.start(typed, { stdin: '' })
    await (args.includes('--json')
      ? started.says('stdout', /"waiting"/)
      : started.says('stderr', /Ctrl-C stops/))
    duo.plugIn('1-1')
    const ended = await started.end
    assert.equal(ended.status, 0, ended.stderr)
    sandbox.note(typed, ended)
    sandbox.matches(`wait-${args.join('-').replaceAll('--', '')}`)
  })
}

test('Ctrl-C ends a wait', { skip: IS_WINDOWS && 'there is no Ctrl-C to send' }, async (t) => {
  const sandbox = new Sandbox(t)
  const duo = await sandbox.duo()
  duo.unplug('1-1')
  const typed = ['backup', '--wait', '--usbip', duo.address]
  const started = sandbox.start(typed, { stdin: '' })
  await started.says('stderr', /Ctrl-C stops/)
  started.child.kill('SIGINT')
  const ended = await started.end
  assert.equal(ended.status, 130)
  sandbox.note(typed, ended)
  sandbox.matches('wait-stopped')
})

test('a Duo that does not restart is said to run still', async (t) => {
  const sandbox = new Sandbox(t)
  const duo = await sandbox.duo({ mode: 'normal', faults: ['stall-before@dfu1'] })
  const { status } = await sandbox.run(['backup', '--enter-dfu', '--timeout', '1', '--usbip', duo.address])
  assert.equal(status, 5)
  sandbox.matches('no-buttons-refused')
})
