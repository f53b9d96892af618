/** Checks that the runner of the documentation finds the errors that it must find. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { atTheBench, atTheCloud } from './bench.mjs'
import { matches, Names } from './compare.mjs'
import { readPage } from './page.mjs'
import { World } from './world.mjs'

const LINUX = { skip: process.platform !== 'linux' }
const [A, B] = ['a', 'b'].map((digit) => digit.repeat(64))

/** A page with this text, taken apart. */
function page(/** @type {string} */ text) {
  const folder = mkdtempSync(join(tmpdir(), 'duo-provision-page-'))
  try {
    const path = join(folder, 'page.md')
    writeFileSync(path, text)
    return readPage(path)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

test('a page is its worlds, its blocks and what they print, in order', () => {
  const steps = page(`# Title
<!-- a remark -->
<!-- world: duos=2 -->
1. Type
   <!-- fails: 7 -->
   <!-- typed: y, n -->
   \`\`\`sh
   one
     two
   \`\`\`
   \`\`\`text
   printed
   \`\`\`
\`\`\`text
of nothing
\`\`\`
<!-- not run: it has its reasons -->
\`\`\`sh
three
\`\`\`
`)
  assert.deepEqual(
    steps.map(({ kind, line }) => [kind, line]),
    [
      ['world', 3],
      ['run', 7],
      ['run', 18],
    ],
  )
  const [, first, second] = steps
  assert.ok(first?.kind === 'run' && second?.kind === 'run')
  assert.equal(first.script, 'one\n  two\n')
  assert.equal(first.shown, 'printed\n')
  assert.deepEqual([first.fails, first.typed, first.notRun], [7, ['y', 'n'], undefined])
  assert.deepEqual([second.fails, second.notRun], [0, 'it has its reasons'])
})

for (const [what, text] of [
  ['a block that goes by another name', '```bash\nls\n```\n'],
  ['a block that shows what is typed', '```text\n$ ls\n```\n'],
  ['a block with more to its name', '```sh title\nls\n```\n'],
  ['a block of no kind', '```\nls\n```\n'],
  ['a block without an end', '```sh\nls\n'],
  ['a comment about no block', '<!-- fails: 7 -->\n\nWords.\n'],
]) {
  test(`a page is refused: ${what}`, () => {
    assert.throws(() => page(text ?? ''), /page\.md:\d+/)
  })
}

test('what is shown is compared whole', () => {
  const same = (/** @type {string} */ shown, /** @type {string} */ printed) =>
    matches(shown, printed, new Names()) !== undefined
  assert.ok(same('one\n\n  two\n', 'one\n  two\n'))
  assert.ok(!same('one\ntwo\n', 'one\n'))
  assert.ok(!same('one\n', 'one\ntwo\n'))
  assert.ok(!same('one\n', 'won\n'))
  assert.ok(same('…\ntwo\n…\n', 'zero\none\ntwo\n'))
  assert.ok(!same('…\ntwo\n', 'zero\none\n'))
  assert.ok(same('at 2026-01-01T12:00:00Z', 'at 2030-02-03T04:05:06Z'))
})

test('the same key is the same key wherever it is shown', () => {
  const [c, d] = ['c', 'd'].map((digit) => digit.repeat(64))
  const names = matches(`${A} ${B}`, `${c} ${d}`, new Names())
  assert.ok(names)
  assert.ok(matches(`${B}`, `${d}`, names.copy()))
  assert.ok(matches(`x-${A?.slice(0, 8)}.der`, `x-${c?.slice(0, 8)}.der`, names.copy()))
  assert.equal(matches(`${B}`, `${c}`, names.copy()), undefined)
  assert.equal(matches(`${'e'.repeat(64)}`, `${c}`, names.copy()), undefined)
})

test('a token from a file goes to the local cloud where that one is called Particle’s', () => {
  const run = (/** @type {string} */ line) => atTheCloud(line.split(' '), 'http://x').join(' ')
  assert.equal(run('abc --token-file t'), 'abc --token-file t --api-url http://x')
  for (const line of ['abc', 'abc --token-file t --api-url http://y']) assert.equal(run(line), line)
  assert.deepEqual(atTheCloud(['--token-file', 't'], undefined), ['--token-file', 't'])
})

test('a command that works on a Duo works on the virtual one', () => {
  const run = (/** @type {string} */ line) => atTheBench(line.split(' '), '127.0.0.1:1').slice(-2).join(' ')
  for (const line of ['backup', 'dct show', 'server-key show', 'abc --from-device', 'restore duo.der']) {
    assert.equal(run(line), '--usbip 127.0.0.1:1', line)
  }
  for (const line of [
    'inspect duo.der',
    'dct show dct.bin',
    'verify --key duo.der',
    'list --usbip x',
    'abc',
    'status',
  ]) {
    assert.notEqual(run(line), '--usbip 127.0.0.1:1', line)
  }
})

test('npm finds the same command in the folder as the stand-in for npx', LINUX, async (t) => {
  const world = await World.open('none')
  t.after(() => world.close())
  const script = 'npm exec --no -- duo-provision --version\nnpx duo-provision --version\n'
  const ended = await world.run({ script, typed: undefined, stays: undefined, inRepository: false })
  const [npm, npx] = ended.stdout.trim().split('\n')
  assert.equal(ended.status, 0, ended.stderr)
  assert.match(npm ?? '', /^duo-provision \d/)
  assert.equal(npm, npx)
})

test('a block ends at the first command that fails; the next one goes on in its folder', LINUX, async (t) => {
  const world = await World.open('none')
  t.after(() => world.close())
  const run = (/** @type {string} */ script) =>
    world.run({ script, typed: undefined, stays: undefined, inRepository: false })
  const failed = await run('mkdir inside; cd inside; export WORD="two words"\nsh -c "exit 7"\necho never\n')
  assert.deepEqual([failed.status, failed.stdout], [7, ''])
  const next = await run('echo "$WORD in $PWD"\n')
  assert.equal(world.shown(next.stdout), 'two words in /home/you/duo/inside\n')
})
