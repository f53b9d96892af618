/**
 * The home of this process from here on, for calls of the API within it: the journal goes there, and not to that of
 * whoever runs the tests. One for a test file, which has a process of its own.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const HOME = mkdtempSync(join(tmpdir(), 'duo-provision-home-'))
for (const name of ['HOME', 'XDG_DATA_HOME', 'LOCALAPPDATA']) process.env[name] = HOME
process.once('exit', () => rmSync(HOME, { recursive: true, force: true }))
