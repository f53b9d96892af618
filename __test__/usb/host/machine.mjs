/**
 * The lane's machine: QEMU, emulating in software, with Debian's kernel and an initramfs made here. Knows how
 * to boot it around one command, and to stop it when it takes too long; knows nothing of what the command does.
 */
import { execFileSync, spawn } from 'node:child_process'
import { chmodSync, copyFileSync, createWriteStream, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

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
 * Boots the machine and waits until it powers off.
 * @param {{ vmlinuz: string, archive: string, out: string, console: string, seconds: number,
 *   onConsole?: (text: string) => void }} machine
 *   `out` is the folder the guest writes to; `console` the file that keeps all the serial line said;
 *   `seconds` how long it may take in all
 * @returns {Promise<{ ended: 'power-off' | 'timeout' | 'error', consoleText: string }>}
 */
export function boot({ vmlinuz, archive, out, console, seconds, onConsole }) {
  const log = createWriteStream(console)
  let consoleText = ''
  const qemu = spawn('qemu-system-x86_64', qemuArguments({ vmlinuz, archive, out }), {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const kill = () => qemu.kill('SIGKILL')
  process.on('exit', kill)
  return new Promise((resolve) => {
    let timedOut = false
    const watchdog = setTimeout(() => {
      timedOut = true
      kill()
    }, seconds * 1000)
    for (const stream of [qemu.stdout, qemu.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        consoleText += text
        log.write(text)
        onConsole?.(text)
      })
    }
    const end = (/** @type {'power-off' | 'timeout' | 'error'} */ ended) => {
      clearTimeout(watchdog)
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

function qemuArguments(/** @type {{ vmlinuz: string, archive: string, out: string }} */ paths) {
  const share = (/** @type {string} */ tag, /** @type {string} */ path, /** @type {string} */ more) => [
    '-virtfs',
    `local,path=${path.replaceAll(',', ',,')},mount_tag=${tag},security_model=none,multidevs=remap${more}`,
  ]
  return [
    ...['-accel', 'tcg', '-cpu', 'max', '-smp', '2', '-m', '2048'],
    ...['-nographic', '-no-reboot', '-nodefaults', '-serial', 'stdio', '-nic', 'none'],
    ...['-kernel', paths.vmlinuz, '-initrd', paths.archive],
    ...['-append', 'console=ttyS0 quiet panic=-1 mitigations=off'],
    ...share('host', '/', ',readonly=on'),
    ...share('out', paths.out, ''),
  ]
}

/** One word for a POSIX shell, whatever is in it. */
function quote(/** @type {string} */ word) {
  return `'${word.replaceAll("'", "'\\''")}'`
}
