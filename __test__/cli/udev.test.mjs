/** The udev rule: printed, installed below another root folder, refused, and the command to type. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { MAIN, rootIn, Sandbox, start } from './harness.mjs'

const linux = process.platform === 'linux' ? false : 'udev is a part of Linux'

test('the rule is printed, and is the file that is installed', { skip: linux }, async (t) => {
  const sandbox = new Sandbox(t)
  const root = rootIn(sandbox)
  const token = sandbox.secret('wkqzmxvjthgrnpsyqkzw')
  const env = { PARTICLE_ACCESS_TOKEN: token, DUO_PROVISION_PASSPHRASE: token }
  const { stdout } = await sandbox.run(['udev', 'print'])
  const installed = await sandbox.run(['udev', 'install', '--root', root], { env })
  assert.equal(installed.status, 0, installed.stderr)
  assert.equal(readFileSync(join(root, 'etc/udev/rules.d/60-duo-provision.rules'), 'utf8'), stdout)
  const again = await sandbox.run(['udev', 'install', '--json', '--root', root], { env })
  assert.equal(again.status, 0)
  writeFileSync(join(root, 'etc/udev/rules.d/60-duo-provision.rules'), '# mine')
  const other = await sandbox.run(['udev', 'install', '--root', root])
  assert.equal(other.status, 9)
  assert.equal(
    readFileSync(join(root, 'calls'), 'utf8'),
    'control --reload\ntrigger --subsystem-match=usb --attr-match=idVendor=2b04\n'.repeat(2),
  )
  assert.ok(!readFileSync(join(root, 'env'), 'utf8').includes(token))
  sandbox.matches('udev')
})

test('a udev that does not answer is no success', { skip: linux }, async (t) => {
  const sandbox = new Sandbox(t)
  const { status } = await sandbox.run(['udev', 'install', '--root', rootIn(sandbox, 1)])
  assert.equal(status, 9)
  sandbox.matches('udev-fails')
})

test('without root the command to type is printed, and nothing is written', { skip: linux }, async (t) => {
  const sandbox = new Sandbox(t)
  // In a user namespace of its own without a mapping, nobody is root.
  const program = process.getuid?.() === 0 ? ['unshare', '--user', process.execPath] : [process.execPath]
  if (spawnSync(program[0] ?? '', [...program.slice(1), '--version']).status !== 0) {
    return t.skip('no user namespace can be made here')
  }
  const args = [...program.slice(1), MAIN, 'udev', 'install']
  const ended = await start(program[0] ?? '', args, { env: sandbox.env, cwd: sandbox.cwd }).end
  assert.equal(ended.status, 9)
  sandbox.note(['udev', 'install'], ended)
  sandbox.matches('udev-not-root')
})

test('udev itself finds no fault in the rule', { skip: linux }, async (t) => {
  // `udevadm verify` came with systemd 254.
  const { status } = spawnSync('udevadm', ['verify', '--help'])
  if (status !== 0) return t.skip('no udevadm here that can verify rules')
  const sandbox = new Sandbox(t)
  const { stdout } = await sandbox.run(['udev', 'print'])
  const file = sandbox.file('60-duo-provision.rules', stdout)
  const verified = spawnSync('udevadm', ['verify', file], { encoding: 'utf8' })
  assert.equal(verified.status, 0, verified.stdout + verified.stderr)
})
