/**
 * The environment of a reader of the documentation: Duos, a cloud and a login, all of them virtual, and a home and a
 * folder of their own, in which shell blocks are run.
 *
 * The documentation names the things of a reader. On the left is what it says, on the right what that is in a run:
 *
 *   30001a000347343432313031 (… 3032, … 3033)    the first virtual Duo (the second, the third)
 *   http://192.168.1.20:8080                     the API of the local cloud
 *   192.168.1.20:5683, --port 5683               its port for devices
 *   https://api.particle.io, device.spark.io     both of them, with cloud=particle
 *   ports 3240, 8080, 5683 of 127.0.0.1          free ports, in a world without Duos
 *   /home/you, /home/you/duo                     the home and the folder
 *   `virtual Duo`, `(virtual)`, `--usbip …`      only printed: pages show `Duo`, and leave the other two out
 *
 * `npx duo-provision` is the command line of this repository (bench.mjs), and the login of particle-cli is a login to
 * the local cloud. A `world` comment may say: duos=N, board=…, bootloader=…, mode=…, flavor=… (as in `simulate`),
 * server=factory (the Duos name the cloud that they come with, not the local one), server=particle (they name
 * Particle's, with its own key), cloud=particle (the local cloud has the names of Particle's), login=none, or only
 * `none`, for a reader who starts everything by hand.
 */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LocalCloud, VirtualDuo } from '../../index.js'
import { ROOT, start } from '../cli/harness.mjs'
import { canaryDuos, canaryText } from '../secrets/keep.mjs'

/** What must be printed before an answer is typed. */
const QUESTION = '(?:\\[y/N\\]|[Pp]assphrase[^\\n]*:|The same again:) '

/** The public key of Particle's own cloud. */
const PARTICLE = join(ROOT, '__test__/fixtures/keys/particle-cloud.pub.pem')

/** npm stays offline and does not look for a newer version of itself. */
const OFFLINE = { npm_config_offline: 'true', npm_config_update_notifier: 'false' }

/** @typedef {{ status: number | null, stdout: string, stderr: string }} Printed */

export class World {
  /** @type {[string | RegExp, string][]} */
  #standIns = []
  /** @type {Record<string, string>} */
  #env = {}
  /** @type {(() => Promise<unknown>)[]} */
  #ends = []
  /** @type {VirtualDuo | undefined} */
  #duo
  #folder = mkdtempSync(join(tmpdir(), 'duo-provision-docs-'))
  #home = join(this.#folder, 'home')
  #here = join(this.#home, 'duo')
  #count = 0

  /** Sets the cloud that the Duos name from here on: the local one, or Particle's. */
  nameCloud = (/** @type {'local' | 'particle'} */ _which) => {}

  /** @param {string} text what the comment says */
  static async open(text) {
    const world = new World()
    const words = text.split(/\s+/).filter(Boolean)
    const given = Object.fromEntries(words.map((word) => word.split('=')))
    world.#furnish()
    if (text === 'none') await world.#freePorts()
    else await world.#populate(given)
    return world
  }

  async close() {
    for (const end of this.#ends.reverse()) await end()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  /** Makes the folders, and `npx`, which runs what is installed in the reader's folder, as the real one does. */
  #furnish() {
    const bin = join(this.#here, 'node_modules/.bin')
    const path = join(this.#folder, 'bin')
    for (const folder of [bin, path]) mkdirSync(folder, { recursive: true })
    symlinkSync(ROOT, join(this.#here, 'node_modules/duo-provision'))
    const bench = join(ROOT, '__test__/docs/bench.mjs')
    const script = (/** @type {string} */ file, /** @type {string} */ text) =>
      writeFileSync(file, `#!/bin/sh\n${text}\n`, { mode: 0o755 })
    script(join(bin, 'duo-provision'), `exec '${process.execPath}' '${bench}' "$@"`)
    script(join(path, 'npx'), `name=$1; shift; exec '${bin}'/"$name" "$@"`)
    this.#env = {
      PATH: `${path}:${process.env['PATH']}`,
      HOME: this.#home,
      TZ: 'UTC',
      TERM: 'xterm',
      ...OFFLINE,
    }
    this.#standIns = [
      [this.#here, '/home/you/duo'],
      [this.#home, '/home/you'],
    ]
  }

  /** @param {Record<string, string>} given */
  async #populate({ duos, server, cloud: called, login, flavor, ...options }) {
    const duo = await VirtualDuo.start(
      /** @type {import('../../index.js').VirtualDuoOptions} */ ({ ...options, duos: Number(duos ?? 1) }),
    )
    this.#duo = duo
    const cloud = await LocalCloud.start(
      /** @type {import('../../index.js').LocalCloudOptions} */ ({
        ...(flavor && { flavor }),
        devicePort: 0,
      }),
    )
    await canaryDuos(duo)
    canaryText('a token', cloud.token)
    this.#ends.push(
      () => cloud.stop(),
      async () => {
        await canaryDuos(duo)
        await duo.stop()
      },
    )
    const [serverKey, address] = [cloud.serverKey ?? '', cloud.deviceAddress ?? '']
    this.nameCloud = (which) =>
      which === 'local'
        ? duo.setServer(serverKey, address)
        : duo.setServer(readFileSync(PARTICLE, 'utf8'), 'device.spark.io:5683')
    if (server !== 'factory') this.nameCloud(server === 'particle' ? 'particle' : 'local')
    const key = join(this.#folder, 'cloud.pub.pem')
    writeFileSync(key, serverKey)
    if (login !== 'none') this.#logIn(cloud)
    Object.assign(this.#env, { DOCS_USBIP: duo.address, CLOUD_KEY: key, CLOUD_TOKEN: cloud.token })
    for (const [index, { deviceId }] of duo.duos().entries()) {
      this.#standIns.push([deviceId, `30001a00034734343231303${index + 1}`])
    }
    const port = address.split(':')[1] ?? ''
    if (called === 'particle') {
      this.#env['DOCS_API'] = cloud.url
      this.#standIns.push([cloud.url, 'https://api.particle.io'])
      this.#standIns.push(
        [address, 'device.spark.io:5683'],
        [/(?<=cloud at )127\.0\.0\.1/g, 'api.particle.io'],
      )
    }
    this.#standIns.push(
      [new URL(cloud.url).host, '192.168.1.20:8080'],
      [`--host 127.0.0.1 --port ${port}`, '--host 192.168.1.20 --port 5683'],
      [address, '192.168.1.20:5683'],
      [port, '5683'],
      [/127\.0\.0\.1/g, '192.168.1.20'],
    )
  }

  /** Logs in, as `particle login` does. */
  #logIn(/** @type {LocalCloud} */ cloud) {
    const folder = join(this.#home, '.particle')
    mkdirSync(folder)
    const login = { access_token: cloud.token, apiUrl: cloud.url, username: 'you@example.com' }
    writeFileSync(join(folder, 'particle.config.json'), JSON.stringify(login), { mode: 0o600 })
  }

  async #freePorts() {
    for (const port of ['3240', '8080', '5683']) this.#standIns.push([`${await freePort()}`, port])
  }

  /** What a page says, in the form that is typed in this world. */
  #typed(/** @type {string} */ text) {
    let typed = text
    for (const [actual, shown] of this.#standIns) {
      if (typeof actual === 'string') typed = typed.replaceAll(shown, actual)
    }
    return typed
  }

  /** What was printed in this world, in the form that a page shows. */
  shown(/** @type {string} */ text) {
    let shown = text.replaceAll('\r\n', '\n')
    for (const [actual, other] of this.#standIns) shown = shown.replaceAll(whole(actual), other)
    return shown
      .replaceAll(/ --usbip 127\.0\.0\.1:\d+| --usbip 192\.168\.1\.20:\d+/g, '')
      .replaceAll(whole('virtual Duo'), 'Duo')
      .replaceAll(/ \(virtual\)|, virtual\b/g, '')
  }

  /** The virtual Duos, for tests that put something wrong with them. */
  get duo() {
    return this.#duo ?? assert.fail('a world without Duos')
  }

  /** Waits until every Duo is on the bus: a Duo may be starting. */
  async #settled() {
    while (this.#duo?.duos().some(({ presence }) => presence === 'absent')) {
      await new Promise((next) => setTimeout(next, 20))
    }
  }

  /**
   * Runs a block in a shell that continues with the folder and the variables of the previous one.
   * @param {Pick<import('./page.mjs').Block, 'script' | 'typed' | 'stays' | 'inRepository'>} block
   * @returns {Promise<Printed>}
   */
  async run({ script, typed, stays, inRepository }) {
    await this.#settled()
    // What stays replaces the shell's process, so that a signal reaches it.
    const file = this.#shellScript(stays === undefined ? script : `trap - EXIT; exec ${script}`, inRepository)
    const [program, args] = typed
      ? ['script', ['--quiet', '--return', '--command', `sh -e '${file}'`, '/dev/null']]
      : ['sh', ['-e', file]]
    const running = start(program, args, { env: this.#env, cwd: this.#here })
    if (stays !== undefined) return this.#background(running, stays)
    for (const [index, answer] of (typed ?? []).entries()) {
      await running.says('stdout', new RegExp(`(?:[\\s\\S]*?${QUESTION}){${index + 1}}`))
      running.child.stdin.write(`${answer}\r`)
    }
    if (!typed) running.child.stdin.end()
    return running.end
  }

  #shellScript(/** @type {string} */ script, /** @type {boolean} */ inRepository) {
    this.#count += 1
    const [file, state] = [join(this.#folder, `${this.#count}.sh`), join(this.#folder, 'state')]
    const go = inRepository
      ? `cd '${ROOT}'`
      : `[ ! -e '${state}' ] || . '${state}'
trap 'status=$?; { export -p; echo "cd \\"$(pwd)\\""; } > "${state}"; exit $status' EXIT`
    writeFileSync(file, `${go}\n${this.#typed(script)}`)
    return file
  }

  /** @returns {Promise<Printed>} */
  async #background(
    /** @type {ReturnType<typeof start>} */ { child, says, end },
    /** @type {string} */ text,
  ) {
    this.#ends.push(async () => {
      child.kill('SIGINT')
      await end
    })
    const pattern = new RegExp(escaped(text))
    await Promise.race([says('stdout', pattern), says('stderr', pattern)])
    return { status: 0, stdout: '', stderr: '' }
  }
}

/** Matches a word that is not part of another. A colour code before it is not part of it. */
function whole(/** @type {string | RegExp} */ word) {
  if (typeof word !== 'string') return word
  return new RegExp(`(?:(?<!\\w)|(?<=\\u001b\\[\\d*m))${escaped(word)}(?!\\w)`, 'g')
}

function escaped(/** @type {string} */ text) {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
}

/** @returns {Promise<number>} */
function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
      server.close(() => resolve(port))
    })
  })
}
