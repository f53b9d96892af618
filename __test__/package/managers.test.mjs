/**
 * Installs the packages with other package managers: pnpm, yarn with Plug'n'Play, Bun. These come from the npm
 * registry. Our packages come from a registry on this machine, which knows every platform's package and has the tarball
 * of this one.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { dirname, join } from 'node:path'
import { after, test } from 'node:test'
import { NO_NETWORK } from '../../scripts/prepare.mjs'
import { inCi } from '../../scripts/test/run.mjs'
import { MAIN_TARBALL, PART_TARBALL, PLATFORM, ROOT, run, WORK } from './install.mjs'

const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))

/** The package managers, in the versions that are tried. */
const TOOLS = { pnpm: '10.34.9', '@yarnpkg/cli-dist': '4.18.1', '@oven/bun-linux-x64': '1.4.5' }

/** Why they are not tried here, or false. */
const skip =
  process.env['DUO_PROVISION_TEST_ALL'] !== '1'
    ? 'it fetches 60 MB: `npm test -- --all`'
    : PLATFORM !== 'linux-x64-gnu' && 'tried on Linux on x64'

const tools = skip ? '' : fetchTools()
const registry = tools ? await startRegistry() : ''

/** Installs the managers without running any script of theirs; returns where they are, '' without a network. */
function fetchTools() {
  const folder = join(WORK, 'managers')
  mkdirSync(folder)
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, dependencies: TOOLS }))
  const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
  const { status, stderr } = run('npm', args, { cwd: folder })
  if (status !== 0 && !inCi() && NO_NETWORK.test(stderr)) return ''
  assert.equal(status, 0, stderr)
  return join(folder, 'node_modules')
}

/** A registry with the packages. It gives an installer the same answers as npm's registry. */
async function startRegistry() {
  /** @type {Map<string, { manifest: any, tarball?: Buffer }>} */
  const packages = new Map()
  for (const platform of readdirSync(join(ROOT, 'npm'))) {
    const manifest = JSON.parse(readFileSync(join(ROOT, 'npm', platform, 'package.json'), 'utf8'))
    packages.set(manifest.name, { manifest: { ...manifest, version } })
  }
  for (const file of [MAIN_TARBALL, PART_TARBALL]) {
    const { stdout } = run('tar', ['-xzOf', file, 'package/package.json'], { cwd: WORK })
    const manifest = JSON.parse(stdout)
    packages.set(manifest.name, { manifest, tarball: readFileSync(file) })
  }
  const server = createServer(({ url = '' }, response) => {
    const [, name = '', end] = url.match(/^\/([\w-]+)(\/-\/.*\.tgz)?$/) ?? []
    const { manifest, tarball } = packages.get(name) ?? {}
    if (!manifest || (end && !tarball)) return response.writeHead(404).end('{}')
    if (end) return response.end(tarball)
    const integrity = `sha512-${createHash('sha512')
      .update(tarball ?? '')
      .digest('base64')}`
    const dist = { tarball: `${registry}/${name}/-/${name}-${version}.tgz`, integrity }
    const all = { name, 'dist-tags': { latest: version }, versions: { [version]: { ...manifest, dist } } }
    response.setHeader('content-type', 'application/json').end(JSON.stringify(all))
  })
  server.listen(0, '127.0.0.1')
  after(() => server.close())
  await new Promise((listening) => server.once('listening', listening))
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  return `http://127.0.0.1:${port}`
}

/** Runs a program in a project: its home is empty, and it finds Node, itself and the system's programs. */
function inProject(/** @type {string} */ folder, /** @type {string[]} */ [program = '', ...args]) {
  const env = {
    PATH: [join(folder, 'bin'), dirname(process.execPath), '/usr/bin', '/bin'].join(':'),
    HOME: join(folder, 'home'),
    NO_COLOR: '1',
    CI: '1',
    npm_config_registry: registry,
    YARN_NPM_REGISTRY_SERVER: registry,
    YARN_UNSAFE_HTTP_WHITELIST: '127.0.0.1',
    // Our package is only a minute old.
    YARN_NPM_MINIMAL_AGE_GATE: '0',
    YARN_PNP_ENABLE_ESM_LOADER: '1',
    YARN_ENABLE_TELEMETRY: '0',
    YARN_ENABLE_IMMUTABLE_INSTALLS: '0',
  }
  return new Promise((resolve, reject) => {
    const options = { cwd: folder, env, timeout: 120_000 }
    execFile(program, args, options, (error, stdout, stderr) =>
      error
        ? reject(new Error(`${[program, ...args].join(' ')}\n${stdout}${stderr}`))
        : resolve(stdout.trim()),
    )
  })
}

/** What a user's script does: it finds a Duo, and backs up its key. */
const SCRIPT = `import { backupKey, listDevices, VirtualDuo } from 'duo-provision'
const duo = await VirtualDuo.start()
const { devices } = await listDevices({ usbip: duo.address })
const { fingerprint } = await backupKey({ usbip: duo.address, file: 'duo.der' })
console.log(devices.length, fingerprint === duo.duos()[0].fingerprint)
await duo.stop()
`

for (const { name, install, node, command } of [
  {
    name: 'pnpm',
    install: [process.execPath, join(tools, 'pnpm/bin/pnpm.cjs'), 'install'],
    node: [process.execPath],
    command: [process.execPath, join(tools, 'pnpm/bin/pnpm.cjs'), 'exec', 'duo-provision'],
  },
  {
    name: 'yarn with Plug’n’Play',
    install: [process.execPath, join(tools, '@yarnpkg/cli-dist/bin/yarn.js'), 'install'],
    node: [process.execPath, join(tools, '@yarnpkg/cli-dist/bin/yarn.js'), 'node'],
    command: [process.execPath, join(tools, '@yarnpkg/cli-dist/bin/yarn.js'), 'duo-provision'],
  },
  {
    name: 'Bun',
    install: [join(tools, '@oven/bun-linux-x64/bin/bun'), 'install'],
    node: [join(tools, '@oven/bun-linux-x64/bin/bun')],
    command: [join(tools, '@oven/bun-linux-x64/bin/bun'), 'x', '--bun', 'duo-provision'],
  },
]) {
  test(`installed with ${name}, the command and a script work`, {
    skip: skip || (!tools && 'the npm registry cannot be reached'),
  }, async () => {
    const folder = join(WORK, name.replaceAll(/\W+/g, '-'))
    mkdirSync(join(folder, 'home'), { recursive: true })
    if (name === 'Bun') chmodSync(install[0] ?? '', 0o755)
    const dependencies = { 'duo-provision': version }
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'user', private: true, dependencies }))
    writeFileSync(join(folder, 'script.mjs'), SCRIPT)
    await inProject(folder, install)
    assert.equal(await inProject(folder, [...command, '--version']), `duo-provision ${version}`)
    assert.match(await inProject(folder, [...command, 'key', 'new', 'new.der']), /new\.der/)
    assert.equal(await inProject(folder, [...node, 'script.mjs']), '1 true')
  })
}
