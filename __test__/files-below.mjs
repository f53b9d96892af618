import { readdirSync } from 'node:fs'
import { join } from 'node:path'

/**
 * The path of every file below a folder. Links are not files and are not followed. Node's own recursive `readdir`
 * follows links to folders or does not, depending on its version.
 * @returns {string[]}
 */
export function filesBelow(/** @type {string} */ folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return filesBelow(path)
    return entry.isFile() ? [path] : []
  })
}
