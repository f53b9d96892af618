/**
 * `npm run sbom -- --target TRIPLE`: prints what is linked into an addon, as a CycloneDX 1.5 bill of materials. The
 * JavaScript contains no third-party code.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ROOT } from '../prepare.mjs'
import { linkedCrates } from './crates.mjs'
import { MANIFEST, PLATFORMS } from './platforms.mjs'

const { values } = parseArgs({ options: { target: { type: 'string', default: PLATFORMS[0]?.target ?? '' } } })
const platform = PLATFORMS.find(({ target }) => target === values.target)
if (platform) process.stdout.write(`${JSON.stringify(billOf(platform), undefined, 2)}\n`)
else {
  process.stderr.write(`error: ${values.target} is none of napi.targets in package.json\n`)
  process.exitCode = 2
}

function billOf(/** @type {import('./platforms.mjs').Platform} */ { package: name, target }) {
  const checksums = readChecksums()
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    version: 1,
    metadata: {
      component: {
        type: 'library',
        name,
        version: MANIFEST.version,
        purl: `pkg:npm/${name}@${MANIFEST.version}`,
        licenses: [{ expression: MANIFEST.license }],
      },
    },
    components: linkedCrates(target).map(({ name, version, license }) => ({
      type: 'library',
      name,
      version,
      purl: `pkg:cargo/${name}@${version}`,
      licenses: [{ expression: license.replaceAll('/', ' OR ') }],
      hashes: [{ alg: 'SHA-256', content: checksums.get(`${name} ${version}`) }],
    })),
  }
}

/** The checksums of the registry's archives, as Cargo.lock has them. */
function readChecksums() {
  const lock = readFileSync(join(ROOT, 'Cargo.lock'), 'utf8')
  const entries = lock.matchAll(/^name = "(.*)"\nversion = "(.*)"\nsource = ".*"\nchecksum = "(.*)"$/gm)
  return new Map([...entries].map(([, name, version, checksum]) => [`${name} ${version}`, checksum]))
}
