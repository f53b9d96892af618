/** `npm start`: installs, builds and shows the whole story, on a bare clone too. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { ensureAddon, ensureDependencies, ROOT } from './prepare.mjs'

ensureDependencies()
ensureAddon()

const demo = spawn(process.execPath, [join(ROOT, 'src/cli/main.cjs'), 'demo', ...process.argv.slice(2)], {
  stdio: 'inherit',
})
// The terminal sends Ctrl-C to the demo as well; it decides how to stop, and this process reports how it did.
process.on('SIGINT', () => {})
process.on('SIGTERM', () => demo.kill('SIGTERM'))
demo.on('close', (code, signal) => {
  process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 1)
})
