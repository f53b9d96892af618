/**
 * `npm run build:debug`: builds the addon with the profile of the tests, its loader and its types, and puts them where
 * the loader looks for the addon. It compiles much faster than `npm run build`; the addon runs slower.
 *
 * It does not use `napi build`, which always passes a target to cargo: a target has its own folder, and all
 * dependencies would be compiled again. The steps after cargo are napi's.
 */
import { copyFileSync, mkdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import { cargo, FEATURES } from './cargo.mjs'
import { ROOT } from './prepare.mjs'
import { MANIFEST, SCHEMA, schemas } from './schema.mjs'
import { declarations, separate } from './types.mjs'

/** The folder for the addon, its loader `index.js`, its types `index.d.ts`, and the schema. */
export const BUILT = join(ROOT, 'target/dev-addon')

/** The types of the functions for the command line alone. */
export const GRAMMAR = 'src/cli/grammar.d.cts'

/** Where napi-derive writes about each exported function, in every compilation: `.cargo/config.toml` tells it so. */
const TYPES = join(ROOT, 'target/napi-types/duo-provision')

/** What it wrote about the library that was compiled last by this module, and that library's time. */
const KNOWN = join(ROOT, 'target/napi-types.json')

/** The name of the addon's file that the loader looks for on this machine. */
export const ADDON = `duo-provision.${platform()}.node`

function platform() {
  const { platform, arch } = process
  if (platform === 'win32') return `win32-${arch}-msvc`
  if (platform !== 'linux') return `${platform}-${arch}`
  const { header } = /** @type {any} */ (process.report.getReport())
  return `linux-${arch}-${header.glibcVersionRuntime ? 'gnu' : 'musl'}`
}

/** Compiles the addon and writes it, its loader, types and schema into `BUILT`. */
export async function buildAddon() {
  rmSync(BUILT, { recursive: true, force: true })
  mkdirSync(BUILT, { recursive: true })
  const { status, output, file, types } = await compiledWithTypes()
  if (status !== 0 || !file) return { status: status || 1, output }
  copyFileSync(file, join(BUILT, ADDON))
  const described = await schemas()
  if (described.status !== 0) return described
  mkdirSync(dirname(join(BUILT, SCHEMA)), { recursive: true })
  writeFileSync(join(BUILT, SCHEMA), described.text)
  writeFileSync(join(BUILT, MANIFEST), described.manifest)
  await writeLoader(described.types, types)
  return { status: 0, output }
}

/**
 * Compiles the library and the examples; the tests and the schema then use the same library. napi-derive writes the
 * types while the library is compiled. If another command has compiled it since, the types there may be of anything:
 * then it is compiled again.
 */
async function compiledWithTypes() {
  const { NAPI_TYPE_DEF_TMP_FOLDER: _, ...env } = process.env
  const compiled = async () => {
    mkdirSync(dirname(TYPES), { recursive: true })
    rmSync(TYPES, { force: true })
    // With the examples, the dependencies have the same features as for the tests, so that each is compiled once.
    const { status, output, made } = await cargo(['build', ...FEATURES, '--lib', '--examples'], env)
    const library = made.find(({ kinds }) => kinds.includes('cdylib'))
    const file = library?.files.find((name) => /\.(so|dylib|dll)$/.test(name)) ?? ''
    return { status, output, file, fresh: library?.fresh, time: file && statSync(file).mtimeMs }
  }
  const known = knownTypes()
  let { fresh, time, ...built } = await compiled()
  if (fresh && time === known.time) return { ...built, types: known.types }
  if (fresh) {
    // cargo compiles what seems to have changed. The scripts that look for a newer source must not see it.
    const source = join(ROOT, 'src/lib.rs')
    const { atime, mtime } = statSync(source)
    utimesSync(source, new Date(), new Date())
    ;({ fresh, time, ...built } = await compiled())
    utimesSync(source, atime, mtime)
  }
  if (built.status !== 0 || !built.file) return { ...built, types: '' }
  const types = readFileSync(TYPES, 'utf8')
  writeFileSync(KNOWN, JSON.stringify({ time, types }))
  return { ...built, types }
}

/** @returns {{ time?: number, types: string }} */
function knownTypes() {
  try {
    return JSON.parse(readFileSync(KNOWN, 'utf8'))
  } catch {
    // There is none, or it was not written to its end.
    return { types: '' }
  }
}

/** Writes the loader and its types, as `napi build` does. */
async function writeLoader(/** @type {Record<string, any>} */ shapes, /** @type {string} */ types) {
  // Loaded here: this file is read before node_modules is there. Not with `import`: the package's types break ours.
  const { generateTypeDef, writeJsBinding } = createRequire(import.meta.url)('@napi-rs/cli')
  const { name, version, napi } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  const header = join(BUILT, 'header.d.ts')
  writeFileSync(header, declarations(shapes, types))
  const folder = join(BUILT, 'napi-types')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'duo-provision'), types)
  const { exports, dts } = await generateTypeDef({
    typeDefDir: folder,
    cwd: ROOT,
    configDtsHeaderFile: relative(ROOT, header),
    constEnum: napi.constEnum,
    declareBindingTarget: true,
  })
  const { api, grammar } = separate(dts)
  writeFileSync(join(BUILT, 'index.d.ts'), api)
  mkdirSync(dirname(join(BUILT, GRAMMAR)), { recursive: true })
  writeFileSync(join(BUILT, GRAMMAR), grammar)
  const names = { binaryName: napi.binaryName, packageName: name, version }
  await writeJsBinding({ ...names, platform: true, idents: exports, outputDir: BUILT })
}

/** Puts an addon from that folder where the loader looks for it. */
export function install(/** @type {string} */ folder) {
  copyFileSync(join(folder, ADDON), join(ROOT, ADDON))
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { status, output } = await buildAddon()
  process.stderr.write(output)
  if (status === 0) {
    install(BUILT)
    for (const name of ['index.js', 'index.d.ts', GRAMMAR]) copyFileSync(join(BUILT, name), join(ROOT, name))
  }
  process.exitCode = status
}
