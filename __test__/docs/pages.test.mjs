/**
 * Runs every ```sh block of README.md and of docs/, page by page and in order, against virtual Duos and a local cloud.
 * Each block must end as the page says. What a page shows below a block is compared with what is printed. page.mjs
 * lists the comments that a page may have, world.mjs what its addresses and ids stand for.
 *
 * One page alone: node --test --test-name-pattern one-duo __test__/docs/pages.test.mjs
 */
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import { test } from 'node:test'
import { ROOT } from '../cli/harness.mjs'
import { matches, Names } from './compare.mjs'
import { readPage } from './page.mjs'
import { World } from './world.mjs'

/** @typedef {import('./page.mjs').Block} Block */

const PAGES = [
  'README.md',
  ...readdirSync(join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .sort()
    .map((name) => `docs/${name}`),
]

for (const page of PAGES) {
  test(`the shell blocks of ${page} do what it says`, {
    skip: process.platform !== 'linux' && 'it needs a shell, and `script` of util-linux',
  }, async (t) => {
    const path = join(ROOT, page)
    let names = new Names()
    /** @type {World | undefined} */
    let world
    try {
      for (const step of readPage(path)) {
        const where = `${relative(process.cwd(), path)}:${step.line}`
        if (step.kind === 'run' && step.notRun !== undefined) {
          assert.ok(step.notRun.length > 10, `${where} is not run, and does not say why`)
          t.diagnostic(`not run: ${where}: ${step.notRun}`)
          continue
        }
        if (step.kind === 'world' || !world) {
          await world?.close()
          world = await World.open(step.kind === 'world' ? step.text : '')
        }
        if (step.kind === 'before') await prepare(world, step.text, where)
        else if (step.kind === 'run') names = await tryBlock(world, step, names, where)
      }
    } finally {
      await world?.close()
    }
  })
}

async function prepare(
  /** @type {World} */ world,
  /** @type {string} */ script,
  /** @type {string} */ where,
) {
  const ended = await world.run({ script, typed: undefined, stays: undefined, inRepository: false })
  assert.equal(ended.status, 0, `${where}: what comes before fails:\n${ended.stdout}${ended.stderr}`)
}

/** Runs a block. Returns the known names after it. */
async function tryBlock(
  /** @type {World} */ world,
  /** @type {Block} */ block,
  /** @type {Names} */ names,
  /** @type {string} */ where,
) {
  const { status, stdout, stderr } = await world.run(block)
  const [out, err] = [world.shown(stdout), world.shown(stderr)]
  assert.equal(status, block.fails, `${where} ended with ${status}:\n${block.script}\n${out}${err}`)
  if (block.shown === undefined) return names
  const { shown } = block
  const after = [out, err, out + err].map((printed) => matches(shown, printed, names.copy())).find(Boolean)
  assert.ok(after, `${where} shows:\n${shown}\nand it printed:\n${out}${err}`)
  return after
}
