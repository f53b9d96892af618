/**
 * Unpacks Debian packages of a release and a processor, with all that they depend on, into a folder below
 * `target/cross`. Nothing is installed: the packages of this machine stay as they are, and it does not need root.
 */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { CACHE, fetched, must } from './programs.mjs'

/** @typedef {{ release: keyof typeof LISTS, processor: 'amd64' | 'arm64' | 'armhf', packages: string[], alone?: boolean }} Wanted */

/** Where each release's packages are. Without security updates: one list less can be out of step with its mirror. */
const LISTS = /** @type {const} */ ({
  bookworm: ['debian bookworm'],
  trixie: ['debian trixie'],
  // Its browsers get a new Rust there.
  'bookworm-security': ['debian bookworm', 'debian-security bookworm-security'],
})

const KEYS = '/usr/share/keyrings/debian-archive-keyring.gpg'

/**
 * The folder with the packages' files, with the paths that they have below `/`. Fetched once: an existing folder is
 * complete.
 * @param {string} name the name of the folder
 * @param {Wanted} wanted `alone` leaves out what the packages depend on
 */
export async function unpacked(name, { release, processor, packages, alone = false }) {
  const list = createHash('sha256').update([release, processor, alone, ...packages].join(' '))
  const folder = join(CACHE, `${name}-${list.digest('hex').slice(0, 8)}`)
  if (existsSync(folder)) return folder
  const archives = join(CACHE, 'archives', `${release}-${processor}-${name}`)
  rmSync(archives, { recursive: true, force: true })
  mkdirSync(join(archives, 'partial'), { recursive: true })
  await fetched(`Debian's packages ${packages.join(', ')}`, async () => {
    const options = [...(await lists(release, processor)), '-o', `Dir::Cache::archives=${archives}/`]
    if (alone) await must('apt-get', [...options, 'download', ...packages], { cwd: archives })
    else await must('apt-get', [...options, 'install', '--download-only', '--yes', ...packages])
  })
  const fresh = `${folder}.part`
  rmSync(fresh, { recursive: true, force: true })
  mkdirSync(fresh, { recursive: true })
  for (const file of inOrder(readdirSync(archives)))
    await must('dpkg-deb', ['-x', join(archives, file), fresh])
  renameSync(fresh, folder)
  rmSync(archives, { recursive: true })
  return folder
}

/** base-files first: it has the links `/bin` and `/lib`, and the other packages are unpacked through them. */
function inOrder(/** @type {string[]} */ files) {
  const packages = files.filter((file) => file.endsWith('.deb')).sort()
  const first = packages.filter((file) => basename(file).startsWith('base-files_'))
  return [...first, ...packages.filter((file) => !first.includes(file))]
}

/**
 * The options that make apt use today's lists of that release, and treat no package as installed.
 * @param {Wanted['release']} release
 * @param {Wanted['processor']} processor
 */
async function lists(release, processor) {
  const state = join(CACHE, 'apt', `${release}-${processor}`)
  for (const folder of ['lists/partial', 'cache']) mkdirSync(join(state, folder), { recursive: true })
  writeFileSync(join(state, 'status'), '')
  const sources = LISTS[release].map((list) => `deb [signed-by=${KEYS}] http://deb.debian.org/${list} main\n`)
  writeFileSync(join(state, 'sources.list'), sources.join(''))
  const options = [
    `APT::Architecture=${processor}`,
    'APT::Architectures::=',
    `APT::Architectures=${processor}`,
    'APT::Install-Recommends=false',
    'APT::Sandbox::User=',
    `Dir::State=${state}`,
    `Dir::State::status=${join(state, 'status')}`,
    `Dir::Cache=${join(state, 'cache')}`,
    `Dir::Etc::sourcelist=${join(state, 'sources.list')}`,
    'Dir::Etc::sourceparts=-',
    'Dir::Etc::preferencesparts=-',
    'Acquire::Languages=none',
  ]
  const apt = ['-qq', ...options.flatMap((option) => ['-o', option])]
  if (!updated.has(state)) await must('apt-get', [...apt, 'update'])
  updated.add(state)
  return apt
}

/** @type {Set<string>} */
const updated = new Set()
