/** Turns a complete journal into one as a crash leaves it. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'

/** @typedef {{ id: string, record: string }} JournalRecord */

/**
 * Makes the operation that was settled last open again, with only those records that a crash has left, and perhaps the
 * beginning of the next one.
 * @param {string} journal the folder
 * @param {(records: JournalRecord[]) => JournalRecord[]} kept
 * @param {{ torn?: string, deviceId?: string }} [options] the Duo has to be named if there are several
 */
export function reopen(journal, kept, { torn = '', deviceId = '' } = {}) {
  const files = readdirSync(join(journal, 'history')).filter((name) => name.startsWith(deviceId))
  const [file = ''] = files
  assert.equal(files.length, 1)
  const path = join(journal, 'history', file)
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n')
  /** @type {JournalRecord[]} */
  const records = JSON.parse(lines.pop() ?? '')
  writeFileSync(path, lines.map((line) => `${line}\n`).join(''))
  const left = kept(records).map((record) => `${JSON.stringify(record)}\n`)
  const name = `00000001.${records[0]?.id}.${basename(file)}`
  writeFileSync(join(journal, 'open', name), left.join('') + torn, { mode: 0o600 })
  return join(journal, 'open', name)
}

/** The records up to the first of that kind, and this one. @returns {(records: JournalRecord[]) => JournalRecord[]} */
export function upTo(/** @type {string} */ kind) {
  return (records) => records.slice(0, records.findIndex(({ record }) => record === kind) + 1)
}
