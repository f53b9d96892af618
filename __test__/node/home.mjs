/**
 * Sets the home of this process from here on, for calls of the API in it: the journal goes there, and not into the home
 * of the person who runs the tests. Each test file has its own home, since it has its own process.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

newHome()

/** Sets a new, empty home from here on. Its journal has no records. */
export function newHome() {
  const home = mkdtempSync(join(tmpdir(), 'duo-provision-home-'))
  for (const name of ['HOME', 'XDG_DATA_HOME', 'LOCALAPPDATA']) process.env[name] = home
  process.once('exit', () => rmSync(home, { recursive: true, force: true }))
}
