/** Asks for a passphrase on a terminal, without echo. */
import { Writable } from 'node:stream'

/** @typedef {import('../../index.js').PassphraseRequest} PassphraseRequest */
/** @typedef {import('./output.mjs').Output} Output */
/** @typedef {import('./signals.mjs').Interrupt} Interrupt */

/** How often a new passphrase may be typed, if the second entry differs from the first. */
const TRIES = 3

/**
 * Asks for the passphrase of a file, or twice for a new one. What is typed is not shown.
 * @param {PassphraseRequest} request
 * @param {Output} output
 * @param {Interrupt} interrupt
 * @returns {Promise<string | undefined>}
 */
export async function askPassphrase(request, output, interrupt) {
  if (request.purpose === 'open') {
    if (request.again) output.say('that does not open it')
    return typed(`Passphrase of ${request.file}: `, output, interrupt)
  }
  output.say('Without this passphrase the key cannot be read again, by anybody.')
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const first = await typed('New passphrase: ', output, interrupt)
    if (!first) return first
    const second = await typed('The same again: ', output, interrupt)
    if (second === undefined || second === first) return second
    output.say('these two differ')
  }
  return undefined
}

/**
 * Reads a line without showing it; `undefined` if it was interrupted.
 * @param {string} prompt
 * @param {Output} output
 * @param {Interrupt} interrupt
 * @returns {Promise<string | undefined>}
 */
async function typed(prompt, output, interrupt) {
  // Loaded here, since most commands never ask.
  const { createInterface } = await import('node:readline')
  output.progress.pause()
  const unseen = new Writable({ write: (_chunk, _encoding, done) => done() })
  // `terminal: true` turns the echo off, and `unseen` drops what readline draws.
  const terminal = createInterface({ input: process.stdin, output: unseen, terminal: true, historySize: 0 })
  process.stderr.write(prompt)
  try {
    return await new Promise((resolve) => {
      terminal.once('line', resolve)
      terminal.once('close', () => resolve(undefined))
      terminal.once('SIGINT', () => {
        interrupt.request()
        resolve(undefined)
      })
      interrupt.signal.addEventListener('abort', () => resolve(undefined), { once: true })
    })
  } finally {
    terminal.close()
    process.stderr.write('\n')
  }
}
