/** Where the tests keep what they produce, and where they note what must not be in it. */

/** The folder of the secrets. It is beside the output, since it must not be scanned. */
export const canariesOf = (/** @type {string} */ output) => `${output}-canaries`

/** The file in the output with the names and modes of files that are meant to hold keys. */
export const KEY_FILES = 'key-files.jsonl'
