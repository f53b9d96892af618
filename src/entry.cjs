/**
 * What `require('duo-provision')` loads: the API, and in place of its own words for a compiled part
 * that is not there, which platform that is and what to do.
 */
'use strict'

const NEEDS = 'on Linux it needs glibc 2.28 or musl 1.2'

try {
  module.exports = require('./api.cjs')
} catch (error) {
  throw notLoaded(error)
}

function notLoaded(/** @type {unknown} */ cause) {
  // The published package names its compiled parts as optional dependencies; a clone does not.
  const { name, version, optionalDependencies } = /** @type {any} */ (require('../package.json'))
  const platform = thisPlatform()
  const { what, hint } = explain(platform, `${name}-${platform}`, optionalDependencies, reasonIn(cause))
  return Object.assign(new Error(`${what}\n\nhint: ${hint}`, { cause }), {
    code: 'ADDON_NOT_LOADED',
    version,
  })
}

/**
 * @param {string} platform
 * @param {string} part the platform's package
 * @param {Record<string, string> | undefined} published the packages of all platforms; a clone names none
 * @param {string | undefined} reason what the system said of a compiled part that is there
 */
function explain(platform, part, published, reason) {
  if (published && !Object.hasOwn(published, part)) {
    const names = Object.keys(published).map((name) => name.replace('duo-provision-', ''))
    return {
      what: `duo-provision has no compiled part for ${platform}`,
      hint: `it comes compiled for ${names.join(', ')}; elsewhere, clone the repository and run \`npm start\``,
    }
  }
  if (reason) {
    return {
      what: `the compiled part of duo-provision for ${platform} is here, but cannot be loaded: ${reason}`,
      hint: published
        ? `delete node_modules and run \`npm install\` again, with a Node of this system; ${NEEDS}`
        : `compile it again, with \`npm run build\`; ${NEEDS}`,
    }
  }
  return {
    what: `there is no compiled part of duo-provision for ${platform} here`,
    hint: published
      ? `it is the optional package ${part}: install again without --omit=optional; where node_modules or\n` +
        'package-lock.json came from another system, delete both and run `npm install` again'
      : 'run `npm run build` in this clone (it needs Rust and a C compiler), or `npm start`',
  }
}

/** A platform as npm's packages for it are named: `linux-x64-gnu`, `darwin-arm64`, `win32-x64-msvc`. */
function thisPlatform() {
  const platform = `${process.platform}-${process.arch}`
  if (process.platform === 'win32') return `${platform}-msvc`
  if (process.platform !== 'linux') return platform
  const report = /** @type {any} */ (process.report)
  report.excludeNetwork = true // It would look up the names of open connections.
  const { header } = report.getReport()
  return `${platform}-${header.glibcVersionRuntime ? 'gnu' : 'musl'}`
}

/** The first of the loader's errors that is no "not there". */
function reasonIn(/** @type {unknown} */ error) {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (!/^(Cannot find|Unsupported|Failed to load native)/.test(cause.message)) return cause.message
  }
  return undefined
}
