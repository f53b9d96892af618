/**
 * The process under test: the shipped addon with its real libusb, and nothing else. It is told over its channel
 * which function to call, answers with what came of it, and can be killed when nothing does.
 */
import * as addon from '../../index.js'

process.on('message', async (/** @type {{ name: string, options: object }} */ { name, options }) => {
  const call = /** @type {Record<string, (options: object) => Promise<unknown>>} */ (/** @type {any} */ (addon))[name]
  const answer = await Promise.resolve(call?.(options)).then(
    (result) => ({ result }),
    (error) => ({ problem: problem(error) }),
  )
  process.send?.(answer)
})

/** An error does not pass a channel whole. */
function problem(/** @type {import('../../index.js').DuoProvisionError} */ error) {
  const { name, message, code, exitCode, hint, keyState } = error
  return { name, message, code, exitCode, hint, keyState }
}
