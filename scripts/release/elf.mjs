/** Reads the platform of an addon from its headers, and the versions of library symbols that an ELF file needs. */

/** The type of the ELF section that lists the needed versions (System V ABI, "Symbol Versioning"). */
const SHT_GNU_VERNEED = 0x6ffffffe

/**
 * The system and the processor of a file.
 * @returns {string} as in `linux-x64`, or `unknown`
 */
export function platformOf(/** @type {Buffer} */ file) {
  if (file.length < 64) return 'unknown'
  if (file.readUInt32BE(0) === 0x7f454c46)
    return named('linux', file.readUInt16LE(18), { 40: 'arm', 62: 'x64', 183: 'arm64' })
  if (file.readUInt32LE(0) === 0xfeedfacf)
    return named('darwin', file.readUInt32LE(4), { 16777223: 'x64', 16777228: 'arm64' })
  if (file.toString('latin1', 0, 2) !== 'MZ') return 'unknown'
  const header = file.readUInt32LE(60)
  if (header + 6 > file.length || file.toString('latin1', header, header + 4) !== 'PE\0\0') return 'unknown'
  return named('win32', file.readUInt16LE(header + 4), { 34404: 'x64', 43620: 'arm64' })
}

function named(
  /** @type {string} */ system,
  /** @type {number} */ machine,
  /** @type {Record<number, string>} */ names,
) {
  return `${system}-${names[machine] ?? machine}`
}

/** The libraries that a little-endian ELF file names, with each version of their symbols that it needs. */
export function neededVersions(/** @type {Buffer} */ file) {
  if (!platformOf(file).startsWith('linux-') || ![1, 2].includes(file[4] ?? 0) || file[5] !== 1) {
    throw new Error('not an ELF file of 32 or 64 bits, little-endian')
  }
  const sections = file[4] === 2 ? sectionsOf64(file) : sectionsOf32(file)
  return sections
    .filter(({ type }) => type === SHT_GNU_VERNEED)
    .flatMap(({ offset, link }) => needsAt(file, offset, sections[link]?.offset ?? 0))
}

/** Follows `Elf64_Ehdr` and `Elf64_Shdr`. */
function sectionsOf64(/** @type {Buffer} */ file) {
  const [table, size] = [Number(file.readBigUInt64LE(40)), file.readUInt16LE(58)]
  return Array.from({ length: file.readUInt16LE(60) }, (_, index) => {
    const at = table + index * size
    return {
      type: file.readUInt32LE(at + 4),
      offset: Number(file.readBigUInt64LE(at + 24)),
      link: file.readUInt32LE(at + 40),
    }
  })
}

/** Follows `Elf32_Ehdr` and `Elf32_Shdr`. */
function sectionsOf32(/** @type {Buffer} */ file) {
  const [table, size] = [file.readUInt32LE(32), file.readUInt16LE(46)]
  return Array.from({ length: file.readUInt16LE(48) }, (_, index) => {
    const at = table + index * size
    return {
      type: file.readUInt32LE(at + 4),
      offset: file.readUInt32LE(at + 16),
      link: file.readUInt32LE(at + 24),
    }
  })
}

/** Walks the chain of libraries (`Verneed`, the same for 32 and 64 bits), and the versions of each (`Vernaux`). */
function needsAt(/** @type {Buffer} */ file, /** @type {number} */ start, /** @type {number} */ strings) {
  const needs = []
  for (let entry = start, next = 1; next !== 0; entry += next) {
    const library = textAt(file, strings + file.readUInt32LE(entry + 4))
    next = file.readUInt32LE(entry + 12)
    for (let version = entry + file.readUInt32LE(entry + 8), after = 1; after !== 0; version += after) {
      needs.push({ library, version: textAt(file, strings + file.readUInt32LE(version + 8)) })
      after = file.readUInt32LE(version + 12)
    }
  }
  return needs
}

function textAt(/** @type {Buffer} */ file, /** @type {number} */ at) {
  return file.toString('latin1', at, file.indexOf(0, at))
}
