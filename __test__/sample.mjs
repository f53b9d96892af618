/**
 * Decides whether long tables are tried whole or as a sample. The everyday run only has time for a sample.
 * `rust/common/sample.rs` does the same for the Rust tests.
 */

/** True if everything is to be tried: `npm test -- --all` sets it. */
export const ALL = !['', '0', undefined].includes(process.env['DUO_PROVISION_TEST_ALL'])

/**
 * Chooses from a table: the first case of each sort and, by name, one in `oneOf` of the rest. The choice is the same in
 * each run, on any machine.
 */
export class Sample {
  constructor(oneOf = 10) {
    this.oneOf = BigInt(oneOf)
  }

  #seen = new Set()
  #taken = 0
  #offered = 0

  /** Whether the case with this name is to be tried. */
  takes(/** @type {string} */ sort, /** @type {string} */ name) {
    const takes = ALL || !this.#seen.has(sort) || hash(name) % this.oneOf === 0n
    this.#seen.add(sort)
    this.#offered += 1
    if (takes) this.#taken += 1
    return takes
  }

  /** Says how many were taken if some were not; `npm test` looks for this line. */
  say(/** @type {string} */ of) {
    if (this.#taken < this.#offered)
      process.stdout.write(`sample: ${of}, ${this.#taken} of ${this.#offered} cases\n`)
  }
}

/** FNV-1a, 64 bits. */
function hash(/** @type {string} */ name) {
  let hash = 0xcbf29ce484222325n
  for (const byte of Buffer.from(name)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n)
  return hash
}
