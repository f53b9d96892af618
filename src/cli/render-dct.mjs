/** Prints a DCT, a cloud's key and a manifest. */
import { facts, firmware, nameOf, printable, table } from './layout.mjs'

/** @typedef {import('./output.mjs').Output} Output */
/** @typedef {import('../../index.js').DctInfo} DctInfo */
/** @typedef {import('../../index.js').InspectResult} InspectResult */

/** Prints the result of `dct show`. */
export function showDct(
  /** @type {import('../../index.js').DctShowResult} */ result,
  /** @type {Output} */ output,
) {
  const whose = result.device ? `the ${nameOf(result.device)}` : printable(result.file ?? '')
  output.print(`The DCT of ${whose}${result.device ? '' : `: ${KINDS[result.dct.kind]}`}`)
  printFields(result.dct, output)
}

/** Prints what `inspect` finds in a dump. */
export function describeDump(/** @type {InspectResult} */ result, /** @type {Output} */ output) {
  output.print(`${result.file}: ${result.form}`)
  output.print(
    facts({
      device: result.deviceId ?? 'not told',
      fingerprint:
        result.fingerprint ?? (result.private ? 'see the copies' : 'none: it holds no private key'),
      firmware: firmware(result.firmwareReadsAsIs),
    }),
  )
  const { dct } = result
  if (dct) printFields(dct, output)
  if (result.private) output.note('the file is a secret: it holds the private key of a device')
}

/** Prints a manifest, and whether it describes the file beside it. */
export function describeManifest(/** @type {InspectResult} */ result, /** @type {Output} */ output) {
  const { manifest } = result
  if (!manifest) return
  output.print(`${result.file}: the manifest of a backup`)
  output.print(
    facts({
      describes: `${manifest.contents}, ${manifest.length} bytes`,
      device: `${result.deviceId ?? 'not told'}${manifest.simulated ? ' (virtual)' : ''}`,
      fingerprint: result.fingerprint,
      time: manifest.createdAt ?? 'unknown',
      file: manifest.file ? printable(manifest.file) : 'there is none beside it',
      matches: manifest.file && (manifest.matches ? 'yes' : 'no: the file has other bytes'),
    }),
  )
}

/** A cloud's key and its address, as named values. */
export function describeServerKey(/** @type {import('../../index.js').ServerKeyInfo | undefined} */ server) {
  if (!server) return ''
  const named = server.namesAddress ? '' : " (the firmware's own: no address is named)"
  return facts({
    whose: server.fingerprint && (server.particle ? "Particle's own" : "another cloud's than Particle's"),
    fingerprint: server.fingerprint,
    key: server.keyProblem && `none (${server.keyProblem})`,
    host: server.host && `${server.host}${named}`,
    port: server.port === undefined ? undefined : `${server.port}`,
    'connects to': server.connectsTo && server.connectsTo !== server.host ? server.connectsTo : undefined,
    address: server.addressProblem,
  })
}

/** Prints the file that a field was written to. */
export function describeField(/** @type {string} */ path, /** @type {Output} */ output) {
  output.print(`${output.paint('green', 'Wrote')} ${printable(path)}`)
}

const KINDS = {
  section: 'an application section',
  'from-start': 'an application section, and what lies behind it',
  'from-private-key': 'from the private key on',
  'one-copy': 'one copy',
  whole: 'both copies',
}

function printFields(/** @type {DctInfo} */ dct, /** @type {Output} */ output) {
  if (dct.unreadable) {
    output.print('Every byte is the same: it was read from a Duo that could not read its DCT.')
    return
  }
  if (dct.kind === 'whole') {
    output.print(facts(copies(dct)))
  }
  if (dct.fields.length === 0) return
  const rows = dct.fields.map(({ name, offset, size, description, fingerprint }) => [
    name,
    `${offset}`,
    `${size}`,
    fingerprint ? `${description} (${fingerprint})` : description,
  ])
  output.print(`\n${table(['FIELD', 'OFFSET', 'SIZE', 'HOLDS'], rows, output)}`)
}

/** Both copies of a whole DCT: what they hold, and which bootloaders read them. */
function copies(/** @type {DctInfo} */ { copies, currentCopy }) {
  const all = copies ?? []
  const chosen = currentCopy === undefined ? undefined : all[currentCopy]
  const none = all.some((copy) => copy.readBy.length > 0)
    ? 'depends on the firmware: name one with --copy first, or --copy second'
    : 'neither copy is one that the firmware would use'
  return {
    fields: chosen ? `of the ${chosen.copy} of the two copies` : none,
    ...Object.fromEntries(all.map((copy) => [`${copy.copy} copy`, describeCopy(copy)])),
  }
}

function describeCopy(/** @type {import('../../index.js').DctCopyInfo} */ { holds, readBy, fingerprint }) {
  if (holds !== 'copy') return HALVES[holds]
  const [one, other] = readBy
  const readers = other ? 'every bootloader' : one ? READERS[one] : 'none'
  return `read by ${readers}; ${fingerprint ? `key ${fingerprint}` : 'no key'}`
}

const HALVES = {
  copy: 'a copy',
  erased: 'erased',
  other: 'no copy of a DCT, and not erased: it may be from another place in the flash',
}

const READERS = { 'r3-r5': 'bootloaders r3 to r5', r6: 'bootloader r6' }
