/**
 * Loads the API for `require('duo-provision')`. If the compiled part cannot be loaded, the error says why and what to
 * do, in place of the loader's own message. The code that finds the reason must not throw: any question to the system
 * may be forbidden.
 */
'use strict'

const NEEDS = 'on Linux it needs glibc 2.28 or musl 1.2'

/** The processor of a Raspberry Pi 1 or Zero. It lacks instructions of the ARM addon: the process would crash. */
const OLD_ARM = 'armv6l'

try {
  if (machine() === OLD_ARM) throw new Error(`Unsupported processor: ${OLD_ARM}`)
  module.exports = require('./api.cjs')
} catch (error) {
  throw notLoaded(error)
}

function notLoaded(/** @type {unknown} */ cause) {
  // The published package names its compiled parts as optional dependencies; a clone does not.
  const manifest = attempt(() => /** @type {any} */ (require('../package.json')))
  const { name = 'duo-provision', version, optionalDependencies: published } = manifest ?? {}
  const { what, hint } = explain(cause, { name, platform: thisPlatform(), published })
  return Object.assign(new Error(`${what}\n\nhint: ${hint}`, { cause }), {
    code: 'ADDON_NOT_LOADED',
    version,
  })
}

/**
 * @typedef {object} Here
 * @property {string} name the package
 * @property {string} platform
 * @property {Record<string, string> | undefined} published the packages of all platforms; a clone names none
 */

/** @returns {{ what: string, hint: string }} */
function explain(/** @type {unknown} */ cause, /** @type {Here} */ here) {
  const { name, platform, published } = here
  const part = `${name}-${platform}`
  const reasons = reasonsIn(cause)
  const forbidden = reasons.map(notPermitted).find((one) => one !== undefined)
  if (forbidden) {
    const { reason, hint } = forbidden
    return { what: `${name} may not load its compiled part for ${platform}: ${reason}`, hint }
  }
  if (machine() === OLD_ARM) {
    return {
      what: `duo-provision has no compiled part for ${OLD_ARM}, which a Raspberry Pi 1 or Zero is`,
      hint: 'use a Raspberry Pi 2 or newer, a Pi Zero 2, or another machine',
    }
  }
  const named = attempt(() => process.env['NAPI_RS_NATIVE_LIBRARY_PATH'])
  if (named) {
    return {
      what: `NAPI_RS_NATIVE_LIBRARY_PATH names ${named}, and that cannot be loaded: ${reasons[0]}`,
      hint: 'take that variable out of the environment: the compiled part of duo-provision is found without it',
    }
  }
  if (published && !Object.hasOwn(published, part)) {
    const names = Object.keys(published).map((one) => one.replace('duo-provision-', ''))
    const what = `duo-provision has no compiled part for ${platform}`
    if (platform === 'win32-arm64-msvc') {
      const hint =
        'Windows 11 on ARM runs programs for x64: install Node for x64, and then duo-provision again'
      return { what, hint }
    }
    return {
      what,
      hint: `it comes compiled for ${names.join(', ')}; elsewhere, clone the repository and run \`npm start\``,
    }
  }
  const broken = reasons.find((reason) => !/^(Cannot find|Unsupported|Failed to load native)/.test(reason))
  if (broken) {
    return {
      what: `the compiled part of duo-provision for ${platform} is here, but cannot be loaded: ${broken}`,
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

/**
 * What forbids loading the addon, if that is the reason.
 * @returns {{ reason: string, hint: string } | undefined}
 */
function notPermitted(/** @type {string} */ reason) {
  // Deno, for any of its permissions.
  if (/Requires \w+ access/.test(reason)) {
    const flags = '--allow-ffi --allow-read --allow-env --allow-sys'
    return { reason, hint: `start Deno with ${flags} (and --allow-net for a cloud)` }
  }
  // Node, with --no-addons, or with --permission and without --allow-addons.
  if (/loading addons is disabled/.test(reason)) {
    const hint = attempt(() => /** @type {any} */ (process).permission)
      ? 'start Node with --allow-addons too, or without --permission'
      : 'start Node without --no-addons (it may be in NODE_OPTIONS)'
    return { reason, hint }
  }
  if (/Access to this API has been restricted/.test(reason)) {
    return {
      reason,
      hint: 'start Node with --allow-addons and --allow-fs-read=* too, or without --permission',
    }
  }
  if (/failed to map segment/.test(reason)) {
    return { reason, hint: 'it lies on a file system that runs no programs (noexec): install it on another' }
  }
  if (/permission denied|EACCES|EPERM/i.test(reason)) {
    return {
      reason,
      hint: 'let your user read it: it may have been installed by root; else install it again',
    }
  }
  return undefined
}

/** This platform, as in the names of npm's packages: `linux-x64-gnu`, `darwin-arm64`, `win32-x64-msvc`. */
function thisPlatform() {
  const platform = `${process.platform}-${process.arch}`
  if (process.platform === 'win32') return `${platform}-msvc`
  if (process.platform !== 'linux') return platform
  return `${platform}-${attempt(isMusl) ? 'musl' : 'gnu'}${process.arch === 'arm' ? 'eabihf' : ''}`
}

/** What the kernel calls the processor. */
function machine() {
  return attempt(() => require('node:os').machine())
}

function isMusl() {
  const report = /** @type {any} */ (process.report)
  report.excludeNetwork = true // It would look up the names of open connections.
  return !report.getReport().header.glibcVersionRuntime
}

/** The messages of an error and its causes, without the loader's summary and its remarks on WASI: none is built. */
function reasonsIn(/** @type {unknown} */ error) {
  const reasons = []
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const [reason = ''] = cause.message.split('\n')
    if (!/^Cannot find native binding|\bwasi\b/.test(reason)) reasons.push(reason)
  }
  return reasons
}

/**
 * The answer to a question; `undefined` if asking throws: it is forbidden, or unknown on this system.
 * @template T
 * @param {() => T} ask
 * @returns {T | undefined}
 */
function attempt(ask) {
  try {
    return ask()
  } catch {
    return undefined
  }
}
