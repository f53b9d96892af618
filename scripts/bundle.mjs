/**
 * Bundles the command line for the package: one CommonJS module, made from `src/cli`. From this repository it loads
 * only the addon's loaders. If `src/cli` imports an npm package, it is in the bundle, and its licence beside it.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { ROOT } from './prepare.mjs'

/** The folder of the bundle. */
export const BUNDLE = 'dist'

/** Writes the bundle into a folder, and deletes the old one. Returns the names of its files. */
export function writeBundle(/** @type {string} */ folder) {
  const files = bundle()
  rmSync(join(folder, BUNDLE), { recursive: true, force: true })
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  return Object.keys(files)
}

/**
 * The files of the bundle, by path.
 * @returns {Record<string, string>}
 */
function bundle() {
  const { metafile, text } = bundled({ outfile: `${BUNDLE}/cli.cjs` })
  const notices = licences(Object.keys(metafile.inputs))
  return { [`${BUNDLE}/cli.cjs`]: text, ...(notices && { [`${BUNDLE}/THIRD-PARTY.txt`]: notices }) }
}

/**
 * The module, for a place in this repository.
 * @param {Pick<import('esbuild').BuildOptions, 'outfile' | 'footer'>} options
 */
export function bundled(options) {
  // Loaded here: this file is read before node_modules is there.
  const { buildSync } = /** @type {typeof import('esbuild')} */ (createRequire(import.meta.url)('esbuild'))
  const { metafile, outputFiles } = buildSync({
    absWorkingDir: ROOT,
    entryPoints: ['src/cli/programs.cjs'],
    ...options,
    external: ['./index.js', './src/entry.cjs'],
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    // `import()` would start the loader of ES modules.
    supported: { 'dynamic-import': false },
    minify: true,
    legalComments: 'none',
    metafile: true,
    write: false,
    logLevel: 'warning',
  })
  return { metafile, text: outputFiles[0]?.text ?? '' }
}

/** The licences of the packages that these files belong to. */
function licences(/** @type {string[]} */ files) {
  const folders = files.flatMap((file) => file.match(/^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/) ?? [])
  return [...new Set(folders)].sort().map(licence).join('\n')
}

function licence(/** @type {string} */ folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8'))
  const file = readdirSync(join(ROOT, folder)).find((entry) => /^licen[cs]e/i.test(entry))
  if (!file) throw new Error(`${name} is bundled, and has no licence file`)
  return `${name} ${version} (${license})\n\n${readFileSync(join(ROOT, folder, file), 'utf8')}`
}
