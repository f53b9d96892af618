/**
 * Loaded into a command before it starts (`--require`): records, when the command ends, whether it ever had a child
 * process. The kernel counts the page faults of children that were waited for (every program has some), and lists the
 * children that were not waited for (Linux, proc_pid_stat(5), fields 11 and 13; `/proc/PID/task/TID/children`).
 */
const { readdirSync, readFileSync, writeFileSync } = require('node:fs')

process.on('exit', () => {
  const stat = readFileSync('/proc/self/stat', 'utf8')
  // The second field is the program's name in parentheses, which may hold anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const ended = Number(fields[11 - 3]) + Number(fields[13 - 3])
  const living = readdirSync('/proc/self/task').flatMap((thread) =>
    readFileSync(`/proc/self/task/${thread}/children`, 'utf8').split(' ').filter(Boolean),
  )
  writeFileSync(/** @type {string} */ (process.env['DUO_PROVISION_PROBE']), JSON.stringify({ ended, living }))
})
