/**
 * What counts as hanging: an unanswered transfer can hold a program up for ever. Each limit is many times what an
 * emulator needs on a busy machine; nothing waits for it otherwise.
 */

/** How long anything that should happen by itself may take, in milliseconds. */
export const PATIENCE = 240_000

/** How long one command may take, in milliseconds. */
export const COMMAND_LIMIT = 240_000

/**
 * How long one call of the addon may take, in milliseconds: about ten steps of three seconds and the extra time of a
 * write, and several times that on a busy machine.
 */
export const WATCHDOG = 180_000

/** How long one test may take, in milliseconds. */
export const TEST_LIMIT = 900_000

/** How long all faults may take, in milliseconds. */
export const FAULTS_LIMIT = 4_800_000

/** How long all tests together may take, and how long the machine may live, in seconds. */
export const LANE_LIMITS = { tests: 5400, machine: 5460 }
