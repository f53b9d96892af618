/**
 * Chooses the faults that the lane tries: at which transfer, of which workflow, on which bootloader. All combinations
 * are too many for an emulated machine, so this is a fixed sample, drawn from a seed: every run tries the same ones.
 */

/** @typedef {'backup' | 'restore' | 'reset'} Workflow */
/** @typedef {'r4' | 'r6'} Generation */
/**
 * @typedef {object} Schedule
 * @property {string} fault as `VirtualDuo.arm` takes it
 * @property {string} kind the fault without its time
 * @property {Workflow} workflow
 * @property {Generation} generation
 * @property {boolean} cold armed before the Duo is plugged in, so that the kernel's own enumeration meets it too
 */

/** @type {Workflow[]} */
const WORKFLOWS = ['backup', 'restore', 'reset']
/** @type {Generation[]} */
export const GENERATIONS = ['r4', 'r6']

/**
 * How many control transfers an enumeration has, and an opening. A fault that counts all transfers is put among these.
 */
const STANDARD = 14

/**
 * How each family of kinds is sampled. `requests`: how many faults at DFU requests of these `workflows`. `warm` and
 * `cold`: how many faults among all transfers, of the opening and of the enumeration. `standing`: for kinds that
 * describe the device, one fault for each entry, from the first transfer on.
 * @type {{ kinds: RegExp, requests?: number, workflows?: Workflow[], warm?: number, cold?: number, standing?: ('warm' | 'cold')[] }[]}
 */
const FAMILIES = [
  { kinds: /^(stall|timeout|protocol|disconnect|unplug|reenumerate|swap)-/, requests: 5, warm: 1, cold: 1 },
  { kinds: /^(short|babble|read)/, requests: 3 },
  { kinds: /^(write|power-cut)-/, requests: 3, workflows: ['restore', 'reset'] },
  { kinds: /^address-(silent|once-wrong=(0|13|27)|stuck=(5|14|0x.*))$/, requests: 1, standing: ['warm'] },
  // The fault matrix tests the other bits.
  { kinds: /^address-/ },
  { kinds: /^state-/, requests: 2 },
  { kinds: /^(busy|poll-timeout)/, requests: 4 },
  { kinds: /^leave-/, requests: 4, workflows: ['restore', 'reset'] },
  { kinds: /^(transfer-size|descriptor|alt-name|serial)/, standing: ['warm', 'cold'] },
  { kinds: /^(denied|taken)$/, standing: ['cold', 'cold'] },
  // A second Duo needs a second port, so it has a test of its own.
  { kinds: /^twin$/ },
]

/**
 * The schedules, the same for the same arguments.
 * @param {string[]} kinds of the simulator's catalogue
 * @param {Record<Workflow, number>} requests how many DFU requests an undisturbed run of each workflow takes
 * @param {number} seed
 * @returns {Schedule[]}
 */
export function schedules(kinds, requests, seed) {
  const random = generator(seed)
  let turn = 0
  return kinds.flatMap((kind) => {
    const family = FAMILIES.find(({ kinds: pattern }) => pattern.test(kind))
    if (!family) throw new Error(`no family has the kind ${kind}`)
    const { workflows = WORKFLOWS, warm = 0, cold = 0, standing = [] } = family
    const draw = (/** @type {(workflow: Workflow) => string} */ at, /** @type {boolean} */ isCold) => {
      turn += 1
      const workflow = /** @type {Workflow} */ (workflows[turn % workflows.length])
      const generation = /** @type {Generation} */ (GENERATIONS[Math.floor(turn / workflows.length) % 2])
      return { fault: `${kind}@${at(workflow)}`, kind, workflow, generation, cold: isCold }
    }
    const lasting = () => (random() < 1 / 3 ? '+' : '')
    const count = family.requests ?? 0
    return [
      // One at a random place in each equal part of the workflow.
      ...times(count, (part) =>
        draw((of) => `dfu${1 + Math.floor(((part + random()) / count) * requests[of])}${lasting()}`, false),
      ),
      ...times(warm, () => draw(() => `${1 + Math.floor(random() * STANDARD)}${lasting()}`, false)),
      ...times(cold, () => draw(() => `${1 + Math.floor(random() * STANDARD)}`, true)),
      ...standing.map((when) => draw(() => '1+', when === 'cold')),
    ]
  })
}

function times(/** @type {number} */ count, /** @type {(index: number) => Schedule} */ make) {
  return Array.from({ length: count }, (_, index) => make(index))
}

/** Random numbers from 0 to 1, without 1 (mulberry32). */
function generator(/** @type {number} */ seed) {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
