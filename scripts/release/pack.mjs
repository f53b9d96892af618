/**
 * `npm run release:pack`: makes the tarballs of a release, which are tested and then published. The main package lists
 * the platforms' packages, in exactly its own version, as optional dependencies. The repository's package.json does not
 * list them: they would have to be in the registry before `npm install` worked here.
 *
 *   npm run release:pack -- --addons FOLDER --output-dir FOLDER [--only PLATFORM]… [--local]
 *
 * The addon for the machine that packs makes the completions and man pages, so it must be among the addons.
 *
 * `--local` is for a test of packages on the machine that built them: the C library that the addon needs is there, and
 * the address of the repository is not checked.
 */
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { ADDON } from '../addon.mjs'
import { BUNDLE, writeBundle } from '../bundle.mjs'
import { FOLDERS, writePages } from '../pages.mjs'
import { ROOT } from '../prepare.mjs'
import { linkedCrates, notices } from './crates.mjs'
import { problems } from './gate.mjs'
import { MANIFEST, PLATFORMS, readJson } from './platforms.mjs'

const { values } = parseArgs({
  options: {
    addons: { type: 'string', default: join(ROOT, 'target/release-addon') },
    'output-dir': { type: 'string', default: join(ROOT, 'target/tarballs') },
    only: { type: 'string', multiple: true, default: [] },
    local: { type: 'boolean', default: false },
  },
})
process.exitCode = main(resolve(values.addons), resolve(values['output-dir']))

function main(/** @type {string} */ addons, /** @type {string} */ output) {
  const platforms = PLATFORMS.filter(({ name }) => values.only.length === 0 || values.only.includes(name))
  const found = problems(ROOT, platforms, addons, { local: values.local })
  const own = join(addons, ADDON)
  if (!existsSync(own)) found.push(`${own} does not exist, and this machine's addon makes the man pages`)
  for (const problem of found) process.stderr.write(`error: ${problem}\n`)
  if (found.length > 0) return 1
  rmSync(output, { recursive: true, force: true })
  mkdirSync(output, { recursive: true })
  const stage = mkdtempSync(join(tmpdir(), 'duo-provision-pack-'))
  try {
    for (const platform of platforms) packPlatform(platform, addons, join(stage, platform.name), output)
    packMain(platforms, own, join(stage, 'main'), output)
  } finally {
    rmSync(stage, { recursive: true, force: true })
  }
  return 0
}

function packPlatform(
  /** @type {import('./platforms.mjs').Platform} */ { name, target, addon },
  /** @type {string} */ addons,
  /** @type {string} */ stage,
  /** @type {string} */ output,
) {
  cpSync(join(ROOT, 'npm', name), stage, { recursive: true })
  cpSync(join(addons, addon), join(stage, addon))
  cpSync(join(ROOT, 'LICENSE'), join(stage, 'LICENSE'))
  writeFileSync(join(stage, 'THIRD-PARTY.txt'), notices(linkedCrates(target)))
  const manifest = readJson(join(stage, 'package.json'))
  pack({ ...manifest, files: [addon, 'THIRD-PARTY.txt'] }, stage, output)
}

function packMain(
  /** @type {import('./platforms.mjs').Platform[]} */ platforms,
  /** @type {string} */ own,
  /** @type {string} */ stage,
  /** @type {string} */ output,
) {
  // An entry that begins with `!` excludes files; npm itself leaves them out.
  const made = [BUNDLE, ...FOLDERS]
  const copied = MANIFEST.files.filter(
    (/** @type {string} */ name) => !made.includes(name) && !name.startsWith('!'),
  )
  for (const name of copied) cpSync(join(ROOT, name), join(stage, name), { recursive: true })
  // The manifest without the parts that only a clone can use.
  const { scripts, devDependencies, napi, ...manifest } = MANIFEST
  const optionalDependencies = Object.fromEntries(platforms.map((one) => [one.package, MANIFEST.version]))
  const man = writePages(stage, createRequire(import.meta.url)(own))
  writeBundle(stage)
  pack({ ...manifest, man, optionalDependencies }, stage, output)
}

/** Packs a folder. For provenance, npm requires that each package names the repository whose workflow publishes it. */
function pack(/** @type {object} */ manifest, /** @type {string} */ stage, /** @type {string} */ output) {
  const text = JSON.stringify({ ...manifest, repository: MANIFEST.repository }, undefined, 2)
  writeFileSync(join(stage, 'package.json'), `${text}\n`)
  const args = ['pack', '--silent', '--ignore-scripts', '--pack-destination', output]
  execFileSync('npm', args, { cwd: stage, stdio: 'inherit', shell: process.platform === 'win32' })
}
