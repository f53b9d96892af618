/** The examples in index.d.ts type-check, and every function has one. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import ts from 'typescript'
import { ROOT } from '../cli/harness.mjs'

/** The functions that need no example: the name says everything. */
const WITHOUT = ['version']

const types = readFileSync(join(ROOT, 'index.d.ts'), 'utf8')
const parts = types.split(/\n\n(?=\/\*\*|export )/)
const functions = parts.flatMap((part) => {
  const [, name] = /^export declare function (\w+)/m.exec(part) ?? []
  return name === undefined ? [] : [{ name, example: exampleOf(part) }]
})

/** @returns {string | undefined} */
function exampleOf(/** @type {string} */ part) {
  const [, code] = /@example\n \* ```js\n([\s\S]*?)\n \* ```/.exec(part) ?? []
  return code?.replaceAll(/^ \* ?/gm, '')
}

test('every function has an example', () => {
  const without = functions.filter(({ example }) => example === undefined).map(({ name }) => name)
  assert.deepEqual(without, WITHOUT)
})

test('the examples type-check', () => {
  const names = functions.map(({ name }) => name).join(', ')
  const bodies = functions.map(
    ({ name, example = '' }) => `export async function try_${name}() {\n${example}\n}`,
  )
  const head = `import { ${names} } from './index.js'\ndeclare const vault: Map<string, Uint8Array> & { put(name: string, key: Uint8Array): Promise<void> }`
  const path = join(ROOT, 'examples-of-types.ts')
  const source = `${head}\n${bodies.join('\n')}\n`
  const { options } = ts.parseJsonConfigFileContent(
    JSON.parse(readFileSync(join(ROOT, 'tsconfig.json'), 'utf8')),
    ts.sys,
    ROOT,
  )
  const host = ts.createCompilerHost(options)
  const { getSourceFile, fileExists } = host
  host.fileExists = (name) => name === path || fileExists(name)
  host.getSourceFile = (name, ...rest) =>
    name === path ? ts.createSourceFile(name, source, rest[0]) : getSourceFile(name, ...rest)
  const program = ts.createProgram([path], options, host)
  const wrong = ts.getPreEmitDiagnostics(program).map(({ messageText, start, file }) => {
    const line = file?.getLineAndCharacterOfPosition(start ?? 0).line ?? 0
    return `${ts.flattenDiagnosticMessageText(messageText, '\n')}: ${source.split('\n')[line]}`
  })
  assert.deepEqual(wrong, [])
})
