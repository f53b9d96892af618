/**
 * Checks the address of the repository. package.json has it, the pages and issue forms repeat it, and `OWNER` is a
 * placeholder until there is an address.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readJson } from './platforms.mjs'

const UNSET = 'github.com/OWNER/'
const ROOM = 'https://github.com/'

/**
 * The places where the address is missing, or differs from another place.
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

/** Every file that may contain the address. */
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
