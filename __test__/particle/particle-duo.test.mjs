/** `particle duo` in the real particle-cli, with a virtual Duo and a local cloud behind it. */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { test } from 'node:test'
import { LocalCloud } from '../../index.js'
import { ROOT, restarted, Sandbox } from '../cli/harness.mjs'

const INSTALLED = join(ROOT, 'target/particle-cli/node_modules')
const WRAPPER = join(ROOT, 'src/cli/particle-duo.cjs')
const HOOK = join(ROOT, 'src/cli/particle-hook.cjs')

/** The newest version, and the last one whose dependencies are all in the npm registry. */
const VERSIONS = { '3.51.0': 'particle-cli', '3.43.1': 'particle-cli-3.43' }

/** The Node that they need, if it is installed with them; otherwise this one. */
const carried = join(INSTALLED, `node-${process.platform}-${process.arch}/bin/node`)
const NODE = existsSync(carried) ? carried : process.execPath

/** @typedef {import('node:test').TestContext} TestContext */

/** A sandbox, and ways to call a particle-cli in it. */
function bench(/** @type {TestContext} */ t, folder = 'particle-cli') {
  const sandbox = new Sandbox(t)
  const home = join(INSTALLED, folder)
  sandbox.env['DUO_PROVISION_PARTICLE_CLI'] = home
  const wrapped = (/** @type {string[]} */ ...args) =>
    sandbox.run(args, { command: [NODE, WRAPPER], as: 'particle-duo' })
  /** As a user runs it, without any code of this project. */
  const plain = (/** @type {string[]} */ args, env = {}) =>
    sandbox.start(args, { stdin: '', env, command: [NODE, join(home, 'src/index.js')] }).end
  const quietly = (/** @type {string[]} */ args) =>
    sandbox.start(args, { stdin: '', command: [NODE, WRAPPER] }).end
  return { sandbox, home, wrapped, plain, quietly }
}

test('a Duo is listed, backed up, reset, restored and provisioned through particle duo', async (t) => {
  const { sandbox, wrapped } = bench(t)
  const duo = await sandbox.duo()
  const cloud = await sandbox.cloud()
  const usb = ['--usbip', duo.address]
  const key = duo.duos()[0]?.fingerprint
  const id = duo.duos()[0]?.deviceId ?? ''
  assert.equal((await wrapped('duo', 'list', ...usb)).status, 0)
  assert.equal((await wrapped('duo', 'backup', 'duo.der', ...usb)).status, 0)
  assert.equal(statSync(join(sandbox.cwd, 'duo.der')).mode & 0o777, 0o600)
  // Without a terminal, `--yes` is needed.
  assert.equal((await wrapped('duo', 'reset', ...usb)).status, 2)
  assert.equal(duo.duos()[0]?.fingerprint, key)
  const boots = duo.duos()[0]?.boots ?? 0
  assert.equal((await wrapped('duo', 'reset', '--yes', ...usb)).status, 0)
  await restarted(duo, boots)
  assert.notEqual(duo.duos()[0]?.fingerprint, key)
  assert.equal((await wrapped('duo', 'restore', 'duo.der', '-y', '--no-backup', ...usb)).status, 0)
  assert.equal(duo.duos()[0]?.fingerprint, key)
  const sent = await wrapped('duo', 'provision', id, '--from-device', ...usb, '--api-url', cloud.url)
  assert.equal(sent.status, 0)
  assert.match(sent.stdout, /Success - Device Provisioned!/)
  assert.equal(cloud.provisioned()[0]?.deviceId, id)
  sandbox.matches('particle-duo')
})

test('the login of particle-cli is used, and named, by particle duo too', async (t) => {
  const { sandbox, wrapped, plain } = bench(t)
  const cloud = await LocalCloud.start()
  t.after(() => cloud.stop())
  sandbox.secret(cloud.token)
  sandbox.name(new URL(cloud.url).host, '127.0.0.1:<cloud>')
  const folder = join(sandbox.home, '.particle')
  mkdirSync(folder)
  const config = { access_token: cloud.token, username: 'me@example.com' }
  sandbox.file('../home/.particle/lab.config.json', JSON.stringify(config), 0o600)
  // particle-cli's own commands choose the profile and its cloud.
  for (const args of [
    ['profile', 'lab'],
    ['profile', 'set', 'apiUrl', cloud.url],
  ]) {
    const set = await plain(args)
    assert.equal(set.status, 0, set.stdout + set.stderr)
  }
  const { status, stderr } = await wrapped('duo', 'provision', '30001a000347343432313031')
  assert.equal(status, 0)
  assert.match(stderr, /particle-cli's login \(profile lab\) at http:/)
  const json = await wrapped('duo', 'provision', '30001a000347343432313031', '--json')
  assert.match(json.stderr, /profile lab/)
  sandbox.matches('particle-duo-login')
})

test('help is that of particle-cli, and errors are in its style', async (t) => {
  const { sandbox, wrapped } = bench(t)
  for (const args of [
    ['duo'],
    ['help', 'duo', 'dct'],
    ['duo', 'restore', '--help'],
    ['duo', 'nothing'],
    ['duo', 'key', 'public'],
    ['duo', 'list', '--bogus'],
    ['duo', 'list', '--timeout', 'soon', '--path', '1-1'],
    ['duo', 'key', 'public', 'nowhere.der'],
    ['-v', 'duo', 'key', 'public', 'nowhere.der'],
  ]) {
    await wrapped(...args)
  }
  sandbox.matches('particle-duo-help')
})

test('--json gives the envelope that particle-cli gives', async (t) => {
  const { sandbox, home, wrapped } = bench(t)
  const { JSONResult, JSONErrorResult } = createRequire(import.meta.url)(join(home, 'src/lib/json-result.js'))
  const duo = await sandbox.duo()
  const usb = ['--usbip', duo.address, '--json']
  const list = await wrapped('duo', 'list', ...usb)
  const data = JSON.parse(list.stdout).data
  assert.equal(data.devices.length, 1)
  assert.equal(list.stdout, `${new JSONResult({}, data)}\n`)
  const backup = await wrapped('duo', 'backup', 'duo.der', ...usb)
  assert.equal(JSON.parse(backup.stdout).data.file, join(sandbox.cwd, 'duo.der'))
  const again = await wrapped('duo', 'backup', 'duo.der', ...usb)
  assert.equal(again.status, 9)
  const { meta, error } = JSON.parse(again.stdout)
  assert.equal(error.code, 'FILE_EXISTS')
  assert.deepEqual(meta, new JSONErrorResult(new Error('x')).meta)
  const refused = await wrapped('duo', 'list', '--timeout', '0', ...usb)
  assert.deepEqual([refused.status, JSON.parse(refused.stdout).error.code], [2, 'INVALID_ARGUMENT'])
  sandbox.matches('particle-duo-json')
})

for (const [version, folder] of Object.entries(VERSIONS)) {
  test(`everything else of particle-cli ${version} is as before`, async (t) => {
    const { sandbox, home, plain, quietly } = bench(t, folder)
    const duo = await sandbox.duo()
    const nowhere = { HTTPS_PROXY: 'http://127.0.0.1:9', HTTP_PROXY: 'http://127.0.0.1:9' }
    Object.assign(sandbox.env, nowhere)
    sandbox.file('project/project.properties', 'name=x\n')
    for (const args of [
      ['--version'],
      ['keys', 'new', '--help'],
      ['nonsense', 'duo'],
      ['whoami'],
      ['binary', 'inspect', 'nowhere.bin'],
      ['library', 'list', '--json'],
    ]) {
      const [before, now] = await Promise.all([plain(args), quietly(args)])
      for (const seen of [before, now]) {
        seen.stdout = seen.stdout.replaceAll(/("stack": ").*"/g, '$1…"')
        // It asks for two lists at a time, and names the one that failed first.
        seen.stdout = seen.stdout.replaceAll(/(libraries\?).*"/g, '$1…"')
      }
      assert.deepEqual(now, before, args.join(' '))
    }
    assert.equal((await plain(['--version'])).stdout, `${version}\n`)
    const [before, now] = await Promise.all([plain(['help']), quietly(['help'])])
    const lines = now.stderr.split('\n')
    assert.deepEqual(
      lines
        .filter((line) => !before.stderr.split('\n').includes(line))
        .map((line) => line.trim().split(' ')[0]),
      ['duo'],
    )
    // The hook adds the same commands if particle is started in another way, for example by a link as npm makes it.
    const link = join(sandbox.folder, 'particle')
    symlinkSync(join(home, 'src/index.js'), link)
    const hooked = await sandbox.start(['duo', 'list', '--usbip', duo.address], {
      stdin: '',
      env: { NODE_OPTIONS: `--require ${HOOK}` },
      command: [NODE, link],
    }).end
    assert.equal(hooked.status, 0, hooked.stdout + hooked.stderr)
    assert.match(hooked.stdout, /^1-1 +[0-9a-f]{24}/m)
    const hook = { NODE_OPTIONS: `--require ${HOOK}` }
    const [other, unhooked] = await Promise.all([plain(['help', 'keys'], hook), plain(['help', 'keys'])])
    assert.deepEqual(other, unhooked)
  })
}

test('Ctrl-C during a write finishes the write and its check', async (t) => {
  const { sandbox } = bench(t)
  const duo = await sandbox.duo({ faults: ['poll-timeout-2000@dfu24'] })
  sandbox.file('new.der', readFileSync(join(ROOT, '__test__/fixtures/keys/rsa1024-pkcs1.der')))
  const before = duo.duos()[0]?.fingerprint
  const args = ['duo', 'restore', 'new.der', '--yes', '--usbip', duo.address]
  const running = sandbox.start(args, { stdin: '', command: [NODE, WRAPPER] })
  await running.says('stderr', /writing to the Duo/)
  running.child.kill('SIGINT')
  const { status, stdout } = await running.end
  assert.equal(status, 130, stdout)
  assert.notEqual(duo.duos()[0]?.fingerprint, before)
})
