/** The batch of docs/many.md with what may be wrong on a bench: it notes every Duo that is not done, and fails. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { ROOT } from '../cli/harness.mjs'
import { readPage } from './page.mjs'
import { World } from './world.mjs'

const linux = { skip: process.platform !== 'linux' && 'it needs a shell' }

/** The block of the page, run; how it ends, and what it notes. */
async function batch(/** @type {World} */ world) {
  const blocks = [...readPage(join(ROOT, 'docs/many.md'))].flatMap((step) =>
    step.kind === 'run' && step.script.includes('failed.txt') ? [step] : [],
  )
  const [block] = blocks
  assert.ok(block && blocks.length === 1)
  const { status } = await world.run(block)
  const noted = await world.run({ ...block, script: 'cat duos.txt; echo; cat failed.txt' })
  const [duos = '', failed = ''] = world.shown(noted.stdout).split('\n\n')
  return { status, duos: duos.trim().split('\n'), failed: failed.trim() }
}

async function open(/** @type {import('node:test').TestContext} */ t, /** @type {string} */ text) {
  const world = await World.open(text)
  t.after(() => world.close())
  return world
}

test('a Duo that cannot be opened is noted, and those behind it are done', linux, async (t) => {
  const world = await open(t, 'duos=3')
  world.duo.arm('1-1', 'stall-before@1+')
  const { status, duos, failed } = await batch(world)
  assert.equal(status, 1)
  assert.deepEqual(duos, ['1-1 unknown', '1-2 30001a000347343432313032', '1-3 30001a000347343432313033'])
  assert.match(failed, /^unknown at 1-1: exit code 4$/)
})

test('one that does not tell its id is saved, and noted', linux, async (t) => {
  const world = await open(t, 'bootloader=r4')
  const { status, duos, failed } = await batch(world)
  assert.equal(status, 1)
  assert.deepEqual(duos, ['1-1 unknown'])
  assert.match(failed, /^unknown at 1-1: exit code 2$/)
})

test('a list that fails is no success', linux, async (t) => {
  const world = await open(t, '')
  const nowhere = {
    script: 'export DOCS_USBIP=127.0.0.1:9',
    typed: undefined,
    stays: undefined,
    inRepository: false,
  }
  await world.run(nowhere)
  const { status, duos } = await batch(world)
  assert.equal(status, 1)
  assert.deepEqual(duos, [''])
})
