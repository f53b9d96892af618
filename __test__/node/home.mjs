/**
 * The home of this process from here on, for calls of the API within it: the journal goes there, and not to that of
 * whoever runs the tests. One for a test file, which has a process of its own.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

newHome()

/** An empty home from here on, whose journal knows of nothing that was done before. */
export function newHome() {
  const home = mkdtempSync(join(tmpdir(), 'duo-provision-home-'))
  for (const name of ['HOME', 'XDG_DATA_HOME', 'LOCALAPPDATA']) process.env[name] = home
  process.once('exit', () => rmSync(home, { recursive: true, force: true }))
}
