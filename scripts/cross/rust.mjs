/** Prepares Rust for another platform: its standard library, and substitutes for the C libraries. */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { ROOT } from '../prepare.mjs'
import { unpacked } from './debian.mjs'
import { CACHE, must, ran } from './programs.mjs'

/** Fetches the standard library of a target from rustup, unless it is there. Without rustup, uses Debian's Rust. */
export async function standardLibrary(/** @type {string} */ target) {
  if (await hasLibrary(target)) return
  if (!usesDebian) {
    const added = await ran('rustup', ['target', 'add', target], { seconds: 300 })
    if (added.status === 0) return
    await useDebian()
    if (await hasLibrary(target)) return
  }
  await compileLibrary(target)
}

async function hasLibrary(/** @type {string} */ target) {
  const library = join(await sysroot(), 'lib/rustlib', target, 'lib')
  return existsSync(library) && readdirSync(library).some((name) => name.startsWith('libstd-'))
}

async function sysroot() {
  return (await must('rustc', ['--print', 'sysroot'])).trim()
}

let usesDebian = false

/** Unpacks the Rust that Debian has for its browsers. This process, and all that it starts, uses it from now on. */
async function useDebian() {
  const root = await unpacked('rust', {
    release: 'bookworm-security',
    processor: 'amd64',
    packages: ['cargo-web', 'rust-web-clippy', 'rust-web-src', 'rustc-web'],
  })
  const programs = join(CACHE, 'rust-bin')
  mkdirSync(programs, { recursive: true })
  for (const name of ['cargo', 'cargo-clippy', 'clippy-driver', 'rustc']) {
    const libraries = join(root, 'usr/lib/x86_64-linux-gnu')
    const script = `#!/bin/sh\nLD_LIBRARY_PATH=${libraries} exec ${join(root, 'usr/bin', name)} "$@"\n`
    writeFileSync(join(programs, name), script, { mode: 0o755 })
  }
  process.env['PATH'] = [programs, process.env['PATH']].join(delimiter)
  usesDebian = true
}

/**
 * Compiles the standard library from its sources, for which an empty crate is enough, and puts it where rustc looks for
 * it. cargo calls this "build-std"; it is not stable, so that rustc must be told to allow it.
 */
async function compileLibrary(/** @type {string} */ target) {
  const home = await sysroot()
  const version = readdirSync(join(home, 'src')).find((name) => name.startsWith('rustc-')) ?? ''
  const sources = join(home, 'src', version)
  // The package's own link is an absolute one.
  const link = join(home, 'lib/rustlib/src/rust')
  rmSync(link, { recursive: true, force: true })
  mkdirSync(dirname(link), { recursive: true })
  symlinkSync(sources, link)
  const crate = join(CACHE, 'standard-library')
  mkdirSync(join(crate, 'src'), { recursive: true })
  writeFileSync(join(crate, 'Cargo.toml'), '[package]\nname = "empty"\nedition = "2024"\n\n[workspace]\n')
  writeFileSync(join(crate, 'src/lib.rs'), '#![no_std]\n')
  const parts = '-Zbuild-std=std,panic_unwind,panic_abort,test'
  const vendored = [
    'source.crates-io.replace-with="vendored"',
    `source.vendored.directory="${join(sources, 'library/vendor')}"`,
  ].flatMap((setting) => ['--config', setting])
  const env = { RUSTC_BOOTSTRAP: '1', RUSTFLAGS: '-Cembed-bitcode=yes -Cforce-unwind-tables=yes' }
  const args = ['build', '--quiet', '--release', '--offline', parts, '--target', target, ...vendored]
  await must('cargo', args, { cwd: crate, env })
  const made = join(crate, 'target', target, 'release/deps')
  const library = join(home, 'lib/rustlib', target, 'lib')
  mkdirSync(library, { recursive: true })
  for (const name of readdirSync(made).filter((name) => /^lib(?!empty-|sysroot-).*\.rlib$/.test(name)))
    copyFileSync(join(made, name), join(library, name))
}

/**
 * The options that make a crate treat its C library as found, so that it does not compile it: a check of types does not
 * need it. cargo calls this "overriding build scripts".
 */
export function withoutLibraries(/** @type {string} */ target) {
  const lock = readFileSync(join(ROOT, 'Cargo.lock'), 'utf8')
  const ring = /^name = "ring"\nversion = "(.*)"$/m.exec(lock)?.[1]?.replaceAll('.', '_')
  const overrides = [
    '"usb-1.0".rustc-link-lib = []',
    '"usb-1.0".version_number = "1.0.27"',
    `"ring_core_${ring}_".rustc-link-lib = []`,
  ]
  return overrides.flatMap((override) => ['--config', `target.${target}.${override}`])
}
