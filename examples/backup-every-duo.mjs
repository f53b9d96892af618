/**
 * Backs up the key of every Duo that is connected, into the usual archive or the one that is named. One that fails, or
 * that is not in DFU mode, does not stop the others. Nothing is overwritten: what the archive holds already is left as it
 * is.
 *
 *   node backup-every-duo.mjs [--archive DIR] [--usbip HOST:PORT] [--json]
 *
 * Exit codes: 0 every Duo is backed up; 10 some are not; 3 there is none; that of the error where the Duos cannot be
 * listed at all.
 */
import { parseArgs } from 'node:util'
import { backupAll } from 'duo-provision'

const SOME_FAILED = 10

const { values } = parseArgs({
  options: {
    archive: { type: 'string' },
    usbip: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
})
const { json, ...where } = values

try {
  const { counts, duos } = await backupAll(where)
  if (json) console.log(JSON.stringify(duos.map(row)))
  else duos.map(row).forEach(show)
  process.exitCode = counts.done === counts.total ? 0 : SOME_FAILED
} catch (error) {
  console.error(`error: ${error.message} [${error.code}]\n\nhint: ${error.hint ?? 'none'}`)
  process.exitCode = error.exitCode ?? 1
}

/** What one Duo came to. */
function row({ path, deviceId, result, problem }) {
  if (!result) {
    const { code, message, hint } = problem ?? {}
    return { path, deviceId, ok: false, code, message, hint }
  }
  const { fingerprint, file, alreadyThere } = result
  return { path, deviceId, ok: true, fingerprint, file, alreadyThere }
}

function show({ path, deviceId, ok, ...row }) {
  const outcome = ok
    ? `${row.alreadyThere ? 'held' : 'saved'} ${row.file}`
    : `FAILED [${row.code}] ${row.message}`
  console.log(`${path}  ${deviceId ?? 'id not told'}  ${outcome}`)
  if (row.hint) console.log(`  hint: ${row.hint}`)
}
