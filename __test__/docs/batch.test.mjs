/**
 * Runs the batch of docs/many.md with problems that a bench may have: it names every Duo that is not done, and fails.
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { ROOT } from '../cli/harness.mjs'
import { readPage } from './page.mjs'
import { World } from './world.mjs'

const linux = { skip: process.platform !== 'linux' && 'it needs a shell' }

/** Runs the block of the page with `backup --all`. Returns how it ends and what it prints. */
async function batch(/** @type {World} */ world) {
  const blocks = [...readPage(join(ROOT, 'docs/many.md'))].flatMap((step) =>
    step.kind === 'run' && step.script.includes('backup --all') ? [step] : [],
  )
  const [block] = blocks
  assert.ok(block && blocks.length === 1)
  const { status, stdout } = await world.run(block)
  return { status, lines: world.shown(stdout).trim().split('\n').sort() }
}

async function open(/** @type {import('node:test').TestContext} */ t, /** @type {string} */ text) {
  const world = await World.open(text)
  t.after(() => world.close())
  return world
}

test('a Duo that cannot be opened is named, and those behind it are done', linux, async (t) => {
  const world = await open(t, 'duos=3')
  world.duo.arm('1-1', 'stall-before@1+')
  const { status, lines } = await batch(world)
  assert.equal(status, 10)
  assert.match(lines.join('\n'), /^1-1 .* failed .*\[\w+\]$/m)
  assert.match(
    lines.join('\n'),
    /^1-2 +30001a000347343432313032 saved .*\n1-3 +30001a000347343432313033 saved /m,
  )
  assert.match(lines.join('\n'), /^Not all saved: 2 of 3 Duos, 1 failed$/m)
})

test('those that do not tell their id are saved, and not sent', linux, async (t) => {
  const world = await open(t, 'bootloader=r4')
  const { status, lines } = await batch(world)
  assert.equal(status, 10)

  assert.match(lines.join('\n'), /^1-1 +id not known +failed .*\[DEVICE_ID_UNVERIFIABLE\]$/m)
})

test('a server that is not there is no success', linux, async (t) => {
  const world = await open(t, '')
  const nowhere = {
    script: 'export DOCS_USBIP=127.0.0.1:9',
    typed: undefined,
    stays: undefined,
    inRepository: false,
  }
  await world.run(nowhere)
  assert.equal((await batch(world)).status, 4)
})
