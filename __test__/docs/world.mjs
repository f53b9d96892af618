/**
 * What a reader of the documentation has in front of them: Duos, a cloud and a login, all of them virtual, and a home and
 * a folder of their own, in which shell blocks are run.
 *
 * The documentation speaks of a reader's things; on the left is what it says, on the right what that is in a run:
 *
 *   30001a000347343432313031 (… 3032, … 3033)    the first virtual Duo (the second, the third)
 *   http://192.168.1.20:8080                     the API of the local cloud
 *   192.168.1.20:5683, --port 5683               its port for devices
 *   https://api.particle.io, device.spark.io     both of them, with cloud=particle
 *   ports 3240, 8080, 5683 of 127.0.0.1          free ports, in a world without Duos
 *   /home/you, /home/you/duo                     the home and the folder
 *   `virtual Duo`, `(virtual)`, `--usbip …`      the Duo, and nothing: what is printed says that it is virtual
 *
 * `npx duo-provision` is the command line of this repository (bench.mjs), and the login of particle-cli is one to the
 * local cloud. A `world` comment may say: duos=N, board=…, bootloader=…, mode=…, flavor=… (as `simulate` knows them),
 * server=factory (the Duos name the cloud that they come with, and not the local one), server=particle (they name
 * Particle's, with its own key), cloud=particle (the local cloud goes by the names of Particle's), login=none, or `none`
 * alone, for a reader who starts everything by hand.
 */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LocalCloud, VirtualDuo } from '../../index.js'
import { ROOT, start } from '../cli/harness.mjs'
import { canaryDuos, canaryText } from '../secrets/keep.mjs'

/** What is waited for before an answer is typed. */
const QUESTION = '(?:\\[y/N\\]|[Pp]assphrase[^\\n]*:|The same again:) '

/** The public key of Particle's own cloud. */
const PARTICLE = join(ROOT, '__test__/fixtures/keys/particle-cloud.pub.pem')

/** npm looks for no newer version of itself, and for nothing else. */
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

  /** From here on the Duos name the local cloud, or Particle's. */
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

  /** The folders, and `npx`, which runs what is installed in the reader's folder, as the real one does. */
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

  /** As after `particle login`. */
  #logIn(/** @type {LocalCloud} */ cloud) {
    const folder = join(this.#home, '.particle')
    mkdirSync(folder)
    const login = { access_token: cloud.token, apiUrl: cloud.url, username: 'you@example.com' }
    writeFileSync(join(folder, 'particle.config.json'), JSON.stringify(login), { mode: 0o600 })
  }

  async #freePorts() {
    for (const port of ['3240', '8080', '5683']) this.#standIns.push([`${await freePort()}`, port])
  }

  /** What a page says, as it is typed in this world. */
  #typed(/** @type {string} */ text) {
    let typed = text
    for (const [actual, shown] of this.#standIns) {
      if (typeof actual === 'string') typed = typed.replaceAll(shown, actual)
    }
    return typed
  }

  /** What was printed in this world, as a page shows it. */
  shown(/** @type {string} */ text) {
    let shown = text.replaceAll('\r\n', '\n')
    for (const [actual, other] of this.#standIns) shown = shown.replaceAll(whole(actual), other)
    return shown
      .replaceAll(/ --usbip 127\.0\.0\.1:\d+| --usbip 192\.168\.1\.20:\d+/g, '')
      .replaceAll(whole('virtual Duo'), 'Duo')
      .replaceAll(/ \(virtual\)|, virtual\b/g, '')
  }

  /** The virtual Duos, for what is to be wrong with them. */
  get duo() {
    return this.#duo ?? assert.fail('a world without Duos')
  }

  /** Waits until every Duo is on the bus: it may be starting. */
  async #settled() {
    while (this.#duo?.duos().some(({ presence }) => presence === 'absent')) {
      await new Promise((next) => setTimeout(next, 20))
    }
  }

  /**
   * Runs a block in a shell, which goes on with the folder and the variables that the last one had.
   * @param {Pick<import('./page.mjs').Block, 'script' | 'typed' | 'stays' | 'inRepository'>} block
   * @returns {Promise<Printed>}
   */
  async run({ script, typed, stays, inRepository }) {
    await this.#settled()
    // What stays is the shell's own process from then on, so that a signal reaches it.
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

/** A word where it is no part of another; what gives it a colour is no part of it. */
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
