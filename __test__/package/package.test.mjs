/** The packages from the registry's point of view. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { BUNDLE, writeBundle } from '../../scripts/bundle.mjs'
import { FOLDERS, pages } from '../../scripts/pages.mjs'
import addon from '../../src/cli/grammar.cjs'
import { inProject, MAIN_TARBALL, PART_TARBALL, PLATFORM, project, ROOT, run, WORK } from './install.mjs'

const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
const installed = project('installed')
/** The files of the bundle, which were made when the tarball was packed. */
const bundled = writeBundle(join(WORK, 'bundle'))

/** The names of a tarball's files, sorted, without the folder that npm puts them into. */
function filesOf(/** @type {string} */ tarball) {
  const names = execFileSync('tar', ['-tzf', tarball], { encoding: 'utf8' }).trim().split('\n')
  return names.map((name) => name.replace(/^package\//, '')).sort()
}

function node(/** @type {string} */ folder, /** @type {string[]} */ ...args) {
  const { status, stdout, stderr } = inProject(folder, 'node', args)
  assert.equal(status, 0, stderr)
  return stdout.trim()
}

test('the tarballs hold what they must, and nothing else', () => {
  const folders = ['docs', 'examples', 'schema']
  const left = ['contributing', 'decisions', 'releasing', 'testing'].map((page) => `:!docs/${page}.md`)
  const listed = execFileSync('git', ['ls-files', '-z', ...folders, ...left], { cwd: ROOT, encoding: 'utf8' })
  const texts = ['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json']
  const programs = ['main', 'particle-duo', 'particle-hook'].map((name) => `src/cli/${name}.cjs`)
  const main = [
    'index.d.ts',
    'index.js',
    'src/api.cjs',
    'src/entry.cjs',
    'src/error.cjs',
    'src/hint.cjs',
    ...programs,
    ...bundled,
  ]
  const made = Object.keys(pages(addon))
  const all = [...texts, ...main, ...made, ...listed.split('\0').filter(Boolean)]
  assert.deepEqual(filesOf(MAIN_TARBALL), all.sort())
  const part = ['LICENSE', 'README.md', 'THIRD-PARTY.txt', `duo-provision.${PLATFORM}.node`, 'package.json']
  assert.deepEqual(filesOf(PART_TARBALL), part.sort())
})

/** The text of a file in a tarball. */
function textOf(/** @type {string} */ tarball, /** @type {string} */ name) {
  return execFileSync('tar', ['-xzOf', tarball, `package/${name}`], { encoding: 'utf8' })
}

test('the completions and man pages of the package are those of its grammar, and npm is told of every page', () => {
  const made = pages(addon)
  for (const name of ['man/duo-provision.1', 'man/duo-provision-dct-show.1', 'completions/_duo-provision'])
    assert.equal(textOf(MAIN_TARBALL, name), made[name])
  const { man } = JSON.parse(textOf(MAIN_TARBALL, 'package.json'))
  assert.deepEqual(
    man,
    Object.keys(made)
      .filter((name) => name.startsWith('man/'))
      .sort(),
  )
})

test('`npm pack` makes them, too, and leaves package.json as it was', () => {
  const clone = join(WORK, 'clone')
  const { files } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  const there = files.filter((/** @type {string} */ name) => existsSync(join(ROOT, name)))
  const own = `duo-provision.${PLATFORM}.node`
  // The addon last: it has to be newer than what it is compiled from.
  for (const name of [
    '.gitignore',
    'package.json',
    'package-lock.json',
    'scripts',
    'src/cli',
    ...there,
    own,
  ]) {
    if (![BUNDLE, ...FOLDERS].includes(name)) cpSync(join(ROOT, name), join(clone, name), { recursive: true })
  }
  mkdirSync(join(clone, 'node_modules'))
  for (const name of ['esbuild', '@esbuild'])
    symlinkSync(join(ROOT, 'node_modules', name), join(clone, 'node_modules', name), 'junction')
  writeFileSync(join(clone, 'node_modules/.package-lock.json'), '{}')
  const packed = run('npm', ['pack', '--silent', '--offline'], { cwd: clone })
  assert.equal(packed.status, 0, packed.stderr)
  const tarball = join(clone, `duo-provision-${version}.tgz`)
  assert.deepEqual(filesOf(tarball), filesOf(MAIN_TARBALL))
  const [was, is] = [MAIN_TARBALL, tarball].map((file) => JSON.parse(textOf(file, 'package.json')).man)
  assert.deepEqual(is, was)
  const manifest = (/** @type {string} */ folder) => readFileSync(join(folder, 'package.json'), 'utf8')
  assert.equal(manifest(clone), manifest(ROOT))
})

test('the main package needs its platforms in exactly its version, and runs no scripts', () => {
  const manifest = JSON.parse(
    readFileSync(join(installed, 'node_modules/duo-provision/package.json'), 'utf8'),
  )
  assert.equal(manifest.optionalDependencies[`duo-provision-${PLATFORM}`], version)
  assert.deepEqual(new Set(Object.values(manifest.optionalDependencies)), new Set([version]))
  assert.deepEqual([manifest.dependencies, manifest.scripts], [undefined, undefined])
})

test('the licences of all that is linked in go along, libusb’s among them', () => {
  const folder = join(installed, 'node_modules', `duo-provision-${PLATFORM}`)
  const text = readFileSync(join(folder, 'THIRD-PARTY.txt'), 'utf8')
  assert.match(text, /^libusb1-sys /m)
  assert.match(text, /GNU LESSER GENERAL PUBLIC LICENSE/)
})

test('without Rust, `npx duo-provision`, require and import work', () => {
  const { status, stdout, stderr } = inProject(installed, 'npx', ['duo-provision', '--version'])
  assert.deepEqual([status, stdout], [0, `duo-provision ${version}\n`], stderr)
  assert.equal(node(installed, '-p', 'require("duo-provision").version()'), version)
  const script = `import { version, listDevices, VirtualDuo } from 'duo-provision'
    console.log(version(), typeof listDevices, typeof VirtualDuo)`
  assert.equal(node(installed, '--input-type=module', '-e', script), `${version} function function`)
  assert.notEqual(inProject(installed, 'sh', ['-c', 'command -v cargo']).status, 0)
})

test('it works without install scripts too', () => {
  const folder = project('no-scripts', '--ignore-scripts')
  assert.equal(inProject(folder, 'npx', ['duo-provision', '--version']).stdout, `duo-provision ${version}\n`)
})

for (const [module, resolution] of [
  ['node16', 'node16'],
  ['esnext', 'bundler'],
]) {
  test(`TypeScript imports it with ${resolution} resolution`, () => {
    const folder = join(installed, `types-${resolution}`)
    mkdirSync(folder)
    const source = `import { listDevices, type ListResult } from 'duo-provision'
      export const found: Promise<ListResult> = listDevices()
      // @ts-expect-error an unknown option
      export const wrong = listDevices({ nonsense: true })\n`
    for (const name of ['module.mts', 'script.cts']) writeFileSync(join(folder, name), source)
    const types = {
      strict: true,
      noEmit: true,
      types: ['node'],
      typeRoots: [join(ROOT, 'node_modules/@types')],
    }
    const compilerOptions = { ...types, target: 'es2022', module, moduleResolution: resolution }
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions }))
    const tsc = join(ROOT, 'node_modules/typescript/bin/tsc')
    const { status, stdout } = run(process.execPath, [tsc, '-p', folder], { cwd: folder })
    assert.equal(status, 0, stdout)
  })
}

/**
 * The hook is for `node --require`, and nobody imports it. node10 is how TypeScript resolved for versions of Node that
 * are too old.
 */
const CHECKED_TYPES = ['--profile', 'node16', '--exclude-entrypoints', 'particle-hook']

test('publint and Are the types wrong have nothing to say', () => {
  const tools = join(ROOT, 'node_modules')
  for (const args of [
    [join(tools, 'publint/src/cli.js'), MAIN_TARBALL, '--strict'],
    [join(tools, 'publint/src/cli.js'), PART_TARBALL, '--strict'],
    [join(tools, '@arethetypeswrong/cli/dist/index.js'), MAIN_TARBALL, '--no-color', ...CHECKED_TYPES],
  ]) {
    const { status, stdout, stderr } = run(process.execPath, args, { cwd: ROOT })
    assert.equal(status, 0, stdout + stderr)
  }
})

/** A changed copy of the installed project. It is beside the project: inside, it would find the project's packages. */
function changed(/** @type {string} */ name, /** @type {(modules: string) => void} */ change) {
  const folder = join(WORK, name)
  cpSync(join(installed, 'node_modules'), join(folder, 'node_modules'), { recursive: true })
  mkdirSync(join(folder, 'home'))
  change(join(folder, 'node_modules'))
  return folder
}

/** Node's flag for permissions: experimental up to version 22. */
const PERMISSION =
  Number.parseInt(process.versions.node, 10) < 23 ? '--experimental-permission' : '--permission'

function refusals(
  /** @type {string} */ folder,
  /** @type {string[]} */ flags = [],
  /** @type {NodeJS.ProcessEnv} */ env = {},
) {
  const required = inProject(folder, 'node', [...flags, '-e', 'require("duo-provision")'], env)
  const command = inProject(
    folder,
    'node',
    [...flags, 'node_modules/duo-provision/src/cli/main.cjs', 'list'],
    env,
  )
  assert.deepEqual([required.status, command.status], [1, 1])
  assert.match(required.stderr, /code: 'ADDON_NOT_LOADED'/)
  return [required.stderr, command.stderr]
}

test('without its platform’s package, the error names the platform and what to do', () => {
  const part = `duo-provision-${PLATFORM}`
  const folder = changed('no-part', (modules) => rmSync(join(modules, part), { recursive: true }))
  for (const text of refusals(folder)) {
    assert.match(
      text,
      new RegExp(`rror: there is no compiled part of duo-provision for ${PLATFORM} here\\n\\nhint: `),
    )
    assert.match(text, new RegExp(`the optional package ${part}: install again without --omit=optional`))
  }
})

test('on a platform without a package, the error names it and those that have one', () => {
  const folder = changed('no-platform', (modules) => {
    rmSync(join(modules, `duo-provision-${PLATFORM}`), { recursive: true })
    const path = join(modules, 'duo-provision/package.json')
    const manifest = JSON.parse(readFileSync(path, 'utf8'))
    writeFileSync(
      path,
      JSON.stringify({ ...manifest, optionalDependencies: { 'duo-provision-plan9-x64': version } }),
    )
  })
  for (const text of refusals(folder)) {
    assert.match(text, new RegExp(`rror: duo-provision has no compiled part for ${PLATFORM}\\n\\nhint: `))
    assert.match(text, /it comes compiled for plan9-x64; elsewhere, clone the repository and run `npm start`/)
  }
})

for (const [what, { flags = [], env = {}, said, hint }] of Object.entries({
  'addons are switched off': {
    flags: ['--no-addons'],
    said: /may not load its compiled part for \S+: .*loading addons is disabled/,
    hint: /without --no-addons/,
  },
  'Node’s permissions do not let it be loaded': {
    flags: [PERMISSION, '--allow-fs-read=*'],
    said: /may not load its compiled part/,
    hint: /start Node with --allow-addons too/,
  },
  'a variable names another compiled part': {
    env: { NAPI_RS_NATIVE_LIBRARY_PATH: '/nowhere.node' },
    said: /NAPI_RS_NATIVE_LIBRARY_PATH names \/nowhere\.node, .*: Cannot find module '\/nowhere\.node'$/m,
    hint: /take that variable out/,
  },
})) {
  test(`where ${what}, the error says that`, () => {
    for (const text of refusals(installed, flags, env)) {
      assert.match(text, said)
      assert.match(text.split('hint: ')[1] ?? '', hint)
    }
  })
}

test('where the compiled part may not be read, the error says that', (t) => {
  if (process.getuid?.() === 0 || process.platform === 'win32') return t.skip('root may read everything')
  const folder = changed('unreadable', (modules) =>
    chmodSync(join(modules, `duo-provision-${PLATFORM}`, `duo-provision.${PLATFORM}.node`), 0),
  )
  for (const text of refusals(folder)) assert.match(text, /denied\n\nhint: let your user read it/)
})

test('where nothing may be asked of the system, the error is still ours', () => {
  const denied = `
    const denied = () => { throw new Error('NotCapable: Requires sys access to "x", run again with the --allow-sys flag') }
    Object.defineProperty(process, 'env', { get: denied })
    Object.defineProperty(process, 'report', { get: denied })
    try { require('duo-provision') } catch (error) { require('node:fs').writeSync(1, error.code + ' ' + error.message) }`
  assert.match(
    node(installed, '-e', denied),
    /^ADDON_NOT_LOADED .*Requires sys access.*\n\nhint: start Deno with --allow-ffi/,
  )
})

test('a processor that the compiled part is not for is refused by name', () => {
  /** @type {[string, RegExp][]} */
  const cases = [
    [
      "require('node:os').machine = () => 'armv6l'",
      /armv6l, which a Raspberry Pi 1 or Zero is\n\nhint: use a/,
    ],
    [
      `Object.defineProperty(process, 'platform', { value: 'win32' })
       Object.defineProperty(process, 'arch', { value: 'arm64' })`,
      /no compiled part for win32-arm64-msvc\n\nhint: Windows 11 on ARM runs programs for x64: install Node for x64/,
    ],
  ]
  for (const [here, words] of cases) {
    const code = `${here}
      try { require('duo-provision') } catch (error) { console.log(error.code + ' ' + error.message) }`
    assert.match(node(installed, '-e', code), words)
  }
})

test('where the system cannot load the compiled part, the error says why', () => {
  const part = `duo-provision-${PLATFORM}`
  const folder = changed('broken', (modules) => {
    writeFileSync(join(modules, part, `duo-provision.${PLATFORM}.node`), 'no addon at all')
  })
  for (const text of refusals(folder)) {
    assert.match(text, new RegExp(`for ${PLATFORM} is here, but cannot be loaded: .*${part}`))
    assert.match(text, /hint: delete node_modules and run `npm install` again/)
  }
})

test('`particle duo` is in the package too, by the wrapper and by the hook', () => {
  const cli = join(installed, 'node_modules/particle-cli')
  const add =
    'const add = (parent, name, _, options) => (parent.commands[name] = { commands: {}, ...options })'
  const files = {
    'package.json': JSON.stringify({ name: 'particle-cli', version: '9.9.9', bin: 'src/index.js' }),
    'src/index.js': "require('./app/cli')",
    'src/app/cli.js': `const root = { commands: {} }
      require('../cli')({ root, commandProcessor: require('./command-processor') })
      root.commands.duo.commands.backups.handler()`,
    'src/app/command-processor.js': `${add}; module.exports = { createCategory: add, createCommand: add }`,
    'src/cli/index.js': 'module.exports = () => {}',
  }
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(cli, name)), { recursive: true })
    writeFileSync(join(cli, name), text)
  }
  const typed = ['duo', 'backups', '--json']
  const wrapped = inProject(installed, 'npx', ['particle-duo', ...typed])
  const hook = ['--require', 'duo-provision/particle-hook', join(cli, 'src/index.js')]
  const hooked = inProject(installed, 'node', [...hook, ...typed])
  for (const { status, stdout, stderr } of [wrapped, hooked]) {
    assert.equal(status, 0, stderr)
    assert.deepEqual(JSON.parse(stdout).data.backups, [])
  }
})

/** Work on two virtual Duos, in a worker that ends, or is ended while its operation runs. */
const WORKERS = `
  const { Worker, isMainThread, parentPort, workerData } = require('node:worker_threads')
  const { once } = require('node:events')
  const { VirtualDuo, listDevices } = require('duo-provision')
  async function work() {
    const duo = await VirtualDuo.start({})
    parentPort.postMessage('started')
    const listing = () => listDevices({ usbip: duo.address })
    if (workerData.forever) for (;;) await listing()
    const { devices } = await listing()
    parentPort.postMessage(devices.length)
    await duo.stop()
  }
  async function main() {
    for (const forever of [false, true, false, true]) {
      const worker = new Worker(__filename, { workerData: { forever } })
      worker.on('error', (error) => { throw error })
      const messages = []
      worker.on('message', (message) => messages.push(message))
      if (forever) { await once(worker, 'message'); await worker.terminate() }
      else { await once(worker, 'exit'); console.log(messages.join()) }
    }
    const [one, two] = [0, 1].map(() => new Worker(__filename, { workerData: { forever: false } }))
    await Promise.all([once(one, 'exit'), once(two, 'exit')])
    console.log('done')
  }
  if (isMainThread) main(); else work()
`

test('workers load it, work at the same time, and are ended in the middle of an operation', () => {
  writeFileSync(join(installed, 'workers.cjs'), WORKERS)
  assert.equal(node(installed, 'workers.cjs'), 'started,1\nstarted,1\ndone')
})

test('two copies work in one process, and a second context uses the first', () => {
  const other = changed('second-copy', () => {})
  // A link to the first copy is a third path to the same file.
  symlinkSync(join(installed, 'node_modules'), join(other, 'linked'), 'junction')
  const script = `
    const { createContext, runInContext } = require('node:vm')
    const [one, two] = ['./node_modules', ${JSON.stringify(other)} + '/node_modules'].map((path) => require(path + '/duo-provision'))
    async function main() {
      console.log(one !== two)
      const duo = await one.VirtualDuo.start({})
      const found = await Promise.all([one, two].map((copy) => copy.listDevices({ usbip: duo.address })))
      console.log(found.map(({ devices }) => devices.length).join())
      const context = createContext({ addon: one, usbip: duo.address })
      const inside = await runInContext('addon.listDevices({ usbip })', context)
      console.log(inside.devices.length)
      const failed = await runInContext("addon.restoreKey({ nonsense: true }).catch((error) => error.code)", context)
      console.log(failed)
      await duo.stop()
    }
    main()`
  writeFileSync(join(installed, 'copies.cjs'), script)
  assert.equal(node(installed, 'copies.cjs'), 'true\n1,1\n1\nINVALID_ARGUMENT')
})
