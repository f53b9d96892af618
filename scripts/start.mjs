/** `npm start`: installs, builds and runs the demo, also in a new clone. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { ensureAddon, ensureDependencies, ROOT } from './prepare.mjs'

ensureDependencies()
ensureAddon()

const demo = spawn(process.execPath, [join(ROOT, 'src/cli/main.cjs'), 'demo', ...process.argv.slice(2)], {
  stdio: 'inherit',
})
// The terminal sends Ctrl-C to the demo too. The demo decides how to stop, and this process returns its exit code.
process.on('SIGINT', () => {})
process.on('SIGTERM', () => demo.kill('SIGTERM'))
demo.on('close', (code, signal) => {
  process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 1)
})
