/** The completions and man pages, as they are made for a package, in the shells and formatters that they are for. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { writePages } from '../../scripts/pages.mjs'
import addon from '../../src/cli/grammar.cjs'
import { missing, NO_TERMINAL, Sandbox, start } from './harness.mjs'

const MADE = mkdtempSync(join(tmpdir(), 'duo-provision-pages-'))
after(() => rmSync(MADE, { recursive: true, force: true }))
writePages(MADE, addon)

const COMPLETIONS = join(MADE, 'completions')
const PAGES = join(MADE, 'man')

/** What is typed before Tab, and the words that the line has after it. */
const CASES = [
  ['dct ba', 'dct|backup'],
  ['server-key se', 'server-key|set'],
  ['backup --enc', 'backup|--encrypt'],
  ['udev ins', 'udev|install'],
  ['completions pow', 'completions|powershell'],
  ['key new --pass', 'key|new|--passphrase-file'],
]

/**
 * For each case, types a line, a Tab and Enter into an interactive shell. In that shell the command is a function that
 * prints its arguments.
 */
async function typeInto(
  /** @type {Sandbox} */ sandbox,
  /** @type {string} */ shell,
  /** @type {string[]} */ setUp,
) {
  const started = start('script', ['--quiet', '--return', '--command', shell, '/dev/null'], {
    env: { ...sandbox.env, TERM: 'xterm' },
    cwd: sandbox.cwd,
  })
  for (const line of [...setUp, 'echo rea""dy']) started.child.stdin.write(`${line}\n`)
  await started.says('stdout', /ready/)
  for (const [typed, words = ''] of CASES) {
    started.child.stdin.write(`duo-provision ${typed}\t\n`)
    const [, got] = await started.says(
      'stdout',
      new RegExp(`<((?:${words.split('|')[0]})\\|[^<>]*)>[\\s\\S]*$`),
    )
    assert.equal(got, words, `${shell}: ${typed}`)
    started.child.stdin.write('clear; echo rea""dy\n')
  }
  started.child.stdin.write('exit\n')
  await started.end
}

test('bash completes commands, nested ones and options', { skip: missing('bash') }, (t) => {
  const sandbox = new Sandbox(t)
  const script = join(COMPLETIONS, 'duo-provision.bash')
  for (const [typed = '', words = ''] of CASES) {
    // As readline calls it (bash's manual, "Programmable Completion"): the command, the word, and the one before it.
    const ask = `source '${script}'; COMP_WORDS=(duo-provision ${typed}); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
      COMP_LINE='duo-provision ${typed}'; COMP_POINT=\${#COMP_LINE}
      name=$(complete -p duo-provision | sed 's/.*-F \\([^ ]*\\).*/\\1/')
      "$name" duo-provision "\${COMP_WORDS[COMP_CWORD]}" "\${COMP_WORDS[COMP_CWORD - 1]}"
      printf '%s\n' "\${COMPREPLY[@]}"`
    const { stdout, stderr } = spawnSync('bash', ['--norc', '--noprofile', '-c', ask], {
      encoding: 'utf8',
      env: sandbox.env,
      cwd: sandbox.cwd,
    })
    assert.deepEqual([stdout, stderr], [`${words.split('|').at(-1)}\n`, ''], typed)
  }
})

test('zsh completes commands, nested ones and options', {
  skip: NO_TERMINAL || missing('zsh'),
}, async (t) => {
  await typeInto(new Sandbox(t), 'zsh -f -i', [
    `fpath=('${COMPLETIONS}' $fpath); autoload -U compinit; compinit -u -D`,
    `duo-provision() { print -r -- "<\${(j:|:)@}>" }`,
  ])
})

test('fish completes commands, nested ones and options', { skip: missing('fish') }, (t) => {
  const sandbox = new Sandbox(t)
  const script = join(COMPLETIONS, 'duo-provision.fish')
  // clap_complete gives fish no values for arguments without a name.
  for (const [typed = '', words = ''] of CASES.filter(([line]) => line !== 'completions pow')) {
    const { stdout, stderr } = spawnSync(
      'fish',
      ['--no-config', '-c', `source '${script}'; complete -C 'duo-provision ${typed}'`],
      { encoding: 'utf8', env: sandbox.env, cwd: sandbox.cwd },
    )
    const offered = stdout.split('\n').map((line) => line.split('\t')[0])
    assert.ok(offered.includes(words.split('|').at(-1) ?? ''), `${typed}: ${stdout}${stderr}`)
  }
})

test('PowerShell takes its completions', { skip: missing('pwsh') }, () => {
  const script = join(COMPLETIONS, 'duo-provision.ps1')
  const ask = `. '${script}'; (TabExpansion2 'duo-provision dct ba' 20).CompletionMatches.CompletionText`
  const { stdout, stderr } = spawnSync('pwsh', ['-NoProfile', '-Command', ask], { encoding: 'utf8' })
  assert.equal(stdout.trim(), 'backup', stderr)
})

test('elvish takes its completions', { skip: missing('elvish', ['-version']) }, () => {
  const { status, stderr } = spawnSync('elvish', ['-compileonly', join(COMPLETIONS, 'duo-provision.elv')], {
    encoding: 'utf8',
  })
  assert.equal(status, 0, stderr)
})

test('every command has a man page, and every page is of a command', async (t) => {
  const sandbox = new Sandbox(t)
  const seen = new Set(['duo-provision.1'])
  const walk = async (/** @type {string[]} */ words) => {
    const { stdout } = await sandbox.run([...words, '--help'])
    const commands = stdout.split('\nCommands:\n')[1]?.split('\n\n')[0] ?? ''
    for (const [, command = ''] of commands.matchAll(/^ {2}([a-z][a-z-]*) /gm)) {
      if (command === 'help') continue
      seen.add(`duo-provision-${[...words, command].join('-')}.1`)
      await walk([...words, command])
    }
  }
  await walk([])
  assert.deepEqual(readdirSync(PAGES).sort(), [...seen].sort())
})

test('`man` prints the page that is shipped, and knows what was meant', async (t) => {
  const sandbox = new Sandbox(t)
  const { stdout } = await sandbox.run(['man', 'server-key', 'set'])
  assert.equal(stdout, readFileSync(join(PAGES, 'duo-provision-server-key-set.1'), 'utf8'))
  const mistyped = await sandbox.run(['man', 'dct', 'bakcup'])
  assert.equal(mistyped.status, 2)
  assert.match(mistyped.stderr, /similar: backup;/)
})

test('mandoc finds no fault in the man pages', { skip: missing('mandoc', []) }, () => {
  for (const page of readdirSync(PAGES)) {
    const args = ['-T', 'lint', '-W', 'warning', join(PAGES, page)]
    const { stdout, error } = spawnSync('mandoc', args, { encoding: 'utf8' })
    if (error) throw error
    // There is no date, on purpose; and clap_mangen puts two breaks beside a list of values.
    const faults = stdout
      .split('\n')
      .filter((line) => line && !/missing date|br (after|before) sp/.test(line))
    assert.deepEqual(faults, [])
  }
})

test('man shows the pages without a warning', { skip: missing('man') }, (t) => {
  const env = { ...new Sandbox(t).env, MANWIDTH: '80', LC_ALL: 'C.UTF-8', MANPAGER: 'cat' }
  for (const page of readdirSync(PAGES)) {
    const args = ['--warnings', '--local-file', join(PAGES, page)]
    const { status, stdout, stderr } = spawnSync('man', args, { encoding: 'utf8', env })
    assert.deepEqual([status, stderr], [0, ''], page)
    assert.match(stdout, /NAME[\s\S]*SYNOPSIS[\s\S]*duo-provision/)
  }
})
