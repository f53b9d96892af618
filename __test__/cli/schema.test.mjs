/** Compares the schema of `--json` with every command of the grammar and with the types of the API. */
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { test } from 'node:test'
import ts from 'typescript'
import { OF_THE_COMMAND_LINE } from '../../scripts/types.mjs'
import { describeCommandLine, parseCommandLine } from '../../src/cli/grammar.cjs'
import { jsonLines, ROOT, restarted, rootIn, Sandbox } from './harness.mjs'
import { checkLines, describedCommands, flaws, SCHEMA } from './schema.mjs'

/**
 * Every command of the grammar that can be run, as the completions know them. Those of a group have a space in them.
 * Those that work on all Duos come a second time, with `--all` after them.
 */
function commandsOfTheGrammar() {
  const script = parseCommandLine(['completions', 'bash']).text ?? ''
  const names = [...script.matchAll(/cmd="duo__provision__subcmd__(\w+)"/g)]
    .map(([, name = '']) => name)
    .filter((name) => !/(^|__)help(__|$)/.test(name))
    .map((name) =>
      name
        .replace('server__subcmd__key', 'server-key')
        .replace('shell__subcmd__init', 'shell-init')
        .replaceAll('__subcmd__', ' '),
    )
  const groups = new Set(names.filter((name) => names.some((other) => other.startsWith(`${name} `))))
  const all = withAll(describeCommandLine(), '').map((name) => `${name} --all`)
  return [...names.filter((name) => !groups.has(name)), ...all].sort()
}

/** The commands that have `--all`. @returns {string[]} */
function withAll(
  /** @type {import('../../src/cli/grammar.cjs').CommandDescription} */ { commands },
  /** @type {string} */ group,
) {
  return commands.flatMap((command) => {
    const has = command.options.some(({ name }) => name === 'all')
    return [...(has ? [`${group}${command.name}`] : []), ...withAll(command, `${group}${command.name} `)]
  })
}

test('the schema describes a result of every command of the grammar, and of no other', () => {
  assert.deepEqual(describedCommands(), commandsOfTheGrammar())
})

const HAS_UDEV = process.platform === 'linux'

test('every command of the grammar prints a result that the schema describes', async (t) => {
  const sandbox = new Sandbox(t)
  const duo = await sandbox.duo()
  const cloud = await sandbox.cloud({ devicePort: 0 })
  duo.setServer(cloud.serverKey ?? '', cloud.deviceAddress ?? '')
  const [first] = duo.duos()
  assert.ok(first)
  const usbip = ['--usbip', duo.address]
  const api = ['--api-url', cloud.url]
  /** @type {Set<string>} */
  const seen = new Set()
  const run = async (/** @type {string[]} */ ...args) => {
    const { boots } = duo.duos()[0] ?? first
    const { stdout } = await sandbox.run([...args, '--json']) // The harness checks every line.
    const { type, command } = jsonLines(stdout).at(-1)
    assert.equal(type, 'result', `${args.join(' ')}: ${stdout}`)
    seen.add(command)
    return () => restarted(duo, boots)
  }
  for (const args of [
    ['list', ...usbip],
    ['dfu', ...usbip],
    ['backup', 'duo.der', ...usbip],
    ['inspect', 'duo.der'],
    ['dct', 'backup', 'dct.bin', ...usbip],
    ['inspect', 'dct.bin'],
    ['inspect', 'dct.json'],
    ['dct', 'show', ...usbip],
    ['server-key', 'show', ...usbip],
    ['key', 'new', 'new.der'],
    ['key', 'public', 'new.der'],
    ['provision', first.deviceId, '--from-device', ...api, ...usbip],
    ['verify', ...usbip],
    ['backup', '--all', ...usbip],
    ['dct', 'backup', '--all', ...usbip],
    ['provision', '--all', '--from-device', ...api, ...usbip],
    ['verify', '--all', ...usbip],
    ['restore', 'duo.der', '--yes', ...usbip],
    ['dct', 'restore', 'dct.bin', '--fields', 'claim-code', '--yes', ...usbip],
  ]) {
    await run(...args)
  }
  await (await run('rotate', '--yes', ...api, ...usbip))()
  await (await run('reset', '--yes', ...usbip))()
  sandbox.file('own.pub.pem', cloud.serverKey ?? '')
  sandbox.file('ids.txt', `${first.deviceId}\n`)
  sandbox.file('devices.csv', `device_id,key_file\n${first.deviceId},new.pub.pem\n`)
  for (const args of [
    ['server-key', 'set', 'own.pub.pem', '--host', '192.168.1.10', '--yes', ...usbip],
    ['server-key', 'restore', '--yes', ...usbip],
    ['fleet', 'manifest', '--ids', 'ids.txt'],
    ['fleet', 'provision', 'devices.csv', ...api],
    ['fleet', 'verify', 'devices.csv', ...api],
    ['fleet', 'report', 'devices.provision.jsonl'],
    ['backups'],
    ['status'],
    ['history'],
    ['doctor', ...usbip],
    ['demo'],
    ['completions', 'bash'],
    ['shell-init', 'bash'],
    ['man', 'list'],
    ['udev', 'print'],
    ...(HAS_UDEV ? [['udev', 'install', '--root', rootIn(sandbox)]] : []),
  ]) {
    await run(...args)
  }
  const simulated = sandbox.start(['simulate', '--duos', '2', '--json'])
  const [line] = await simulated.says('stdout', /^.*\n/)
  seen.add(JSON.parse(line).command)
  checkLines(line)
  simulated.child.kill('SIGINT')
  await simulated.end
  const there = commandsOfTheGrammar().filter((command) => HAS_UDEV || command !== 'udev install')
  assert.deepEqual([...seen].sort(), there)
})

test('a line that is not described is refused: another member, another word, a kind that there is not', () => {
  const phase = { type: 'phase', phase: 'find', description: 'looking' }
  assert.equal(flaws(phase), undefined)
  for (const wrong of [
    { ...phase, more: 1 },
    { ...phase, phase: 'dance' },
    { ...phase, type: 'dance' },
    { type: 'phase', phase: 'find' },
    { type: 'result', command: 'backups', folder: '/', backups: [], unreadable: [], more: 1 },
    { type: 'result', command: 'dance' },
    { type: 'result', command: 'list', devices: [{ path: '1-1', more: 1 }] },
    { type: 'error', code: 'NO_SUCH_CODE', message: '', exitCode: 1 },
  ]) {
    assert.notEqual(flaws(wrong), undefined, JSON.stringify(wrong))
  }
})

const program = ts.createProgram([join(ROOT, 'index.d.ts')], {
  strict: true,
  exactOptionalPropertyTypes: true,
})
const checker = program.getTypeChecker()
const declarations = new Map(
  checker
    .getExportsOfModule(
      /** @type {ts.Symbol} */ (
        checker.getSymbolAtLocation(
          /** @type {ts.SourceFile} */ (program.getSourceFile(join(ROOT, 'index.d.ts'))),
        )
      ),
    )
    .map((symbol) => [symbol.name, checker.getDeclaredTypeOfSymbol(symbol)]),
)

/** The words that a text may be; nothing if it may be any text. */
function words(/** @type {ts.Type | undefined} */ type) {
  const parts = type?.isUnion() ? type.types : [type]
  const literals = parts.flatMap((part) => (part?.isStringLiteral() ? [part.value] : []))
  return literals.length > 0 ? literals.sort() : undefined
}

/** The members of a type of the API: their names, whether they are always there, and their words. */
function membersOf(/** @type {ts.Type} */ type) {
  return Object.fromEntries(
    type.getProperties().map((member) => {
      const optional = (member.flags & ts.SymbolFlags.Optional) !== 0
      return [member.name, { optional, words: words(checker.getTypeOfSymbol(member)) }]
    }),
  )
}

/** The words of a closed list of the schema, which may be described elsewhere; nothing if it is no such list. */
function describedWords(/** @type {any} */ schema) {
  const { $ref, oneOf, ...rest } = schema
  const choices = ($ref ? SCHEMA.$defs[$ref.split('/').at(-1)] : schema).oneOf ?? [rest]
  const found = choices.flatMap((/** @type {any} */ one) => one.enum ?? one.const ?? [])
  return found.length > 0 ? found.sort() : undefined
}

/** The same for a type of the schema. */
function describedMembers(/** @type {any} */ { properties, required = [] }) {
  return Object.fromEntries(
    Object.entries(properties).map(([name, value]) => [
      name,
      { optional: !required.includes(name), words: describedWords(value) },
    ]),
  )
}

for (const [name, described] of Object.entries(SCHEMA.$defs)) {
  if (OF_THE_COMMAND_LINE.includes(name) || name === 'ProgressEvent') continue
  test(`${name} of the schema has the members and the words of index.d.ts`, () => {
    const type = declarations.get(name)
    assert.ok(type, `index.d.ts has no ${name}`)
    if (described.properties) assert.deepEqual(describedMembers(described), membersOf(type))
    else assert.deepEqual(describedWords(described), words(type))
  })
}

test('every event of the API is one of the schema, with the same members', () => {
  const events = declarations.get('ProgressEvent')
  assert.ok(events?.isUnion())
  const byType = (/** @type {any[]} */ all) =>
    all.sort((a, b) => `${a.type.words}`.localeCompare(b.type.words))
  assert.deepEqual(
    byType(SCHEMA.$defs.ProgressEvent.oneOf.map(describedMembers)),
    byType(events.types.map(membersOf)),
  )
})

test('the schema names its version, and is a part of the package', () => {
  assert.match(SCHEMA.$id, /^urn:duo-provision:output:\d+$/)
  assert.deepEqual(createRequire(import.meta.url)('duo-provision/output.schema.json'), SCHEMA)
})
