/**
 * `npm run api-docs`: writes docs/api.md, the reference of the API, from the types in index.d.ts. `npm test` makes it
 * anew and compares.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ROOT, tool } from './prepare.mjs'

/** The page. */
export const API_PAGE = 'docs/api.md'

const HEAD = `<!-- Made from index.d.ts by \`npm run api-docs\`. Change the comments in src, not this page. -->

# API reference

Every function takes plain options and a [Control](#control), and throws a [DuoProvisionError](#duoprovisionerror) with
a stable [code](#errorcode); [troubleshooting.md](troubleshooting.md) has an entry for each. Examples are in the
[README](../README.md#from-node).

`

/** TypeDoc's settings, and those of its plug-in for Markdown. */
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

/** The reference as Markdown, made of a file of types. */
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
 * Without anchors that nothing refers to, which would be most of what a reader of the source sees, and without the
 * constructors that a class has for TypeDoc where it declares none: these are made by their `start`.
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
