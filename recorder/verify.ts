import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { LogDamaged, type LogFault } from './log/log-fault.js'
import { openLogFile, type LogFile } from './log/log-file.js'
import { bodiesName, leavesName, scanLog } from './log/log-scan.js'
import { findSaltKey } from './salt-key.js'

export type LogVerdict =
  | {
      readonly kind: 'sound'
      readonly leaves: number
      readonly streams: number
      /** Bytes behind the sound part that a crash left; the next start cuts them off. */
      readonly tornBytes: number
      /** Whether the salt key was there, so that the leaves' headers could be proven as well as the bodies. */
      readonly headersProven: boolean
    }
  | ({ readonly kind: 'fault' } & LogFault)

async function openExisting(dir: string, file: string): Promise<LogFile> {
  const found = await stat(join(dir, file)).catch(() => undefined)
  if (found?.isFile() !== true) throw new LogDamaged({ file, line: 1, what: 'the file is missing' })
  return openLogFile(join(dir, file))
}

async function scanFolder(dir: string): Promise<LogVerdict> {
  const saltKey = await findSaltKey(dir)
  const leaves = await openExisting(dir, leavesName)
  try {
    const bodies = await openExisting(dir, bodiesName)
    try {
      const { index, tornLeafBytes, tornBodyBytes } = await scanLog({ leaves, bodies }, saltKey)
      return {
        kind: 'sound',
        leaves: index.leafEnds.length,
        streams: index.streams.size,
        tornBytes: tornLeafBytes + tornBodyBytes,
        headersProven: saltKey !== undefined,
      }
    } finally {
      await bodies.close()
    }
  } finally {
    await leaves.close()
  }
}

/** Checks a log folder without changing it: digests, order, dense sequence numbers; or tells the first fault. */
export async function verifyLog(dir: string): Promise<LogVerdict> {
  try {
    return await scanFolder(dir)
  } catch (error) {
    if (error instanceof LogDamaged) return { kind: 'fault', ...error.fault }
    throw error
  }
}
