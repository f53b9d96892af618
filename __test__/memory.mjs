/**
 * The source of a function that tells the peak of a process' memory, in KiB; it is given `readFileSync`. `maxRSS` of Linux
 * begins with that of the process that has started it.
 */
export const PEAK = `(readFileSync) => {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS
  return Number(/VmHWM:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1])
}`
