/** Prepares Rust for another platform: its standard library, and substitutes for the C libraries. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../prepare.mjs'
import { fetched, must } from './programs.mjs'

/** Fetches the standard library of a target, unless it is there. */
export async function standardLibrary(/** @type {string} */ target) {
  const sysroot = (await must('rustc', ['--print', 'sysroot'])).trim()
  if (existsSync(join(sysroot, 'lib/rustlib', target, 'lib'))) return
  await fetched(`the standard library for ${target}`, () =>
    must('rustup', ['target', 'add', target], { seconds: 300 }),
  )
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
