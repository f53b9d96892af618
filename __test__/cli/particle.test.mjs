/**
 * The parts for particle-cli that can be tested without it: where it is looked for, what is said of one that cannot be
 * extended, and the shell functions for one that is not a Node module. `__test__/particle` has the real one.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { test } from 'node:test'
import { ROOT, Sandbox } from './harness.mjs'

const WRAPPER = { command: [process.execPath, join(ROOT, 'src/cli/particle-duo.cjs')], as: 'particle-duo' }
const HOOK = join(ROOT, 'src/cli/particle-hook.cjs')

const REGISTER = `module.exports = ({ commandProcessor, root }) => {
  commandProcessor.createCommand(root, 'hello', 'Greet', { handler: () => { console.log('hello'); process.exitCode = 3 } })
}`
const PROCESSOR = `const add = (parent, name, description, options) => (parent.commands[name] = { commands: {}, name, options })
module.exports = { createCategory: add, createCommand: add }`
const APP = `const registerAllCommands = require('../cli')
const commandProcessor = require('./command-processor')
const root = { commands: {} }
registerAllCommands({ commandProcessor, root, app: {} })
const [word] = process.argv.slice(2)
const command = root.commands[word]
if (command) command.options.handler()
else { console.log("No such command '" + word + "'"); process.exitCode = 1 }`

/** Makes a folder that is laid out as particle-cli and does almost nothing; some of its files may be different. */
function imitate(
  /** @type {string} */ folder,
  /** @type {Record<string, string | undefined>} */ otherwise = {},
) {
  const about = { name: 'particle-cli', version: '9.9.9', bin: { particle: './src/index.js' } }
  const files = {
    'package.json': JSON.stringify(about),
    'src/index.js': "require('./app/cli')",
    'src/app/cli.js': APP,
    'src/app/command-processor.js': PROCESSOR,
    'src/cli/index.js': REGISTER,
    ...otherwise,
  }
  for (const [name, text] of Object.entries(files)) {
    if (text === undefined) continue
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  return folder
}

const MODULE = {
  name: 'particle-cli',
  version: '10.0.0',
  type: 'module',
  bin: { particle: './src/index.js' },
}

/** @type {Record<string, Record<string, string | undefined>>} */
const UNFIT = {
  'its commands are no function': {
    'src/cli/index.js': "exports.hello = () => { console.log('hello'); process.exitCode = 3 }",
    'src/app/cli.js':
      "const { hello } = require('../cli'); process.argv[2] === 'hello' ? hello() : console.log('?')",
  },
  'it registers its commands elsewhere': {
    'src/app/cli.js': APP.replace("require('../cli')", "require('../commands')"),
    'src/commands.js': REGISTER,
  },
  'its command processor is another': {
    'src/app/command-processor.js': PROCESSOR.replace('createCategory: add, ', ''),
  },
  'its categories are made in another way': {
    'src/app/command-processor.js': PROCESSOR.replace(
      'createCategory: add',
      'createCategory() { throw new Error("not so") }',
    ),
  },
  'it has a duo of its own': {
    'src/cli/index.js': REGISTER.replace(
      'commandProcessor.create',
      "commandProcessor.createCommand(root, 'duo', '', { handler() { console.log('own') } }); commandProcessor.create",
    ),
  },
  'it is laid out in another way': {
    'src/index.js': `${PROCESSOR.replace('module.exports', 'const processor')}; const root = { commands: {} }; ${REGISTER.replace('module.exports', 'const register')}; register({ commandProcessor: processor, root }); (root.commands[process.argv[2]]?.options.handler ?? (() => console.log('?')))()`,
    'src/app/cli.js': undefined,
    'src/cli/index.js': undefined,
  },
  'it is made of ECMAScript modules': {
    'package.json': JSON.stringify(MODULE),
    'src/index.js':
      "if (process.argv[2] === 'hello') { console.log('hello'); process.exitCode = 3 } else console.log('?')",
  },
}

test('a particle-cli that cannot be extended works as before, and what to type instead is said', async (t) => {
  const sandbox = new Sandbox(t)
  // On Windows, quoted as for Git Bash.
  sandbox.env['MSYSTEM'] = 'MINGW64'
  for (const [index, [what, otherwise]] of Object.entries(UNFIT).entries()) {
    sandbox.remark(what)
    const folder = imitate(join(sandbox.folder, `unfit-${index}`), otherwise)
    sandbox.env['DUO_PROVISION_PARTICLE_CLI'] = folder
    const hello = await sandbox.start(['hello'], { stdin: '', ...WRAPPER }).end
    assert.deepEqual([hello.status, hello.stdout, hello.stderr], [3, 'hello\n', ''], what)
    const { status, stderr } = await sandbox.run(['duo', 'backup', 'my duo.der', '--json'], WRAPPER)
    assert.notEqual(status, 0, what)
    assert.match(stderr, /npx duo-provision backup 'my duo\.der' --json/, what)
    const entry = [process.execPath, '--require', HOOK, join(folder, 'src/index.js')]
    const hooked = await sandbox.start(['duo', 'list'], { stdin: '', command: entry }).end
    assert.match(hooked.stderr, /npx duo-provision list/, what)
    const plain = await sandbox.start(['hello'], { stdin: '', command: entry }).end
    assert.deepEqual([plain.status, plain.stdout, plain.stderr], [3, 'hello\n', ''], what)
  }
  sandbox.matches('particle-unfit')
})

test('particle-cli is found by its variable, on the PATH, and in node_modules; else it is said where not', async (t) => {
  const sandbox = new Sandbox(t)
  const bare = { ...sandbox.env, PATH: join(sandbox.folder, 'bin') }
  mkdirSync(bare.PATH)
  const version = async (/** @type {Record<string, string>} */ env) => {
    const { status, stdout } = await sandbox.start(['where'], {
      stdin: '',
      env: { ...bare, ...env },
      ...WRAPPER,
    }).end
    assert.equal(status, 1)
    return stdout
  }
  const { status } = await sandbox.run(['duo', 'list'], { env: bare, ...WRAPPER })
  assert.equal(status, 9)
  const named = { DUO_PROVISION_PARTICLE_CLI: join(sandbox.folder, 'nothing') }
  assert.equal((await sandbox.run(['whoami'], { env: { ...bare, ...named }, ...WRAPPER })).status, 9)
  const say = (/** @type {string} */ text) => ({
    'src/index.js': `console.log('${text}'); process.exitCode = 1`,
  })
  imitate(join(sandbox.cwd, 'node_modules/particle-cli'), say('local'))
  assert.equal(await version({}), 'local\n')
  const global = imitate(join(sandbox.folder, 'lib/node_modules/particle-cli'), say('path'))
  // A program of the same name that is not from npm is ignored.
  const other = join(sandbox.folder, 'other')
  mkdirSync(other)
  writeFileSync(join(other, 'particle'), '#!/bin/sh\necho binary\n')
  chmodSync(join(other, 'particle'), 0o755)
  symlinkSync(join(global, 'src/index.js'), join(bare.PATH, 'particle'))
  if (process.platform !== 'win32')
    assert.equal(await version({ PATH: other + delimiter + bare.PATH }), 'path\n')
  const chosen = imitate(join(sandbox.folder, 'chosen'), say('variable'))
  assert.equal(await version({ DUO_PROVISION_PARTICLE_CLI: chosen }), 'variable\n')
  sandbox.matches('particle-not-found')
})

/** As pnpm 10 writes it, without its choice of a Node. */
const PNPM = `#!/bin/sh
basedir=$(dirname "$(echo "$0" | sed -e 's,\\\\,/,g')")
export NODE_PATH="/elsewhere/node_modules/particle-cli/node_modules:$NODE_PATH"
exec node  "$basedir/../.pnpm/particle-cli@9.9.9/node_modules/particle-cli/src/index.js" "$@"
`

test('a particle-cli behind a launcher of pnpm or Volta is found', async (t) => {
  const sandbox = new Sandbox(t)
  for (const [manager, folder] of [
    ['pnpm', 'pnpm/.pnpm/particle-cli@9.9.9/node_modules/particle-cli'],
    ['volta', 'volta/tools/image/packages/particle-cli/lib/node_modules/particle-cli'],
  ]) {
    const say = { 'src/index.js': `console.log('${manager}')` }
    imitate(join(sandbox.folder, `${folder}`), say)
    const bin = join(sandbox.folder, `${manager}`, 'bin')
    mkdirSync(bin)
    // Volta's is a binary, not a script.
    writeFileSync(join(bin, 'particle'), manager === 'pnpm' ? PNPM : '\x7fELF')
    const env = { ...sandbox.env, PATH: bin }
    const { status, stdout } = await sandbox.start(['where'], { stdin: '', env, ...WRAPPER }).end
    assert.deepEqual([status, stdout], [0, `${manager}\n`])
  }
})

test('the hook leaves other programs alone', async (t) => {
  const sandbox = new Sandbox(t)
  const index = sandbox.file(
    'index.js',
    'console.log(process.argv.slice(2).join(), Object.keys(require.cache).length)',
  )
  const run = (/** @type {string[]} */ ...node) =>
    spawnSync(process.execPath, [...node, index, 'duo'], { encoding: 'utf8' })
  const [plain, hooked] = [run(), run('--require', HOOK)]
  assert.deepEqual([hooked.status, hooked.stderr], [0, ''])
  const modules = ({ stdout = '' }) => Number(/^duo (\d+)\n$/.exec(stdout)?.[1])
  // One more module for the hook itself, and two with which it checks whose script this is.
  assert.ok(modules(plain) >= 1 && modules(hooked) <= modules(plain) + 3, plain.stdout + hooked.stdout)
})

test('on a Node older than 20 the hook steps aside, and says nothing', async (t) => {
  const sandbox = new Sandbox(t)
  const older = sandbox.file(
    'older.cjs',
    "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '18.20.8' } })",
  )
  const entry = join(imitate(join(sandbox.folder, 'particle-cli')), 'src/index.js')
  const command = [process.execPath, '--require', older, '--require', HOOK, entry]
  const { status, stdout, stderr } = await sandbox.start(['duo', 'list'], { stdin: '', command }).end
  assert.deepEqual([status, stdout, stderr], [1, "No such command 'duo'\n", ''])
})

/** How each shell is started with a script, and how it loads the function. */
const SHELLS = {
  bash: { args: ['-c'], take: 'eval "$(duo-provision shell-init bash)"' },
  zsh: { args: ['-f', '-c'], take: 'eval "$(duo-provision shell-init zsh)"' },
  fish: { args: ['--no-config', '-c'], take: 'duo-provision shell-init fish | source' },
  pwsh: {
    args: ['-NoProfile', '-Command'],
    take: 'duo-provision shell-init pwsh | Out-String | Invoke-Expression',
  },
}

for (const [shell, { args, take }] of Object.entries(SHELLS)) {
  test(`shell-init ${shell}: particle duo comes here, everything else goes to particle`, async (t) => {
    const sandbox = new Sandbox(t)
    assert.equal((await sandbox.run(['shell-init', shell])).status, 0)
    sandbox.matches(`shell-init-${shell}`)
    const bin = join(sandbox.folder, 'bin')
    mkdirSync(bin)
    const script = (/** @type {string} */ name, /** @type {string} */ text) => {
      writeFileSync(join(bin, name), `#!/bin/sh\n${text}\n`)
      chmodSync(join(bin, name), 0o755)
    }
    const shows = 'printf "%s:" "$0"; printf " <%s>" "$@"; echo; cat'
    const init = `[ "$1" = shell-init ] && exec "${process.execPath}" "${join(ROOT, 'src/cli/main.cjs')}" "$@"`
    script('particle', `${shows.replace('$0', 'particle')}; exit 7`)
    script('duo-provision', `${init}\n${shows.replace('$0', 'duo-provision')}; exit 5`)
    const env = { ...sandbox.env, PATH: `${bin}${delimiter}${sandbox.env['PATH']}` }
    const calls = [
      "duo backup 'my duo.der' --json",
      'duo',
      'help duo list',
      'help keys',
      "flash duo 'a  b'",
      '',
    ]
    for (const [index, call] of calls.entries()) {
      const { error, status, stdout, stderr } = spawnSync(shell, [...args, `${take}\nparticle ${call}`], {
        cwd: sandbox.cwd,
        env,
        input: 'typed\n',
        encoding: 'utf8',
      })
      const missing = /** @type {NodeJS.ErrnoException | undefined} */ (error)?.code === 'ENOENT'
      if (missing) return t.skip(`${shell} is not installed here`)
      const ours = index < 3
      const words = [
        '<backup> <my duo.der> <--json>',
        '<>',
        '<help> <list>',
        '<help> <keys>',
        '<flash> <duo> <a  b>',
        '<>',
      ]
      const expected = `${ours ? 'duo-provision' : 'particle'}: ${words[index]}\ntyped\n`
      assert.deepEqual([stdout, stderr, status], [expected, '', ours ? 5 : 7], call)
    }
  })
}
