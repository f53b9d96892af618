/** What stops a release. */
import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { ROOT } from '../../scripts/prepare.mjs'
import { addressProblems } from '../../scripts/release/address.mjs'
import { problems } from '../../scripts/release/gate.mjs'
import { MANIFEST, PLATFORMS } from '../../scripts/release/platforms.mjs'

/** The first bytes that identify a file: ELF, Mach-O or PE, with the processor. */
function header(/** @type {string} */ name) {
  const file = Buffer.alloc(128)
  const arm = name.includes('arm64')
  if (name.startsWith('linux-arm-')) {
    file.write('\x7fELF\x01\x01', 'latin1')
    file.writeUInt16LE(40, 18)
  } else if (name.startsWith('linux')) {
    file.write('\x7fELF\x02\x01', 'latin1')
    file.writeUInt16LE(arm ? 183 : 62, 18)
  } else if (name.startsWith('darwin')) {
    file.writeUInt32LE(0xfeedfacf)
    file.writeUInt32LE(arm ? 0x0100000c : 0x01000007, 4)
  } else {
    file.write('MZ')
    file.writeUInt32LE(64, 60)
    file.write('PE\0\0', 64)
    file.writeUInt16LE(arm ? 0xaa64 : 0x8664, 68)
  }
  return file
}

/** The files that repeat the address of the repository. */
const PAGES = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'docs', '.github/ISSUE_TEMPLATE']
const ADDRESSED = ['package.json', ...PAGES.flatMap((name) => files(name))]

/** A file, or the files in a folder. */
function files(/** @type {string} */ name) {
  if (!statSync(join(ROOT, name)).isDirectory()) return [name]
  return readdirSync(join(ROOT, name)).map((inner) => `${name}/${inner}`)
}

function change(
  /** @type {string} */ root,
  /** @type {string} */ name,
  /** @type {(text: string) => string} */ by,
) {
  writeFileSync(join(root, name), by(readFileSync(join(root, name), 'utf8')))
}

/** A copy of what the gate looks at, with an addon for every platform. */
function release(/** @type {import('node:test').TestContext} */ t) {
  const root = mkdtempSync(join(tmpdir(), 'duo-provision-gate-'))
  t.after(() => rmSync(root, { recursive: true, force: true }))
  for (const name of ['package.json', 'Cargo.toml', 'index.js', 'npm', ...PAGES]) {
    cpSync(join(ROOT, name), join(root, name), { recursive: true })
  }
  for (const name of ADDRESSED) change(root, name, (text) => text.replaceAll('OWNER', 'somebody'))
  for (const { addon, name } of PLATFORMS) writeFileSync(join(root, addon), header(name))
  return root
}

const gate = (/** @type {string} */ root) => problems(root, PLATFORMS, root)

test('a release with every platform, of one version, passes', (t) => {
  assert.deepEqual(gate(release(t)), [])
})

test('an address that nobody has set does not', (t) => {
  const root = release(t)
  cpSync(join(ROOT, 'package.json'), join(root, 'package.json'))
  assert.deepEqual(gate(root), [
    'package.json: repository is not set',
    'package.json: bugs is not set',
    'package.json: homepage is not set',
  ])
  assert.deepEqual(problems(root, PLATFORMS, root, { local: true }), [])
})

test('addresses of two repositories, or a page without one, do not', (t) => {
  const root = release(t)
  change(root, 'package.json', (text) => text.replace('somebody/duo-provision/issues', 'another/duo/issues'))
  cpSync(join(ROOT, 'CONTRIBUTING.md'), join(root, 'CONTRIBUTING.md'))
  assert.deepEqual(gate(root), [
    'package.json: bugs is not in https://github.com/somebody/duo-provision',
    'CONTRIBUTING.md still has github.com/OWNER/',
  ])
  assert.deepEqual(addressProblems(root, 'third/duo-provision').slice(1, 2), [
    'package.json: the repository is https://github.com/somebody/duo-provision, and third/duo-provision publishes',
  ])
})

test('a platform without its addon, or with another’s, does not', (t) => {
  const root = release(t)
  rmSync(join(root, 'duo-provision.darwin-x64.node'))
  writeFileSync(join(root, 'duo-provision.linux-arm64-musl.node'), header('linux-x64-musl'))
  assert.deepEqual(gate(root).sort(), [
    `${join(root, 'duo-provision.darwin-x64.node')} does not exist`,
    `${join(root, 'duo-provision.linux-arm64-musl.node')} is for linux-x64, not for linux-arm64-musl`,
  ])
})

test('a platform without its package, or of another version, does not', (t) => {
  const root = release(t)
  rmSync(join(root, 'npm/win32-x64-msvc'), { recursive: true })
  const path = join(root, 'npm/linux-x64-gnu/package.json')
  writeFileSync(path, readFileSync(path, 'utf8').replace(MANIFEST.version, '9.9.9'))
  assert.deepEqual(gate(root).sort(), [
    `${join('npm/linux-x64-gnu/package.json')}: the version is 9.9.9, not ${MANIFEST.version}`,
    `${join('npm/win32-x64-msvc/package.json')} does not exist: run \`npx napi create-npm-dirs\``,
  ])
})

test('a dependency at run time does not', (t) => {
  const root = release(t)
  change(root, 'package.json', (text) =>
    JSON.stringify({ ...JSON.parse(text), dependencies: { other: '1.0.0' } }),
  )
  assert.deepEqual(gate(root), ['package.json: there are dependencies at run time'])
})

/** An ELF file with one section, which says that it needs a version of `libc.so.6`. */
function elfThatNeeds(/** @type {string} */ platform, /** @type {string} */ version) {
  const strings = Buffer.from(`\0libc.so.6\0${version}\0`)
  const file = Buffer.concat([header(platform), Buffer.alloc(256), strings])
  const [sections, needs, text] = [128, 320, 384]
  const wide = file[4] === 2
  const address = (/** @type {number} */ value, /** @type {number} */ at) =>
    wide ? file.writeBigUInt64LE(BigInt(value), at) : file.writeUInt32LE(value, at)
  // Where the section headers begin, how long one is, and how many there are; in a header, where its bytes and strings
  // are.
  const at = wide
    ? { headers: 40, size: 58, count: 60, offset: 24, link: 40 }
    : { headers: 32, size: 46, count: 48, offset: 16, link: 24 }
  address(sections, at.headers)
  file.writeUInt16LE(64, at.size)
  file.writeUInt16LE(2, at.count)
  file.writeUInt32LE(0x6ffffffe, sections + 4)
  address(needs, sections + at.offset)
  file.writeUInt32LE(1, sections + at.link)
  address(text, sections + 64 + at.offset)
  file.writeUInt32LE(1, needs + 4)
  file.writeUInt32LE(16, needs + 8)
  file.writeUInt32LE('\0libc.so.6\0'.length, needs + 16 + 8)
  return file
}

for (const [version, passes] of /** @type {const} */ ([
  ['GLIBC_2.28', true],
  ['GLIBC_2.4', true],
  ['GLIBC_2.29', false],
  ['GLIBC_3.0', false],
  ['GLIBC_PRIVATE', false],
])) {
  test(`an addon that needs ${version} ${passes ? 'passes' : 'does not'}`, (t) => {
    const root = release(t)
    for (const platform of ['linux-x64-gnu', 'linux-arm-gnueabihf']) {
      const path = join(root, `duo-provision.${platform}.node`)
      writeFileSync(path, elfThatNeeds(platform, version))
      const found = passes ? [] : [`${path} needs a newer C library than Node 20 does: libc.so.6: ${version}`]
      assert.deepEqual(gate(root), found)
      writeFileSync(path, header(platform))
    }
  })
}
