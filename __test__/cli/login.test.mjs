/** particle-cli's login is read, never written. The profile and its cloud are shown before anything is done. */
import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { LocalCloud } from '../../index.js'
import { IS_WINDOWS, Sandbox } from './harness.mjs'

const ID = '30001a000347343432313031'
const LOST = 'zqxvkwjgphtnrmsyzq'

/** particle-cli's files in the sandbox's home folder, as it writes them. */
function login(/** @type {Sandbox} */ sandbox, /** @type {Record<string, unknown>} */ files) {
  const folder = join(sandbox.home, '.particle')
  mkdirSync(folder, { recursive: true })
  for (const [name, contents] of Object.entries(files)) {
    const text = typeof contents === 'string' ? contents : JSON.stringify(contents, undefined, 2)
    sandbox.file(`../home/.particle/${name}`, text, 0o600)
  }
  return folder
}

/** All that a command could have changed. */
function state(/** @type {string} */ folder) {
  return readdirSync(folder)
    .sort()
    .map((name) => {
      const { mode, mtimeMs } = statSync(join(folder, name))
      return [name, mode & 0o777, mtimeMs, readFileSync(join(folder, name), 'utf8')]
    })
}

/** A cloud whose token is in no environment. */
async function startCloud(/** @type {import('node:test').TestContext} */ t, /** @type {Sandbox} */ sandbox) {
  const cloud = await LocalCloud.start()
  t.after(() => cloud.stop())
  sandbox.name(new URL(cloud.url).host, '127.0.0.1:<cloud>')
  sandbox.secret(cloud.token)
  return cloud
}

test('the current profile is used, and named before the key is sent', async (t) => {
  const sandbox = new Sandbox(t)
  const cloud = await startCloud(t, sandbox)
  const expired = '2020-01-02T03:04:05.678Z'
  const folder = login(sandbox, {
    'profile.json': { name: 'lab', last_version_check: 1700000000000 },
    'lab.config.json': {
      access_token: cloud.token,
      access_token_expires_at: expired,
      apiUrl: cloud.url,
      username: 'me',
    },
    'particle.config.json': { access_token: sandbox.secret(LOST), username: 'me' },
  })
  const before = state(folder)
  const { status, stderr } = await sandbox.run([ID])
  assert.equal(status, 0)
  assert.match(stderr, /profile lab\) at http:\/\/127\.0\.0\.1/)
  const json = await sandbox.run([ID, '--json'])
  const events = json.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  const said = events.findIndex(({ message }) => message?.includes('profile lab'))
  const sent = events.findIndex(({ type }) => type === 'sending')
  assert.ok(said >= 0 && said < sent, json.stdout)
  // A token goes to its own cloud only.
  assert.equal((await sandbox.run([ID, '--api-url', 'https://api.particle.io'])).status, 2)
  assert.deepEqual(state(folder), before)
  sandbox.matches('login')
})

test('after a logout, or with a cloud behind plain HTTP, nothing is sent', async (t) => {
  const sandbox = new Sandbox(t)
  const folder = login(sandbox, {
    'particle.config.json': { access_token: null, access_token_expires_at: null, username: null },
  })
  assert.equal((await sandbox.run([ID])).status, 2)
  login(sandbox, {
    'profile.json': { name: 'own' },
    'own.config.json': { access_token: sandbox.secret(LOST), apiUrl: 'http://192.0.2.1:8080' },
  })
  assert.equal((await sandbox.run([ID])).status, 2)
  assert.equal(state(folder).length, 3)
  sandbox.matches('login-refused')
})

test('files that particle-cli would not write are errors, and their contents are not shown', async (t) => {
  const sandbox = new Sandbox(t)
  const folder = login(sandbox, {})
  const token = sandbox.secret(LOST)
  const config = { access_token: token }
  const cases = [
    [{ name: '../../elsewhere' }, config],
    [{ name: ['particle'] }, config],
    ['{"name":', config],
    [{ name: 'particle' }, `{"access_token":"${token}`],
    [{ name: 'particle' }, { access_token: `${token}\n${token}` }],
    [{ name: 'particle' }, { access_token: token, apiUrl: `https://me:${token}@192.0.2.1` }],
    [{ name: 'particle' }, { access_token: token, apiUrl: 'file:///etc/passwd' }],
    [{ name: 'particle' }, JSON.stringify({ ...config, padding: 'x'.repeat(70_000) })],
  ]
  for (const [profile, contents] of cases) {
    login(sandbox, { 'profile.json': profile, 'particle.config.json': contents })
    // Without a particle-cli, since its version would change the words.
    const { status } = await sandbox.run([ID], { env: { PATH: sandbox.cwd } })
    assert.ok(status === 2, JSON.stringify(profile))
  }
  assert.equal(state(folder).length, 2)
  sandbox.matches('login-hostile')
})

test('a link to a file is followed; to a device, to itself or to a folder it is an error', {
  skip: IS_WINDOWS && 'a link needs an administrator there',
}, async (t) => {
  const sandbox = new Sandbox(t)
  const cloud = await startCloud(t, sandbox)
  const kept = sandbox.file(
    'kept.json',
    JSON.stringify({ access_token: cloud.token, apiUrl: cloud.url }),
    0o600,
  )
  const folder = login(sandbox, {})
  const link = (/** @type {string} */ name, /** @type {string} */ target) => {
    login(sandbox, { 'profile.json': { name } })
    symlinkSync(target, join(folder, `${name}.config.json`))
    return sandbox.run([ID])
  }
  assert.equal((await link('linked', kept)).status, 0)
  assert.equal((await link('zero', '/dev/zero')).status, 2)
  assert.equal((await link('itself', 'itself.config.json')).status, 2)
  assert.equal((await link('folder', sandbox.cwd)).status, 2)
  assert.equal((await link('nowhere', join(sandbox.cwd, 'nothing'))).status, 2)
  chmodSync(kept, 0o644)
  sandbox.matches('login-links')
})
