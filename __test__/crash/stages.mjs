/**
 * The commands under test, each at its start: a Duo with a key, a cloud, files, and the expected result. Each run gets
 * a stage of its own, so that nothing left by one run affects the next.
 */
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  backupDct,
  backupKey,
  LocalCloud,
  provision,
  restoreKey,
  setServerKey,
  showServerKey,
  VirtualDuo,
} from '../../index.js'
import '../node/home.mjs'
import { fingerprintOf, Home, inDfuMode, stateOf, writesKey } from './bench.mjs'
import { trace } from './tracer.mjs'

/** @typedef {import('./tracer.mjs').Traced} Traced */

/** How many stages run at once: each one waits for its Duo half of the time. */
export const AT_ONCE = 4

/**
 * A command at its start, and the expected result.
 * @typedef {object} Stage
 * @property {VirtualDuo} duo
 * @property {(home: Home) => string[]} args
 * @property {Record<string, string>} [env]
 * @property {(home: Home, traced: Traced) => Promise<void>} safe what holds after a crash
 * @property {(home: Home) => Promise<void>} done what holds when the command has finished
 * @property {() => Promise<void>} [strike] stops what else was set up
 * @property {{ status: number, code?: string }[]} [ends] how it may end after a crash; by default with status 0
 */

/** @returns {Promise<Stage>} */
async function backingUp() {
  const duo = await VirtualDuo.start()
  const { fingerprint } = stateOf(duo)
  return {
    duo,
    args: () => ['backup', '--usbip', duo.address, '--json'],
    safe: async () => assert.equal(stateOf(duo).fingerprint, fingerprint),
    done: async (home) => assert.ok((await home.backupsOf(fingerprint)).length > 0),
  }
}

/**
 * A file that the user named is not written twice: once it has its name, the same command reports that it exists.
 * @returns {Promise<Stage>}
 */
async function backingUpTo() {
  const stage = await backingUp()
  const { fingerprint } = stateOf(stage.duo)
  return {
    ...stage,
    args: () => ['backup', 'duo.der', '--usbip', stage.duo.address, '--json'],
    ends: [{ status: 0 }, { status: 9, code: 'FILE_EXISTS' }],
    done: async (home) => assert.deepEqual(await home.backupsOf(fingerprint), [join(home.cwd, 'duo.der')]),
  }
}

/** @returns {Promise<Stage>} */
async function restoring() {
  const duo = await VirtualDuo.start()
  const kept = new Home()
  const saved = join(kept.cwd, 'saved.der')
  const { fingerprint: wanted } = await backupKey({ usbip: duo.address, file: saved })
  const pem = join(kept.cwd, 'other.pem')
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 })
  writeFileSync(pem, privateKey.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 })
  const { fingerprint: old } = await restoreKey({ usbip: duo.address, file: pem, archive: kept.archive })
  return {
    duo,
    args: () => ['restore', saved, '--yes', '--usbip', duo.address, '--json'],
    async safe(home, traced) {
      const { fingerprint } = stateOf(duo)
      assert.ok(fingerprint === old || fingerprint === wanted, 'the slot is torn')
      await backedUpFirst(home, traced, old, fingerprint)
    },
    async done(home) {
      assert.equal(stateOf(duo).fingerprint, wanted)
      assert.ok((await home.backupsOf(old)).length > 0, 'the old key is lost')
    },
    strike: async () => kept.remove(),
  }
}

/** @returns {Promise<Stage>} */
async function resetting() {
  const duo = await VirtualDuo.start()
  const { fingerprint: old } = stateOf(duo)
  return {
    duo,
    args: () => ['reset', '--yes', '--usbip', duo.address, '--json'],
    // Without a fingerprint, the slot holds the reset image. A new fingerprint is that of a key that the Duo has made.
    safe: (home, traced) => backedUpFirst(home, traced, old, stateOf(duo).fingerprint),
    async done(home) {
      await inDfuMode(duo, 1)
      assert.notEqual(stateOf(duo).fingerprint, old)
      assert.ok((await home.backupsOf(old)).length > 0, 'the old key is lost')
    },
  }
}

/** @returns {Promise<Stage>} */
async function provisioning() {
  const [duo, cloud] = await Promise.all([VirtualDuo.start(), LocalCloud.start()])
  const { deviceId, fingerprint } = stateOf(duo)
  const held = () => cloud.provisioned().map((known) => [known.deviceId, fingerprintOf(known.publicKey)])
  return {
    duo,
    args: () => [deviceId, '--from-device', '--api-url', cloud.url, '--usbip', duo.address, '--json'],
    env: { PARTICLE_ACCESS_TOKEN: cloud.token },
    async safe() {
      assert.equal(stateOf(duo).fingerprint, fingerprint)
      for (const known of held()) assert.deepEqual(known, [deviceId, fingerprint])
    },
    done: async () => assert.deepEqual(held(), [[deviceId, fingerprint]]),
    strike: () => cloud.stop(),
  }
}

/**
 * A Duo and a cloud that are paired get a new key. The key is proven before the Duo is written.
 * @returns {Promise<Stage>}
 */
async function rotatingPair() {
  const stage = await rotating({ devicePort: 0 })
  const { duo, cloud, args } = stage
  duo.setServer(cloud.serverKey ?? '', cloud.deviceAddress ?? '')
  const { deviceId } = stateOf(duo)
  const { url: apiUrl, token } = cloud
  await provision({ deviceId, fromDevice: true, usbip: duo.address, apiUrl, token })
  return { ...stage, args: (home) => args(home).filter((word) => word !== '--no-verify') }
}

/**
 * Without the proof: with it, each stage takes a second to make the cloud's own key.
 * @param {import('../../index.js').LocalCloudOptions} [options]
 * @returns {Promise<Stage & { cloud: LocalCloud }>}
 */
async function rotating(options = {}) {
  const [duo, cloud] = await Promise.all([VirtualDuo.start(), LocalCloud.start(options)])
  const { fingerprint: old } = stateOf(duo)
  const held = () => cloud.provisioned().map((known) => fingerprintOf(known.publicKey))[0]
  return {
    duo,
    cloud,
    args: () => [
      ...['rotate', '--yes', '--no-verify', '--api-url', cloud.url],
      ...['--usbip', duo.address, '--json'],
    ],
    env: { PARTICLE_ACCESS_TOKEN: cloud.token },
    async safe(home, traced) {
      const { fingerprint } = stateOf(duo)
      await backedUpFirst(home, traced, old, fingerprint)
      const known = held()
      assert.ok(
        fingerprint === old || fingerprint === known,
        'the Duo has a key that the cloud does not know',
      )
      if (known && known !== old)
        assert.ok((await home.backupsOf(known)).length > 0, 'the cloud has a key that nobody has')
    },
    async done(home) {
      await inDfuMode(duo, 1)
      assert.notEqual(stateOf(duo).fingerprint, old)
      assert.equal(stateOf(duo).fingerprint, held())
      assert.ok((await home.backupsOf(old)).length > 0, 'the old key is lost')
    },
    strike: () => cloud.stop(),
  }
}

/**
 * The Duo's own key does not change.
 * @returns {Promise<Stage>}
 */
async function settingServerKey() {
  const duo = await VirtualDuo.start()
  const { fingerprint } = stateOf(duo)
  const kept = new Home()
  const file = join(kept.cwd, 'own.pub.pem')
  writeFileSync(file, ownCloud())
  const args = ['--host', '10.0.0.1', '--yes', '--usbip', duo.address, '--json']
  return {
    duo,
    args: () => ['server-key', 'set', file, ...args],
    async safe(home, traced) {
      assert.equal(stateOf(duo).fingerprint, fingerprint)
      await backedUpFirst(home, traced, fingerprint, fingerprint)
    },
    async done() {
      const { server } = await showServerKey({ usbip: duo.address })
      assert.deepEqual([server.particle, server.host], [false, '10.0.0.1'])
      assert.equal(stateOf(duo).fingerprint, fingerprint)
    },
    strike: async () => kept.remove(),
  }
}

/** Makes a dump of a Duo, then gives the Duo another key and another cloud. */
async function dumped(/** @type {boolean} */ whole) {
  const duo = await VirtualDuo.start()
  const kept = new Home()
  const usbip = duo.address
  const { server: cloud } = await showServerKey({ usbip })
  const { file: dump, fingerprint: wanted } = await backupDct({
    usbip,
    file: join(kept.cwd, 'dct.bin'),
    whole,
  })
  const files = [join(kept.cwd, 'other.pem'), join(kept.cwd, 'own.pub.pem')]
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 })
  writeFileSync(files[0] ?? '', privateKey.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 })
  writeFileSync(files[1] ?? '', ownCloud())
  const { fingerprint: old } = await restoreKey({ usbip, file: files[0] ?? '', archive: kept.archive })
  await setServerKey({ usbip, file: files[1] ?? '', archive: kept.archive })
  /** @type {Pick<Stage, 'safe' | 'strike'>} */
  const held = {
    async safe(home, traced) {
      const { fingerprint } = stateOf(duo)
      assert.ok(fingerprint === old || fingerprint === wanted, 'the DCT that counts is torn')
      await backedUpFirst(home, traced, old, fingerprint)
    },
    strike: async () => kept.remove(),
  }
  return { duo, kept, dump, wanted, cloud, old, held }
}

/**
 * Two fields, one after the other: the server key, then the Duo's own.
 * @returns {Promise<Stage>}
 */
async function restoringFields() {
  const { duo, dump, wanted, cloud, old, held } = await dumped(false)
  const fields = ['--fields', 'device-private-key,server-public-key']
  return {
    ...held,
    duo,
    args: () => ['dct', 'restore', dump, ...fields, '--yes', '--usbip', duo.address, '--json'],
    async done(home) {
      assert.equal(stateOf(duo).fingerprint, wanted)
      assert.deepEqual((await showServerKey({ usbip: duo.address })).server, cloud)
      assert.ok((await home.backupsOf(old)).length > 0, 'the old key is lost')
    },
  }
}

/**
 * Both copies, byte for byte.
 * @returns {Promise<Stage>}
 */
async function restoringWhole() {
  const { duo, kept, dump, wanted, old, held } = await dumped(true)
  let looked = 0
  return {
    ...held,
    duo,
    args: () => ['dct', 'restore', dump, '--whole', '--yes', '--usbip', duo.address, '--json'],
    async done(home) {
      assert.equal(stateOf(duo).fingerprint, wanted)
      looked += 1
      const file = join(kept.cwd, `after-${looked}.bin`)
      await backupDct({ usbip: duo.address, file, whole: true })
      assert.ok(readFileSync(file).equals(readFileSync(dump)), 'it is not the image')
      assert.ok((await home.backupsOf(old)).length > 0, 'the old key is lost')
    },
  }
}

/** The public key of a new cloud. */
function ownCloud() {
  const pair = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return pair.publicKey.export({ format: 'pem', type: 'spki' })
}

/** If the old key is no longer in the Duo, or if the new one may have been sent, there is a backup of the old key. */
async function backedUpFirst(
  /** @type {Home} */ home,
  /** @type {Traced} */ { effects },
  /** @type {string | undefined} */ old,
  /** @type {string | undefined} */ now,
) {
  // A call that was killed before it ran was not sent. A call with a result may have been.
  const sent = effects.some((effect) => writesKey(effect) && effect.result !== undefined)
  if (sent || now !== old) assert.ok((await home.backupsOf(old)).length > 0, 'the old key is lost')
}

/**
 * Sets a stage, plays it in a new home, and removes both.
 * @template T
 * @param {() => Promise<Stage>} set
 * @param {(stage: Stage, home: Home) => Promise<T>} play
 */
export async function onStage(set, play) {
  const stage = await set()
  const home = new Home(stage.env)
  try {
    return await play(stage, home)
  } finally {
    home.remove()
    await Promise.all([stage.duo.stop(), stage.strike?.()])
  }
}

/**
 * One traced run from the start, and the checks after it.
 * @template T
 * @param {() => Promise<Stage>} set
 * @param {string} action
 * @param {(stage: Stage, home: Home, traced: Traced) => Promise<T>} look
 */
export function staged(set, action, look) {
  return onStage(set, async (stage, home) => look(stage, home, await trace(stage.args(home), home, action)))
}

/** Every command that has an effect. */
export const COMMANDS = {
  backup: backingUp,
  'backup FILE': backingUpTo,
  restore: restoring,
  reset: resetting,
  provision: provisioning,
  rotate: rotatingPair,
  'rotate --no-verify': () => rotating(),
  'server-key set': settingServerKey,
  'dct restore --fields': restoringFields,
  'dct restore --whole': restoringWhole,
}
