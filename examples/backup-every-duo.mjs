/**
 * Backs up the key of every Duo in DFU mode that is plugged in, into the usual archive or the one that is named.
 * One that fails does not stop the others. Nothing is overwritten: what the archive holds already is
 * left as it is.
 *
 *   node backup-every-duo.mjs [--archive DIR] [--usbip HOST:PORT] [--json]
 *
 * Exit codes: 0 every Duo is backed up; 10 some are not; 3 there is none; that of the error where the Duos cannot be
 * listed at all.
 */
import { parseArgs } from 'node:util'
import { backupKey, listDevices } from 'duo-provision'

const NO_DEVICE = 3
const SOME_FAILED = 10

const { values } = parseArgs({
  options: {
    archive: { type: 'string' },
    usbip: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
})
const { json, archive, usbip } = values
const bus = usbip === undefined ? {} : { usbip }
const where = archive === undefined ? bus : { ...bus, archive }

try {
  const { devices } = await listDevices(bus)
  const rows = []
  for (const { path, device } of devices) rows.push(await backUp(path, device?.deviceId))
  show(rows)
  process.exitCode = verdict(rows)
} catch (error) {
  console.error(`error: ${error.message} [${error.code}]\n\nhint: ${error.hint ?? 'none'}`)
  process.exitCode = error.exitCode ?? 1
}

/** One Duo, by its port, since an old bootloader tells no id. */
async function backUp(path, deviceId) {
  try {
    const { device, fingerprint, file, alreadyThere } = await backupKey({ ...where, path })
    return { path, deviceId: device.deviceId, ok: true, fingerprint, file, alreadyThere }
  } catch (error) {
    const { code, message, hint } = error
    return { path, deviceId, ok: false, code, message, hint }
  }
}

function verdict(rows) {
  if (rows.length === 0) return NO_DEVICE
  return rows.every(({ ok }) => ok) ? 0 : SOME_FAILED
}

function show(rows) {
  if (json) return console.log(JSON.stringify(rows))
  if (rows.length === 0) return console.error('no Duo in DFU mode is connected')
  for (const { path, deviceId, ok, ...row } of rows) {
    const outcome = ok
      ? `${row.alreadyThere ? 'held' : 'saved'} ${row.file}`
      : `FAILED [${row.code}] ${row.message}`
    console.log(`${path}  ${deviceId ?? 'id not told'}  ${outcome}`)
    if (row.hint) console.log(`  hint: ${row.hint}`)
  }
}
