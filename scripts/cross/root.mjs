/** Runs programs with another folder as `/`. They see nothing else but this repository, at its usual path. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ROOT } from '../prepare.mjs'
import { NOT_HERE, ran } from './programs.mjs'

/**
 * The mounts are in their own namespace, and disappear when the program ends. The output goes to a file: Wine loses
 * output in a pipe. The umask is 077, because Wine turns modes into access lists: new files are for their owner alone,
 * as in a profile on Windows.
 */
const ENTER = `
set -e
umask 077
root=$1 repository=$2 output=$3
shift 3
mount --rbind /proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t tmpfs tmpfs "$root/tmp"
mount --bind "$repository" "$root$repository"
exec chroot "$root" /usr/bin/busybox sh -c 'cd "$1" && shift && exec /usr/bin/busybox env -i "$@"' sh "$repository" "$@" \
  >"$output" 2>&1 </dev/null
`

/**
 * @param {string} root a folder with busybox in it
 * @param {Record<string, string>} env all of its environment
 * @param {string[]} command
 */
export async function ranIn(root, env, command) {
  for (const folder of ['etc', 'proc', 'dev', 'tmp', ROOT]) mkdirSync(join(root, folder), { recursive: true })
  writeFileSync(join(root, 'etc/hosts'), '127.0.0.1 localhost\n::1 localhost\n')
  const own = process.getuid?.() === 0 ? [] : ['--map-root-user']
  const kept = mkdtempSync(join(tmpdir(), 'duo-cross-'))
  const output = join(kept, 'output')
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`)
  const args = ['--mount', ...own, 'sh', '-c', ENTER, 'sh', root, ROOT, output, ...variables, ...command]
  const { status, output: before } = await ran('unshare', args, { seconds: 3600 })
  if (/^(unshare|mount): /.test(before)) throw new Error(`${NOT_HERE}${before.trim()}`)
  let said = ''
  try {
    said = readFileSync(output, 'utf8')
  } catch {
    // The command was not started; `before` says why.
  }
  rmSync(kept, { recursive: true })
  return { status, output: before + said }
}
