/**
 * The lane's machine: QEMU, on KVM if that works and with software emulation otherwise, with Debian's kernel and an
 * initramfs made here. Knows how to boot it around one command, and to stop it if it takes too long; knows nothing of
 * what the command does.
 */
import { execFileSync, spawn } from 'node:child_process'
import {
  accessSync,
  chmodSync,
  constants,
  copyFileSync,
  createWriteStream,
  mkdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** What runs the guest's instructions, and the processor that it sees. */
const KVM = ['-accel', 'kvm', '-cpu', 'host']
const EMULATOR = ['-accel', 'tcg', '-cpu', 'max']

/** The first line that `guest/init` prints, and within how many seconds on a KVM that works. */
const FIRST_LINE = 'lane: kernel up'
const PATIENCE = 10

const INIT = join(dirname(fileURLToPath(import.meta.url)), '../guest/init')

/**
 * An initramfs of busybox, the modules, `init` and the command.
 * @param {{ folder: string, modules: string[], busybox: string, command: string[] }} parts
 *   `folder` is emptied and used for work; `command` runs in the guest's chroot with nothing in its
 *   environment but PATH, HOME and what it sets itself
 * @returns {string} the archive's path
 */
export function initramfs({ folder, modules, busybox, command }) {
  const tree = join(folder, 'tree')
  rmSync(tree, { recursive: true, force: true })
  mkdirSync(join(tree, 'bin'), { recursive: true })
  mkdirSync(join(tree, 'modules'))
  copyFileSync(busybox, join(tree, 'bin/busybox'))
  copyFileSync(INIT, join(tree, 'init'))
  for (const file of ['bin/busybox', 'init']) chmodSync(join(tree, file), 0o755)
  for (const file of modules) copyFileSync(file, join(tree, 'modules', basename(file)))
  const inside = ['/usr/bin/env', '-i', 'HOME=/root', 'PATH=/usr/sbin:/usr/bin:/sbin:/bin', ...command]
  writeFileSync(join(tree, 'command'), `exec chroot /root ${inside.map(quote).join(' ')}\n`)

  const archive = join(folder, 'initramfs.cpio')
  const list = execFileSync('find', ['.'], { cwd: tree })
  writeFileSync(
    archive,
    execFileSync('cpio', ['--create', '--format=newc', '--quiet', '--owner=+0:+0'], {
      cwd: tree,
      input: list,
      maxBuffer: 256 << 20,
    }),
  )
  return archive
}

/**
 * @typedef {object} Machine
 * @property {string} vmlinuz
 * @property {string} archive
 * @property {string} out the folder that the guest writes to
 * @property {string} console the file for all output of the serial line
 * @property {number} seconds how long it may take in all
 * @property {(text: string) => void} [onConsole]
 */

/**
 * Boots the machine and waits until it powers off. On some hosts no kernel starts on KVM: if the guest prints nothing,
 * the emulator runs it.
 * @param {Machine} machine
 */
export async function boot(machine) {
  if (hasKvm()) {
    const ran = await start(machine, KVM, PATIENCE)
    if (ran.consoleText.includes(FIRST_LINE)) return { ...ran, on: 'KVM' }
  }
  return { ...(await start(machine, EMULATOR)), on: 'an emulator' }
}

function hasKvm() {
  try {
    accessSync('/dev/kvm', constants.R_OK | constants.W_OK)
    return true
  } catch {
    return false
  }
}

/**
 * @param {Machine} machine
 * @param {string[]} accelerator
 * @param {number} [patience] how many seconds it may take to print its first line
 * @returns {Promise<{ ended: 'power-off' | 'timeout' | 'error', consoleText: string }>}
 */
function start({ console, seconds, onConsole, ...paths }, accelerator, patience = seconds) {
  const log = createWriteStream(console)
  let consoleText = ''
  const qemu = spawn('qemu-system-x86_64', qemuArguments(paths, accelerator), {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const kill = () => qemu.kill('SIGKILL')
  process.on('exit', kill)
  return new Promise((resolve) => {
    let timedOut = false
    const giveUp = () => {
      timedOut = true
      kill()
    }
    const limits = [setTimeout(giveUp, seconds * 1000), setTimeout(giveUp, patience * 1000)]
    for (const stream of [qemu.stdout, qemu.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        consoleText += text
        log.write(text)
        onConsole?.(text)
        if (consoleText.includes(FIRST_LINE)) clearTimeout(limits[1])
      })
    }
    const end = (/** @type {'power-off' | 'timeout' | 'error'} */ ended) => {
      for (const limit of limits) clearTimeout(limit)
      process.off('exit', kill)
      log.end(() => resolve({ ended, consoleText }))
    }
    qemu.on('error', (error) => {
      consoleText += `${error.message}\n`
      end('error')
    })
    qemu.on('close', (code) => end(timedOut ? 'timeout' : code === 0 ? 'power-off' : 'error'))
  })
}

function qemuArguments(
  /** @type {{ vmlinuz: string, archive: string, out: string }} */ paths,
  /** @type {string[]} */ accelerator,
) {
  const share = (/** @type {string} */ tag, /** @type {string} */ path, /** @type {string} */ more) => [
    '-virtfs',
    `local,path=${path.replaceAll(',', ',,')},mount_tag=${tag},security_model=none,multidevs=remap${more}`,
  ]
  return [
    ...[...accelerator, '-smp', '2', '-m', '2048'],
    ...['-nographic', '-no-reboot', '-nodefaults', '-serial', 'stdio', '-nic', 'none'],
    ...['-kernel', paths.vmlinuz, '-initrd', paths.archive],
    ...['-append', 'console=ttyS0 quiet panic=-1 mitigations=off'],
    ...share('host', '/', ',readonly=on'),
    ...share('out', paths.out, ''),
  ]
}

/** Quotes any text as one word for a POSIX shell. */
function quote(/** @type {string} */ word) {
  return `'${word.replaceAll("'", "'\\''")}'`
}
