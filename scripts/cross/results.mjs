/** Counts what test programs report. */
/** @typedef {{ passed: number, failed: number, skipped: number, output: string }} Counts */

/** @returns {Promise<Counts[]>} */
export async function inOrder(
  /** @type {string[]} */ items,
  /** @type {(item: string) => Promise<Counts>} */ work,
) {
  const all = []
  for (const item of items) {
    const counts = await work(item)
    all.push({ ...counts, output: counts.failed > 0 ? `${item}:\n${counts.output}` : '' })
  }
  return all
}

/** @returns {Counts} */
export function yesOrNo(/** @type {import('./programs.mjs').Ended} */ { status, output }) {
  return { passed: status === 0 ? 1 : 0, failed: status === 0 ? 0 : 1, skipped: 0, output }
}

/** @returns {Counts} */
export function ofRust(/** @type {import('./programs.mjs').Ended} */ { status, output }) {
  const found = [
    .../** @type {any} */ (output.matchAll(/^test result: .*? (\d+) passed; (\d+) failed; (\d+) ignored;/gm)),
  ]
  return counted(status, output, found[0])
}

/** @returns {Counts} */
export function ofNode(/** @type {import('./programs.mjs').Ended} */ { status, output }, maySkipAll = false) {
  const found = /^# pass (\d+)\s+# fail (\d+)[\s\S]*?^# skipped (\d+)/m.exec(output) ?? undefined
  return counted(status, output, found, maySkipAll)
}

/** A failing status without a failed test, or no test that passed, counts as one failure. @returns {Counts} */
function counted(
  /** @type {number} */ status,
  /** @type {string} */ output,
  /** @type {string[] | undefined} */ found,
  maySkipAll = false,
) {
  const [passed = 0, failed = 0, skipped = 0] = (found ?? []).slice(1).map(Number)
  const none = passed === 0 && !(maySkipAll && skipped > 0)
  const broken = failed === 0 && (status !== 0 || none)
  return { passed, failed: broken ? 1 : failed, skipped, output }
}

/** @returns {Counts} */
export function sum(/** @type {Counts[]} */ all) {
  const total = (/** @type {'passed' | 'failed' | 'skipped'} */ what) =>
    all.reduce((so_far, counts) => so_far + counts[what], 0)
  const output = all.map((counts) => (counts.failed > 0 ? counts.output : '')).join('\n')
  return { passed: total('passed'), failed: total('failed'), skipped: total('skipped'), output }
}
