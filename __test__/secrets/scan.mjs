/**
 * Scans everything that the tests kept for the secrets that they noted, and checks the modes of files with keys. Ends
 * with a report for people, and with status 1 if anything was found.
 *
 *   node __test__/secrets/scan.mjs FOLDER
 */
import { existsSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { filesBelow } from '../files-below.mjs'
import { canariesOf, KEY_FILES } from './folders.mjs'
import { Canaries } from './scanner.mjs'

/** @typedef {{ name: string, secret: string, known: string }} Noted */

/** Reads a folder's files, one after another. */
function* files(/** @type {string} */ folder) {
  if (!existsSync(folder)) return
  for (const path of filesBelow(folder)) yield { name: basename(path), bytes: readFileSync(path) }
}

function lines(/** @type {Buffer} */ bytes) {
  return bytes
    .toString()
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
}

/**
 * @param {string} output the folder
 * @returns {{ problems: string[], secrets: number, pieces: number, files: number, bytes: number, keyFiles: number }}
 */
export function scan(output) {
  const canaries = new Canaries()
  const names = new Set()
  for (const { bytes } of files(canariesOf(output))) {
    for (const { name, secret, known } of /** @type {Noted[]} */ (lines(bytes))) {
      canaries.add(name, Buffer.from(secret, 'hex'), Buffer.from(known, 'hex'))
      names.add(secret)
    }
  }
  const report = {
    problems: /** @type {string[]} */ ([]),
    secrets: names.size,
    pieces: canaries.size,
    files: 0,
    bytes: 0,
    keyFiles: 0,
  }
  for (const { name, bytes } of files(output)) {
    report.files += 1
    report.bytes += bytes.length
    if (name === KEY_FILES) {
      const kept = lines(bytes)
      report.keyFiles += kept.length
      for (const { name, mode } of kept) {
        if (mode !== '600' && process.platform !== 'win32')
          report.problems.push(`${name} has mode ${mode}, not 600`)
      }
    }
    for (const { secret, encoding, offset } of canaries.find(bytes)) {
      report.problems.push(`${name}, byte ${offset}: a piece of ${secret}, ${encoding}`)
    }
  }
  if (report.secrets === 0) report.problems.push('no secret was noted: the tests that note them did not run')
  if (report.files === 0) report.problems.push('nothing was kept: the tests that keep it did not run')
  return report
}

const [, script, folder] = process.argv
if (folder !== undefined && script === import.meta.filename) {
  const { problems, secrets, pieces, files, bytes, keyFiles } = scan(folder)
  const megabytes = (bytes / 1e6).toFixed(1)
  for (const problem of problems) process.stdout.write(`${problem}\n`)
  process.stdout.write(
    `${secrets} secrets, ${pieces} pieces; ${files} files, ${megabytes} MB; ${keyFiles} files with keys\n`,
  )
  process.exitCode = problems.length > 0 ? 1 : 0
}
