/**
 * `npm run api-docs`: writes docs/api-reference.md, the reference of the API, from the types in index.d.ts. `npm test`
 * makes it again and compares.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ROOT, tool } from './prepare.mjs'

/** The page. */
export const API_PAGE = 'docs/api-reference.md'

const HEAD = `<!-- Made from index.d.ts by \`npm run api-docs\`. Change the comments in src, not this page. -->

# API reference

Every function takes plain options and a [Control](#control), and throws a [DuoProvisionError](#duoprovisionerror) with
a stable [code](#errorcode); [troubleshooting.md](troubleshooting.md) has an entry for each. By task, with examples that
run: [api.md](api.md).

`

/** The settings of TypeDoc and of its plug-in for Markdown. */
const SETTINGS = {
  plugin: 'typedoc-plugin-markdown',
  readme: 'none',
  router: 'module',
  groupOrder: ['Functions', 'Classes', '*'],
  disableSources: true,
  hideBreadcrumbs: true,
  hidePageHeader: true,
  hidePageTitle: true,
  parametersFormat: 'table',
  interfacePropertiesFormat: 'table',
}

/** The reference as Markdown, made from a file of types. */
export function apiDocs(types = join(ROOT, 'index.d.ts')) {
  const folder = mkdtempSync(join(tmpdir(), 'duo-provision-api-'))
  try {
    const [tsconfig, options] = [join(folder, 'tsconfig.json'), join(folder, 'typedoc.json')]
    const compilerOptions = { typeRoots: [join(ROOT, 'node_modules/@types')] }
    const own = { extends: join(ROOT, 'tsconfig.json'), compilerOptions, include: [types] }
    writeFileSync(tsconfig, JSON.stringify(own))
    writeFileSync(options, JSON.stringify({ ...SETTINGS, tsconfig, entryPoints: [types], out: folder }))
    const [node = '', typedoc = ''] = tool('typedoc')
    const { status, stderr, stdout } = spawnSync(node, [typedoc, '--options', options], { encoding: 'utf8' })
    if (status !== 0) throw new Error(`typedoc ended with ${status}:\n${stdout}${stderr}`)
    return HEAD + tidy(readFileSync(join(folder, 'README.md'), 'utf8'))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/**
 * Removes the anchors that nothing refers to: they would fill most of the Markdown source. Also removes the
 * constructors that TypeDoc adds to a class that declares none: such objects are made by `start`.
 */
function tidy(/** @type {string} */ page) {
  const referred = new Set([...page.matchAll(/\]\(#([\w-]+)\)/g)].map(([, name]) => name))
  const kept = page.replaceAll(/<a id="([\w-]+)"><\/a> ?/g, (anchor, name) =>
    referred.has(name) ? anchor : '',
  )
  return `${kept.replaceAll(/^#### Constructors\n[\s\S]*?(?=^#### )/gm, '').trim()}\n`
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  writeFileSync(join(ROOT, API_PAGE), apiDocs())
}
