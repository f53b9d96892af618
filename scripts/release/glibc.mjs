/** Checks that an addon for Linux needs no newer C library than Node 20's own programs. */
import { neededVersions } from './elf.mjs'

/** What the official builds of Node 20 need (nodejs/node v20 BUILDING.md: "kernel >= 4.18, glibc >= 2.28"). */
export const GLIBC_FLOOR = '2.28'

/**
 * The versions of glibc's symbols that an addon needs and that glibc 2.28 does not have.
 * @returns {string[]} as in `libc.so.6: GLIBC_2.34`; empty if there is none
 */
export function tooNew(/** @type {Buffer} */ addon) {
  return neededVersions(addon)
    .filter(
      ({ version }) => version.startsWith('GLIBC_') && isNewer(version.slice('GLIBC_'.length), GLIBC_FLOOR),
    )
    .map(({ library, version }) => `${library}: ${version}`)
}

/** Compares versions such as 2.4 and 2.28. A version that is not a number (`GLIBC_PRIVATE`) counts as newer. */
function isNewer(/** @type {string} */ version, /** @type {string} */ floor) {
  const [numbers, limits] = [version, floor].map((text) => text.split('.').map(Number))
  if (!numbers || !limits || numbers.some(Number.isNaN)) return true
  for (const [index, number] of numbers.entries()) {
    const limit = limits[index] ?? 0
    if (number !== limit) return number > limit
  }
  return false
}
