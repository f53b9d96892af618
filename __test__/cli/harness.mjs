/**
 * Runs the command line in a process of its own, in a folder and an environment of its own, and compares all that it
 * did with a transcript that people can read. What differs from run to run (folders, ports, tokens, keys, times) has a
 * name in the transcript instead: the same thing has the same name throughout one transcript.
 *
 * `UPDATE_TRANSCRIPTS=1` writes the transcripts anew; a person then checks the diff.
 */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { LocalCloud, VirtualDuo } from '../../index.js'
import { filesBelow } from '../files-below.mjs'
import { PROGRAM } from '../program.mjs'
import { canaryDuos, canaryKey, canaryText, keepFolder, keepText } from '../secrets/keep.mjs'
import { checkLines } from './schema.mjs'

export const ROOT = fileURLToPath(new URL('../../', import.meta.url)).replace(/[\\/]$/, '')
export const MAIN = PROGRAM
export const KEYS = join(ROOT, '__test__/fixtures/keys')

for (const name of readdirSync(KEYS)) canaryKey(name, readFileSync(join(KEYS, name)))

const TRANSCRIPTS = fileURLToPath(new URL('./transcripts/', import.meta.url))

/** A process that has not ended by itself after this time counts as failed. */
const WATCHDOG_MS = 60_000

/** @typedef {{ status: number | null, signal: NodeJS.Signals | null, stdout: string, stderr: string }} Ended */
/**
 * What else a run takes: `command` is the program with its first arguments, in place of `duo-provision`; `as` is its
 * name in the transcript.
 * @typedef {{ stdin?: string | Buffer, env?: Record<string, string>, cwd?: string, command?: string[], as?: string }} RunOptions
 */
/** @typedef {import('node:test').TestContext} TestContext */

/** On Windows a file has no mode, a process takes no signals, and paths are written differently. */
export const IS_WINDOWS = process.platform === 'win32'

/** On Windows, the variables in place of `HOME`, and the one that every process needs. */
function windowsFolders(/** @type {string} */ home) {
  if (!IS_WINDOWS) return {}
  return {
    USERPROFILE: home,
    LOCALAPPDATA: join(home, '.local/share'),
    APPDATA: join(home, '.local/share'),
    SYSTEMROOT: process.env['SYSTEMROOT'] ?? '',
  }
}

/** Whether the C library is glibc: its words for an error are those in the transcripts. */
const HAS_GLIBC = Boolean(/** @type {any} */ (process.report.getReport()).header.glibcVersionRuntime)

/** Where the C library is another one, removes its words for an error. */
function withoutErrors(/** @type {string} */ transcript) {
  if (HAS_GLIBC) return transcript
  return transcript.replaceAll(/[^:\n]* \(os error \d+\)/g, ' <an error of the system>')
}

/** Starts a process with only the given environment, and collects its output. */
export function start(
  /** @type {string} */ program,
  /** @type {string[]} */ args,
  /** @type {{ env: Record<string, string>, cwd: string }} */ { env, cwd },
) {
  const child = spawn(program, args, { cwd, env, stdio: ['pipe', 'pipe', 'pipe'] })
  const ended = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text) => {
    ended.stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text) => {
    ended.stderr += text
  })
  child.stdin.on('error', () => {}) // It may have ended without reading.
  const watchdog = setTimeout(() => child.kill('SIGKILL'), WATCHDOG_MS)
  /** @type {Promise<Ended>} */
  const end = new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (status, signal) => {
      clearTimeout(watchdog)
      keepText(`${args.slice(1).join(' ')}.stdout`, ended.stdout)
      keepText(`${args.slice(1).join(' ')}.stderr`, ended.stderr)
      try {
        if (args.includes(MAIN) && args.includes('--json')) checkLines(ended.stdout)
        resolve({ ...ended, status, signal })
      } catch (error) {
        reject(error)
      }
    })
  })

  /** Waits until a stream says something. */
  const says = async (/** @type {'stdout' | 'stderr'} */ stream, /** @type {RegExp} */ pattern) => {
    for (;;) {
      const found = ended[stream].match(pattern)
      if (found) return found
      const more = new Promise((resolve) => child[stream].once('data', resolve))
      const last = await Promise.race([more.then(() => undefined), end])
      if (last) assert.fail(`it ended without saying ${pattern}:\n${JSON.stringify(last, undefined, 2)}`)
    }
  }
  return { child, end, says }
}

/** A folder, an environment, and the virtual Duos and clouds that a test starts; all are gone when it ends. */
export class Sandbox {
  /** @type {[RegExp | string, string][]} */
  #names = []
  /** @type {string[]} */
  #keys = []
  /** @type {string[]} */
  #secrets = []
  #transcript = ''
  /** @type {string[]} */
  #inputs = []

  constructor(/** @type {TestContext} */ t) {
    this.t = t
    this.folder = mkdtempSync(join(tmpdir(), 'duo-provision-test-'))
    t.after(() => {
      keepFolder(this.folder, this.#inputs)
      rmSync(this.folder, { recursive: true, force: true })
    })
    this.home = join(this.folder, 'home')
    this.archive = join(this.home, '.local/share/duo-provision/backups')
    this.cwd = join(this.folder, 'here')
    mkdirSync(this.home)
    mkdirSync(this.cwd)
    /** @type {Record<string, string>} */
    this.env = { PATH: process.env['PATH'] ?? '', HOME: this.home, TZ: 'UTC', ...windowsFolders(this.home) }
    this.name(this.folder, '<folder>')
    this.name(ROOT, '<root>')
  }

  /** Shows something that differs from run to run under a name. */
  name(/** @type {RegExp | string} */ what, /** @type {string} */ as) {
    this.#names.push([what, as])
  }

  /** Notes a text that must never be in any output. */
  secret(/** @type {string} */ text) {
    this.#secrets.push(text)
    canaryText('a token', text)
    return text
  }

  /** Starts virtual Duos. */
  async duo(/** @type {import('../../index.js').VirtualDuoOptions} */ options = {}) {
    const duo = await VirtualDuo.start(options)
    await canaryDuos(duo)
    this.t.after(async () => {
      await canaryDuos(duo)
      await duo.stop()
    })
    this.name(duo.address, '127.0.0.1:<usbip>')
    this.name(`--usbip ${new URL(`usb://${duo.address}`).port}`, '--usbip <port>')
    return duo
  }

  /** Starts a cloud and puts its token into the environment. */
  async cloud(/** @type {import('../../index.js').LocalCloudOptions} */ options = {}) {
    const cloud = await LocalCloud.start(options)
    this.t.after(() => cloud.stop())
    this.name(new URL(cloud.url).host, '127.0.0.1:<cloud>')
    this.env['PARTICLE_ACCESS_TOKEN'] = this.secret(cloud.token)
    return cloud
  }

  /** Writes a file into the working folder and returns its path. */
  file(/** @type {string} */ name, /** @type {string | Uint8Array} */ contents, mode = 0o644) {
    const path = join(this.cwd, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, contents, { mode })
    this.#inputs.push(path)
    return path
  }

  /** Gives a file of the working folder another name. */
  move(/** @type {string} */ from, /** @type {string} */ to) {
    renameSync(join(this.cwd, from), join(this.cwd, to))
  }

  /** Every file below the sandbox's folder. */
  files(folder = this.folder) {
    return filesBelow(folder)
      .map((path) => relative(this.folder, path).replaceAll(sep, '/'))
      .sort()
  }

  /** Starts the command line. */
  start(/** @type {string[]} */ args, /** @type {RunOptions} */ { stdin, env, cwd, command } = {}) {
    const [program = process.execPath, ...leading] = command ?? [process.execPath, MAIN]
    const started = start(program, [...leading, ...args], {
      env: { ...this.env, ...env },
      cwd: cwd ?? this.cwd,
    })
    if (stdin !== undefined) started.child.stdin.end(stdin)
    return started
  }

  /** Runs the command line to its end, with nothing to read by default, and notes it down. */
  async run(/** @type {string[]} */ args, /** @type {RunOptions} */ options = {}) {
    const ended = await this.start(args, { stdin: '', ...options }).end
    this.note(args, ended, options.as)
    return ended
  }

  /** Adds a run to the transcript, and checks what must hold for every run. */
  note(/** @type {string[]} */ args, /** @type {Ended} */ ended, as = 'duo-provision') {
    const all = ended.stdout + ended.stderr
    assert.doesNotMatch(all, /^\s+at .*(:\d+:\d+|\((index \d+|<anonymous>|native)\))/m, 'a stack trace')
    assert.doesNotMatch(all, /node:internal|panicked at|RUST_BACKTRACE/)
    for (const secret of this.#secrets) assert.ok(!all.includes(secret), `a secret is shown:\n${all}`)
    if (args.includes('--json') && as === 'duo-provision') jsonLines(ended.stdout)
    this.#transcript +=
      `$ ${as} ${args.map(quoted).join(' ')}`.trimEnd() +
      `\n[${ended.signal ?? ended.status}]\n${block('stdout', ended.stdout)}${block('stderr', ended.stderr)}\n`
  }

  /** Adds a remark to the transcript. */
  remark(/** @type {string} */ text) {
    this.#transcript += `# ${text}\n\n`
  }

  /** Compares all that was noted down with the transcript of that name. */
  matches(/** @type {string} */ name) {
    const path = join(TRANSCRIPTS, `${name}.txt`)
    const actual = this.#anonymous(this.#transcript).replace(/\n+$/, '\n')
    if (process.env['UPDATE_TRANSCRIPTS'] && !IS_WINDOWS) return writeFileSync(path, actual)
    assert.ok(existsSync(path), `there is no transcript ${name}: UPDATE_TRANSCRIPTS=1 writes it`)
    const expected = readFileSync(path, 'utf8')
    const message = `not what transcripts/${name}.txt says`
    if (!IS_WINDOWS) return assert.equal(withoutErrors(actual), withoutErrors(expected), message)
    // There, paths below the home folder are shown whole. What shell scripts say of `~/.bashrc` stays.
    const whole = expected.replaceAll(/~\/(?=\.local\/share\/duo-provision|\.particle\/)/g, '<folder>/home/')
    assert.equal(withoutErrors(actual), withoutErrors(whole), message)
  }

  /** Windows' paths in the form of POSIX, also those in JSON, where a backslash is written twice. */
  #withSlashes(/** @type {string} */ text) {
    let named = text
    for (const [path, as] of /** @type {const} */ ([
      [this.folder, '<folder>'],
      [ROOT, '<root>'],
    ]))
      named = named.replaceAll(path.replaceAll(sep, sep + sep), as).replaceAll(path, as)
    return named.replaceAll(/<(?:folder|root)>[^\s"',;:)]*/g, (path) => path.replaceAll(/\\+/g, '/'))
  }

  #anonymous(/** @type {string} */ text) {
    let named = IS_WINDOWS ? this.#withSlashes(text) : text
    for (const [what, as] of this.#names) named = named.replaceAll(what, as)
    // A number distinguishes two of the same second.
    named = named.replaceAll(/\b\d{8}T\d{6}Z(?:-\d+)?\b/g, '<time>')
    named = named.replaceAll(/(trying again in )\d+\.\d s/g, '$1<seconds> s')
    named = named.replaceAll(/("delayMs":)\d+/g, '$1"<ms>"')
    // A fingerprint, whole or its first eight digits.
    return named.replaceAll(/\b([0-9a-f]{8})([0-9a-f]{56})?\b/g, (_, short, rest) => {
      if (!this.#keys.includes(short)) this.#keys.push(short)
      return `<key ${this.#keys.indexOf(short) + 1}${rest ? '' : ', short'}>`
    })
  }
}

/** Why a program cannot be used here; `false` if it can. */
export function missing(/** @type {string} */ program, /** @type {string[]} */ args = ['--version']) {
  const { error } = spawnSync(program, args, { encoding: 'utf8' })
  return error ? `${program} is not installed here` : false
}

/** Why bash cannot be used here; `false` if it can. With glibc it has to be there. */
export const NO_BASH = IS_WINDOWS ? 'it needs bash' : !HAS_GLIBC && missing('bash')

/** Why there is no pseudo-terminal here; `false` if there is one. With glibc it has to be there. */
export const NO_TERMINAL =
  process.platform === 'linux' ? !HAS_GLIBC && missing('script') : 'it needs the script of util-linux'

/** Runs the command line on a pseudo-terminal of that width; with `both`, standard error is shown, too. */
export async function atWidth(
  /** @type {Sandbox} */ sandbox,
  /** @type {number} */ columns,
  /** @type {string[]} */ args,
  /** @type {{ env?: Record<string, string>, both?: boolean }} */ {
    env = { TERM: 'dumb' },
    both = false,
  } = {},
) {
  const command = [process.execPath, MAIN, ...args].map((word) => `'${word}'`).join(' ')
  const inner = `stty cols ${columns} rows 50; exec ${command}${both ? '' : ' 2>/dev/null'}`
  const ended = await start('script', ['--quiet', '--return', '--command', inner, '/dev/null'], {
    env: { ...sandbox.env, ...env },
    cwd: sandbox.cwd,
  }).end
  const stdout = ended.stdout.replaceAll('\r\n', '\n')
  sandbox.remark(`${columns} columns`)
  sandbox.note(args, { ...ended, stdout })
  return stdout
}

/** Runs the command line on a pseudo-terminal of util-linux's `script`, and answers each prompt when it appears. */
export async function dialogue(
  /** @type {Sandbox} */ sandbox,
  /** @type {string[]} */ args,
  /** @type {[RegExp, string][]} */ answers,
  /** @type {Record<string, string>} */ env = {},
) {
  const command = [process.execPath, MAIN, ...args].map((word) => `'${word}'`).join(' ')
  const started = start('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
    env: { ...sandbox.env, TERM: 'xterm', ...env },
    cwd: sandbox.cwd,
  })
  for (const [prompt, answer] of answers) {
    await started.says('stdout', prompt)
    started.child.stdin.write(answer)
  }
  const { status, stdout } = await started.end
  return { status, stdout }
}

/** The objects of `--json`, one on each line. The last one is a result or an error, and no other one is. */
export function jsonLines(/** @type {string} */ stdout) {
  assert.ok(stdout.endsWith('\n'), 'the last line is whole')
  const lines = stdout.trimEnd().split('\n')
  const objects = lines.map((line) => JSON.parse(line))
  const closing = objects.map(({ type }) => type === 'result' || type === 'error')
  assert.deepEqual(closing, [...Array(objects.length - 1).fill(false), true], stdout)
  return objects
}

function block(/** @type {string} */ name, /** @type {string} */ text) {
  if (text === '') return ''
  const visible = text.replaceAll('\u001b', '␛')
  const lines = visible.endsWith('\n')
    ? visible.slice(0, -1).split('\n')
    : [...visible.split('\n'), '(no end of line)']
  return `${name}:\n${lines.map((line) => `  ${line}`.trimEnd()).join('\n')}\n`
}

function quoted(/** @type {string} */ word) {
  return /^[\w./:=+@\\-]+$/.test(word) ? word : `'${word}'`
}

/** Waits until the first Duo has started once more and is back in DFU mode. */
export async function restarted(
  /** @type {import('../../index.js').VirtualDuo} */ duo,
  /** @type {number} */ boots,
) {
  for (;;) {
    // Reads both at once: the Duo may drop off the bus between two reads.
    const now = duo.duos()[0]
    if (now?.presence === 'dfu' && now.boots > boots) return
    await new Promise((next) => setTimeout(next, 20))
  }
}

/** A root folder with a udevadm that prints how it was called. */
export function rootIn(/** @type {Sandbox} */ sandbox, status = 0) {
  const root = join(sandbox.folder, 'root')
  for (const folder of ['etc/udev/rules.d', 'usr/bin']) mkdirSync(join(root, folder), { recursive: true })
  const udevadm = join(root, 'usr/bin/udevadm')
  writeFileSync(
    udevadm,
    `#!/bin/sh\necho "$@" >>'${root}/calls'\nenv >>'${root}/env'\necho no daemon >&2\nexit ${status}\n`,
  )
  chmodSync(udevadm, 0o755)
  return root
}
