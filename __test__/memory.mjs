/**
 * The source of a function that returns the peak of its process' memory, in KiB; it takes `readFileSync`. On Linux,
 * `maxRSS` starts with the value of the parent process.
 */
export const PEAK = `(readFileSync) => {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS
  return Number(/VmHWM:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1])
}`
