/**
 * Where the repository is. package.json says it, the pages and issue forms repeat it, and `OWNER` stands in its place
 * until somebody has one.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readJson } from './platforms.mjs'

const UNSET = 'github.com/OWNER/'
const ROOM = 'https://github.com/'

/**
 * What is not said of the address, or said twice in different ways.
 * @param {string} root the repository
 * @param {string | undefined} publisher the repository whose workflow publishes, as `owner/name`
 * @returns {string[]}
 */
export function addressProblems(root, publisher = process.env.GITHUB_REPOSITORY) {
  const { repository, bugs, homepage } = readJson(join(root, 'package.json'))
  const said = { repository: repository?.url, bugs: bugs?.url, homepage }
  const unset = Object.entries(said).filter(([, url]) => !url || url.includes(UNSET))
  if (unset.length > 0) return unset.map(([name]) => `package.json: ${name} is not set`)
  const [, address = ''] = said.repository.match(/^git\+(https:\/\/github\.com\/[^/]+\/[^/]+)\.git$/) ?? []
  if (!address) return [`package.json: repository is ${said.repository}, not git+${ROOM}OWNER/NAME.git`]
  return [
    ...Object.entries(said).flatMap(([name, url]) =>
      url.replace(/^git\+/, '').startsWith(address) ? [] : [`package.json: ${name} is not in ${address}`],
    ),
    ...(publisher && address !== `${ROOM}${publisher}`
      ? [`package.json: the repository is ${address}, and ${publisher} publishes`]
      : []),
    ...pages(root).flatMap((page) =>
      readFileSync(join(root, page), 'utf8').includes(UNSET) ? [`${page} still has ${UNSET}`] : [],
    ),
  ]
}

/** Every file that may name the address. */
function pages(/** @type {string} */ root) {
  const inside = (/** @type {string} */ folder) =>
    existsSync(join(root, folder)) ? readdirSync(join(root, folder)).map((name) => `${folder}/${name}`) : []
  const all = [
    ...inside('docs'),
    ...inside('.github/ISSUE_TEMPLATE'),
    'README.md',
    'CONTRIBUTING.md',
    'SECURITY.md',
  ]
  return all.filter((name) => /\.(md|yml)$/.test(name) && existsSync(join(root, name)))
}
