/**
 * Whether long tables are tried whole or as a sample of them, which is what everyday's run has time for. The same for
 * Rust's tests is `rust/common/sample.rs`.
 */

/** True where everything is to be tried: `npm test -- --all` sets it. */
export const ALL = !['', '0', undefined].includes(process.env['DUO_PROVISION_TEST_ALL'])

/**
 * Chooses from a table: the first case of each sort, and of the rest by their names one of so many; the same at each
 * run, on any machine.
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
