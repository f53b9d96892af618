/**
 * Fetches Debian's stock kernel and unpacks it without installing it: `vmlinuz`, and the few modules that the lane
 * loads, numbered in loading order. Knows packages; knows nothing of the machine that boots it. Everything is kept in a
 * cache folder and fetched once.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'

/** The package whose only dependency is the current kernel. */
const META_PACKAGE = 'linux-image-amd64'

/**
 * What init needs: the shares (virtio, 9p), the overlay, the virtual host controller, its wiretap, and the driver of
 * serial ports.
 */
const MODULES = ['virtio_pci', '9pnet_virtio', '9p', 'overlay', 'vhci-hcd', 'usbmon', 'cdc-acm']

/** The cache's folder, one for each list of modules: a folder for another list lacks some modules. */
const HOME = `kernel-${createHash('sha256').update(MODULES.join()).digest('hex').slice(0, 8)}`

/**
 * The kernel, from the cache or from the package archive.
 * @param {string} cache folder that keeps it
 * @returns {{ vmlinuz: string, modules: string[] }} paths; modules in loading order
 */
export function kernel(cache) {
  const home = join(cache, HOME)
  if (!existsSync(home)) fetchKernel(cache, home)
  const modules = join(home, 'modules')
  return {
    vmlinuz: join(home, 'vmlinuz'),
    modules: readdirSync(modules)
      .sort()
      .map((name) => join(modules, name)),
  }
}

/** Fetches into a temporary folder and renames it, so that a folder with the final name is complete. */
function fetchKernel(/** @type {string} */ cache, /** @type {string} */ home) {
  mkdirSync(cache, { recursive: true })
  const work = mkdtempSync(join(cache, 'fetch-'))
  try {
    const root = unpack(work, currentPackage())
    const ready = join(work, 'ready')
    mkdirSync(join(ready, 'modules'), { recursive: true })
    const version = only(readdirSync(join(root, 'lib/modules')))
    copyFileSync(join(root, 'boot', `vmlinuz-${version}`), join(ready, 'vmlinuz'))
    for (const [index, file] of loadingOrder(root, version).entries()) {
      copyFileSync(file, join(ready, 'modules', `${String(index).padStart(2, '0')}-${basename(file)}`))
    }
    for (const file of readdirSync(join(ready, 'modules'))) {
      if (file.endsWith('.xz')) run('xz', ['--decompress', join(ready, 'modules', file)])
    }
    renameSync(ready, home)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

/** The name of the package that holds the current kernel, such as `linux-image-6.1.0-56-amd64`. */
function currentPackage() {
  const found = run('apt-cache', ['depends', '--important', META_PACKAGE]).match(/Depends: (linux-image-\S+)/)
  if (!found?.[1]) throw new Error(`apt knows no ${META_PACKAGE} (apt-get update?)`)
  return found[1]
}

function unpack(/** @type {string} */ work, /** @type {string} */ name) {
  run('apt-get', ['-qq', '-o', 'APT::Sandbox::User=', 'download', name], work)
  const root = join(work, 'root')
  run('dpkg-deb', ['--extract', join(work, only(readdirSync(work))), root])
  return root
}

/** The files of the modules and of all modules they depend on, each once, with dependencies first. */
function loadingOrder(/** @type {string} */ root, /** @type {string} */ version) {
  run('depmod', ['--basedir', root, version])
  const show = ['--dirname', root, '--set-version', version, '--show-depends']
  const files = MODULES.flatMap((name) =>
    [...run('modprobe', [...show, name]).matchAll(/^insmod (\S+)/gm)].map((found) => `${found[1]}`),
  )
  return [...new Set(files)]
}

function only(/** @type {string[]} */ names) {
  if (names.length !== 1) throw new Error(`expected one file, found: ${names.join(', ') || 'none'}`)
  return /** @type {string} */ (names[0])
}

/** Runs a packaging tool and returns its standard output; some of them live in /usr/sbin. */
function run(/** @type {string} */ command, /** @type {string[]} */ args, cwd = '/') {
  const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin`, LC_ALL: 'C' }
  return execFileSync(command, args, { cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}
