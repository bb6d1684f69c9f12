import { lstat, open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileFault, GovernanceInvalid, type GovernanceFault } from './faults.js'
import { maxBytes } from './yaml-guard.js'

const maxFiles = 1000
const maxFolders = 4

export interface GovernanceBytes {
  /** By path below the folder, with `/`. */
  readonly files: ReadonlyMap<string, Uint8Array>
  readonly faults: readonly GovernanceFault[]
}

interface Listing {
  readonly files: readonly string[]
  readonly faults: readonly GovernanceFault[]
}

async function entriesOf(folder: string, below: string) {
  try {
    return await readdir(join(folder, below), { withFileTypes: true })
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown'
    const fault = fileFault(join(folder, below), `cannot be read as a folder (${code})`)
    const remedy = 'COUNTERSIGN_GOVERNANCE names the folder of the governance set'
    throw new GovernanceInvalid([fault], remedy)
  }
}

async function list(folder: string): Promise<Listing> {
  const files: string[] = []
  const faults: GovernanceFault[] = []
  const waiting = ['']
  for (let below = waiting.shift(); below !== undefined; below = waiting.shift()) {
    for (const entry of await entriesOf(folder, below)) {
      const path = below === '' ? entry.name : `${below}/${entry.name}`
      const isShallow = path.split('/').length <= maxFolders
      if (entry.isDirectory() && isShallow) waiting.push(path)
      else if (entry.isFile()) files.push(path)
      else faults.push(fileFault(path, 'is neither a plain file nor a folder near the top'))
      if (files.length > maxFiles) {
        throw new GovernanceInvalid([fileFault(folder, `holds more than ${maxFiles} files`)])
      }
    }
  }
  return { files: files.toSorted(), faults }
}

/** One byte more than allowed is enough to know; nothing larger is ever read. */
async function readCapped(path: string): Promise<Uint8Array | null> {
  const handle = await open(path, 'r')
  try {
    const { size } = await handle.stat()
    if (size > maxBytes) return null
    const bytes = await handle.readFile()
    return bytes.length > maxBytes ? null : bytes
  } finally {
    await handle.close()
  }
}

/**
 * Every file of a governance folder, read once, so that what was hashed is what is parsed.
 *
 * @throws PromotionError `GOVERNANCE_INVALID` where there is no such folder
 */
export async function readGovernanceFolder(folder: string): Promise<GovernanceBytes> {
  const { files, faults } = await list(folder)
  const found = new Map<string, Uint8Array>()
  const late: GovernanceFault[] = []
  for (const file of files) {
    try {
      const bytes = await readCapped(join(folder, file))
      if (bytes) found.set(file, bytes)
      else late.push(fileFault(file, `is larger than ${maxBytes} bytes`))
    } catch (cause) {
      const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown'
      late.push(fileFault(file, `cannot be read (${code})`))
    }
  }
  return { files: found, faults: [...faults, ...late] }
}

/** Changes whenever a file of the folder does: names, sizes, inodes and both times of each. */
export async function stampOf(folder: string): Promise<string> {
  const { files } = await list(folder)
  const parts = await Promise.all(
    files.map(async (file) => {
      const found = await lstat(join(folder, file), { bigint: true }).catch(() => undefined)
      const { mtimeNs, ctimeNs, size, ino } = found ?? { mtimeNs: 0, ctimeNs: 0, size: 0, ino: 0 }
      return `${file} ${mtimeNs} ${ctimeNs} ${size} ${ino}`
    }),
  )
  return parts.join('\n')
}
