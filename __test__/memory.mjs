/**
 * The source of a function that tells the peak of a process' memory, in KiB. `maxRSS` of Linux begins with that of the process
 * that has started it.
 */
export const PEAK = `() => {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS
  const { readFileSync } = process.getBuiltinModule('node:fs')
  return Number(/VmHWM:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1])
}`
